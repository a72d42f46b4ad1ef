import { checkSeries, seriesEndAtMs, type Series } from '@spillway/core';

import type { CallOptions, SignalSource, TimeRange } from '../contract/types.ts';
import { check, checkSame, insisting, refused, refusesLate } from './check.ts';
import type { Rule, Subject } from './subject.ts';

type Read = (zone: string, range: TimeRange, options?: CallOptions) => Promise<Series>;

/** The histories that a source has. */
function histories({ provider }: Subject): { readonly unit: Series['unit']; readonly read: Read }[] {
  const { carbon, energyPrice } = provider as SignalSource;
  return [
    ...(carbon ? [{ unit: 'gCO2e/kWh' as const, read: carbon.readHistory }] : []),
    ...(energyPrice ? [{ unit: 'USD/kWh' as const, read: energyPrice.readHistory }] : []),
  ];
}

const isReadable = (subject: Subject): boolean =>
  subject.zone !== undefined && subject.range !== undefined && histories(subject).length > 0;

/** What every source of signals must keep. */
export const SIGNAL_RULES: readonly Rule[] = [
  {
    group: 'shape',
    name: 'gives a series in the unit of the signal',
    when: isReadable,
    check: async (subject) => {
      for (const { unit, read } of histories(subject)) {
        const series = await insisting(() => read(subject.zone!, subject.range!));
        if (series.values.length > 0) checkSeries('history', series, unit);
        checkSame(series.unit, unit, 'unit');
        check(series.values.length > 0, 'the range was said to hold something, and nothing came');
      }
    },
  },
  {
    group: 'time',
    name: 'gives only slots that overlap the range and have ended',
    when: isReadable,
    check: async (subject) => {
      const { fromMs, toMs } = subject.range!;
      const nowMs = (subject.nowMs ?? Date.now)();
      for (const { read } of histories(subject)) {
        const ever = { fromMs, toMs: nowMs + 365 * 86_400_000 };
        const all = await insisting(() => read(subject.zone!, ever));
        check(seriesEndAtMs(all) <= nowMs, `a value of a slot that ends at ${seriesEndAtMs(all)}, after now ${nowMs}`);
        const part = await insisting(() => read(subject.zone!, { fromMs, toMs }));
        const end = seriesEndAtMs(part);
        check(part.startAtMs + part.stepMs > fromMs && end - part.stepMs < toMs, 'slots beside the range came');
      }
    },
  },
  {
    group: 'errors',
    name: 'refuses an unknown zone with not-found and a range out of order with invalid-request',
    when: isReadable,
    check: async (subject) => {
      const { fromMs, toMs } = subject.range!;
      for (const { read } of histories(subject)) {
        await refused(subject, 'not-found', () => read('no such zone', subject.range!), 'an unknown zone');
        const reversed = { fromMs: toMs, toMs: fromMs };
        await refused(subject, 'invalid-request', () => read(subject.zone!, reversed), 'a range out of order');
      }
    },
  },
  {
    group: 'paging',
    name: 'lists zones once, the known one among them',
    when: (subject) => isReadable(subject) && (subject.provider as SignalSource).carbon !== undefined,
    check: async (subject) => {
      const zones = await insisting(() => (subject.provider as SignalSource).carbon!.listZones());
      check(new Set(zones).size === zones.length, 'a zone comes twice');
      check(zones.includes(subject.zone!), `zone '${subject.zone!}' is not listed`);
    },
  },
  {
    group: 'abort',
    name: 'reads nothing when aborted or late',
    when: isReadable,
    check: async (subject) => {
      for (const { read } of histories(subject)) {
        await refusesLate(subject, 'readHistory', (options) => read(subject.zone!, subject.range!, options));
      }
    },
  },
];
