export { defineProvider, defineRuntime, defineSource } from './define.ts';
export { ProviderError } from './provider-error.ts';
export type { ErrorScope, ProviderErrorCode, ProviderErrorOptions, RetryAdvice } from './provider-error.ts';
export type { Clock } from './clock.ts';
export type {
  GpuGap,
  GpuGapReason,
  GpuHealthSignal,
  GpuHistory,
  GpuHistoryGap,
  GpuIdentity,
  GpuMetric,
  GpuOwner,
  GpuOwnership,
  GpuReading,
  GpuReadings,
  GpuTrack,
} from './gpu-metrics.ts';
export type {
  MarketFill,
  MarketOrder,
  MarketOrderRequest,
  MarketPosition,
  MarketProvider,
  MarketQuote,
} from './market.ts';
export type {
  CallOptions,
  CapacityProvider,
  EndpointMetrics,
  GpuRangeRequest,
  InterruptionNotice,
  LaunchedReplica,
  LaunchRequest,
  MetricsSource,
  RuntimeJob,
  SignalSource,
  TimeRange,
  WorkloadRuntime,
} from './types.ts';
