import type { MarketProvider } from '../contract/market.ts';
import { check, checkInstant, checkSame, insisting } from './check.ts';
import { checkOrder, deskOf, LOT_PRICE } from './market-desk.ts';
import { REFUSAL_RULES } from './rules-market-refusals.ts';
import { TRADING_RULES } from './rules-market-trading.ts';
import type { Rule, Subject } from './subject.ts';

const marketOf = ({ provider }: Subject) => provider as MarketProvider;
const canTrade = ({ block }: Subject): boolean => block !== undefined;
const STANDING = { allowStanding: true };

function parts(subject: Subject) {
  const { quote, orders } = marketOf(subject);
  const block = subject.block!;
  return { quote, placeOnce: orders.place, cancelOnce: orders.cancel, block, ...deskOf(subject, marketOf(subject)) };
}

/** What every market must keep. */
export const MARKET_RULES: readonly Rule[] = [
  {
    group: 'money',
    name: 'quotes the block that was asked for in whole micro-USD, or says why not',
    when: canTrade,
    check: async (subject) => {
      const { quote, block } = parts(subject);
      for (const side of ['buy', 'sell'] as const) {
        const answer = await insisting(() => quote({ side, ...block }));
        if ('unavailable' in answer) {
          check(typeof answer.unavailable === 'string' && answer.unavailable !== '', 'unavailable without a reason');
          continue;
        }
        const { costMicroUsd, gpuCount, startAtMs, endAtMs } = answer;
        checkSame(
          [answer.side, gpuCount, startAtMs, endAtMs],
          [side, block.gpuCount, block.startAtMs, block.endAtMs],
          'block',
        );
        check(Number.isSafeInteger(costMicroUsd) && costMicroUsd >= 0, `costMicroUsd is ${costMicroUsd}`);
      }
    },
  },
  {
    group: 'life-cycle',
    name: 'lists what was placed, as it was asked for, until it is cancelled',
    when: canTrade,
    check: async (subject) => {
      const { place, order, orders, cancel, request } = parts(subject);
      const wanted = request('a', 'buy', 2, 1, STANDING);
      const { id, status } = await place('a', 'buy', 2, 1, STANDING);
      checkSame(status, 'standing', 'status of an order that nobody meets');
      await place('b', 'buy', 1, 1);
      const [first] = (await orders()).filter((each) => each.id === id);
      check(first !== undefined, 'a standing order is not listed any more');
      const { token, side, gpuCount, startAtMs, endAtMs, limitMicroUsd } = first;
      checkSame({ token, side, gpuCount, startAtMs, endAtMs, limitMicroUsd, ...STANDING }, wanted, 'order');
      checkSame(first.status, 'standing', 'status some calls later');
      await cancel(id);
      checkSame((await order(id)).status, 'cancelled', 'status after it was cancelled');
      (await orders()).forEach(checkOrder);
    },
  },
  {
    group: 'life-cycle',
    name: 'ends an order at once that nobody meets and that may not wait',
    when: canTrade,
    check: async (subject) => {
      const { place } = parts(subject);
      const { status, filledGpuCount, filledMicroUsd } = await place('a', 'buy', 1, 1);
      checkSame([status, filledGpuCount, filledMicroUsd], ['cancelled', 0, 0], 'status and what is filled');
    },
  },
  {
    group: 'life-cycle',
    name: 'cancels what waits, what has ended and what never was, and nothing else',
    when: canTrade,
    check: async (subject) => {
      const { place, order, cancel, cancelOnce } = parts(subject);
      const kept = await place('kept', 'buy', 1, 1, STANDING);
      const gone = await place('gone', 'buy', 1, 1, STANDING);
      await cancel(gone.id);
      await cancel(gone.id);
      await insisting(() => cancelOnce('never-placed'));
      checkSame([(await order(kept.id)).status, (await order(gone.id)).status], ['standing', 'cancelled'], 'statuses');
    },
  },
  {
    group: 'paging',
    name: 'lists all of 25 orders, each once, with ids of their own',
    when: canTrade,
    check: async (subject) => {
      const { place, orders, cancel } = parts(subject);
      const ids: string[] = [];
      for (let n = 0; n < 25; n++) {
        const { id } = await place(`t${n}`, 'buy', 1, 1, n % 2 === 0 ? STANDING : {});
        check(!ids.includes(id), `two orders have the id '${id}'`);
        ids.push(id);
        // What has ended keeps its id.
        if (n % 4 === 0) await cancel(id);
      }
      checkSame((await orders()).map(({ id }) => id).sort(), ids.sort(), 'ids listed');
      (await orders()).forEach(checkOrder);
    },
  },
  {
    group: 'shape',
    name: 'gives lists away: what the caller does to one changes no other',
    when: canTrade,
    check: async (subject) => {
      const { place, orders } = parts(subject);
      const { id } = await place('a', 'buy', 1, 1, STANDING);
      ((await orders()) as unknown[]).length = 0;
      checkSame(
        (await orders()).map((each) => each.id),
        [id],
        'ids listed after the caller emptied its list',
      );
    },
  },
  {
    group: 'idempotency',
    name: 'places once a token, also when asked 20 times at once, and when it has ended',
    when: canTrade,
    check: async (subject) => {
      const { placeOnce, request, orders, cancel, place } = parts(subject);
      const order = request('a', 'buy', 1, 1, STANDING);
      const all = await Promise.all(Array.from({ length: 20 }, () => insisting(() => placeOnce(order))));
      check(new Set(all.map(({ id }) => id)).size === 1, 'the same token placed more than one order');
      await cancel(all[0]!.id);
      const again = await place('a', 'buy', 1, 1, STANDING);
      checkSame([again.id, again.status], [all[0]!.id, 'cancelled'], 'id and status for the old token');
      checkSame((await orders()).length, 1, 'orders listed');
    },
  },
  ...REFUSAL_RULES,
  ...TRADING_RULES.map((rule): Rule => ({
    ...rule,
    // Whatever is traded, each order must make sense after it.
    check: async (subject) => {
      await rule.check(subject);
      for (const market of [marketOf(subject), subject.counterparty!])
        for (const order of await deskOf(subject, market).orders()) checkOrder(order);
    },
  })),
  {
    group: 'time',
    name: 'gives instants in ms',
    when: (subject) => canTrade(subject) && subject.counterparty !== undefined && marketOf(subject).fills !== undefined,
    check: async (subject) => {
      const nowMs = (subject.nowMs ?? Date.now)();
      await deskOf(subject, subject.counterparty!).place('s', 'sell', 1, LOT_PRICE, STANDING);
      await deskOf(subject, marketOf(subject)).place('b', 'buy', 1);
      const fills = await insisting(() =>
        marketOf(subject).fills!.list({ fromMs: nowMs - 1, toMs: nowMs + 86_400_000 }),
      );
      check(fills.length > 0, 'a trade of now is not among the fills from now on');
      for (const { atMs } of fills) checkInstant(atMs, nowMs, 'atMs of a fill');
    },
  },
];
