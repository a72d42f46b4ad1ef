import { createRandom, type Random } from '@spillway/core';
import { describe, expect, test } from 'vitest';
import { detectSeasons } from '../src/index.ts';
import { chanceOfSeason } from '../src/numeric/chance-of-season.ts';

/** Autocorrelated noise of variance 1. */
function correlated(random: Random, count: number, memory: number): number[] {
  let value = random.normal();
  return Array.from({ length: count }, () => (value = memory * value + Math.sqrt(1 - memory ** 2) * random.normal()));
}

function walk(random: Random, count: number, step: number): number[] {
  let level = 0;
  return Array.from({ length: count }, () => (level += step * random.normal()) + random.normal());
}

/** Series that drift, jump, burst and swing, none of them with a season. */
const WITHOUT: Readonly<Record<string, (random: Random, count: number) => number[]>> = {
  'white noise': (random, count) => correlated(random, count, 0),
  'autocorrelated noise, 0.9': (random, count) => correlated(random, count, 0.9),
  'autocorrelated noise, 0.98': (random, count) => correlated(random, count, 0.98),
  'a random walk under noise': (random, count) => walk(random, count, 0.3),
  'a swing that forgets its phase': (random, count) => {
    const values = [0, 0];
    while (values.length < count + 200) {
      values.push(1.8 * Math.cos(Math.PI / 10) * values.at(-1)! - 0.81 * values.at(-2)! + random.normal());
    }
    return values.slice(-count);
  },
  'a trend': (random, count) => Array.from({ length: count }, (_, k) => 0.05 * k + random.normal()),
  'rare bursts': (random, count) => Array.from({ length: count }, () => random.exponential(1) ** 3),
  'levels that jump': (random, count) => {
    let level = 0;
    return Array.from({ length: count }, () => (level = random.next() < 0.01 ? 5 * random.normal() : level)).map(
      (value) => value + random.normal(),
    );
  },
};

const SHAPES: Readonly<Record<string, (phase: number) => number>> = {
  sine: (phase) => Math.SQRT2 * Math.sin(2 * Math.PI * phase),
  pulse: (phase) => (phase < 0.1 ? 3 : -1 / 3),
  'working hours': (phase) => (phase > 0.3 && phase < 0.75 ? 1.1 : -0.9),
};

describe('detectSeasons', () => {
  test.each(Object.entries(WITHOUT))('finds none in %s', (_, make) => {
    const random = createRandom(42);
    let found = 0;

    for (let k = 0; k < 40; k++) if (detectSeasons(make(random, k % 2 === 0 ? 200 : 700)).length > 0) found++;

    // One in a hundred is the level of the test.
    expect(found).toBeLessThanOrEqual(2);
  });

  test.each(
    Object.entries(SHAPES).flatMap(([name, shape]) => [7, 24, 48].map((season) => [season, name, shape] as const)),
  )('finds %i steps of %s as large as twice the noise, and nothing else', (season, _, shape) => {
    const random = createRandom(7);
    let missed = 0;
    let others = 0;

    for (let k = 0; k < 20; k++) {
      const noise = correlated(random, 700, k % 2 === 0 ? 0 : 0.9);
      const found = detectSeasons(noise.map((value, at) => 2 * shape(((at + 3) % season) / season) + value));
      if (!found.some((one) => one.season === season)) missed++;
      if (found.some((one) => one.season !== season)) others++;
    }

    expect(missed).toBeLessThanOrEqual(1);
    expect(others).toBeLessThanOrEqual(1);
  });
});

describe('chanceOfSeason', () => {
  test.each([
    ['white noise', (random: Random) => correlated(random, 500, 0)],
    ['autocorrelated noise', (random: Random) => correlated(random, 500, 0.9)],
    ['a random walk', (random: Random) => walk(random, 500, 1)],
  ])('is below a level no more often than the level says, on %s', (_, make) => {
    const random = createRandom(9);
    const chances = Array.from({ length: 400 }, (_run, k) =>
      chanceOfSeason(Float64Array.from(make(random)), [5, 12, 24, 100][k % 4]!, 0),
    );

    for (const level of [0.2, 0.05, 0.01]) {
      const share = chances.filter((chance) => chance <= level).length / chances.length;
      // Three standard errors of a share of 400.
      expect(share).toBeLessThanOrEqual(level + 3 * Math.sqrt((level * (1 - level)) / 400));
    }
  });

  test('is none for a pure season, and one where there is nothing to test', () => {
    const pure = Float64Array.from({ length: 60 }, (_, k) => [1, 5, 2, 8, 3, 3][k % 6]!);

    expect(chanceOfSeason(pure, 6, 0)).toBeLessThan(1e-9);
    expect(chanceOfSeason(new Float64Array(5), 4, 0)).toBe(1);
    expect(chanceOfSeason(pure, 12, 6)).toBeGreaterThan(0.01);
  });
});
