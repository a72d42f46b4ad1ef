export { defineProvider, defineRuntime, defineSource } from './define.ts';
export { ProviderError } from './provider-error.ts';
export type { ProviderErrorCode, ProviderErrorOptions } from './provider-error.ts';
export type { Clock } from './clock.ts';
export type {
  CallOptions,
  CapacityProvider,
  EndpointMetrics,
  InterruptionNotice,
  LaunchedReplica,
  LaunchRequest,
  MarketOrder,
  MarketOrderRequest,
  MarketProvider,
  MarketQuote,
  MetricsSource,
  RuntimeJob,
  SignalSource,
  TimeRange,
  WorkloadRuntime,
} from './types.ts';
