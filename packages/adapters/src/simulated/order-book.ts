import type { MarketOrderRequest } from '../contract/market.ts';

/** GPUs that an order can meet, at one price each. */
export interface Rung<Source> {
  readonly source: Source;
  /** Of one GPU for the whole block, whole. */
  readonly unitMicroUsd: number;
  readonly gpuCount: number;
  /** Whether they are to be had all or not at all. */
  readonly isWhole: boolean;
}

/** GPUs that an order takes of a rung. */
export interface Taken<Source> {
  readonly source: Source;
  readonly unitMicroUsd: number;
  readonly gpuCount: number;
}

/** What an order still wants, and what it gives or asks for it. */
export interface Wish extends Pick<MarketOrderRequest, 'side' | 'limitMicroUsd' | 'gpuCount'> {
  /** Of `gpuCount`, what is not filled yet. */
  readonly wantedGpus: number;
  readonly allowPartial: boolean;
}

/** Price of one GPU of an order that waits: its share of the limit, rounded so that the limit is kept. */
export function unitPrice({ side, limitMicroUsd, gpuCount }: Omit<Wish, 'wantedGpus' | 'allowPartial'>): number {
  return side === 'buy' ? Math.floor(limitMicroUsd / gpuCount) : Math.ceil(limitMicroUsd / gpuCount);
}

/** Two ladders, each best first, as one; what comes first in a tie is of the first. */
export function* merged<S, T>(
  side: Wish['side'],
  first: Iterable<Rung<S>>,
  second: Iterable<Rung<T>>,
): Generator<Rung<S | T>> {
  const [left, right] = [first[Symbol.iterator](), second[Symbol.iterator]()];
  let x = left.next();
  let y = right.next();
  while (x.done !== true || y.done !== true) {
    const isFirst = y.done === true || (x.done !== true && !isBetter(side, y.value, x.value));
    if (isFirst) {
      yield (x as IteratorYieldResult<Rung<S>>).value;
      x = left.next();
    } else {
      yield (y as IteratorYieldResult<Rung<T>>).value;
      y = right.next();
    }
  }
}

function isBetter(side: Wish['side'], x: Rung<unknown>, y: Rung<unknown>): boolean {
  return side === 'buy' ? x.unitMicroUsd < y.unitMicroUsd : x.unitMicroUsd > y.unitMicroUsd;
}

/**
 * What an order takes of a ladder that is given best first: from its start on, as long as all that is taken together is
 * within its share of the limit. Rungs that are all or nothing and too large are passed over. `O(GPUs taken + rungs)`.
 *
 * @returns nothing when the order wants all and would get less.
 */
export function take<Source>(wish: Wish, ladder: Iterable<Rung<Source>>): Taken<Source>[] {
  const taken: Taken<Source>[] = [];
  let gpus = 0;
  let costMicroUsd = 0;
  const isWithin = (more: number, unitMicroUsd: number): boolean => {
    const [cost, limit] = [
      BigInt(costMicroUsd + more * unitMicroUsd) * BigInt(wish.gpuCount),
      BigInt(wish.limitMicroUsd) * BigInt(gpus + more),
    ];
    return wish.side === 'buy' ? cost <= limit : cost >= limit;
  };
  for (const { source, unitMicroUsd, gpuCount, isWhole } of ladder) {
    const left = wish.wantedGpus - gpus;
    if (left === 0) break;
    if (isWhole && gpuCount > left) continue;
    let count = Math.min(left, gpuCount);
    // The dearer a GPU, the dearer the mean: once one more does not fit, none after it does.
    if (!isWhole) while (count > 0 && !isWithin(count, unitMicroUsd)) count--;
    if (count === 0 || !isWithin(count, unitMicroUsd)) break;
    taken.push({ source, unitMicroUsd, gpuCount: count });
    gpus += count;
    costMicroUsd += count * unitMicroUsd;
  }
  return wish.allowPartial || gpus === wish.wantedGpus ? taken : [];
}
