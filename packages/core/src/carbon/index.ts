export { embodiedCarbon } from './embodied.ts';
export type { EmbodiedInput } from './embodied.ts';
export { emissions } from './emissions.ts';
export type { Emissions, EmissionsInput } from './emissions.ts';
export { sci } from './sci.ts';
export type { Sci, SciInput } from './sci.ts';
