import fc from 'fast-check';

import type { SimulatedTier } from '@spillway/adapters/simulated';

/** One step of a story about capacity. Indices point into lists that the test keeps. */
export type CapacityStep =
  | { readonly kind: 'launch'; readonly token: number; readonly tier: number }
  | { readonly kind: 'terminate'; readonly launched: number }
  | { readonly kind: 'advance'; readonly byMs: number };

/** Stories in which tokens are repeated often. */
export const capacitySteps: fc.Arbitrary<CapacityStep[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('launch'), token: fc.nat(14), tier: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('terminate'), launched: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance'), byMs: fc.integer({ min: 0, max: 4_000 }) }) },
  ),
  { maxLength: 60 },
);

/** Three tiers: one with a limit, one that is interrupted, one whose capacity changes every second. */
export const capacityTiers: fc.Arbitrary<readonly SimulatedTier[]> = fc
  .record({
    limit: fc.nat(4),
    meanTimeToInterruptMs: fc.integer({ min: 1, max: 20_000 }),
    noticeMs: fc.nat(3_000),
    values: fc.array(fc.nat(4), { minLength: 1, maxLength: 40 }),
    startAtMs: fc.integer({ min: -5_000, max: 5_000 }),
  })
  .map(({ limit, meanTimeToInterruptMs, noticeMs, values, startAtMs }) => [
    { id: 'limited', kind: 'fixed', capacity: limit, priceUsdPerHour: 1 },
    {
      id: 'interrupted',
      kind: 'spot',
      capacity: 5,
      priceUsdPerHour: 1,
      startupMs: 700,
      noticeMs,
      interruption: { meanTimeToInterruptMs },
    },
    {
      id: 'changing',
      kind: 'spot',
      capacity: null,
      priceUsdPerHour: 1,
      noticeMs,
      interruption: { meanTimeToInterruptMs: 20_000 },
      capacitySeries: { startAtMs, stepMs: 1_000, unit: '1', values },
    },
  ]);

/** A queue's story in whole ms: arrivals per slot, service spans, and instants at which it is read. */
export const queueStory = fc.record({
  stepMs: fc.integer({ min: 1, max: 40 }),
  rates: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 8 }),
  replicaRate: fc.integer({ min: 1, max: 6 }),
  lateAfterMs: fc.integer({ min: 0, max: 40 }),
  spans: fc.array(fc.record({ readyAtMs: fc.integer({ min: -20, max: 200 }), lengthMs: fc.option(fc.nat(120)) }), {
    maxLength: 4,
  }),
  reads: fc
    .uniqueArray(fc.integer({ min: 1, max: 250 }), { minLength: 1, maxLength: 8 })
    .map((reads) => reads.sort((x, y) => x - y)),
});
