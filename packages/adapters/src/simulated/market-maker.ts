import { checkNumber, checkSeries, createRandom, HOUR_MS, valueAt, type Series } from '@spillway/core';

import type { MarketQuote } from '../contract/market.ts';
import { hash } from './hash.ts';
import type { Rung } from './order-book.ts';

/** Somebody who always buys and sells, around a price that moves as a series says. */
export interface SimulatedMarketMaker {
  /** Its middle price. Where the series has no value, it neither buys nor sells. */
  readonly price: Series<'USD/GPU-hour'>;
  /** GPUs it has to sell for every hour, and at most takes back beyond them, whole, >= 0. */
  readonly gpuCount: number;
  /** Distance between its two prices, as a share of the middle, 0 to 1. @defaultValue 0.02 */
  readonly spreadRatio?: number;
  /** How much dearer the next GPU is for each one it has sold of a time, as a share of the middle, >= 0. @defaultValue 0.001 */
  readonly impactRatio?: number;
  /** How far the price of a block is from the series at most, drawn anew for each block and slot of the series, 0 to 1. @defaultValue 0 */
  readonly noiseRatio?: number;
}

/** The books of the maker: what it has sold of each block, less what it bought. */
export interface MakerBook {
  /** Its GPUs for some blocks, one a rung, best first. */
  readonly ladder: (side: MarketQuote['side'], blocks: readonly number[], atMs: number) => Iterable<Rung<null>>;
  readonly record: (side: MarketQuote['side'], blocks: readonly number[], gpuCount: number) => void;
  /** The first instant after one at which its price may be another. */
  readonly nextChangeMs: (afterMs: number) => number;
}

/** Opens the books. `blockMs`: length of a block. @throws InvalidInputError when a number or the series is not valid. */
export function createMakerBook(maker: SimulatedMarketMaker, blockMs: number, seed: number): MakerBook {
  const { gpuCount, spreadRatio = 0.02, impactRatio = 0.001, noiseRatio = 0 } = maker;
  checkSeries('maker.price', maker.price, 'USD/GPU-hour');
  checkNumber('maker.gpuCount', gpuCount, { min: 0, isWhole: true });
  checkNumber('maker.spreadRatio', spreadRatio, { min: 0, max: 1 });
  checkNumber('maker.impactRatio', impactRatio, { min: 0 });
  checkNumber('maker.noiseRatio', noiseRatio, { min: 0, max: 1 });
  const price = { ...maker.price, values: [...maker.price.values] };
  price.values.forEach((value, slot) => {
    checkNumber(`maker.price.values[${slot}]`, value, { min: 0 });
  });
  const sold = new Map<number, number>();

  /** Middle price of a block in micro-USD a GPU. */
  const middle = (block: number, atMs: number): number | null => {
    const usdPerGpuHour = valueAt(price, atMs);
    if (usdPerGpuHour === undefined) return null;
    const slot = Math.floor((atMs - price.startAtMs) / price.stepMs);
    const noise = noiseRatio === 0 ? 0 : noiseRatio * (2 * createRandom(hash(`${seed}:${block}:${slot}`)).next() - 1);
    return usdPerGpuHour * (1 + noise) * (blockMs / HOUR_MS) * 1e6;
  };

  return {
    *ladder(side, blocks, atMs) {
      const parts = [];
      for (const block of blocks) {
        const mid = middle(block, atMs);
        if (mid === null) return;
        parts.push({ mid, sold: sold.get(block) ?? 0 });
      }
      for (let n = 0; ; n++) {
        let unitMicroUsd = 0;
        for (const { mid, sold: before } of parts) {
          // Buying back the last GPU sold costs the maker less than it was paid, whatever lay between.
          const level = side === 'buy' ? before + n : before - n - 1;
          if (level >= gpuCount || level < -gpuCount) return;
          const half = side === 'buy' ? spreadRatio / 2 : -spreadRatio / 2;
          unitMicroUsd += Math.max(0, Math.round(mid * (1 + half + impactRatio * level)));
        }
        yield { source: null, unitMicroUsd, gpuCount: 1, isWhole: false };
      }
    },
    record: (side, blocks, count) => {
      for (const block of blocks) sold.set(block, (sold.get(block) ?? 0) + (side === 'buy' ? count : -count));
    },
    nextChangeMs: (afterMs) => {
      const slot = Math.max(0, Math.floor((afterMs - price.startAtMs) / price.stepMs) + 1);
      return slot > price.values.length ? Infinity : price.startAtMs + slot * price.stepMs;
    },
  };
}
