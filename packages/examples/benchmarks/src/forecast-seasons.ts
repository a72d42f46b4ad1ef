import { createRandom, type Random } from '@spillway/core';
import { detectSeasons } from '@spillway/forecast';
import { formatTable } from './table.ts';

/** How often seasons are found in generated series of one kind. */
export interface ForecastSeasonsRow {
  readonly kind: string;
  readonly seriesCount: number;
  /** Series whose season is not found; absent for series that have none. */
  readonly missedCount?: number;
  /** Series in which a season is found that they do not have. */
  readonly falseCount: number;
}

/** How many series to draw. */
export interface ForecastSeasonsOptions {
  /** Series of each kind and length, whole, >= 1. @defaultValue 30 */
  readonly seriesCount?: number;
  /** @defaultValue 1 */
  readonly seed?: number;
}

type Draw = (random: Random, count: number) => readonly number[];

const LENGTHS = [200, 700];
const SEASONS = [7, 24, 48];
const AMPLITUDES = [0.7, 1, 2];

/** None of these has a season. */
const NOISES: Readonly<Record<string, Draw>> = {
  'white noise': (random, count) => correlated(random, count, 0),
  'noise of memory 0.5': (random, count) => correlated(random, count, 0.5),
  'noise of memory 0.9': (random, count) => correlated(random, count, 0.9),
  'noise of memory 0.98': (random, count) => correlated(random, count, 0.98),
  'random walk': (random, count) => walk(random, count, 1, 0),
  'random walk under noise': (random, count) => walk(random, count, 0.3, 1),
  'swing that forgets its phase': swing,
  'trend under noise': (random, count) => list(count, (k) => 0.05 * k + random.normal()),
  'rare bursts': (random, count) => list(count, () => random.exponential(1) ** 3),
  'idle with calls': (random, count) => list(count, () => (random.next() < 0.03 ? 20 : 0) + random.next()),
  'levels that jump': (random, count) => {
    let level = 0;
    return list(count, () => {
      if (random.next() < 0.01) level = 5 * random.normal();
      return level + random.normal();
    });
  },
};

/** Of variance about 1, by the share of a cycle that is over. */
const SHAPES: readonly ((phase: number) => number)[] = [
  (phase) => Math.SQRT2 * Math.sin(2 * Math.PI * phase),
  (phase) => (phase < 0.1 ? 3 : -1 / 3),
  (phase) => (phase > 0.3 && phase < 0.75 ? 1.1 : -0.9),
];

/**
 * Looks for seasons in generated series with and without one: 11 kinds of noise, and a sine, a pulse or working hours of 7, 24 or 48 steps, 0.7,
 * 1 or 2 times as large as noise, each with 200 and with 700 steps.
 */
export function forecastSeasonsBenchmark(options: ForecastSeasonsOptions = {}): readonly ForecastSeasonsRow[] {
  const { seriesCount = 30, seed = 1 } = options;
  const random = createRandom(seed);
  const without = Object.entries(NOISES).map(([kind, draw]): ForecastSeasonsRow => {
    const found = LENGTHS.flatMap((count) => list(seriesCount, () => detectSeasons(draw(random, count)).length));
    return { kind, seriesCount: found.length, falseCount: found.filter((each) => each > 0).length };
  });
  const withSeason = ['white noise', 'noise of memory 0.9', 'random walk under noise'].flatMap((noise) =>
    AMPLITUDES.map((amplitude): ForecastSeasonsRow => {
      const found = LENGTHS.flatMap((count) =>
        SEASONS.flatMap((season) =>
          SHAPES.flatMap((shape) =>
            list(Math.ceil(seriesCount / 3), () => {
              const values = NOISES[noise]!(random, count).map(
                (value, at) => value + amplitude * shape(((at + 3) % season) / season),
              );
              return { season, seasons: detectSeasons(values).map((each) => each.season) };
            }),
          ),
        ),
      );
      return {
        kind: `season of ${amplitude} x ${noise}`,
        seriesCount: found.length,
        missedCount: found.filter(({ season, seasons }) => !seasons.includes(season)).length,
        falseCount: found.filter(({ season, seasons }) => seasons.some((each) => each !== season)).length,
      };
    }),
  );
  return [...without, ...withSeason];
}

/** The rows as text. */
export function formatForecastSeasons(rows: readonly ForecastSeasonsRow[]): string {
  const share = (count: number, of: number) => `${((100 * count) / of).toFixed(1)} %`;
  return formatTable(
    ['series', 'number', 'season missed', 'false season found'],
    rows.map(({ kind, seriesCount, missedCount, falseCount }) => [
      kind,
      String(seriesCount),
      missedCount === undefined ? '' : share(missedCount, seriesCount),
      share(falseCount, seriesCount),
    ]),
    [0],
  );
}

function list<T>(count: number, make: (k: number) => T): T[] {
  return Array.from({ length: count }, (_, k) => make(k));
}

/** Noise of variance 1 that keeps a share of its last value. */
function correlated(random: Random, count: number, memory: number): number[] {
  let value = random.normal();
  return list(count, () => (value = memory * value + Math.sqrt(1 - memory ** 2) * random.normal()));
}

function walk(random: Random, count: number, step: number, noise: number): number[] {
  let level = 0;
  return list(count, () => (level += step * random.normal()) + noise * random.normal());
}

/** Swings of about twenty steps, each of its own length. */
function swing(random: Random, count: number): number[] {
  const values = [0, 0];
  while (values.length < count + 200) {
    values.push(1.8 * Math.cos(Math.PI / 10) * values.at(-1)! - 0.81 * values.at(-2)! + random.normal());
  }
  return values.slice(-count);
}
