import type { CapacityProvider, MarketProvider, MetricsSource, SignalSource, WorkloadRuntime } from './types.ts';

/** Checks a capacity provider against the contract at compile time and keeps its literal types. */
export function defineProvider<const P extends CapacityProvider | MarketProvider>(provider: P): P {
  return provider;
}

/** Checks a source of metrics or signals against the contract at compile time and keeps its literal types. */
export function defineSource<const S extends MetricsSource | SignalSource>(source: S): S {
  return source;
}

/** Checks a runtime against the contract at compile time and keeps its literal types. */
export function defineRuntime<const R extends WorkloadRuntime>(runtime: R): R {
  return runtime;
}
