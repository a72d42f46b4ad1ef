export { emissions } from './emissions.ts';
export type { Emissions, EmissionsInput } from './emissions.ts';
