import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { InvalidInputError } from '@spillway/core';
import { initSync, MSTL } from '@bsull/augurs/mstl';
import type { Band } from './forecast-measures.ts';

/** What a peer says: one number a step, and a band where one was asked for. */
export interface PeerForecast {
  readonly mean: readonly number[];
  readonly band?: Band;
}

/** How far ahead a peer is asked, and for which band. */
export interface PeerOptions {
  /** Steps ahead, whole, >= 1. */
  readonly horizon: number;
  /** Lengths of seasons, in steps, whole, >= 2. */
  readonly seasons: readonly number[];
  /** Central band, above 0 and below 1. @defaultValue no band */
  readonly level?: number;
}

/** Version of `@bsull/augurs` the figures are of; a test compares it with the installed one. */
export const AUGURS_VERSION = '0.10.2';

let isLoaded = false;

/**
 * Forecasts by MSTL with an automatic ETS trend, of the package `@bsull/augurs` (Rust, as WebAssembly): of the packages on npm that
 * were tried, the most accurate on M4 Hourly that gives bands.
 *
 * Where no value of the past is negative, forecast and band are cut off at zero, as ours are in the benchmark.
 *
 * @param history - finite numbers, two full cycles of the longest season at least.
 * @throws InvalidInputError when the history is too short for the seasons, or the peer answers with anything but finite numbers.
 */
export function augursMstl(history: readonly number[], { horizon, seasons, level }: PeerOptions): PeerForecast {
  const neededCount = 2 * Math.max(1, ...seasons);
  if (history.length < neededCount) {
    throw new InvalidInputError('history', `must have at least ${neededCount} values for the peer`, history.length, {
      hint: 'It takes two full cycles of the longest season.',
    });
  }
  load();
  const model = MSTL.ets(Uint32Array.from(seasons));
  try {
    model.fit(Float64Array.from(history));
    const { point, intervals } = model.predict(horizon, level ?? null);
    const floor = history.every((value) => value >= 0) ? 0 : -Infinity;
    const mean = checked(point, horizon, floor);
    if (level === undefined) return { mean };
    return {
      mean,
      band: { low: checked(intervals?.lower, horizon, floor), high: checked(intervals?.upper, horizon, floor) },
    };
  } finally {
    model.free();
  }
}

/** The loader of the package is for browsers; in Node the bytes are read here, once. */
function load(): void {
  if (isLoaded) return;
  const script = createRequire(import.meta.url).resolve('@bsull/augurs/mstl');
  initSync({ module: readFileSync(script.replace(/\.js$/, '_bg.wasm')) });
  isLoaded = true;
}

function checked(values: ArrayLike<number> | undefined, horizon: number, floor: number): readonly number[] {
  const list = Array.from(values ?? []);
  if (list.length === horizon && list.every(Number.isFinite)) return list.map((value) => Math.max(floor, value));
  throw new InvalidInputError('@bsull/augurs', `must answer with ${horizon} finite numbers`, list, {
    hint: 'No other forecast is put in its place.',
  });
}
