import { InvalidInputError } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';
import type { MarketFill, MarketOrder, MarketOrderRequest, MarketPosition, MarketQuote } from '../contract/market.ts';
import { ProviderError } from '../contract/provider-error.ts';
import type { TimeRange } from '../contract/types.ts';
import { createMakerBook, type SimulatedMarketMaker } from './market-maker.ts';
import { blocksOf, checkBlock, positionsOf, type Block } from './market-blocks.ts';
import { merged, take, unitPrice, type Rung, type Wish } from './order-book.ts';

/** One trade, as both sides see it. `null` is the maker. */
export interface SimulatedTrade {
  readonly buyer: string | null;
  readonly seller: string | null;
  readonly startAtMs: number;
  readonly endAtMs: number;
  readonly gpuCount: number;
  /** For all of its GPUs, whole. */
  readonly costMicroUsd: number;
  readonly atMs: number;
}

/** What an account can do now. Refusals are thrown. */
export interface ExchangeAccount {
  readonly own: (stretch: MarketPosition) => void;
  readonly quote: (request: Block) => MarketQuote | { readonly unavailable: string };
  readonly place: (request: MarketOrderRequest) => MarketOrder;
  readonly orders: () => MarketOrder[];
  readonly cancel: (orderId: string) => void;
  readonly fills: (range: TimeRange) => MarketFill[];
  readonly positions: () => MarketPosition[];
}

/** The books on one order. */
interface Order {
  readonly id: string;
  readonly owner: Books;
  readonly request: MarketOrderRequest;
  readonly matchAtMs: number;
  status: MarketOrder['status'];
  filledGpuCount: number;
  filledMicroUsd: number;
}

/** The books on one account. */
interface Books {
  readonly name: string;
  /** GPUs owned, by start of the block. */
  readonly owned: Map<number, number>;
  readonly byToken: Map<string, Order>;
  readonly fills: MarketFill[];
}

/** Opens an exchange. Between two calls nothing happens but what its clock, the maker's series and the halts foresee. */
export function createExchange(options: {
  readonly provider: string;
  readonly clock: Clock;
  readonly blockMs: number;
  readonly matchMs: number;
  readonly halts: readonly TimeRange[];
  readonly seed: number;
  readonly maker?: SimulatedMarketMaker;
}): { readonly open: (name: string) => ExchangeAccount; readonly trades: () => readonly SimulatedTrade[] } {
  const { provider, clock, blockMs, matchMs, halts } = options;
  const maker = options.maker && createMakerBook(options.maker, blockMs, options.seed);
  const accounts = new Set<string>();
  const orders: Order[] = [];
  const trades: SimulatedTrade[] = [];
  let settledMs = clock.nowMs();

  const refuse = (code: 'conflict' | 'invalid-request' | 'unavailable', text: string, retryAfterMs?: number) =>
    new ProviderError(provider, code, text, {
      isAmbiguous: false,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  const haltAt = (atMs: number): TimeRange | undefined =>
    halts.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);

  /** What orders of one side can meet, best first: other accounts by price and time, then the maker. */
  const ladder = (block: Block, owner: Books, atMs: number): Iterable<Rung<Order | null>> => {
    const { side, startAtMs, endAtMs } = block;
    const waiting = orders
      .filter(
        ({ status, owner: other, request }) =>
          status === 'standing' &&
          other !== owner &&
          request.side !== side &&
          request.startAtMs === startAtMs &&
          request.endAtMs === endAtMs,
      )
      .map((order): Rung<Order> => ({
        source: order,
        unitMicroUsd: unitPrice(order.request),
        gpuCount: order.request.gpuCount - order.filledGpuCount,
        isWhole: order.request.allowPartial !== true,
      }))
      // Stable: of one price, the older first.
      .sort((x, y) => (side === 'buy' ? x.unitMicroUsd - y.unitMicroUsd : y.unitMicroUsd - x.unitMicroUsd));
    return merged<Order, null>(side, waiting, maker?.ladder(side, blocksOf(block, blockMs), atMs) ?? []);
  };

  /** Writes down one side of a trade. */
  const fill = (order: Order, gpuCount: number, costMicroUsd: number, atMs: number): void => {
    const { side, startAtMs, endAtMs } = order.request;
    order.filledGpuCount += gpuCount;
    order.filledMicroUsd += costMicroUsd;
    if (order.filledGpuCount === order.request.gpuCount) order.status = 'filled';
    const { owned, fills } = order.owner;
    for (const at of blocksOf(order.request, blockMs))
      owned.set(at, (owned.get(at) ?? 0) + (side === 'buy' ? gpuCount : -gpuCount));
    const id = `${order.id}-fill-${fills.length + 1}`;
    fills.push({ id, orderId: order.id, side, gpuCount, startAtMs, endAtMs, costMicroUsd, atMs });
  };

  /** Lets an order take what it can. @returns whether it got anything. */
  const match = (order: Order, atMs: number): boolean => {
    const { owner, request } = order;
    const { side, startAtMs, endAtMs } = request;
    const wish: Wish = {
      ...request,
      wantedGpus: request.gpuCount - order.filledGpuCount,
      allowPartial: request.allowPartial === true,
    };
    const taken = take(wish, ladder(request, owner, atMs));
    let fromMaker = 0;
    let makerMicroUsd = 0;
    const trade = (other: string | null, gpuCount: number, costMicroUsd: number): void => {
      fill(order, gpuCount, costMicroUsd, atMs);
      const [buyer, seller] = side === 'buy' ? [owner.name, other] : [other, owner.name];
      trades.push({ buyer, seller, startAtMs, endAtMs, gpuCount, costMicroUsd, atMs });
    };
    for (const { source, gpuCount, unitMicroUsd } of taken) {
      if (source === null) {
        fromMaker += gpuCount;
        makerMicroUsd += gpuCount * unitMicroUsd;
        continue;
      }
      fill(source, gpuCount, gpuCount * unitMicroUsd, atMs);
      trade(source.owner.name, gpuCount, gpuCount * unitMicroUsd);
    }
    if (fromMaker > 0) {
      maker!.record(side, blocksOf(request, blockMs), fromMaker);
      trade(null, fromMaker, makerMicroUsd);
    }
    return taken.length > 0;
  };

  const end = (order: Order): void => {
    order.status = order.filledGpuCount > 0 ? 'partially-filled' : 'cancelled';
  };

  /** Lets those that wait meet what is new, best price first, then oldest, until none of them gets anything. */
  const sweep = (atMs: number): void => {
    const waiting = orders.filter(({ status }) => status === 'standing');
    const rank = ({ request }: Order): number => (request.side === 'buy' ? -1 : 1) * unitPrice(request);
    waiting.sort((x, y) => rank(x) - rank(y));
    let isMoving = true;
    while (isMoving) isMoving = waiting.some((order) => order.status === 'standing' && match(order, atMs));
  };

  const work = (atMs: number): void => {
    for (const order of orders) if (isOpen(order) && order.request.startAtMs <= atMs) end(order);
    if (haltAt(atMs) !== undefined) return;
    for (const order of orders) {
      if (order.status !== 'pending' || order.matchAtMs > atMs) continue;
      match(order, atMs);
      if (order.filledGpuCount === order.request.gpuCount) continue;
      if (order.request.allowStanding === true) order.status = 'standing';
      else end(order);
    }
    sweep(atMs);
  };

  /** The next instant after one at which something happens by itself. */
  const nextEventMs = (afterMs: number): number => {
    const open = orders.filter(isOpen);
    if (open.length === 0) return Infinity;
    const instants = [
      ...open.flatMap(({ matchAtMs, request }) => [matchAtMs, request.startAtMs]),
      ...halts.map(({ toMs }) => toMs),
      maker?.nextChangeMs(afterMs) ?? Infinity,
    ];
    return Math.min(...instants.filter((atMs) => atMs > afterMs), Infinity);
  };

  /** Brings the books up to the present. */
  const settle = (): number => {
    const nowMs = clock.nowMs();
    for (let atMs = nextEventMs(settledMs); atMs <= nowMs; atMs = nextEventMs(atMs)) work(atMs);
    settledMs = nowMs;
    return nowMs;
  };

  /** GPUs that an account may still sell for the whole of a block. */
  const sellable = (owner: Books, block: Block): number =>
    Math.min(
      ...blocksOf(block, blockMs).map((at) => {
        const promised = orders
          .filter(
            (order) =>
              order.owner === owner &&
              isOpen(order) &&
              order.request.side === 'sell' &&
              order.request.startAtMs <= at &&
              at < order.request.endAtMs,
          )
          .reduce((sum, { request, filledGpuCount }) => sum + request.gpuCount - filledGpuCount, 0);
        return (owner.owned.get(at) ?? 0) - promised;
      }),
    );

  const place = (owner: Books, request: MarketOrderRequest): MarketOrder => {
    const nowMs = settle();
    const {
      token,
      side,
      gpuCount,
      startAtMs,
      endAtMs,
      limitMicroUsd,
      allowStanding = false,
      allowPartial = false,
    } = request;
    const clean = { token, side, gpuCount, startAtMs, endAtMs, limitMicroUsd, allowStanding, allowPartial };
    if (token === '') throw refuse('invalid-request', 'token must not be empty');
    const known = owner.byToken.get(token);
    if (known !== undefined) {
      if (JSON.stringify(known.request) === JSON.stringify(clean)) return shown(known);
      throw refuse('conflict', `token '${token}' was used for another order`);
    }
    checkBlock(provider, clean, blockMs, nowMs);
    if (!Number.isSafeInteger(limitMicroUsd) || limitMicroUsd < 0)
      throw refuse('invalid-request', `limitMicroUsd must be whole and >= 0, got ${limitMicroUsd}`);
    const halt = haltAt(nowMs);
    if (halt !== undefined) throw refuse('unavailable', `the market is halted until ${halt.toMs}`, halt.toMs - nowMs);
    if (side === 'sell' && sellable(owner, clean) < gpuCount)
      throw refuse('invalid-request', `of this block ${sellable(owner, clean)} GPUs can be sold, not ${gpuCount}`);
    const id = `${provider}-order-${orders.length + 1}`;
    const order: Order = {
      ...{ id, owner, request: clean, matchAtMs: nowMs + matchMs },
      ...{ status: 'pending', filledGpuCount: 0, filledMicroUsd: 0 },
    };
    orders.push(order);
    owner.byToken.set(token, order);
    if (matchMs === 0) work(nowMs);
    return shown(order);
  };

  const quote = (owner: Books, block: Block): MarketQuote | { unavailable: string } => {
    const nowMs = settle();
    checkBlock(provider, block, blockMs, nowMs);
    const halt = haltAt(nowMs);
    if (halt !== undefined) return { unavailable: `the market is halted until ${halt.toMs}` };
    const limitMicroUsd = block.side === 'buy' ? Number.MAX_SAFE_INTEGER : 0;
    const wish = { ...block, limitMicroUsd, wantedGpus: block.gpuCount, allowPartial: false };
    const taken = take(wish, ladder(block, owner, nowMs));
    if (taken.length === 0)
      return { unavailable: `nobody ${block.side === 'buy' ? 'sells' : 'buys'} ${block.gpuCount} GPUs` };
    const costMicroUsd = taken.reduce((sum, { gpuCount, unitMicroUsd }) => sum + gpuCount * unitMicroUsd, 0);
    return { ...block, costMicroUsd };
  };

  return {
    open: (name) => {
      if (name === '' || accounts.has(name))
        throw new InvalidInputError('accountName', 'must be a non-empty string and unique', name);
      accounts.add(name);
      const books: Books = { name, owned: new Map(), byToken: new Map(), fills: [] };
      return {
        own: (stretch) => {
          for (const at of blocksOf(stretch, blockMs))
            books.owned.set(at, (books.owned.get(at) ?? 0) + stretch.gpuCount);
        },
        quote: (block) => quote(books, block),
        place: (request) => place(books, request),
        orders: () => {
          settle();
          return orders.filter(({ owner }) => owner === books).map(shown);
        },
        cancel: (orderId) => {
          settle();
          const order = orders.find(({ id, owner }) => id === orderId && owner === books);
          if (order !== undefined && isOpen(order)) end(order);
        },
        fills: ({ fromMs, toMs }) => {
          settle();
          return books.fills.filter(({ atMs }) => fromMs <= atMs && atMs < toMs).map((each) => ({ ...each }));
        },
        positions: () => positionsOf(books.owned, blockMs, settle()),
      };
    },
    trades: () => {
      settle();
      return [...trades];
    },
  };
}

function isOpen({ status }: Order): boolean {
  return status === 'pending' || status === 'standing';
}

/** What the account sees of an order. */
function shown({ id, request, status, filledGpuCount, filledMicroUsd }: Order): MarketOrder {
  return { ...request, id, status, filledGpuCount, filledMicroUsd };
}
