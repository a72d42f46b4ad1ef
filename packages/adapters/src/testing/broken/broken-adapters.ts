import type { MakeSubject } from '../conformance.ts';
import type { Contract } from '../subject.ts';
import { BROKEN_CAPACITY } from './capacity.ts';
import { BROKEN_MARKETS } from './market.ts';
import { BROKEN_METRICS, BROKEN_RUNTIMES, BROKEN_SIGNALS } from './others.ts';

/** An adapter that breaks its contract in one way, on purpose. */
export interface BrokenAdapter {
  readonly contract: Contract;
  /** What it does wrong, as a phrase that follows its name. */
  readonly fault: string;
  readonly make: MakeSubject;
}

const all: readonly (readonly [Contract, Readonly<Record<string, MakeSubject>>])[] = [
  ['capacity', BROKEN_CAPACITY],
  ['market', BROKEN_MARKETS],
  ['runtime', BROKEN_RUNTIMES],
  ['signals', BROKEN_SIGNALS],
  ['metrics', BROKEN_METRICS],
];

/**
 * Adapters that the kit must catch: tests of the tests. Run a kit of your own against them to see what it misses.
 *
 * @example
 * ```ts
 * for (const { make } of brokenAdapters()) (await checkConformance(make)).isConformant; // false, every time
 * ```
 */
export function brokenAdapters(): readonly BrokenAdapter[] {
  return all.flatMap(([contract, faults]) =>
    Object.entries(faults).map(([fault, make]) => ({ contract, fault, make })),
  );
}
