import type { MarketProvider } from './market.ts';
import type { CapacityProvider, MetricsSource, SignalSource, WorkloadRuntime } from './types.ts';

/**
 * Checks a capacity or market provider against the contract at compile time and keeps its literal types.
 *
 * @returns the object it was given, untouched.
 *
 * @example
 * ```ts
 * const rack = defineProvider({ name: 'rack', specVersion: 1, listNodes: () => Promise.resolve([]) });
 * rack.name; // of type 'rack'
 * ```
 */
export function defineProvider<const P extends CapacityProvider | MarketProvider>(provider: P): P {
  return provider;
}

/**
 * Checks a source of metrics or signals against the contract at compile time and keeps its literal types.
 *
 * @returns the object it was given, untouched.
 *
 * @example
 * ```ts
 * const grid = defineSource({ name: 'grid', specVersion: 1 });
 * grid.name; // of type 'grid'
 * ```
 */
export function defineSource<const S extends MetricsSource | SignalSource>(source: S): S {
  return source;
}

/**
 * Checks a runtime against the contract at compile time and keeps its literal types.
 *
 * @returns the object it was given, untouched.
 *
 * @example
 * ```ts
 * const idle = defineRuntime({
 *   name: 'idle',
 *   specVersion: 1,
 *   start: () => Promise.reject(new ProviderError('idle', 'no-capacity', 'starts nothing')),
 *   stop: () => Promise.resolve(),
 *   list: () => Promise.resolve([]),
 * });
 * idle.name; // of type 'idle'
 * ```
 */
export function defineRuntime<const R extends WorkloadRuntime>(runtime: R): R {
  return runtime;
}
