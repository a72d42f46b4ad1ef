export { adaptiveBands } from './adaptive-bands.ts';
export { decayedHistogram } from './decayed-histogram.ts';
export { ewma } from './ewma.ts';
export { fitHalfLife } from './fit-half-life.ts';
export type { AdaptiveBand, AdaptiveBands, AdaptiveBandsOptions, AdaptiveBandsState } from './adaptive-bands.ts';
export type {
  DecayedHistogram,
  DecayedHistogramOptions,
  DecayedHistogramState,
  HistogramSample,
} from './decayed-histogram.ts';
export type { FitHalfLifeOptions, FitHalfLifeReason, FitHalfLifeResult } from './fit-half-life.ts';
export type { Ewma, EwmaSample, EwmaState } from './types.ts';
