export { forecast } from './forecast.ts';
export { seasonalNaive } from './seasonal-naive.ts';
export type { ForecastDiagnostics, ForecastModel, ForecastOptions, ForecastReason, ForecastResult } from './types.ts';
