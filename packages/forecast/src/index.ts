export { backtest } from './backtest.ts';
export { clean } from './clean.ts';
export { detectSeasons } from './detect-seasons.ts';
export { forecast } from './forecast.ts';
export { fourierAutoregression, ridgeAutoregression } from './models/autoregression.ts';
export { blend } from './models/blend.ts';
export { clamped } from './models/clamped.ts';
export { damped } from './models/damped.ts';
export { holtWinters } from './models/holt-winters.ts';
export { inLogs } from './models/in-logs.ts';
export { mstl } from './models/mstl.ts';
export { naive } from './models/naive.ts';
export { profile } from './models/profile.ts';
export { seasonalNaive } from './models/seasonal-naive.ts';
export { seasonallyAdjusted } from './models/seasonally-adjusted.ts';
export { ses } from './models/ses.ts';
export { theta } from './models/theta.ts';
export { weightedBlend } from './models/weighted-blend.ts';
export { newsvendor } from './newsvendor.ts';
export { fast, full } from './recipes.ts';
export { scenarios } from './scenarios.ts';
export { select } from './select.ts';
export { withConformal } from './with-conformal.ts';
export type { BacktestOptions, BacktestReason, BacktestResult } from './backtest.ts';
export type { CleanFinding, CleanOptions, CleanResult, CleanSample } from './clean.ts';
export type { DetectedSeason, DetectSeasonsOptions } from './detect-seasons.ts';
export type { AutoregressionOptions, FourierAutoregressionOptions } from './models/autoregression.ts';
export type { NewsvendorOptions, NewsvendorResult } from './newsvendor.ts';
export type { ScenarioOptions, ScenarioReason, ScenarioResult, ScenarioSeries } from './scenarios.ts';
export type { SelectOptions, SelectResult } from './select.ts';
export type {
  ConformalOptions,
  Covariates,
  ForecastDiagnostics,
  ForecastModel,
  ForecastOptions,
  ForecastReason,
  ForecastResult,
  PredictFrom,
} from './types.ts';
