import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../src/errors.ts';
import { checkSeries, resample, seriesEndAtMs, valueAt } from '../src/time-series.ts';
import type { Series } from '../src/time-series.ts';

const series = (values: readonly number[], rest: Partial<Series<'ratio'>> = {}): Series<'ratio'> => ({
  startAtMs: 1_000,
  stepMs: 100,
  unit: 'ratio',
  values,
  ...rest,
});

describe('seriesEndAtMs and valueAt', () => {
  it('end where the last slot ends', () => {
    expect(seriesEndAtMs(series([1, 2, 3]))).toBe(1_300);
    expect(seriesEndAtMs(series([]))).toBe(1_000);
  });

  it('give the value of the half-open slot around an instant, and nothing outside', () => {
    const three = series([7, 8, 9]);

    expect([999, 1_000, 1_099, 1_100, 1_299, 1_300].map((atMs) => valueAt(three, atMs))).toEqual([
      undefined,
      7,
      7,
      8,
      9,
      undefined,
    ]);
  });
});

describe('resample', () => {
  it('takes means over longer slots', () => {
    expect(resample(series([1, 3, 5, 9]), { startAtMs: 1_000, stepMs: 200, count: 2 })).toEqual({
      startAtMs: 1_000,
      stepMs: 200,
      unit: 'ratio',
      values: [2, 7],
    });
  });

  it('weighs by time where the grids do not meet', () => {
    // 1050..1200 is half a slot of 1 and a whole slot of 4.
    expect(resample(series([1, 4]), { startAtMs: 1_050, stepMs: 150, count: 1 }).values).toEqual([3]);
  });

  it('repeats values in shorter slots', () => {
    expect(resample(series([1, 4]), { startAtMs: 1_000, stepMs: 50, count: 4 }).values).toEqual([1, 1, 4, 4]);
  });

  it('keeps what else a series says', () => {
    const carbon = { ...series([1]), unit: 'gCO2e/kWh', kind: 'marginal', scope: 'direct' } as const;

    expect(resample(carbon, { startAtMs: 1_000, stepMs: 100, count: 1 })).toEqual(carbon);
  });

  it('gives nothing for a grid of nothing, wherever it is', () => {
    expect(resample(series([1]), { startAtMs: 0, stepMs: 100, count: 0 }).values).toEqual([]);
  });

  it('stays within the series when its step is no whole number', () => {
    const thirds = series([1, 2, 3, 4, 5, 6, 7, 8, 9], { startAtMs: 0, stepMs: 1_000 / 3 });

    const { values } = resample(thirds, { startAtMs: 0, stepMs: 1_000, count: 3 });

    expect(values[0]).toBeCloseTo(2, 12);
    expect(values[1]).toBeCloseTo(5, 12);
    expect(values[2]).toBeCloseTo(8, 12);
  });

  it.each([
    ['starts before the series', { startAtMs: 999, stepMs: 100, count: 1 }],
    ['ends after the series', { startAtMs: 1_001, stepMs: 100, count: 1 }],
    ['has no step', { startAtMs: 1_000, stepMs: 0, count: 1 }],
    ['has a part of a slot', { startAtMs: 1_000, stepMs: 10, count: 1.5 }],
    ['starts nowhere', { startAtMs: NaN, stepMs: 10, count: 1 }],
  ])('refuses a grid that %s', (_name, grid) => {
    expect(() => resample(series([1]), grid)).toThrow(InvalidInputError);
  });

  it('says what the series covers', () => {
    const act = () => resample(series([1]), { startAtMs: 0, stepMs: 100, count: 1 });

    expect(act).toThrow("grid must lie within the series, got '0..100'");
    expect(act).toThrow(
      expect.objectContaining({
        hint: 'The series covers 1000..1100; shorten the grid or extend the series.',
      }) as Error,
    );
  });
});

describe('checkSeries', () => {
  it('accepts a series, also an empty one', () => {
    expect(() => {
      checkSeries('load', series([1, 0, -1]), 'ratio');
      checkSeries('load', series([]), 'ratio');
    }).not.toThrow();
  });

  it.each([
    ['no series', undefined, 'load must be a series, got undefined'],
    ['null', null, 'load must be a series, got null'],
    [
      'a start that is missing',
      { ...series([]), startAtMs: undefined },
      'load.startAtMs must be a finite number, got undefined',
    ],
    ['a step below one', series([], { stepMs: 0.5 }), 'load.stepMs must be a finite number >= 1, got 0.5'],
    ['another unit', { ...series([]), unit: '1/s' }, "load.unit must be 'ratio', got '1/s'"],
    ['values that are no list', { ...series([]), values: 'x' }, "load.values must be a list, got 'x'"],
    ['a gap', series([1, NaN]), 'load.values[1] must be a finite number, got NaN'],
    ['a value that is a text', { ...series([]), values: ['3'] }, "load.values[0] must be a finite number, got '3'"],
  ])('refuses %s', (_name, value, message) => {
    const act = () => {
      checkSeries('load', value as never, 'ratio');
    };

    expect(act).toThrow(InvalidInputError);
    expect(act).toThrow(message);
  });
});
