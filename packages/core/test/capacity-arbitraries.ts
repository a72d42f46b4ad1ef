import fc from 'fast-check';
import type { CapacityConfig, CapacityObservation } from '../src/index.ts';

export const HOUR = 3_600_000;

/** Quarters of a dollar, so that sums of money are exact and can be scaled. */
export const price = fc.integer({ min: 0, max: 80 }).map((quarters) => quarters / 4);

const sizing = fc.oneof(
  fc.constant({ kind: 'newsvendor' as const }),
  fc.record({
    kind: fc.constant('safety-factor' as const),
    factor: fc.constantFrom(0, 0.5, 1, 1.5, 2),
    of: fc.constantFrom('mean' as const, 'peak' as const),
  }),
);

const limits = fc.record(
  { maxFastUsdPerGpuHour: price, maxFlexUsdPerGpuHour: price, minSellUsdPerGpuHour: price },
  { requiredKeys: [] },
);

export const configs: fc.Arbitrary<CapacityConfig> = fc.record(
  {
    unmetUsdPerGpuHour: fc.constantFrom(0.25, 2, 12, 60),
    sizing,
    resale: fc.record({ spreadRatio: fc.constantFrom(0, 0.25, 1), fillRatio: fc.constantFrom(0, 0.5, 1) }),
    limits,
    budgetMicroUsd: fc.integer({ min: 0, max: 400 }).map((usd) => usd * 1_000_000),
    maxGpus: fc.integer({ min: 0, max: 12 }),
  },
  { requiredKeys: ['unmetUsdPerGpuHour'] },
);

/** Observations in steps of an hour; blocks of one to four hours one after another, some with gaps. */
export function observations(nowMs = 0): fc.Arbitrary<CapacityObservation> {
  return fc.integer({ min: 4, max: 10 }).chain((stepCount) => {
    const column = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: stepCount, maxLength: stepCount });
    const scenario = fc.record(
      {
        weight: fc.constantFrom(1, 2, 4),
        demandGpus: column(fc.integer({ min: 0, max: 16 }).map((halves) => halves / 2)),
        priceUsdPerGpuHour: column(price),
      },
      { requiredKeys: ['demandGpus', 'priceUsdPerGpuHour'] },
    );
    const block = fc.record({
      gap: fc.nat(2),
      hours: fc.integer({ min: 1, max: 4 }),
      priceUsdPerGpuHour: price,
      granularityGpus: fc.constantFrom(undefined, 1, 2, 4),
      maxGpus: fc.option(fc.nat(9), { nil: undefined }),
    });
    return fc
      .record({
        demandGpus: fc.nat(8),
        spotUsdPerGpuHour: fc.option(price),
        scenarios: fc.array(scenario, { minLength: 1, maxLength: 4 }),
        blocks: fc.array(block, { maxLength: 3 }),
        holdings: fc.array(
          fc.record({ gpus: fc.nat(6), from: fc.integer({ min: -2, max: 3 }), hours: fc.integer({ min: 1, max: 6 }) }),
          {
            maxLength: 2,
          },
        ),
        flex: fc.array(fc.record({ gpuHours: fc.nat(12), hours: fc.integer({ min: -1, max: 9 }) }), { maxLength: 3 }),
      })
      .map(({ blocks, holdings, flex, ...rest }) => {
        let hour = 0;
        return {
          ...rest,
          nowMs,
          stepMs: HOUR,
          offers: blocks.map(({ gap, hours, granularityGpus, maxGpus, priceUsdPerGpuHour }, i) => {
            const start = hour + gap;
            hour = start + hours;
            return {
              id: `block-${i}`,
              startAtMs: nowMs + start * HOUR,
              endAtMs: nowMs + hour * HOUR,
              priceUsdPerGpuHour,
              ...(granularityGpus === undefined ? {} : { granularityGpus }),
              ...(maxGpus === undefined ? {} : { maxGpus }),
            };
          }),
          holdings: holdings.map(({ gpus, from, hours }, i) => ({
            id: `holding-${i}`,
            gpus,
            startAtMs: nowMs + from * HOUR,
            endAtMs: nowMs + (from + hours) * HOUR,
          })),
          flexQueue: flex.map(({ gpuHours, hours }, i) => ({
            id: `flex-${i}`,
            gpuHours,
            deadlineAtMs: nowMs + hours * HOUR,
          })),
        };
      });
  });
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
