import fc from 'fast-check';
import { expect, it } from 'vitest';

import { ProviderError, type MarketOrder } from '@spillway/adapters';
import { simulatedMarket, virtualClock, type SimulatedMarketMaker } from '@spillway/adapters/simulated';

import { matchByUnits } from './oracles/matching-oracle.ts';

const HOUR = 3_600_000;
const HALT = { fromMs: 3 * HOUR, toMs: 3.5 * HOUR };
const OWNED = 6;

type Step =
  | {
      readonly kind: 'place';
      readonly account: number;
      readonly token: number;
      readonly side: 'buy' | 'sell';
      readonly gpuCount: number;
      readonly from: number;
      readonly hours: number;
      readonly unit: number;
      readonly more: number;
      readonly allowStanding: boolean;
      readonly allowPartial: boolean;
    }
  | { readonly kind: 'cancel'; readonly account: number; readonly order: number }
  | { readonly kind: 'advance'; readonly byMs: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('place' as const),
        account: fc.nat(2),
        token: fc.nat(20),
        side: fc.constantFrom('buy' as const, 'sell' as const),
        gpuCount: fc.integer({ min: 1, max: 6 }),
        from: fc.integer({ min: 3, max: 5 }),
        hours: fc.constantFrom(1, 1, 1, 2),
        unit: fc.constantFrom(1_000_000, 2_000_000, 3_000_000),
        more: fc.nat(5),
        allowStanding: fc.constantFrom(true, true, false),
        allowPartial: fc.constantFrom(true, true, false),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('cancel' as const), account: fc.nat(2), order: fc.nat(20) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('advance' as const), byMs: fc.integer({ min: 0, max: HOUR / 3 }) }),
    },
  ),
  { maxLength: 30, size: 'max' },
);
const makers: fc.Arbitrary<SimulatedMarketMaker | undefined> = fc.option(
  fc.record({
    price: fc
      .array(fc.double({ min: 0, max: 4, noNaN: true }), { minLength: 1, maxLength: 8 })
      .map((values) => ({ startAtMs: 0, stepMs: HOUR, unit: 'USD/GPU-hour' as const, values })),
    gpuCount: fc.nat(8),
    spreadRatio: fc.double({ min: 0, max: 0.5, noNaN: true }),
    impactRatio: fc.double({ min: 0, max: 0.1, noNaN: true }),
    noiseRatio: fc.constantFrom(0, 0.3),
  }),
  { nil: undefined },
);

/** Plays a story on three accounts, checks the laws after every step when told to, and returns the trades. */
async function play(
  story: readonly Step[],
  maker: SimulatedMarketMaker | undefined,
  matchMs: number,
  isChecked = false,
) {
  const clock = virtualClock({ startAtMs: 0 });
  const market = simulatedMarket({ clock, matchMs, halts: [HALT], seed: 5, ...(maker && { maker }) });
  const names = ['a', 'b', 'c'];
  const owns = [{ startAtMs: 0, endAtMs: 10 * HOUR, gpuCount: OWNED }];
  const accounts = names.map((name) => market.account(name, { owns }));
  const last = new Map<string, MarketOrder>();
  const idOf = new Map<string, string>();

  for (const step of story) {
    try {
      if (step.kind === 'advance') await clock.advanceTo(clock.nowMs() + step.byMs);
      else if (step.kind === 'cancel') {
        const id = (await accounts[step.account]!.orders.list())[step.order]?.id;
        await accounts[step.account]!.orders.cancel(id ?? 'none');
      } else {
        const { account, token, from, hours, unit, more, side, gpuCount, allowStanding, allowPartial } = step;
        const { id } = await accounts[account]!.orders.place({
          ...{ token: `t${token}`, side, gpuCount, allowStanding, allowPartial },
          ...{ startAtMs: from * HOUR, endAtMs: (from + hours) * HOUR, limitMicroUsd: gpuCount * unit + more },
        });
        // One order a token, for ever.
        expect(idOf.get(`${account} ${token}`) ?? id).toBe(id);
        idOf.set(`${account} ${token}`, id);
      }
    } catch (error) {
      if (!ProviderError.is(error)) throw error;
      expect(['conflict', 'invalid-request', 'unavailable']).toContain(error.providerCode);
    }

    if (!isChecked) continue;
    const nowMs = clock.nowMs();
    const trades = market.trades();
    const all = await Promise.all(accounts.map((account) => account.orders.list()));
    const owned = (name: string, hour: number): number =>
      trades
        .filter(({ startAtMs, endAtMs }) => startAtMs <= hour * HOUR && hour * HOUR < endAtMs)
        .reduce(
          (sum, { buyer, seller, gpuCount }) =>
            sum + (buyer === name ? gpuCount : 0) - (seller === name ? gpuCount : 0),
          OWNED,
        );
    for (const [index, name] of names.entries()) {
      // What is owned is what was there, with what was bought, without what was sold; and never less than nothing.
      const positions = await accounts[index]!.positions.list();
      for (let hour = Math.ceil(nowMs / HOUR); hour < 10; hour++) {
        const told = positions.find(({ startAtMs, endAtMs }) => startAtMs <= hour * HOUR && hour * HOUR < endAtMs);
        expect(told?.gpuCount ?? 0).toBe(owned(name, hour));
        expect(owned(name, hour)).toBeGreaterThanOrEqual(0);
      }
      // Money on orders is money in trades, and in fills.
      const moved = trades.filter(({ buyer, seller }) => buyer === name || seller === name);
      const sum = (items: readonly { readonly costMicroUsd: number }[]) =>
        items.reduce((total, each) => total + each.costMicroUsd, 0);
      expect(all[index]!.reduce((total, { filledMicroUsd }) => total + filledMicroUsd, 0)).toBe(sum(moved));
      expect(sum(await accounts[index]!.fills.list({ fromMs: 0, toMs: nowMs + 1 }))).toBe(sum(moved));
    }
    for (const order of all.flat()) {
      const { id, side, gpuCount, limitMicroUsd, filledGpuCount: filled, filledMicroUsd: money, status } = order;
      const sign = side === 'buy' ? 1 : -1;
      expect(sign * money * gpuCount).toBeLessThanOrEqual(sign * limitMicroUsd * filled);
      expect(Number.isSafeInteger(money) && filled <= gpuCount).toBe(true);
      if (order.allowPartial !== true) expect([0, gpuCount]).toContain(filled);
      if (order.allowStanding !== true) expect(status).not.toBe('standing');
      const before = last.get(id);
      expect(filled).toBeGreaterThanOrEqual(before?.filledGpuCount ?? 0);
      if (before !== undefined && before.status !== 'pending' && before.status !== 'standing')
        expect(order).toEqual(before);
      if (order.startAtMs <= nowMs) expect(['pending', 'standing']).not.toContain(status);
      last.set(id, order);
    }
    // No two that wait could trade with each other.
    const isHalted = HALT.fromMs <= nowMs && nowMs < HALT.toMs;
    const waiting = all
      .flatMap((orders, account) => orders.map((order) => ({ account, order })))
      .filter(({ order }) => order.status === 'standing' && order.allowPartial === true);
    for (const { account: buyer, order: buy } of isHalted ? [] : waiting.filter(({ order }) => order.side === 'buy')) {
      for (const { account: seller, order: sell } of waiting.filter(({ order }) => order.side === 'sell')) {
        const isSame = buy.startAtMs === sell.startAtMs && buy.endAtMs === sell.endAtMs && buyer !== seller;
        const isCrossed = Math.floor(buy.limitMicroUsd / buy.gpuCount) >= Math.ceil(sell.limitMicroUsd / sell.gpuCount);
        expect(isSame && isCrossed).toBe(false);
      }
    }
    for (const { atMs, startAtMs, buyer, seller } of trades) {
      expect(atMs < startAtMs && atMs <= nowMs && buyer !== seller).toBe(true);
      expect(HALT.fromMs <= atMs && atMs < HALT.toMs).toBe(false);
    }
  }
  return market.trades();
}

it('keeps blocks, money and limits through any story, and tells it the same way again', async () => {
  let traded = 0;
  await fc.assert(
    fc.asyncProperty(steps, makers, fc.constantFrom(0, 0, 60_000), async (story, maker, matchMs) => {
      const trades = await play(story, maker, matchMs, true);
      traded += trades.length;
      expect(await play(story, maker, matchMs)).toEqual(trades);
    }),
    { numRuns: 100 },
  );
  // The stories are worth telling.
  expect(traded).toBeGreaterThan(80);
}, 60_000);

it('tells the same story whether somebody looks often or never', async () => {
  await fc.assert(
    fc.asyncProperty(steps, makers, async (story, maker) => {
      const split = story.flatMap((step): Step[] => (step.kind === 'advance' ? [step, step, step] : [step]));
      const whole = story.map((step): Step => (step.kind === 'advance' ? { ...step, byMs: 3 * step.byMs } : step));
      expect(await play(split, maker, 0)).toEqual(await play(whole, maker, 0));
    }),
    { numRuns: 50 },
  );
}, 60_000);

it('matches as brute force over single GPUs does', async () => {
  const orders = fc.array(
    fc.record({
      side: fc.constantFrom('buy' as const, 'sell' as const),
      account: fc.nat(2),
      gpuCount: fc.integer({ min: 1, max: 6 }),
      // Few prices, so that ties are many.
      limit: fc.integer({ min: 1, max: 40 }),
    }),
    { maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(orders, async (all) => {
      const block = { startAtMs: HOUR, endAtMs: 2 * HOUR };
      const market = simulatedMarket({ clock: virtualClock({ startAtMs: 0 }) });
      const accounts = [0, 1, 2].map((n) => market.account(`${n}`, { owns: [{ ...block, gpuCount: 1_000 }] }));
      for (const [n, { side, account, gpuCount, limit }] of all.entries()) {
        const flags = { allowStanding: true, allowPartial: true };
        await accounts[account]!.orders.place({
          token: `${n}`,
          side,
          gpuCount,
          ...block,
          limitMicroUsd: limit,
          ...flags,
        });
      }

      const listed = (await Promise.all(accounts.map((account) => account.orders.list()))).map(
        (list) => new Map(list.map((order) => [order.token, order])),
      );
      const told = all.map(({ account }, n) => listed[account]!.get(`${n}`)!);
      expect(
        told.map(({ filledGpuCount, filledMicroUsd }) => ({ gpus: filledGpuCount, money: filledMicroUsd })),
      ).toEqual(matchByUnits(all));
    }),
    { numRuns: 200 },
  );
});

it('never pays for going round: what is bought and sold back at once costs', async () => {
  const trips = fc.array(
    fc.record({
      from: fc.integer({ min: 1, max: 3 }),
      hours: fc.integer({ min: 1, max: 3 }),
      gpuCount: fc.integer({ min: 1, max: 4 }),
    }),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(
      makers.filter((maker) => maker !== undefined),
      trips,
      fc.nat(),
      async (maker, buys, order) => {
        const market = simulatedMarket({ clock: virtualClock({ startAtMs: 0 }), maker });
        const us = market.account('us');
        const trade = (token: string, side: 'buy' | 'sell', from: number, hours: number, gpuCount: number) =>
          us.orders.place({
            token,
            side,
            gpuCount,
            startAtMs: from * HOUR,
            endAtMs: (from + hours) * HOUR,
            limitMicroUsd: side === 'buy' ? 1e12 : 0,
          });
        for (const [n, { from, hours, gpuCount }] of buys.entries()) await trade(`b${n}`, 'buy', from, hours, gpuCount);
        // Sold hour by hour, in another order.
        const hours = (await us.positions.list()).flatMap(({ startAtMs, endAtMs, gpuCount }) =>
          Array.from({ length: (endAtMs - startAtMs) / HOUR }, (_, n) => [startAtMs / HOUR + n, gpuCount] as const),
        );
        for (const [n, [from, gpuCount]] of [...hours.slice(order % 5), ...hours.slice(0, order % 5)].entries())
          await trade(`s${n}`, 'sell', from, 1, gpuCount);

        const paid = (await us.orders.list()).reduce(
          (sum, { side, filledMicroUsd }) => sum + (side === 'buy' ? 1 : -1) * filledMicroUsd,
          0,
        );
        expect(await us.positions.list()).toEqual([]);
        // Prices are rounded to the micro-USD, GPU by GPU and hour by hour.
        expect(paid).toBeGreaterThanOrEqual(-100);
      },
    ),
    { numRuns: 100 },
  );
});
