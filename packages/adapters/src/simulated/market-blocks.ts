import type { MarketPosition, MarketQuote } from '../contract/market.ts';
import { ProviderError } from '../contract/provider-error.ts';

/** What an order or a quote is about. */
export type Block = Omit<MarketQuote, 'costMicroUsd'>;

/** Refuses what is not traded. @throws ProviderError `invalid-request` */
export function checkBlock(provider: string, block: Block, blockMs: number, nowMs: number): void {
  const { side, gpuCount, startAtMs, endAtMs } = block;
  const refuse = (text: string) => new ProviderError(provider, 'invalid-request', text);
  const isWhole = (atMs: number): boolean => Number.isSafeInteger(atMs) && atMs % blockMs === 0;
  if (!['buy', 'sell'].includes(side)) throw refuse(`side is '${side}'`);
  if (!Number.isSafeInteger(gpuCount) || gpuCount < 1) throw refuse(`gpuCount must be whole and >= 1, got ${gpuCount}`);
  if (!isWhole(startAtMs) || !isWhole(endAtMs) || endAtMs <= startAtMs)
    throw refuse(`a block is from one multiple of ${blockMs} ms to another, got ${startAtMs}..${endAtMs}`);
  if (startAtMs <= nowMs) throw refuse(`the block started at ${startAtMs}, and now is ${nowMs}`);
}

/** Starts of the blocks of a stretch of time. */
export function blocksOf({ startAtMs, endAtMs }: Omit<MarketPosition, 'gpuCount'>, blockMs: number): number[] {
  return Array.from({ length: (endAtMs - startAtMs) / blockMs }, (_, n) => startAtMs + n * blockMs);
}

/** GPUs by start of the block as stretches of equal counts, those that have not ended, in order of time. */
export function positionsOf(owned: ReadonlyMap<number, number>, blockMs: number, nowMs: number): MarketPosition[] {
  const positions: MarketPosition[] = [];
  for (const [startAtMs, gpuCount] of [...owned].sort(([x], [y]) => x - y)) {
    const endAtMs = startAtMs + blockMs;
    if (gpuCount === 0 || endAtMs <= nowMs) continue;
    const last = positions.at(-1);
    if (last?.endAtMs === startAtMs && last.gpuCount === gpuCount)
      positions[positions.length - 1] = { ...last, endAtMs };
    else positions.push({ startAtMs, endAtMs, gpuCount });
  }
  return positions;
}
