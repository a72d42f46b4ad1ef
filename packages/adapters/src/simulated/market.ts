import { checkNumber, HOUR_MS, InvalidInputError } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';
import { defineProvider } from '../contract/define.ts';
import type { MarketOrder, MarketPosition, MarketProvider } from '../contract/market.ts';
import type { TimeRange } from '../contract/types.ts';
import { createCalls, type SimulatedFaults } from './calls.ts';
import { createExchange, type SimulatedTrade } from './exchange.ts';
import type { SimulatedMarketMaker } from './market-maker.ts';

/** What a simulated market is. */
export interface SimulatedMarketOptions<Name extends string = string> {
  readonly clock: Clock;
  /** @defaultValue 'simulated-market' */
  readonly name?: Name;
  /** Blocks start and end at multiples of this, ms since the Unix epoch, whole, > 0. @defaultValue 3_600_000 */
  readonly blockMs?: number;
  /** Who buys and sells besides the accounts. @defaultValue nobody */
  readonly maker?: SimulatedMarketMaker;
  /** When nothing is traded. @defaultValue never */
  readonly halts?: readonly TimeRange[];
  /** From the placing of an order to its matching, whole ms, >= 0. @defaultValue 0 */
  readonly matchMs?: number;
  /** Of the noise on the maker's prices, whole. @defaultValue 0 */
  readonly seed?: number;
}

/** What an account of a market starts with. */
export interface SimulatedAccountOptions {
  /** GPUs it owns; where they overlap, the sum. @defaultValue none */
  readonly owns?: readonly MarketPosition[];
  /** What goes wrong in `place` and `cancel`. @defaultValue nothing */
  readonly faults?: SimulatedFaults;
}

/** A market with accounts that trade with each other. */
export interface SimulatedMarket<Name extends string = string> {
  /** Opens an account. @throws InvalidInputError when the name is taken or empty, or what it owns is not whole blocks. */
  readonly account: (accountName: string, options?: SimulatedAccountOptions) => Required<MarketProvider<Name>>;
  /** Every trade so far, oldest first: the truth, for checks and benchmarks. */
  readonly trades: () => readonly SimulatedTrade[];
}

/**
 * Creates a market on a clock, where accounts buy and sell blocks of GPUs from each other and from a maker whose price
 * follows a series; all of it repeatable from the seed.
 *
 * - **Matching.** Orders for the very same block meet by price, then by time, at the price of the one that waited; an order
 *   for a longer or a shorter block is another thing. The maker takes any block, GPU by GPU, each a little dearer than
 *   the one before, and comes after accounts of the same price. An account does not trade with itself. An order that is all
 *   or nothing and does not fit is passed over.
 * - **Life.** An order is matched `matchMs` after it was placed, waits if it may, meets what comes later, and ends when its block
 *   starts. In a halt orders are kept and can be cancelled, and nothing is quoted, placed or traded.
 * - **Laws.** Nobody pays above or sells below the limit, for a part its share; what one pays another gets, to the
 *   micro-USD; no GPU is made or lost; nothing is sold that is not owned, or is for sale already.
 *
 * @returns a {@link SimulatedMarket}. A call takes `O(GPUs traded + orders × waiting orders)`.
 * @throws InvalidInputError when an option is not valid.
 *
 * @example
 * ```ts
 * const market = simulatedMarket({
 *   clock: virtualClock({ startAtMs: 0 }),
 *   maker: { price: { startAtMs: 0, stepMs: 3_600_000, unit: 'USD/GPU-hour', values: [2, 2.4] }, gpuCount: 64 },
 * });
 * const account = market.account('us');
 * const block = { side: 'buy', gpuCount: 8, startAtMs: 3_600_000, endAtMs: 7_200_000 } as const;
 * await account.quote(block); // 16.216 USD: 1 % above the middle, and 0.1 % more for each further GPU
 * await account.orders.place({ ...block, token: 'order-1', limitMicroUsd: 17_000_000 }); // filled
 * ```
 */
export function simulatedMarket<const Name extends string = 'simulated-market'>(
  options: SimulatedMarketOptions<Name>,
): SimulatedMarket<Name> {
  const { clock, name = 'simulated-market' as Name, blockMs = HOUR_MS, matchMs = 0, seed = 0, maker } = options;
  const halts = structuredClone(options.halts ?? []);
  checkNumber('blockMs', blockMs, { min: 1, isWhole: true });
  checkNumber('matchMs', matchMs, { min: 0, isWhole: true });
  checkNumber('seed', seed, { isWhole: true });
  halts.forEach(({ fromMs, toMs }, index) => {
    checkNumber(`halts[${index}].fromMs`, fromMs, {});
    checkNumber(`halts[${index}].toMs`, toMs, { min: fromMs });
  });
  const exchange = createExchange({ provider: name, clock, blockMs, matchMs, halts, seed, ...(maker && { maker }) });

  return {
    account: (accountName, { owns = [], faults } = {}) => {
      const account = exchange.open(accountName);
      owns.forEach(({ startAtMs, endAtMs, gpuCount }, index) => {
        const field = `owns[${index}]`;
        checkNumber(`${field}.gpuCount`, gpuCount, { min: 1, isWhole: true });
        if (startAtMs % blockMs !== 0 || endAtMs % blockMs !== 0 || endAtMs <= startAtMs) {
          throw new InvalidInputError(field, `must be whole blocks of ${blockMs} ms`, `${startAtMs}..${endAtMs}`);
        }
        account.own({ startAtMs, endAtMs, gpuCount });
      });
      const calls = createCalls(name, clock, faults);
      return defineProvider({
        name,
        specVersion: 1,
        quote: (request, callOptions) => {
          const { side, gpuCount, startAtMs, endAtMs } = request;
          return calls.read('quote', callOptions, () => account.quote({ side, gpuCount, startAtMs, endAtMs }));
        },
        orders: {
          place: (request, callOptions) => {
            const copy = { ...request };
            return calls.act('orders.place', callOptions, () => account.place(copy));
          },
          list: (callOptions) => calls.read('orders.list', callOptions, (): MarketOrder[] => account.orders()),
          cancel: (orderId, callOptions) =>
            calls.act('orders.cancel', callOptions, () => {
              account.cancel(orderId);
            }),
        },
        fills: {
          list: (range, callOptions) => calls.read('fills.list', callOptions, () => account.fills({ ...range })),
        },
        positions: { list: (callOptions) => calls.read('positions.list', callOptions, () => account.positions()) },
      } satisfies Required<MarketProvider<Name>>);
    },
    trades: exchange.trades,
  };
}
