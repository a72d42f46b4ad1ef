import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCapacityState, planCapacity } from '../src/capacity/index.ts';
import type { CapacityScenario } from '../src/index.ts';
import { HOUR, price } from './capacity-arbitraries.ts';

const STEPS = 4;
const column = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: STEPS, maxLength: STEPS });
const markets = fc.record({
  penalty: fc.constantFrom(2, 12, 60),
  forward: price,
  held: fc.nat(4),
  granularity: fc.constantFrom(1, 2, 3),
  scenarios: fc.array(
    fc.record({
      weight: fc.constantFrom(1, 2, 5),
      demandGpus: column(fc.nat(9)),
      priceUsdPerGpuHour: column(price),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  flexHours: fc.nat(20),
});
interface Market {
  readonly penalty: number;
  readonly forward: number;
  readonly held: number;
  readonly granularity: number;
  readonly scenarios: readonly Required<CapacityScenario>[];
  readonly flexHours: number;
}

function sized({ penalty, forward, held, granularity, scenarios, flexHours }: Market): number {
  const block = { startAtMs: 0, endAtMs: STEPS * HOUR };
  const plan = planCapacity({ unmetUsdPerGpuHour: penalty }, createCapacityState(), {
    ...{ nowMs: 0, stepMs: HOUR, demandGpus: held, spotUsdPerGpuHour: null, scenarios },
    offers: [{ ...block, id: 'a', priceUsdPerGpuHour: forward, granularityGpus: granularity }],
    holdings: [{ ...block, id: 'held', gpus: held }],
    flexQueue: [{ id: 'f', gpuHours: flexHours, deadlineAtMs: STEPS * HOUR }],
  });
  return plan.orders[0]?.gpus ?? 0;
}

/** All sizes up to what demand and Flex could use: more would be bought to trade. */
function sizesOf({ held, granularity, scenarios, flexHours }: Market): readonly number[] {
  const over = Math.max(0, ...scenarios.flatMap(({ demandGpus }) => demandGpus.map((demand) => demand - held)));
  const most = over + Math.ceil(flexHours / STEPS);
  return Array.from({ length: Math.floor(most / granularity) + 1 }, (_, k) => k * granularity);
}

/** Expected cost of a size, added up hour by hour; idle time is worth at most what serving would be. */
function costOf({ penalty, forward, held, scenarios, flexHours }: Market, gpus: number, flexUsd: number): number {
  const all = scenarios.reduce((sum, { weight }) => sum + weight, 0);
  let cost = gpus * STEPS * forward;
  for (const { weight, demandGpus, priceUsdPerGpuHour } of scenarios) {
    let left = flexHours;
    demandGpus.forEach((demand, k) => {
      const serving = Math.min(priceUsdPerGpuHour[k]!, penalty);
      const idle = Math.max(0, held + gpus - demand);
      const toFlex = Math.min(idle, left);
      left -= toFlex;
      const sale = Math.min(serving, 0.72 * priceUsdPerGpuHour[k]!);
      const flex = Math.max(sale, Math.min(serving, flexUsd));
      cost += (weight / all) * (Math.max(0, demand - held - gpus) * serving - toFlex * flex - (idle - toFlex) * sale);
    });
  }
  return cost;
}

describe('the size of a block', () => {
  test('is one of least expected cost, tried one by one', () => {
    fc.assert(
      fc.property(markets, (drawn) => {
        const market = { ...drawn, flexHours: 0 };
        const size = sized(market);

        const sizes = sizesOf(market);
        const least = Math.min(...sizes.map((gpus) => costOf(market, gpus, 0)));
        expect(costOf(market, size, 0)).toBeCloseTo(least, 9);
      }),
      { numRuns: 500 },
    );
  });

  test('counts Flex that its idle time takes, where the price is one and the same', () => {
    fc.assert(
      fc.property(markets, fc.integer({ min: 1, max: 40 }), (drawn, spot) => {
        const scenarios = drawn.scenarios.map((one) => ({
          ...one,
          priceUsdPerGpuHour: Array<number>(STEPS).fill(spot),
        }));
        const market = { ...drawn, scenarios };
        const size = sized(market);

        const sizes = sizesOf(market);
        const least = Math.min(...sizes.map((gpus) => costOf(market, gpus, spot)));
        expect(costOf(market, size, spot)).toBeCloseTo(least, 9);
      }),
      { numRuns: 500 },
    );
  });

  test('is the quantile Cu / (Cu + Co) of the demand, the newsvendor of the textbook', () => {
    const size = (forward: number, penalty: number) =>
      sized({
        penalty,
        forward,
        held: 0,
        granularity: 1,
        flexHours: 0,
        scenarios: Array.from({ length: 100 }, (_, k) => ({
          weight: 1,
          demandGpus: Array<number>(STEPS).fill(k + 1),
          priceUsdPerGpuHour: Array<number>(STEPS).fill(4),
        })),
      });

    // Cu = 4 - 3 = 1, Co = 3 - 0.72 * 4 = 0.12: 0.893. At 3.5: 0.5 / (0.5 + 0.62) = 0.446. The penalty of 3.2 caps Cu at 0.2.
    expect([size(3, 60), size(3.5, 60), size(3, 3.2), size(4, 60)]).toEqual([90, 45, 63, 0]);
  });
});
