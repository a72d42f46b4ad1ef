import { describe, expect, it } from 'vitest';

import { simulatedMarket, virtualClock, type SimulatedMarketMaker } from '@spillway/adapters/simulated';

import { rejection } from './rejection.ts';

const HOUR = 3_600_000;
/** 2 USD in the first two hours, 1 in the third, 3 from then on. */
const price = { startAtMs: 0, stepMs: HOUR, unit: 'USD/GPU-hour' as const, values: [2, 2, 1, 3, 3, 3] };
const maker: SimulatedMarketMaker = { price, gpuCount: 10 };
const block = { startAtMs: 5 * HOUR, endAtMs: 6 * HOUR };
const USD = 1_000_000;

function setUp(options: Partial<Parameters<typeof simulatedMarket>[0]> = {}) {
  const clock = virtualClock({ startAtMs: 0 });
  const market = simulatedMarket({ clock, maker, ...options });
  const us = market.account('us');
  const buy = (token: string, gpuCount: number, usdPerGpu: number, flags: object = {}) =>
    us.orders.place({ token, side: 'buy', gpuCount, ...block, limitMicroUsd: gpuCount * usdPerGpu * USD, ...flags });
  const find = async (id: string) => (await us.orders.list()).find((order) => order.id === id)!;
  return { clock, market, us, buy, find };
}

describe('the maker', () => {
  it('sells each GPU a little dearer than the one before, and buys below what it sold for', async () => {
    const { us, buy } = setUp();

    // 1 % above 2 USD, and 0.1 % more for each further GPU: 8 × 2.02 + 0.002 × (0 + 1 + … + 7).
    expect(await us.quote({ side: 'buy', gpuCount: 8, ...block })).toMatchObject({ costMicroUsd: 16_216_000 });
    expect(await buy('a', 8, 3)).toMatchObject({ status: 'filled', filledMicroUsd: 16_216_000 });
    expect(await us.quote({ side: 'buy', gpuCount: 2, ...block })).toMatchObject({ costMicroUsd: 4_074_000 });
    // 1 % below 2 USD, and 0.1 % more for the seven that are still sold.
    expect(await us.quote({ side: 'sell', gpuCount: 1, ...block })).toMatchObject({ costMicroUsd: 1_994_000 });
  });

  it('has no more than it has, and gives a part when a part will do', async () => {
    const { us, buy } = setUp();

    expect(await us.quote({ side: 'buy', gpuCount: 11, ...block })).toHaveProperty('unavailable');
    expect(await buy('all', 11, 5)).toMatchObject({ status: 'cancelled' });
    expect(await buy('part', 11, 5, { allowPartial: true })).toMatchObject({
      status: 'partially-filled',
      filledGpuCount: 10,
    });
  });

  it('gives as many GPUs as the limit pays for together, though the last is above its share', async () => {
    const { buy } = setUp();

    // 2.02 + 2.022 + 2.024 is 3 × 2.022; a fourth at 2.026 would be above 4 × 2.022.
    expect(await buy('a', 5, 2.022, { allowPartial: true })).toMatchObject({
      filledGpuCount: 3,
      filledMicroUsd: 6_066_000,
    });
  });

  it('fills what waits when its price falls, at the price it has then', async () => {
    const { clock, buy, find } = setUp();
    const { id, status } = await buy('a', 2, 1.5, { allowStanding: true });
    expect(status).toBe('standing');

    await clock.advanceTo(2 * HOUR - 1);
    expect((await find(id)).status).toBe('standing');
    // Nobody looks while it is cheap.
    await clock.advanceTo(4 * HOUR);

    expect(await find(id)).toMatchObject({ status: 'filled', filledMicroUsd: 2_021_000 });
  });

  it('neither buys nor sells where its series has no value', async () => {
    const { us } = setUp({ maker: { price: { ...price, startAtMs: HOUR }, gpuCount: 10 } });

    expect(await us.quote({ side: 'buy', gpuCount: 1, ...block })).toHaveProperty('unavailable');
  });

  it('has another price in every block when there is noise, the same for the same seed', async () => {
    const prices = async (seed: number) => {
      const { us } = setUp({ seed, maker: { ...maker, noiseRatio: 0.2 } });
      const starts = [5, 6, 7, 8].map((hour) => ({ startAtMs: hour * HOUR, endAtMs: (hour + 1) * HOUR }));
      const quotes = await Promise.all(starts.map((each) => us.quote({ side: 'buy', gpuCount: 1, ...each })));
      return quotes.map((quote) => ('costMicroUsd' in quote ? quote.costMicroUsd : NaN));
    };

    const seven = await prices(7);

    expect(new Set(seven).size).toBe(4);
    expect(seven.every((cost) => cost >= 0.8 * 2.02 * USD && cost <= 1.2 * 2.02 * USD)).toBe(true);
    expect(await prices(7)).toEqual(seven);
    expect(await prices(8)).not.toEqual(seven);
  });
});

describe('the market', () => {
  it('ends what waits when its block starts', async () => {
    const { clock, buy, find } = setUp();
    const { id } = await buy('a', 2, 0.1, { allowStanding: true });

    await clock.advanceTo(5 * HOUR - 1);
    expect((await find(id)).status).toBe('standing');
    await clock.advanceTo(5 * HOUR);

    expect((await find(id)).status).toBe('cancelled');
  });

  it('trades nothing in a halt, and makes up for it when it ends', async () => {
    const halt = { fromMs: 2 * HOUR, toMs: 2 * HOUR + 60_000 };
    const { clock, us, buy, find } = setUp({ halts: [halt] });
    const { id } = await buy('a', 1, 1.5, { allowStanding: true });

    await clock.advanceTo(2 * HOUR);
    const refusal = await rejection(buy('b', 1, 5));

    expect(refusal).toMatchObject({ providerCode: 'unavailable', retryAfterMs: 60_000, isAmbiguous: false });
    expect(await us.quote({ side: 'buy', gpuCount: 1, ...block })).toEqual({
      unavailable: 'the market is halted until 7260000',
    });
    expect((await find(id)).status).toBe('standing');
    await clock.advanceTo(2 * HOUR + 60_000);
    expect((await find(id)).status).toBe('filled');
    expect((await us.fills.list({ fromMs: 0, toMs: 9 * HOUR })).map(({ atMs }) => atMs)).toEqual([halt.toMs]);
  });

  it('keeps an order pending until it is matched', async () => {
    const { clock, buy, find } = setUp({ matchMs: 2_000 });
    const { id, status } = await buy('a', 1, 5);
    expect(status).toBe('pending');

    await clock.advanceTo(1_999);
    expect((await find(id)).status).toBe('pending');
    await clock.advanceTo(2_000);

    expect((await find(id)).status).toBe('filled');
  });

  it('serves an account before the maker of the same price, and not an account itself', async () => {
    const { market, us, buy } = setUp();
    const them = market.account('them', { owns: [{ ...block, gpuCount: 1 }] });
    await them.orders.place({
      token: 's',
      side: 'sell',
      gpuCount: 1,
      ...block,
      limitMicroUsd: 2_020_000,
      allowStanding: true,
    });

    await buy('a', 2, 5);

    expect(market.trades().map(({ seller, costMicroUsd }) => [seller, costMicroUsd])).toEqual([
      ['them', 2_020_000],
      [null, 2_020_000],
    ]);
    await us.orders.place({
      token: 'own',
      side: 'sell',
      gpuCount: 1,
      ...block,
      limitMicroUsd: 1_995_000,
      allowStanding: true,
    });
    expect(await us.quote({ side: 'buy', gpuCount: 1, ...block })).toMatchObject({ costMicroUsd: 2_022_000 });
  });

  it('tells what is owned in stretches', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const owns = [
      { startAtMs: HOUR, endAtMs: 4 * HOUR, gpuCount: 2 },
      { startAtMs: 2 * HOUR, endAtMs: 3 * HOUR, gpuCount: 1 },
    ];
    const us = simulatedMarket({ clock }).account('us', { owns });

    await clock.advanceTo(2 * HOUR);

    expect(await us.positions.list()).toEqual([
      { startAtMs: 2 * HOUR, endAtMs: 3 * HOUR, gpuCount: 3 },
      { startAtMs: 3 * HOUR, endAtMs: 4 * HOUR, gpuCount: 2 },
    ]);
  });

  it.each([
    ['blockMs', { blockMs: 0 }],
    ['matchMs', { matchMs: 0.5 }],
    ['seed', { seed: 0.5 }],
    ['halts[0].toMs', { halts: [{ fromMs: 5, toMs: 4 }] }],
    ['maker.gpuCount', { maker: { price, gpuCount: -1 } }],
    ['maker.spreadRatio', { maker: { ...maker, spreadRatio: 2 } }],
    ['maker.price.values[0]', { maker: { ...maker, price: { ...price, values: [-1] } } }],
  ])('refuses %s out of range', (field, options) => {
    expect(() => simulatedMarket({ clock: virtualClock({ startAtMs: 0 }), ...options })).toThrow(field);
  });

  it('refuses an account twice, and to own half a block', () => {
    const { market } = setUp();

    expect(() => market.account('us')).toThrow('accountName');
    expect(() => market.account('x', { owns: [{ startAtMs: 0, endAtMs: 1, gpuCount: 1 }] })).toThrow('whole blocks');
  });
});
