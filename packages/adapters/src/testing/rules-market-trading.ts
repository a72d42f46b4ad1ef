import type { MarketFill, MarketProvider } from '../contract/market.ts';
import { check, checkSame, insisting, refused } from './check.ts';
import { deskOf, LOT_PRICE, STEP } from './market-desk.ts';
import type { Rule, Subject } from './subject.ts';

const hasTwo = ({ block, counterparty }: Subject): boolean => block !== undefined && counterparty !== undefined;
const STANDING = { allowStanding: true };
const PARTIAL = { allowPartial: true };
const BOTH = { ...STANDING, ...PARTIAL };

/** The adapter buys, the other account sells; `lot`: GPUs of one lot. */
function parts(subject: Subject) {
  const market = subject.provider as MarketProvider;
  const lot = subject.block!.gpuCount;
  return { us: deskOf(subject, market), them: deskOf(subject, subject.counterparty!), market, lot };
}

/** What an order has got so far: lots and money. */
async function got(desk: ReturnType<typeof deskOf>, id: string, lot: number): Promise<readonly [number, number]> {
  const { filledGpuCount, filledMicroUsd } = await desk.order(id);
  return [filledGpuCount / lot, filledMicroUsd];
}

/** What must hold when two accounts trade with each other and nobody else does. */
export const TRADING_RULES: readonly Rule[] = [
  {
    group: 'money',
    name: 'sells for what it quoted, within the limit, and tells both sides the same',
    when: hasTwo,
    check: async (subject) => {
      const { us, them, market, lot } = parts(subject);
      const sale = await them.place('s', 'sell', 2, LOT_PRICE, STANDING);
      const quote = await insisting(() => market.quote({ side: 'buy', ...subject.block!, gpuCount: 2 * lot }));
      check('costMicroUsd' in quote, 'what is for sale has no price');
      checkSame(quote.costMicroUsd, 2 * LOT_PRICE, 'cost quoted');
      const bought = await us.place('b', 'buy', 2, quote.costMicroUsd / 2);
      checkSame([bought.status, bought.filledMicroUsd], ['filled', quote.costMicroUsd], 'status and cost');
      const sold = await them.order(sale.id);
      checkSame(
        [sold.status, sold.filledMicroUsd],
        ['filled', quote.costMicroUsd],
        'status and proceeds of the other side',
      );
    },
  },
  {
    group: 'money',
    name: 'trades at the price of the order that waited, never above the limit, and not at all below what is asked',
    when: hasTwo,
    check: async (subject) => {
      const { us, them, lot } = parts(subject);
      const sale = await them.place('s', 'sell', 1, LOT_PRICE, STANDING);
      const low = await us.place('low', 'buy', 1, LOT_PRICE - STEP);
      checkSame([low.status, low.filledGpuCount], ['cancelled', 0], 'a buy below what is asked');
      const high = await us.place('high', 'buy', 1, 2 * LOT_PRICE);
      checkSame(await got(us, high.id, lot), [1, LOT_PRICE], 'lots and cost of a buy above what is asked');
      checkSame(await got(them, sale.id, lot), [1, LOT_PRICE], 'lots and proceeds of the sale');
    },
  },
  {
    group: 'life-cycle',
    name: 'fills a part where a part is wanted, goes on when more comes, and forgets nothing when cancelled',
    when: hasTwo,
    check: async (subject) => {
      const { us, them, lot } = parts(subject);
      await them.place('s1', 'sell', 2, LOT_PRICE, BOTH);
      const { id, status } = await us.place('b', 'buy', 5, LOT_PRICE, BOTH);
      checkSame([status, ...(await got(us, id, lot))], ['standing', 2, 2 * LOT_PRICE], 'after two lots of five');
      await them.place('s2', 'sell', 1, LOT_PRICE, BOTH);
      checkSame(await got(us, id, lot), [3, 3 * LOT_PRICE], 'after a third lot');
      await us.cancel(id);
      const after = ['partially-filled', 3, 3 * LOT_PRICE];
      checkSame([(await us.order(id)).status, ...(await got(us, id, lot))], after, 'after it was cancelled');
      await them.place('s3', 'sell', 1, LOT_PRICE, BOTH);
      checkSame([(await us.order(id)).status, ...(await got(us, id, lot))], after, 'when more came after that');
    },
  },
  {
    group: 'life-cycle',
    name: 'ends an order with the part it got when it may not wait',
    when: hasTwo,
    check: async (subject) => {
      const { us, them, lot } = parts(subject);
      await them.place('s', 'sell', 2, LOT_PRICE, BOTH);
      const { id, status } = await us.place('b', 'buy', 5, LOT_PRICE, PARTIAL);
      checkSame([status, ...(await got(us, id, lot))], ['partially-filled', 2, 2 * LOT_PRICE], 'status, lots and cost');
    },
  },
  {
    group: 'life-cycle',
    name: 'gives all or nothing where no part is wanted, on both sides',
    when: hasTwo,
    check: async (subject) => {
      const { us, them, lot } = parts(subject);
      const sale = await them.place('s', 'sell', 3, LOT_PRICE, STANDING);
      const all = await us.place('all', 'buy', 5, LOT_PRICE);
      const small = await us.place('small', 'buy', 2, LOT_PRICE);
      checkSame([all.status, small.status], ['cancelled', 'cancelled'], 'buys that do not fit');
      checkSame(await got(them, sale.id, lot), [0, 0], 'lots and proceeds of the sale');
      await us.place('fits', 'buy', 3, LOT_PRICE);
      checkSame(await got(them, sale.id, lot), [3, 3 * LOT_PRICE], 'lots and proceeds after a buy that fits');
    },
  },
  {
    group: 'concurrency',
    name: 'serves the better price first, and of one price the older',
    when: hasTwo,
    check: async (subject) => {
      const { us, them, lot } = parts(subject);
      const dear = await them.place('dear', 'sell', 1, 2 * LOT_PRICE, BOTH);
      const older = await them.place('older', 'sell', 1, LOT_PRICE, BOTH);
      const younger = await them.place('younger', 'sell', 1, LOT_PRICE, BOTH);
      const lots = async () => [
        (await got(them, dear.id, lot))[0],
        (await got(them, older.id, lot))[0],
        (await got(them, younger.id, lot))[0],
      ];
      await us.place('b1', 'buy', 1, 3 * LOT_PRICE);
      checkSame(await lots(), [0, 1, 0], 'lots sold, dear, older, younger, after one buy');
      await us.place('b2', 'buy', 2, 3 * LOT_PRICE);
      checkSame(await lots(), [1, 1, 1], 'lots sold after two more');
    },
  },
  {
    group: 'concurrency',
    name: 'sells 10 lots once, to 20 who ask at once, and every micro-USD that is paid is received',
    when: hasTwo,
    check: async (subject) => {
      const { us, them, market, lot } = parts(subject);
      for (let n = 0; n < 10; n++) await them.place(`s${n}`, 'sell', 1, LOT_PRICE + STEP * n, BOTH);
      const buys = Array.from({ length: 20 }, (_, n) => us.request(`b${n}`, 'buy', 1, 2 * LOT_PRICE));
      const placed = await Promise.all(buys.map((order) => insisting(() => market.orders.place(order))));
      for (const { id } of placed) await us.order(id);
      const sum = (orders: Awaited<ReturnType<typeof us.orders>>) => [
        orders.reduce((total, { filledGpuCount }) => total + filledGpuCount, 0) / lot,
        orders.reduce((total, { filledMicroUsd }) => total + filledMicroUsd, 0),
      ];
      checkSame(sum(await us.orders()), [10, 10 * LOT_PRICE + 45 * STEP], 'lots bought and money paid');
      checkSame(sum(await them.orders()), [10, 10 * LOT_PRICE + 45 * STEP], 'lots sold and money received');
    },
  },
  {
    group: 'concurrency',
    name: 'does not offer twice what is owned once',
    when: hasTwo,
    check: async (subject) => {
      const { us, them, market, lot } = parts(subject);
      await them.place('s', 'sell', 2, LOT_PRICE, BOTH);
      await us.place('b', 'buy', 2);
      const first = us.request('first', 'sell', 2, 3 * LOT_PRICE, STANDING);
      const second = us.request('second', 'sell', 1, 3 * LOT_PRICE, STANDING);
      const { id } = await insisting(() => market.orders.place(first));
      await refused(subject, 'invalid-request', () => insisting(() => market.orders.place(second)), 'a second sale');
      await us.cancel(id);
      checkSame(
        (await us.place('third', 'sell', 1, 3 * LOT_PRICE, STANDING)).gpuCount,
        lot,
        'a sale after the first was cancelled',
      );
    },
  },
  {
    group: 'faults',
    name: 'buys once when the answer was lost and the same order is sent again',
    when: (subject) => hasTwo(subject) && subject.faults !== undefined,
    check: async (subject) => {
      const { us, them, market, lot } = parts(subject);
      await them.place('s', 'sell', 8, LOT_PRICE, BOTH);
      const order = us.request('b', 'buy', 2);
      subject.faults!.set({ kind: 'drop-after' });
      for (let attempt = 0; attempt < 3; attempt++)
        await refused(
          subject,
          ['timeout', 'unavailable'],
          () => market.orders.place(order),
          'an order with a lost answer',
        );
      subject.faults!.set(undefined);
      const { id } = await us.place('b', 'buy', 2);
      checkSame(await got(us, id, lot), [2, 2 * LOT_PRICE], 'lots and cost of the order');
      const sold = (await them.orders()).reduce((total, { filledGpuCount }) => total + filledGpuCount, 0);
      checkSame(sold / lot, 2, 'lots that the other side sold');
    },
  },
  {
    group: 'shape',
    name: 'tells of fills that add up to the orders, each once',
    when: (subject) => hasTwo(subject) && (subject.provider as MarketProvider).fills !== undefined,
    check: async (subject) => {
      const { us, them, market } = parts(subject);
      await them.place('s1', 'sell', 1, LOT_PRICE, BOTH);
      await them.place('s2', 'sell', 1, LOT_PRICE + STEP, BOTH);
      const { id } = await us.place('b', 'buy', 3, 2 * LOT_PRICE, BOTH);
      await them.place('s3', 'sell', 1, LOT_PRICE, BOTH);
      const nowMs = (subject.nowMs ?? Date.now)();
      const list = (fromMs: number, toMs: number) => insisting(() => market.fills!.list({ fromMs, toMs }));
      const fills = await list(nowMs - 86_400_000, nowMs + 86_400_000);
      check(new Set(fills.map((fill) => fill.id)).size === fills.length, 'a fill comes twice');
      const total = (of: (fill: MarketFill) => number) => fills.reduce((sum, fill) => sum + of(fill), 0);
      const { filledGpuCount, filledMicroUsd } = await us.order(id);
      check(
        fills.every(({ orderId, side }) => orderId === id && side === 'buy'),
        'a fill is of another order',
      );
      checkSame(
        total(({ gpuCount }) => gpuCount),
        filledGpuCount,
        'GPUs of the fills',
      );
      checkSame(
        total(({ costMicroUsd }) => costMicroUsd),
        filledMicroUsd,
        'cost of the fills',
      );
      checkSame(await list(nowMs - 86_400_000, nowMs - 43_200_000), [], 'fills before there was an order');
    },
  },
  {
    group: 'life-cycle',
    name: 'owns what was bought less what was sold',
    when: (subject) => hasTwo(subject) && (subject.provider as MarketProvider).positions !== undefined,
    check: async (subject) => {
      const { us, them, market, lot } = parts(subject);
      const { startAtMs, endAtMs } = subject.block!;
      const owned = () => insisting(() => market.positions!.list());
      checkSame(await owned(), [], 'positions before anything was bought');
      await them.place('s', 'sell', 3, LOT_PRICE, BOTH);
      await us.place('b', 'buy', 3);
      checkSame(await owned(), [{ startAtMs, endAtMs, gpuCount: 3 * lot }], 'positions after three lots were bought');
      await us.place('offer', 'sell', 2, LOT_PRICE, BOTH);
      checkSame(await owned(), [{ startAtMs, endAtMs, gpuCount: 3 * lot }], 'positions while two lots are for sale');
      await them.place('back', 'buy', 2);
      checkSame(await owned(), [{ startAtMs, endAtMs, gpuCount: lot }], 'positions after two lots were sold');
    },
  },
];
