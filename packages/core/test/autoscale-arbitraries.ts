import fc from 'fast-check';
import type { AutoscaleConfig, AutoscaleObservation, EwmaSample, Replica, Tier } from '../src/index.ts';

/** Numbers with one decimal digit, so that loads and targets are tenths and their quotients often exact. */
const tenths = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max }).map((value) => value / 10);

const targets: fc.Arbitrary<AutoscaleConfig['targets']> = fc.constantFrom('rate', 'utilization', 'both').chain((kind) =>
  fc.record({ perReplica: tenths(1, 50), ratio: tenths(1, 10) }).map(({ perReplica, ratio }) => {
    const rate = { signal: 'rate', perReplica } as const;
    const utilization = { signal: 'utilization', ratio } as const;
    return kind === 'rate' ? [rate] : kind === 'utilization' ? [utilization] : [rate, utilization];
  }),
);

/** Configurations with small limits and windows of a few ms, so that brute force can look at every instant. */
export const configs: fc.Arbitrary<AutoscaleConfig> = fc
  .record({
    minReplicas: fc.integer({ min: 0, max: 3 }),
    spread: fc.integer({ min: 0, max: 12 }),
    targets,
    tolerance: fc.record({ up: tenths(0, 5), down: tenths(0, 5) }),
    window: fc.record({ upMs: fc.integer({ min: 0, max: 12 }), downMs: fc.integer({ min: 0, max: 12 }) }),
  })
  .map(({ spread, ...config }) => ({ ...config, maxReplicas: config.minReplicas + spread }));

const signal = (max: number): fc.Arbitrary<number | null> =>
  fc.oneof({ arbitrary: tenths(0, max), weight: 9 }, { arbitrary: fc.constant(null), weight: 1 });

/** What is seen at one instant. */
export const sights: fc.Arbitrary<Omit<AutoscaleObservation, 'nowMs'>> = fc.record({
  readyReplicas: fc.integer({ min: 0, max: 12 }),
  pendingReplicas: fc.integer({ min: 0, max: 4 }),
  ratePerSecond: signal(300),
  utilizationRatio: signal(15),
});

/** Observations in the order of time, some at the same instant. */
export const traces: fc.Arbitrary<readonly AutoscaleObservation[]> = fc
  .array(fc.record({ gapMs: fc.integer({ min: 0, max: 8 }), sight: sights }), { minLength: 1, maxLength: 15 })
  .map((steps) => {
    let nowMs = 0;
    return steps.map(({ gapMs, sight }) => ({ ...sight, nowMs: (nowMs += gapMs) }));
  });

const tierIds = ['a', 'b', 'c', 'd'] as const;

/** Up to four tiers with few prices, so that ties happen. */
export const tierLists = (options: { readonly hasPriority: boolean }): fc.Arbitrary<readonly Tier[]> =>
  fc.subarray([...tierIds]).chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc
          .record({
            capacity: fc.option(fc.integer({ min: 0, max: 4 })),
            priceUsdPerHour: fc.integer({ min: 0, max: 3 }),
            priority: options.hasPriority ? fc.option(fc.integer({ min: -1, max: 2 })) : fc.constant(null),
          })
          .map(({ priority, ...tier }): Tier => ({
            id,
            kind: 'spot',
            ...tier,
            ...(priority === null ? {} : { priority }),
          })),
      ),
    ),
  );

/** Up to twelve replicas, on tiers of the list and on unknown ones, some of the same age. */
export const replicaLists: fc.Arbitrary<readonly Replica[]> = fc
  .array(
    fc.record({
      tierId: fc.constantFrom(...tierIds, 'gone'),
      startedAtMs: fc.integer({ min: 0, max: 4 }),
      isReady: fc.boolean(),
    }),
    { maxLength: 12 },
  )
  .map((replicas) => replicas.map((replica, index) => ({ id: `r${index}`, ...replica })));

/** Freezes a value and all it holds, so that a test fails on any write to an argument. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

/** Values without those so small that rounding is no longer relative to the value. */
const values = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => (Math.abs(value) < 1e-300 ? 0 : value));

/** Samples in the order of time, some at the same instant. */
export const sampleLists: fc.Arbitrary<readonly EwmaSample[]> = fc
  .array(fc.record({ gapMs: fc.integer({ min: 0, max: 5_000 }), value: values }), { minLength: 1, maxLength: 20 })
  .map((steps) => {
    let atMs = 1_700_000_000_000;
    return steps.map(({ gapMs, value }) => ({ atMs: (atMs += gapMs), value }));
  });
