import { describe, expect, it } from 'vitest';
import { createCapacityState, InvalidInputError, planCapacity } from '../src/index.ts';
import type { CapacityConfig, CapacityObservation } from '../src/index.ts';
import { HOUR } from './capacity-arbitraries.ts';

const config: CapacityConfig = { unmetUsdPerGpuHour: 12 };
const flat = (gpus: number, usd: number, steps = 4) => ({
  demandGpus: Array<number>(steps).fill(gpus),
  priceUsdPerGpuHour: Array<number>(steps).fill(usd),
});
const quiet: CapacityObservation = {
  nowMs: 0,
  stepMs: HOUR,
  demandGpus: 4,
  spotUsdPerGpuHour: 2,
  scenarios: [flat(4, 2)],
  offers: [],
  holdings: [],
  flexQueue: [],
};
const block = { id: 'a', startAtMs: 0, endAtMs: 4 * HOUR, priceUsdPerGpuHour: 1.9 };
const held = (gpus: number) => [{ id: 'h', gpus, startAtMs: 0, endAtMs: 4 * HOUR }];
const plan = (seen: Partial<CapacityObservation>, rules: Partial<CapacityConfig> = {}) =>
  planCapacity({ ...config, ...rules }, createCapacityState(), { ...quiet, ...seen });

describe('Fast', () => {
  it('buys a block that is cheaper than spot, and nothing beyond the demand', () => {
    const { orders, impliedQuantile, procurement, expectedCost } = plan({ spotUsdPerGpuHour: null, offers: [block] });

    expect(orders).toEqual([
      {
        clientOrderId: '0-block-a',
        side: 'buy',
        tier: 'fast',
        gpus: 4,
        startAtMs: 0,
        endAtMs: 4 * HOUR,
        limitUsdPerGpuHour: 1.9,
        expiresAtMs: 0,
        costMicroUsd: 30_400_000,
      },
    ]);
    expect(impliedQuantile).toBe(1);
    expect(procurement).toEqual({ targetGpus: 4, maxBuyUsdPerGpuHour: 2, minSellUsdPerGpuHour: 0, windowMs: 4 * HOUR });
    expect(expectedCost.totalUsd).toBeCloseTo(30.4, 9);
  });

  it('buys what is missing at spot, but not above the penalty', () => {
    const bought = plan({ holdings: held(1) });
    const unmet = plan({ holdings: held(1), spotUsdPerGpuHour: 12.5 });

    expect(bought.orders).toMatchObject([{ tier: 'fast', gpus: 3, limitUsdPerGpuHour: 2, costMicroUsd: 6_000_000 }]);
    expect(unmet.orders).toEqual([]);
    expect(unmet.reasons).toEqual([{ kind: 'unmet', gpus: 3, priceUsdPerGpuHour: 12.5, limitUsdPerGpuHour: 12 }]);
  });

  it('reports the quantile of the rule of thumb', () => {
    const scenarios = [flat(2, 2), flat(4, 2), flat(6, 2), flat(8, 2)];
    const sizing = { kind: 'safety-factor' } as const;

    const usual = plan({ scenarios, offers: [block], spotUsdPerGpuHour: null }, { sizing });
    const low = plan({ scenarios, offers: [block], spotUsdPerGpuHour: null }, { sizing: { ...sizing, factor: 0.9 } });

    // The mean is 5: 7.5 rounds to 8, which covers all; 4.5 rounds to 5, which covers two of the four.
    expect([usual.orders[0]!.gpus, usual.impliedQuantile]).toEqual([8, 1]);
    expect([low.orders[0]!.gpus, low.impliedQuantile]).toEqual([5, 0.5]);
  });

  it('takes whole multiples of the granularity, and what is held already', () => {
    const seen = { scenarios: [flat(9, 2)], demandGpus: 9, spotUsdPerGpuHour: null, holdings: held(2) };

    expect(plan({ ...seen, offers: [{ ...block, granularityGpus: 4 }] }).orders[0]!.gpus).toBe(4);
  });

  it('says why a block is not bought', () => {
    const dear = plan({ offers: [block], spotUsdPerGpuHour: null }, { limits: { maxFastUsdPerGpuHour: 1.8 } });
    const long = plan({ offers: [{ ...block, endAtMs: 5 * HOUR }], spotUsdPerGpuHour: null });

    expect(dear.reasons).toEqual([
      { kind: 'block-too-dear', offerId: 'a', priceUsdPerGpuHour: 1.9, limitUsdPerGpuHour: 1.8 },
    ]);
    expect(long.reasons).toEqual([{ kind: 'block-beyond-scenarios', offerId: 'a', knownUntilMs: 4 * HOUR }]);
    expect([dear.impliedQuantile, long.orders]).toEqual([null, []]);
  });
});

describe('Flex', () => {
  const work = (gpuHours: number, hours: number) => ({ id: `f${hours}`, gpuHours, deadlineAtMs: hours * HOUR });
  const prices = (...priceUsdPerGpuHour: number[]) => [{ demandGpus: [4, 4, 4, 4], priceUsdPerGpuHour }];

  it('waits while the price falls, and is bought when it is about to rise', () => {
    const falling = plan({
      demandGpus: 0,
      spotUsdPerGpuHour: 5,
      scenarios: prices(5, 4, 3, 2),
      flexQueue: [work(6, 4)],
    });
    const rising = plan({ demandGpus: 0, scenarios: prices(2, 3, 4, 5), flexQueue: [work(6, 4)] });

    expect(falling.orders).toEqual([]);
    expect(falling.reasons).toMatchObject([{ kind: 'flex-waits', gpuHours: 6, priceUsdPerGpuHour: 5 }]);
    expect(rising.orders).toMatchObject([{ tier: 'flex', gpus: 6, limitUsdPerGpuHour: 2 }]);
  });

  it('has the threshold of optimal stopping for independent prices: 5, 3, 2 with one, two, three steps to come', () => {
    // Every path of four prices, each 1 or 9. Waiting one step costs the mean, 5; two steps (1 + 5) / 2; three (1 + 3) / 2.
    const paths = Array.from({ length: 16 }, (_, path) => [0, 1, 2, 3].map((k) => ((path >> k) & 1 ? 9 : 1)));
    const scenarios = paths.flatMap((path) => prices(...path));
    const bought = (spotUsdPerGpuHour: number, hours: number) =>
      plan({ demandGpus: 0, spotUsdPerGpuHour, scenarios, flexQueue: [work(6, hours)] }).orders.length === 1;

    expect([bought(4.9, 2), bought(5.1, 2)]).toEqual([true, false]);
    expect([bought(2.9, 3), bought(3.1, 3)]).toEqual([true, false]);
    expect([bought(1.9, 4), bought(2.1, 4)]).toEqual([true, false]);
  });

  it('does not wait for a price that stays high', () => {
    const scenarios = [...prices(1, 1, 1, 1), ...prices(9, 9, 9, 9)];

    // Drawn anew in each step, waiting three steps would cost 2.
    expect(plan({ demandGpus: 0, spotUsdPerGpuHour: 6, scenarios, flexQueue: [work(6, 4)] }).orders).toHaveLength(1);
  });

  it('is bought at any price within the limit when no step is left', () => {
    const seen = { demandGpus: 0, spotUsdPerGpuHour: 9, scenarios: prices(9, 1, 1, 1), flexQueue: [work(6, 1)] };

    expect(plan(seen).reasons).toMatchObject([{ kind: 'flex-bought', gpuHours: 6, why: 'due' }]);
    expect(plan(seen, { limits: { maxFlexUsdPerGpuHour: 8 } }).reasons).toMatchObject([{ kind: 'flex-too-dear' }]);
  });

  it('takes idle Fast time first, earliest deadline first, and waits for idle time that is expected', () => {
    const { backfill, orders, reasons } = plan({
      demandGpus: 1,
      scenarios: [flat(1, 2)],
      holdings: held(4),
      flexQueue: [work(9, 4), work(2, 2)],
    });

    expect(backfill).toEqual([
      { flexId: 'f2', gpuHours: 2 },
      { flexId: 'f4', gpuHours: 1 },
    ]);
    expect(orders).toEqual([]);
    expect(reasons).toMatchObject([
      { kind: 'backfilled', gpuHours: 3 },
      { kind: 'flex-waits-for-idle', gpuHours: 8 },
    ]);
  });

  it('is told apart when it is late', () => {
    expect(plan({ demandGpus: 0, flexQueue: [work(3, 0)] }).reasons).toEqual([
      { kind: 'flex-late', flexId: 'f0', gpuHours: 3 },
    ]);
  });
});

describe('sales and money', () => {
  it('offers idle time that no Flex takes', () => {
    const { orders, procurement } = plan({ holdings: held(6) });

    expect(orders).toMatchObject([{ side: 'sell', gpus: 2, limitUsdPerGpuHour: 1.8, costMicroUsd: 0 }]);
    expect(procurement.minSellUsdPerGpuHour).toBe(1.8);
    expect(plan({ holdings: held(6) }, { limits: { minSellUsdPerGpuHour: 3 } }).orders[0]!.limitUsdPerGpuHour).toBe(3);
  });

  it('spends the budget on unserved demand first, then on what is due', () => {
    const flexQueue = [{ id: 'f', gpuHours: 4, deadlineAtMs: HOUR }];
    const { orders, reasons, state } = plan({ flexQueue }, { budgetMicroUsd: 13_000_000 });

    expect(orders).toMatchObject([
      { tier: 'fast', gpus: 4, costMicroUsd: 8_000_000 },
      { tier: 'flex', gpus: 2, costMicroUsd: 4_000_000 },
    ]);
    expect(reasons).toContainEqual({
      kind: 'budget-held',
      tier: 'flex',
      wantedGpus: 4,
      allowedGpus: 2,
      leftMicroUsd: 5_000_000,
    });
    expect(state).toEqual({ version: 1, lastMs: 0, committedMicroUsd: 12_000_000 });
  });

  it('takes back what the market returned', () => {
    const spent = { version: 1, lastMs: 0, committedMicroUsd: 9_000_000 } as const;

    expect(planCapacity(config, spent, { ...quiet, demandGpus: 0, returnedMicroUsd: 4_000_000 }).state).toMatchObject({
      committedMicroUsd: 5_000_000,
    });
  });
});

describe('bad input', () => {
  const bad = (value: unknown) => value as never;
  const second = { ...block, id: 'b', startAtMs: 3 * HOUR, endAtMs: 6 * HOUR };
  const other = [flat(4, 2), flat(4, 2, 3)];
  it.each<[string, string, Partial<CapacityObservation>, Partial<CapacityConfig>?]>([
    ['blocks that overlap', 'offers[1].startAtMs', { offers: [block, second] }],
    ['blocks that overlap, later one first', 'offers[0].startAtMs', { offers: [second, block] }],
    ['a block that has begun', 'offers[0].startAtMs', { offers: [{ ...block, startAtMs: -1 }] }],
    ['a block that ends before it starts', 'offers[0].endAtMs', { offers: [{ ...block, endAtMs: 0 }] }],
    ['a negative price of a block', 'offers[0].priceUsdPerGpuHour', { offers: [{ ...block, priceUsdPerGpuHour: -1 }] }],
    ['granularity 0', 'offers[0].granularityGpus', { offers: [{ ...block, granularityGpus: 0 }] }],
    ['two blocks of one name', 'offers[1].id', { offers: [block, { ...second, id: 'a' }] }],
    ['NaN in demand', 'scenarios[0].demandGpus[1]', { scenarios: [{ ...flat(4, 2), demandGpus: [4, NaN, 4, 4] }] }],
    [
      'a negative price',
      'scenarios[0].priceUsdPerGpuHour[3]',
      { scenarios: [{ ...flat(4, 2), priceUsdPerGpuHour: [2, 2, 2, -0.5] }] },
    ],
    ['scenarios of different length', 'scenarios[1].demandGpus.length', { scenarios: other }],
    ['no scenario', 'scenarios', { scenarios: [] }],
    ['a scenario without steps', 'scenarios[0].demandGpus.length', { scenarios: [flat(4, 2, 0)] }],
    ['weight 0', 'scenarios[0].weight', { scenarios: [{ ...flat(4, 2), weight: 0 }] }],
    ['a missing list', 'scenarios[0].demandGpus', { scenarios: [bad({ priceUsdPerGpuHour: [2] })] }],
    ['a negative spot price', 'spotUsdPerGpuHour', { spotUsdPerGpuHour: -1 }],
    ['NaN demand', 'demandGpus', { demandGpus: NaN }],
    ['time that is not a number', 'nowMs', { nowMs: NaN }],
    ['a step of 0', 'stepMs', { stepMs: 0 }],
    ['part of a GPU held', 'holdings[0].gpus', { holdings: held(0.5) }],
    ['negative work', 'flexQueue[0].gpuHours', { flexQueue: [{ id: 'f', gpuHours: -1, deadlineAtMs: 0 }] }],
    ['part of a micro-USD', 'returnedMicroUsd', { returnedMicroUsd: 0.5 }],
    ['no penalty', 'unmetUsdPerGpuHour', {}, { unmetUsdPerGpuHour: 0 }],
    ['a spread above 1', 'resale.spreadRatio', {}, { resale: { spreadRatio: 1.1 } }],
    ['a negative limit', 'limits.maxFastUsdPerGpuHour', {}, { limits: { maxFastUsdPerGpuHour: -1 } }],
    ['part of a budget', 'budgetMicroUsd', {}, { budgetMicroUsd: 1.5 }],
    ['an unknown rule', 'sizing.kind', {}, { sizing: bad({ kind: 'max' }) }],
    ['an unknown measure', 'sizing.of', {}, { sizing: bad({ kind: 'safety-factor', of: 'median' }) }],
  ])('refuses %s and names %s', (_, field, seen, rules) => {
    expect.assertions(2);
    try {
      plan(seen, rules);
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidInputError);
      expect((error as InvalidInputError).field).toBe(field);
    }
  });

  it('refuses time that goes back, and a foreign state', () => {
    const { state } = plan({ nowMs: 5 });

    expect(() => planCapacity(config, state, quiet)).toThrow('nowMs must not be before the last call at 5, got 0');
    expect(() => planCapacity(config, bad({ version: 2 }), quiet)).toThrow('state must come from createCapacityState');
    expect(() => planCapacity(config, { ...state, committedMicroUsd: NaN }, quiet)).toThrow('state.committedMicroUsd');
  });
});
