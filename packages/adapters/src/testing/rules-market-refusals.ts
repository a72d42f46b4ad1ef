import type { MarketOrderRequest, MarketProvider } from '../contract/market.ts';
import { check, checkSame, insisting, refused, refusesLate } from './check.ts';
import { deskOf, isOpen, LOT_PRICE } from './market-desk.ts';
import type { Rule, Subject } from './subject.ts';

const marketOf = ({ provider }: Subject) => provider as MarketProvider;
const canTrade = ({ block }: Subject): boolean => block !== undefined;
const STANDING = { allowStanding: true };

function parts(subject: Subject) {
  const { quote, orders } = marketOf(subject);
  const block = subject.block!;
  return { quote, placeOnce: orders.place, cancelOnce: orders.cancel, block, ...deskOf(subject, marketOf(subject)) };
}

/** Orders that no market can take, and why. */
function nonsense(request: MarketOrderRequest): readonly (readonly [string, MarketOrderRequest])[] {
  const { startAtMs, endAtMs } = request;
  return [
    ['a block without length', { ...request, endAtMs: startAtMs }],
    ['a block that ends before it starts', { ...request, startAtMs: endAtMs, endAtMs: startAtMs }],
    ['no GPUs', { ...request, gpuCount: 0 }],
    ['half a GPU', { ...request, gpuCount: 0.5 }],
    ['a limit of half a micro-USD', { ...request, limitMicroUsd: 0.5 }],
    ['a limit below nothing', { ...request, limitMicroUsd: -1 }],
    ['a limit that is no number', { ...request, limitMicroUsd: NaN }],
    ['an empty token', { ...request, token: '' }],
  ];
}

/** What a market must not do. */
export const REFUSAL_RULES: readonly Rule[] = [
  {
    group: 'time',
    name: 'gives no price for a block of the past, and takes no order for one',
    when: canTrade,
    check: async (subject) => {
      const { quote, block, request, placeOnce, orders } = parts(subject);
      const lengthMs = block.endAtMs - block.startAtMs;
      // By whole lengths, so that it is aligned as the block is.
      const backMs = Math.ceil((block.endAtMs - (subject.nowMs ?? Date.now)()) / lengthMs) * lengthMs;
      const past = { startAtMs: block.startAtMs - backMs, endAtMs: block.endAtMs - backMs };
      const answer = await insisting(() => quote({ side: 'buy', gpuCount: block.gpuCount, ...past })).catch(
        () => undefined,
      );
      check(answer === undefined || 'unavailable' in answer, 'a block of the past has a price');
      const order = { ...request('past', 'buy', 1), ...past };
      await refused(subject, 'invalid-request', () => insisting(() => placeOnce(order)), 'an order for the past');
      checkSame(await orders(), [], 'orders');
    },
  },
  {
    group: 'errors',
    name: 'refuses an order without sense with invalid-request, and lists none',
    when: canTrade,
    check: async (subject) => {
      const { request, placeOnce, orders } = parts(subject);
      for (const [what, order] of nonsense(request('nonsense', 'buy', 1)))
        await refused(subject, 'invalid-request', () => insisting(() => placeOnce(order)), what);
      checkSame(await orders(), [], 'orders');
    },
  },
  {
    group: 'time',
    name: 'refuses a block that starts beside the grid with invalid-request',
    when: (subject) => canTrade(subject) && subject.misalignedAtMs !== undefined,
    check: async (subject) => {
      const { request, placeOnce, orders } = parts(subject);
      const order = { ...request('beside', 'buy', 1), startAtMs: subject.misalignedAtMs! };
      await refused(subject, 'invalid-request', () => insisting(() => placeOnce(order)), 'a block beside the grid');
      checkSame(await orders(), [], 'orders');
    },
  },
  {
    group: 'errors',
    name: 'refuses a token that was used for another order with conflict',
    when: canTrade,
    check: async (subject) => {
      const { placeOnce, request, place, orders } = parts(subject);
      const { id } = await place('a', 'buy', 1, 1, STANDING);
      const others = [
        request('a', 'buy', 2, 1, STANDING),
        request('a', 'buy', 1, 2, STANDING),
        request('a', 'buy', 1, 1),
      ];
      for (const other of others)
        await refused(subject, 'conflict', () => insisting(() => placeOnce(other)), 'the token of another order');
      checkSame(
        (await orders()).map((each) => each.id),
        [id],
        'ids listed',
      );
    },
  },
  {
    group: 'errors',
    name: 'sells nothing that is not owned',
    when: canTrade,
    check: async (subject) => {
      const { placeOnce, request, orders } = parts(subject);
      const order = request('a', 'sell', 1, LOT_PRICE, STANDING);
      await refused(subject, 'invalid-request', () => insisting(() => placeOnce(order)), 'a sale of what is not owned');
      checkSame(await orders(), [], 'orders');
    },
  },
  {
    group: 'abort',
    name: 'quotes, places, lists and cancels nothing when aborted or late',
    when: canTrade,
    check: async (subject) => {
      const {
        quote,
        orders: { place: placeOnce, list, cancel: cancelOnce },
        fills,
        positions,
      } = marketOf(subject);
      const { place, order, orders, request, block } = parts(subject);
      const { id } = await place('kept', 'buy', 1, 1, STANDING);
      await refusesLate(subject, 'quote', (options) => quote({ side: 'buy', ...block }, options));
      await refusesLate(subject, 'orders.place', (options) =>
        placeOnce(request('late', 'buy', 1, 1, STANDING), options),
      );
      await refusesLate(subject, 'orders.list', (options) => list(options));
      await refusesLate(subject, 'orders.cancel', (options) => cancelOnce(id, options));
      const range = { fromMs: 0, toMs: (subject.nowMs ?? Date.now)() };
      if (fills) await refusesLate(subject, 'fills.list', (options) => fills.list(range, options));
      if (positions) await refusesLate(subject, 'positions.list', (options) => positions.list(options));
      checkSame(
        (await orders()).map((each) => each.id),
        [id],
        'ids listed',
      );
      checkSame((await order(id)).status, 'standing', 'status of the order that was there');
    },
  },
  {
    group: 'watch',
    name: 'quotes and takes nothing while halted, keeps what waits, and lets it be cancelled',
    when: (subject) => canTrade(subject) && subject.setHalted !== undefined,
    check: async (subject) => {
      const { quote, placeOnce, request, place, order, cancel, block } = parts(subject);
      const kept = await place('kept', 'buy', 1, 1, STANDING);
      const gone = await place('gone', 'buy', 1, 1, STANDING);
      await subject.setHalted!(true);
      check(
        'unavailable' in (await insisting(() => quote({ side: 'buy', ...block }))),
        'a halted market quotes a price',
      );
      const error = await refused(
        subject,
        'unavailable',
        () => placeOnce(request('halted', 'buy', 1, 1)),
        'an order in a halt',
      );
      check(error.isRetryable, 'a halt is worth another try');
      await cancel(gone.id);
      checkSame((await order(kept.id)).status, 'standing', 'status in the halt');
      await subject.setHalted!(false);
      checkSame(
        [(await order(kept.id)).status, (await order(gone.id)).status],
        ['standing', 'cancelled'],
        'statuses after the halt',
      );
    },
  },
  {
    group: 'faults',
    name: 'says that an answer that was lost is ambiguous, and places once when asked again',
    when: (subject) => canTrade(subject) && subject.faults !== undefined,
    check: async (subject) => {
      const { placeOnce, request, place, orders } = parts(subject);
      for (const [n, kind] of (['drop-after', 'drop-before', 'drop-after'] as const).entries()) {
        const order = request(`t${n}`, 'buy', 1, 1, STANDING);
        subject.faults!.set({ kind });
        for (let attempt = 0; attempt < 3; attempt++) {
          const error = await refused(
            subject,
            ['timeout', 'unavailable'],
            () => placeOnce(order),
            `an order with fault '${kind}'`,
          );
          check(error.isAmbiguous, `an order that may have arrived (fault '${kind}') must be ambiguous`);
        }
        subject.faults!.set(undefined);
        await place(`t${n}`, 'buy', 1, 1, STANDING);
        const tokens = (await orders()).filter(isOpen).map(({ token }) => token);
        checkSame(tokens.filter((token) => token === `t${n}`).length, 1, `orders of a token with fault '${kind}'`);
        checkSame(tokens.length, n + 1, 'orders listed');
      }
    },
  },
];
