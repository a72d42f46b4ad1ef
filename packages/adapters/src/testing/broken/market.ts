import type { MarketOrder, MarketOrderRequest, MarketProvider } from '../../contract/market.ts';
import { ProviderError } from '../../contract/provider-error.ts';
import { simulatedMarket } from '../../simulated/market.ts';
import { virtualClock } from '../../simulated/virtual-clock.ts';
import type { Fault, FaultControl } from '../faults.ts';
import type { Subject } from '../subject.ts';

const HOUR = 3_600_000;
const START_AT_MS = 1_749_996_000_000;
const HALT = { fromMs: START_AT_MS + HOUR, toMs: START_AT_MS + 2 * HOUR };

type Market = Required<MarketProvider>;

/** A market that keeps the contract, its two accounts, and a wire before the first that can lose what is placed. */
export function soundMarket(): Subject & { provider: Market } {
  const clock = virtualClock({ startAtMs: START_AT_MS });
  const block = { startAtMs: START_AT_MS + 24 * HOUR, endAtMs: START_AT_MS + 26 * HOUR, gpuCount: 8 };
  const market = simulatedMarket({ clock, name: 'broken', halts: [HALT] });
  const counterparty = market.account('them', { owns: [{ ...block, gpuCount: 320 }] });
  const { market: provider, faults } = onWire(market.account('us'));
  return {
    provider,
    counterparty,
    faults,
    block,
    nowMs: clock.nowMs,
    misalignedAtMs: block.startAtMs + 1,
    setHalted: (isHalted) => clock.advanceTo(isHalted ? HALT.fromMs : HALT.toMs),
    secrets: ['s3cret'],
  };
}

/** Puts a wire before a market, on which an order or its answer can be lost. */
function onWire(market: Market): { readonly market: Market; readonly faults: FaultControl } {
  let fault: Fault | undefined;
  let arrived = 0;
  const { place } = market.orders;
  const lost = () => new ProviderError(market.name, 'timeout', 'the order was not answered');
  return {
    faults: { set: (next) => (fault = next), arrived: () => arrived },
    market: {
      ...market,
      orders: {
        ...market.orders,
        place: async (request, options) => {
          if (fault?.kind === 'drop-before') throw lost();
          arrived++;
          const order = await place(request, options);
          if (fault?.kind === 'drop-after') throw lost();
          return order;
        },
      },
    },
  };
}

/** The sound market with some of its methods replaced. */
const breaking =
  (change: (market: Market) => Omit<Partial<Market>, 'orders'> & { orders?: Partial<Market['orders']> }) =>
  (): Subject => {
    const subject = soundMarket();
    const { orders, ...rest } = change(subject.provider);
    return {
      ...subject,
      provider: { ...subject.provider, ...rest, orders: { ...subject.provider.orders, ...orders } },
    };
  };
const placing = (change: (place: Market['orders']['place'], market: Market) => Market['orders']['place']) =>
  breaking((market) => ({ orders: { place: change(market.orders.place, market) } }));
/** What it tells of orders, changed, in answers and in the list. */
const telling = (change: (order: MarketOrder) => MarketOrder) =>
  breaking(({ orders: { place, list } }) => ({
    orders: {
      place: async (request, options) => change(await place(request, options)),
      list: async (options) => (await list(options)).map(change),
    },
  }));
/** Takes orders that are refused, changed so that they pass. */
const accepting = (
  isMeant: (request: MarketOrderRequest) => boolean,
  change: (request: MarketOrderRequest) => MarketOrderRequest,
) =>
  placing(
    (place) => (request, options) =>
      place(request, options).catch((error: unknown) => {
        if (!ProviderError.is(error) || error.providerCode !== 'invalid-request' || !isMeant(request)) throw error;
        return place(change(request), options);
      }),
  );
const later = (request: MarketOrderRequest): MarketOrderRequest => ({
  ...request,
  startAtMs: START_AT_MS + 24 * HOUR,
  endAtMs: START_AT_MS + 26 * HOUR,
});

/** Markets, each broken in one way. */
export const BROKEN_MARKETS: Readonly<Record<string, () => Subject>> = {
  'buys twice for one token': placing((place) => {
    let calls = 0;
    return async (request, options) => {
      const order = await place({ ...request, token: `${request.token}#${calls++}` }, options);
      return { ...order, token: request.token };
    };
  }),
  'buys again when an answer was lost': placing((place) => {
    // A token of its own for every try: what a client does that makes its idempotency key in the request.
    const tries = new Map<string, number>();
    return async (request, options) => {
      const n = tries.get(request.token) ?? 0;
      try {
        return await place({ ...request, token: `${request.token}${'+'.repeat(n)}` }, options);
      } catch (error) {
        if (ProviderError.is(error) && error.isAmbiguous) tries.set(request.token, n + 1);
        throw error;
      }
    };
  }),
  'says that an order without an answer was not placed': placing(
    (place) => (request, options) =>
      place(request, options).catch((error: unknown) => {
        if (!ProviderError.is(error) || !error.isAmbiguous) throw error;
        throw new ProviderError('broken', 'unavailable', 'try again', { isAmbiguous: false });
      }),
  ),
  'takes a token for another order': placing(
    (place, { orders }) =>
      (request, options) =>
        place(request, options).catch(async (error: unknown) => {
          if (!ProviderError.is(error) || error.providerCode !== 'conflict') throw error;
          return (await orders.list()).find(({ token }) => token === request.token)!;
        }),
  ),
  'forgets a token when its order ends': placing((place) => {
    const generations = new Map<string, number>();
    return async (request, options) => {
      const token = (n: number) => `${request.token}${'+'.repeat(n)}`;
      const n = generations.get(request.token) ?? 0;
      const order = await place({ ...request, token: token(n) }, options);
      const hasEnded = order.status === 'cancelled' && request.allowStanding === true;
      if (!hasEnded) return order;
      generations.set(request.token, n + 1);
      return await place({ ...request, token: token(n + 1) }, options);
    };
  }),
  'loses a standing order': breaking(({ orders: { list } }) => ({
    orders: {
      list: async (options) => {
        const all = await list(options);
        return all.filter(({ status }, n) => status !== 'standing' || n === all.length - 1);
      },
    },
  })),
  'leaves its own orders off the list when they have ended': breaking(({ orders: { list } }) => ({
    orders: { list: async (options) => (await list(options)).filter(({ status }) => status === 'standing') },
  })),
  'lists the first page of orders only': breaking(({ orders: { list } }) => ({
    orders: { list: async (options) => (await list(options)).slice(0, 20) },
  })),
  'gives its own list of orders away': breaking(({ orders: { list } }) => {
    let own: MarketOrder[] | undefined;
    return { orders: { list: async (options) => (own ??= [...(await list(options))]) } };
  }),
  'fills above the limit': placing(
    (place) => (request, options) =>
      place(request.side === 'buy' ? { ...request, limitMicroUsd: request.limitMicroUsd * 2 } : request, options),
  ),
  'pays the limit, not the price': telling((order) =>
    order.status === 'filled' && order.side === 'buy' ? { ...order, filledMicroUsd: order.limitMicroUsd } : order,
  ),
  'counts money in dollars with a fraction': telling((order) => ({
    ...order,
    filledMicroUsd: order.filledMicroUsd / 1e6 + 0.5,
  })),
  'quotes half a micro-USD': breaking(({ quote }) => ({
    quote: async (request, options) => {
      const answer = await quote(request, options);
      return 'unavailable' in answer ? answer : { ...answer, costMicroUsd: answer.costMicroUsd + 0.5 };
    },
  })),
  'quotes the price of one GPU for the block': breaking(({ quote }) => ({
    quote: async (request, options) => {
      const answer = await quote(request, options);
      return 'unavailable' in answer
        ? answer
        : { ...answer, costMicroUsd: Math.round(answer.costMicroUsd / request.gpuCount) };
    },
  })),
  'quotes for a block of the past': breaking(({ quote }) => ({
    quote: (request, options) =>
      quote(request, options).catch((error: unknown) => {
        if (!ProviderError.is(error) || error.providerCode !== 'invalid-request') throw error;
        return { ...request, costMicroUsd: 1 };
      }),
  })),
  'takes an order for a block of the past': accepting(({ startAtMs }) => startAtMs < START_AT_MS, later),
  'rounds a start that is beside the grid': accepting(({ startAtMs }) => startAtMs % HOUR !== 0, later),
  'takes half a GPU for one': accepting(
    ({ gpuCount }) => gpuCount === 0.5,
    (request) => ({ ...request, gpuCount: 1 }),
  ),
  'forgets fills when an order is cancelled': telling((order) =>
    order.status === 'partially-filled' && order.allowStanding === true
      ? { ...order, status: 'cancelled', filledGpuCount: 0, filledMicroUsd: 0 }
      : order,
  ),
  'tells less filled than before': (() => {
    return breaking(({ orders: { list } }) => {
      const most = new Map<string, number>();
      return {
        orders: {
          list: async (options) =>
            (await list(options)).map((order) => {
              const { id, filledGpuCount, filledMicroUsd } = order;
              if (filledGpuCount > (most.get(id) ?? 0)) most.set(id, filledGpuCount);
              else if (filledGpuCount > 8)
                return {
                  ...order,
                  status: 'standing',
                  filledGpuCount: 8,
                  filledMicroUsd: Math.round((filledMicroUsd * 8) / filledGpuCount),
                };
              return order;
            }),
        },
      };
    });
  })(),
  'fills parts of what was to be had whole': placing(
    (place) => (request, options) => place({ ...request, allowPartial: true }, options),
  ),
  'lets wait what must not': placing(
    (place) => (request, options) => place({ ...request, allowStanding: true }, options),
  ),
  'cancels nothing': breaking(({ orders: { list } }) => ({
    orders: {
      cancel: async (_, options) => {
        await list(options);
      },
    },
  })),
  'cancels all orders': breaking(({ orders: { list, cancel } }) => ({
    orders: {
      cancel: async (_, options) => {
        await list(options);
        for (const { id } of await list(options)) await cancel(id, options);
      },
    },
  })),
  'refuses to cancel what has ended': breaking(({ orders: { list, cancel } }) => ({
    orders: {
      cancel: async (orderId, options) => {
        const order = (await list(options)).find(({ id }) => id === orderId);
        if (order?.status !== 'standing') throw new ProviderError('broken', 'not-found', orderId);
        await cancel(orderId, options);
      },
    },
  })),
  'uses an id again': telling((order) => ({ ...order, id: order.id.replace(/\d+$/, (n) => String(Number(n) % 7)) })),
  'places although aborted': placing((place) => (request) => place(request)),
  'places although late': placing((place) => (request, options = {}) => {
    const { signal } = options;
    return place(request, signal && { signal });
  }),
  'trades in a halt': breaking(({ quote, orders: { place, list } }) => ({
    quote: (request, options) => quote(request, options),
    orders: {
      place: (request, options) =>
        place(request, options).catch(async (error: unknown) => {
          if (!ProviderError.is(error) || error.retryAfterMs === undefined) throw error;
          return (await list())[0]!;
        }),
    },
  })),
  'tells of each fill twice': breaking(({ fills }) => ({
    fills: { list: async (range, options) => (await fills.list(range, options)).flatMap((fill) => [fill, fill]) },
  })),
  'tells of fills outside of the range': breaking(({ fills }) => ({
    fills: { list: ({ toMs }, options) => fills.list({ fromMs: 0, toMs: toMs * 2 }, options) },
  })),
  'owns what it only offers to sell no more': breaking(({ positions, orders }) => ({
    positions: {
      list: async (options) => {
        const offered = (await orders.list(options))
          .filter(({ side, status }) => side === 'sell' && status === 'standing')
          .reduce((sum, { gpuCount }) => sum + gpuCount, 0);
        return (await positions.list(options)).map((each) => ({ ...each, gpuCount: each.gpuCount - offered }));
      },
    },
  })),
  'sells what it does not own': accepting(
    ({ side }) => side === 'sell',
    (request) => ({ ...request, side: 'buy', limitMicroUsd: 1 }),
  ),
};
