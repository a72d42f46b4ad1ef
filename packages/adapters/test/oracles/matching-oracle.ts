/** An order of the oracle: all may be filled in part, and all wait. */
export interface OracleOrder {
  readonly side: 'buy' | 'sell';
  readonly account: number;
  readonly gpuCount: number;
  readonly limit: number;
}

/**
 * Price-time priority GPU by GPU, in the plainest way: of all GPUs on the other side, sorted by price and time, an order takes
 * the largest number whose sum keeps its share of the limit, found by trying every number.
 *
 * @returns GPUs filled and money moved, by order.
 */
export function matchByUnits(orders: readonly OracleOrder[]): { readonly gpus: number; readonly money: number }[] {
  const filled = orders.map(() => ({ gpus: 0, money: 0 }));
  const priceOf = ({ side, limit, gpuCount }: OracleOrder): number =>
    side === 'buy' ? Math.floor(limit / gpuCount) : Math.ceil(limit / gpuCount);
  orders.forEach((order, mine) => {
    const sign = order.side === 'buy' ? 1 : -1;
    const units = orders
      .flatMap((other, theirs) => {
        const isMet = theirs < mine && other.side !== order.side && other.account !== order.account;
        const left = isMet ? other.gpuCount - filled[theirs]!.gpus : 0;
        return Array.from({ length: left }, () => ({ theirs, price: priceOf(other) }));
      })
      .sort((x, y) => sign * (x.price - y.price) || x.theirs - y.theirs);
    let best = 0;
    for (let k = 1; k <= Math.min(units.length, order.gpuCount); k++) {
      const sum = units.slice(0, k).reduce((total, { price }) => total + price, 0);
      if (sign * sum * order.gpuCount <= sign * order.limit * k) best = k;
    }
    for (const { theirs, price } of units.slice(0, best)) {
      for (const index of [mine, theirs]) {
        filled[index]!.gpus += 1;
        filled[index]!.money += price;
      }
    }
  });
  return filled;
}
