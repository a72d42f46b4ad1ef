export { defineProvider, defineRuntime, defineSource } from './contract/define.ts';
export { ProviderError } from './contract/provider-error.ts';
export type { ProviderErrorCode, ProviderErrorOptions } from './contract/provider-error.ts';
export type { Clock } from './contract/clock.ts';
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
} from './contract/types.ts';
