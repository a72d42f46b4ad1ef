export { dcgm } from './dcgm.ts';
export type { Dcgm, DcgmOptions, DcgmTarget } from './dcgm.ts';
export type { GpuOwnerSources } from './owners.ts';
export type { Fetch } from '../http/request.ts';
