import { checkSeries, type CarbonSeries, type Series } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';
import { defineSource } from '../contract/define.ts';
import { ProviderError } from '../contract/provider-error.ts';
import type { SignalSource, TimeRange } from '../contract/types.ts';
import { createCalls } from './calls.ts';

/** What a simulated source plays back. */
export interface SimulatedSignalsOptions {
  readonly clock: Clock;
  /** @defaultValue 'simulated-signals' */
  readonly name?: string;
  /** Carbon intensity by zone. Absent: the source has no carbon. */
  readonly carbon?: Readonly<Record<string, CarbonSeries>>;
  /** Price of energy by zone. Absent: the source has no prices. */
  readonly energyPrice?: Readonly<Record<string, Series<'USD/kWh'>>>;
}

/** A signal source with exactly the groups that it was given series for. */
export type SimulatedSignals<Options extends SimulatedSignalsOptions> = SignalSource<
  Options extends { readonly name: infer Name extends string } ? Name : 'simulated-signals'
> &
  (Options extends { readonly carbon: object } ? Required<Pick<SignalSource, 'carbon'>> : unknown) &
  (Options extends { readonly energyPrice: object } ? Required<Pick<SignalSource, 'energyPrice'>> : unknown);

/**
 * Creates a signal source that plays recorded series back on a clock, without a look ahead: a slot is in the history
 * once it has ended.
 *
 * A history holds the whole slots that overlap the range. A range that begins before the series is clipped to it. When
 * no slot is left (the range is before the series, or nothing in it has ended), the answer is a series without values
 * that starts where its first slot would: "nothing observed" is an answer, not a fault.
 *
 * @returns a {@link SimulatedSignals}. `readHistory` rejects with `not-found` for an unknown zone and `invalid-request`
 * for a range whose ends are not finite or out of order. `O(slots in the range)`.
 * @throws InvalidInputError when a series is not valid.
 *
 * @example
 * ```ts
 * const signals = simulatedSignals({ clock, carbon: { FR: { startAtMs: 0, stepMs: 3_600_000, unit: 'gCO2e/kWh',
 *   kind: 'average', scope: 'life-cycle', values: [52, 48, 45] } } });
 * await clock.advanceTo(2 * 3_600_000);
 * (await signals.carbon.readHistory('FR', { fromMs: 0, toMs: 10 * 3_600_000 })).values; // [52, 48]
 * ```
 */
export function simulatedSignals<const Options extends SimulatedSignalsOptions>(
  options: Options,
): SimulatedSignals<Options> {
  const { clock, name = 'simulated-signals', carbon, energyPrice } = options;
  const calls = createCalls(name, clock);
  const source = defineSource({
    name,
    specVersion: 1,
    ...(carbon !== undefined && { carbon: group('carbon', 'gCO2e/kWh', carbon) }),
    ...(energyPrice !== undefined && { energyPrice: group('energyPrice', 'USD/kWh', energyPrice) }),
  });
  // The compiler cannot see that the groups present follow from the options; the types test does.
  return source as SignalSource as SimulatedSignals<Options>;

  function group<S extends Series>(label: string, unit: S['unit'], zones: Readonly<Record<string, S>>) {
    const series = new Map<string, S>();
    for (const [zone, given] of Object.entries(zones)) {
      checkSeries(`${label}['${zone}']`, given, unit);
      series.set(zone, { ...given, values: [...given.values] });
    }
    const names = [...series.keys()].sort();
    return {
      listZones: (callOptions?: { readonly signal?: AbortSignal }) =>
        calls.read('listZones', callOptions, () => [...names]),
      readHistory: (zone: string, range: TimeRange, callOptions?: { readonly signal?: AbortSignal }) =>
        calls.read('readHistory', callOptions, () => {
          const all = series.get(zone);
          if (all === undefined) throw new ProviderError(name, 'not-found', `no ${label} series of zone '${zone}'`);
          if (!Number.isFinite(range.fromMs) || !Number.isFinite(range.toMs) || range.fromMs > range.toMs) {
            const text = `range must be finite and in order, got ${range.fromMs}..${range.toMs}`;
            throw new ProviderError(name, 'invalid-request', text);
          }
          return ended(all, range, clock.nowMs());
        }),
    };
  }
}

/** The slots of a series that overlap a range and have ended by now. */
function ended<S extends Series>(series: S, range: TimeRange, nowMs: number): S {
  const slotOf = (atMs: number): number => (atMs - series.startAtMs) / series.stepMs;
  const clamp = (slot: number): number => Math.min(Math.max(slot, 0), series.values.length);
  const first = clamp(Math.floor(slotOf(range.fromMs)));
  const end = clamp(Math.min(Math.ceil(slotOf(range.toMs)), Math.floor(slotOf(nowMs))));
  return {
    ...series,
    startAtMs: series.startAtMs + first * series.stepMs,
    values: series.values.slice(first, Math.max(first, end)),
  };
}
