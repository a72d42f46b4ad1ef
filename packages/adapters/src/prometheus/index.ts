export { parseExposition } from './exposition.ts';
export type { ExpositionOptions } from './exposition.ts';
export type {
  Exposition,
  ExpositionExemplar,
  ExpositionFamily,
  ExpositionProblem,
  ExpositionProblemKind,
  ExpositionSample,
  ExpositionType,
} from './exposition-types.ts';
export { prometheus } from './prometheus.ts';
export type { Prometheus, PrometheusOptions, PrometheusRangeRequest } from './prometheus.ts';
export type { PrometheusAnswer, PrometheusPoints } from './api.ts';
export type { PrometheusRange, PrometheusSeries } from './range.ts';
export type { Fetch } from '../http/request.ts';
export type { GpuOwnerSources } from '../dcgm/owners.ts';
