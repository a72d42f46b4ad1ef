export { ewma } from './ewma.ts';
export type { Ewma, EwmaSample, EwmaState } from './types.ts';
