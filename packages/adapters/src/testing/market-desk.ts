import type { MarketOrder, MarketOrderRequest, MarketProvider } from '../contract/market.ts';
import { check, insisting } from './check.ts';
import type { Subject } from './subject.ts';

/** Price of one lot in the rules, and what prices differ by, micro-USD: multiples of what markets round to, for up to 64 GPUs. */
export const LOT_PRICE = 3_600_000;
export const STEP = 14_400;

/** One side of the trades of a rule. */
export interface Desk {
  /** An order for some lots of the block, at a price for each. */
  readonly request: (
    token: string,
    side: 'buy' | 'sell',
    lots: number,
    lotMicroUsd?: number,
    flags?: Pick<MarketOrderRequest, 'allowStanding' | 'allowPartial'>,
  ) => MarketOrderRequest;
  /** Places one as a careful caller does, and waits until it is matched. */
  readonly place: (...order: Parameters<Desk['request']>) => Promise<MarketOrder>;
  readonly orders: () => Promise<readonly MarketOrder[]>;
  /** What has become of an order. */
  readonly order: (id: string) => Promise<MarketOrder>;
  readonly cancel: (id: string) => Promise<void>;
}

/** Whether an order may still be filled. */
export const isOpen = ({ status }: MarketOrder): boolean => status === 'pending' || status === 'standing';

/** Sets up the side of one account. */
export function deskOf(subject: Subject, market: MarketProvider): Desk {
  const { startAtMs, endAtMs, gpuCount: lot } = subject.block!;
  const orders = () => insisting(() => market.orders.list());
  const order = async (id: string): Promise<MarketOrder> => {
    for (let attempt = 1; ; attempt++) {
      const found = (await orders()).find((each) => each.id === id);
      check(found !== undefined, `order '${id}' is not listed`);
      if (found.status !== 'pending' || attempt === 100) return found;
      await subject.untilSettled?.();
    }
  };
  const request: Desk['request'] = (token, side, lots, lotMicroUsd = LOT_PRICE, flags = {}) => ({
    ...{ token, side, gpuCount: lots * lot, startAtMs, endAtMs, limitMicroUsd: lots * lotMicroUsd },
    ...flags,
  });
  return {
    request,
    orders,
    order,
    place: async (...given) => order((await insisting(() => market.orders.place(request(...given)))).id),
    cancel: async (id) => {
      await insisting(() => market.orders.cancel(id));
      for (let attempt = 1; isOpen(await order(id)) && attempt < 100; attempt++) await subject.untilSettled?.();
    },
  };
}

/** What holds for every order a market tells of. */
export function checkOrder(order: MarketOrder): void {
  const { id, status, gpuCount, limitMicroUsd, filledGpuCount: filled, filledMicroUsd: money, side } = order;
  const what = `of order '${id}'`;
  check(typeof id === 'string' && id !== '', 'an order has no id');
  for (const [name, value] of Object.entries({
    gpuCount,
    limitMicroUsd,
    filledGpuCount: filled,
    filledMicroUsd: money,
  }))
    check(Number.isSafeInteger(value) && value >= 0, `${name} ${what} is ${String(value)}, not whole and >= 0`);
  check(filled <= gpuCount, `filledGpuCount ${what} is ${filled} of ${gpuCount}`);
  check(filled > 0 || money === 0, `${what}: money without GPUs`);
  const [spent, share] = [BigInt(money) * BigInt(gpuCount), BigInt(limitMicroUsd) * BigInt(filled)];
  check(
    side === 'buy' ? spent <= share : spent >= share,
    `${what}: ${money} for ${filled} of ${gpuCount} GPUs breaks the limit ${limitMicroUsd}`,
  );
  const fits = {
    pending: filled === 0,
    rejected: filled === 0,
    cancelled: filled === 0,
    standing: filled < gpuCount,
    'partially-filled': filled > 0 && filled < gpuCount,
    filled: filled === gpuCount,
  }[status] as boolean | undefined;
  check(fits === true, `${what}: status '${status}' with ${filled} of ${gpuCount} GPUs filled`);
}
