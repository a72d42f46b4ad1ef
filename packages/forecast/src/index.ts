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
export { fast, full } from './recipes.ts';
export { withConformal } from './with-conformal.ts';
export type { AutoregressionOptions, FourierAutoregressionOptions } from './models/autoregression.ts';
export type {
  ConformalOptions,
  ForecastDiagnostics,
  ForecastModel,
  ForecastOptions,
  ForecastReason,
  ForecastResult,
  PredictFrom,
} from './types.ts';
