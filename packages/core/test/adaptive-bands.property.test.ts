import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adaptiveBands, createRandom, type AdaptiveBandsState } from '../src/index.ts';

interface Outcome {
  readonly predicted: number;
  readonly actual: number;
}
const outcomes = fc.array(
  fc.record({ predicted: fc.integer({ min: -50, max: 50 }), actual: fc.integer({ min: -50, max: 50 }) }),
  { maxLength: 60 },
);
const levels = fc.constantFrom(0.5, 0.8, 0.9, 0.95);

/** Share of outcomes inside the band that was given before each, and how many bands there were. */
function held(level: number, list: readonly Outcome[], rateRatio = 0.05) {
  const { init, update, band } = adaptiveBands({ level, rateRatio });
  let state = init();
  let [inside, count] = [0, 0];
  for (const outcome of list) {
    const given = band(state, outcome.predicted).band;
    if (given !== null) {
      count++;
      if (given.low <= outcome.actual && outcome.actual <= given.high) inside++;
    }
    state = update(state, outcome);
  }
  return { share: inside / count, count };
}

describe('adaptiveBands', () => {
  test('gives no band before it has seen enough errors, and says how many it takes', () => {
    const { init, update, band } = adaptiveBands({ level: 0.8 });
    let state = init();
    for (let k = 0; k < 3; k++) state = update(state, { predicted: 0, actual: k });

    expect(band(state, 5)).toEqual({
      band: null,
      reasons: [{ kind: 'too-few-errors', errorCount: 3, neededCount: 4 }],
    });
    expect(band(update(state, { predicted: 5, actual: 4 }), 5).band).toEqual({ low: 3, high: 7 });
  });

  test('widens after a miss and narrows after a hit, by fixed shares of the largest error', () => {
    const { update, band } = adaptiveBands({ level: 0.8, rateRatio: 0.1 });
    const state: AdaptiveBandsState = { version: 1, radius: 2, largest: 10, errorCount: 50 };

    expect(band(update(state, { predicted: 0, actual: 5 }), 0).band!.high).toBeCloseTo(2.8, 12);
    expect(band(update(state, { predicted: 0, actual: -1 }), 0).band!.low).toBeCloseTo(-1.8, 12);
  });

  test('holds its level in the long run on any series whose largest error came first, within the stated bound', () => {
    const sizes = fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 50, maxLength: 400 });
    fc.assert(
      fc.property(sizes, levels, fc.constantFrom(0.02, 0.05, 0.3), (list, level, rateRatio) => {
        // The first outcomes set the largest error to 1 and fill the count; after that anything may come.
        const start = Array.from({ length: 20 }, () => ({ predicted: 0, actual: 1 }));
        const series = [...start, ...list.map((size) => ({ predicted: 0, actual: size }))];

        const { share, count } = held(level, series, rateRatio);

        expect(Math.abs(share - level)).toBeLessThanOrEqual((1 + 2 * rateRatio) / (rateRatio * count) + 1e-9);
      }),
    );
  });

  test('comes back to its level after the series changes for good', () => {
    const random = createRandom(2);
    const series = Array.from({ length: 4_000 }, (_, k) => ({
      predicted: 0,
      actual: random.normal() * (k < 1_000 ? 1 : 5),
    }));

    expect(Math.abs(held(0.9, series).share - 0.9)).toBeLessThan(0.02);
  });

  test('is finite, ordered, around the forecast, not below zero when told so, and nested by level', () => {
    fc.assert(
      fc.property(outcomes, fc.integer({ min: 0, max: 50 }), levels, (list, predicted, level) => {
        const { init, update, band } = adaptiveBands({ level, nonNegative: true });

        const given = band(list.reduce(update, init()), predicted).band;

        if (given === null) return;
        expect(Number.isFinite(given.high)).toBe(true);
        expect(given.low).toBeGreaterThanOrEqual(0);
        expect(given.low).toBeLessThanOrEqual(predicted);
        expect(given.high).toBeGreaterThanOrEqual(predicted);
      }),
    );
  });

  test('follows a change of unit and of zero, and takes up after a trip through JSON', () => {
    fc.assert(
      fc.property(outcomes, levels, fc.nat(), (list, level, pick) => {
        const { init, update, band } = adaptiveBands({ level });
        const cut = pick % (list.length + 1);
        const stored = JSON.parse(JSON.stringify(list.slice(0, cut).reduce(update, init()))) as AdaptiveBandsState;

        const end = list.slice(cut).reduce(update, stored);

        expect(end).toEqual(list.reduce(update, init()));
        const move = (value: number) => 4 * value + 8;
        const moved = list.map(({ predicted, actual }) => ({ predicted: move(predicted), actual: move(actual) }));
        const [one, other] = [band(end, 1).band, band(moved.reduce(update, init()), move(1)).band];
        expect(other === null).toBe(one === null);
        if (one !== null) expect(other!.high).toBeCloseTo(move(one.high), 9);
      }),
    );
  });

  test.each([
    ['level', { level: 1 }],
    ['level', { level: 0 }],
    ['rateRatio', { level: 0.5, rateRatio: 0 }],
  ])('refuses by %s', (field, options) => {
    expect(() => adaptiveBands(options)).toThrow(expect.objectContaining({ field }) as Error);
  });

  test('refuses numbers that are none, and a foreign state', () => {
    const { init, update, band } = adaptiveBands({ level: 0.5 });
    const wrong = (field: string) => expect.objectContaining({ field }) as Error;

    expect(() => update(init(), { predicted: NaN, actual: 1 })).toThrow(wrong('predicted'));
    expect(() => update(init(), { predicted: 1, actual: Infinity })).toThrow(wrong('actual'));
    expect(() => band({} as never, 1)).toThrow(wrong('state'));
  });
});
