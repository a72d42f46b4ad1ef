import { describe, expect, test } from 'vitest';
import { ewma } from '../src/forecast/index.ts';
import type { EwmaSample } from '../src/index.ts';

const { init, update, predict } = ewma({ halfLifeMs: 60_000 });
const meanOf = (...samples: readonly EwmaSample[]) => predict(samples.reduce(update, init())).mean;

describe('ewma', () => {
  test('knows nothing before the first sample', () => {
    expect(predict(init())).toEqual({ mean: null });
  });

  test('starts at the first sample and forgets by half-lives, whatever the sampling', () => {
    expect(meanOf({ atMs: 5, value: 16 })).toBe(16);
    expect(meanOf({ atMs: 0, value: 16 }, { atMs: 60_000, value: 0 })).toBe(8);
    expect(meanOf({ atMs: 0, value: 16 }, { atMs: 180_000, value: 0 })).toBe(2);
    expect(meanOf({ atMs: 0, value: 16 }, { atMs: 60_000, value: 0 }, { atMs: 120_000, value: 40 })).toBe(24);
  });

  test('does not count a second sample of the same instant', () => {
    const first = update(init(), { atMs: 7, value: 3 });

    expect(update(first, { atMs: 7, value: 1_000 })).toEqual({ version: 1, mean: 3, atMs: 7 });
  });

  test('does not overflow between huge values', () => {
    expect(meanOf({ atMs: 0, value: 1.5e308 }, { atMs: 60_000, value: -1.5e308 })).toBe(0);
  });

  test.each([
    ['value', { atMs: 2, value: NaN }],
    ['value', { atMs: 2, value: Infinity }],
    ['atMs', { atMs: 0, value: 1 }],
    ['atMs', { atMs: NaN, value: 1 }],
  ])('refuses a sample by its %s', (field, sample) => {
    const state = update(init(), { atMs: 1, value: 1 });

    expect(() => update(state, sample)).toThrow(
      expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field }) as Error,
    );
  });

  test.each([0, -1, NaN, Infinity])('refuses a half-life of %d', (halfLifeMs) => {
    expect(() => ewma({ halfLifeMs })).toThrow(expect.objectContaining({ field: 'halfLifeMs' }) as Error);
  });

  test('refuses a state it did not make', () => {
    expect(() => update({} as never, { atMs: 0, value: 1 })).toThrow(
      expect.objectContaining({ field: 'state' }) as Error,
    );
  });
});
