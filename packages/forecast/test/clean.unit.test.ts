import { createRandom } from '@spillway/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clean, detectSeasons } from '../src/index.ts';

const stepMs = 3_600_000;
const samplesOf = (values: readonly (number | null)[]) => values.map((value, k) => ({ atMs: k * stepMs, value }));
/** Four weeks of hours: a daily peak twice the rest, and some noise. */
const noisyDays = (count = 672) => {
  const random = createRandom(3);
  return Array.from({ length: count }, (_, k) => (k % 24 === 18 ? 200 : 100) + random.normal());
};

describe('clean', () => {
  test('reports holes and keeps their place', () => {
    const samples = [
      { atMs: 5 * stepMs, value: 8 },
      { atMs: 0, value: 5 },
      { atMs: stepMs, value: null },
    ];

    expect(clean(samples, { stepMs })).toEqual({
      startAtMs: 0,
      values: [5, null, null, null, null, 8],
      findings: [{ kind: 'gap', step: 1, stepCount: 4 }],
    });
  });

  test('shows the two days a year that are not 24 hours long in wall-clock time', () => {
    const day = Array.from({ length: 24 }, (_, hour) => hour);
    const spring = day.filter((hour) => hour !== 2).map((hour) => ({ atMs: hour * stepMs, value: hour % 5 }));
    const autumn = [...day, 2].map((hour, k) => ({ atMs: hour * stepMs, value: k === 24 ? 10 : hour % 5 }));

    expect(clean(spring, { stepMs }).findings).toEqual([{ kind: 'gap', step: 2, stepCount: 1 }]);
    expect(clean(autumn, { stepMs }).findings).toEqual([{ kind: 'repeated', step: 2, sampleCount: 2 }]);
    // The mean of 2 and 10.
    expect(clean(autumn, { stepMs }).values[2]).toBe(6);
  });

  test('reports a spike and keeps it, unless told to take it out', () => {
    const values = noisyDays();
    values[300] = 400;

    const kept = clean(samplesOf(values), { stepMs, seasons: [24] });

    expect(kept.values).toEqual(values);
    expect(kept.findings).toMatchObject([{ kind: 'spike', step: 300, value: 400 }]);
    const cut = clean(samplesOf(values), { stepMs, seasons: [24], remove: ['spike'] });
    expect(cut.values[300]).toBeNull();
    expect(cut.values.filter((value) => value === null).length).toBe(1);
  });

  test('takes a daily peak for a spike only when it is not told of the day', () => {
    const samples = samplesOf(noisyDays());

    expect(clean(samples, { stepMs, seasons: [24] }).findings).toEqual([]);
    expect(clean(samples, { stepMs }).findings.filter(({ kind }) => kind === 'spike').length).toBe(28);
  });

  test('reports a stuck sensor, and not a service without load at night', () => {
    const stuck = noisyDays().map((value, k) => (k >= 200 && k < 230 ? 111 : value));
    const nights = Array.from({ length: 240 }, (_, k) => (k % 24 < 14 ? 0 : 5 + ((k * 7) % 11)));

    expect(clean(samplesOf(stuck), { stepMs, seasons: [24] }).findings).toContainEqual({
      kind: 'stuck',
      step: 200,
      stepCount: 30,
      value: 111,
    });
    expect(
      clean(samplesOf(stuck), { stepMs, remove: ['stuck'] })
        .values.slice(199, 231)
        .map((v) => v === null),
    ).toEqual(Array.from({ length: 32 }, (_, k) => k > 0 && k < 31));
    expect(clean(samplesOf(nights), { stepMs, seasons: [24] }).findings.filter(({ kind }) => kind === 'stuck')).toEqual(
      [],
    );
  });

  test('keeps every value it does not name, whatever the order of the samples', () => {
    const lists = fc.array(fc.oneof(fc.integer({ min: -99, max: 99 }), fc.constant(null)), { maxLength: 40 });
    fc.assert(
      fc.property(lists, fc.nat(), (values, seed) => {
        const samples = samplesOf(values);

        const result = clean(createRandom(seed).shuffle(samples), { stepMs });

        expect(result).toEqual(clean(samples, { stepMs }));
        expect(result.values).toEqual(values);
        const missing = result.findings.reduce((sum, one) => sum + (one.kind === 'gap' ? one.stepCount : 0), 0);
        expect(missing).toBe(values.filter((value) => value === null).length);
        expect(JSON.parse(JSON.stringify(result))).toEqual(result);
      }),
    );
  });

  test.each([
    ['stepMs', [], { stepMs: 0 }],
    [
      'samples',
      [
        { atMs: 0, value: 1 },
        { atMs: 1_000, value: 1 },
      ],
      {},
    ],
    [
      'samples',
      [
        { atMs: 0, value: 1 },
        { atMs: 1e18, value: 1 },
      ],
      {},
    ],
    ['samples[0].value', [{ atMs: 0, value: NaN }], {}],
    ['samples[0].atMs', [{ atMs: Infinity, value: 1 }], {}],
    ['stuckSteps', [], { stuckSteps: 1 }],
    ['spikeThreshold', [], { spikeThreshold: 0 }],
    ['seasons[0]', [], { seasons: [0] }],
  ])('refuses by %s', (field, samples, options) => {
    expect(() => clean(samples, { stepMs, ...options })).toThrow(expect.objectContaining({ field }) as Error);
  });
});

describe('detectSeasons', () => {
  test('finds the season of a noisy series, and nothing in noise', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 30 }), fc.integer(), (season, seed) => {
        const random = createRandom(seed);
        const shape = Array.from({ length: season }, (_, k) => 5 * Math.sin((2 * Math.PI * k) / season));
        const noisy = Array.from({ length: 40 * season }, (_, k) => shape[k % season]! + random.normal());
        const noise = Array.from({ length: 400 }, () => random.normal());

        expect(detectSeasons(noisy)[0]?.season).toBe(season);
        expect(detectSeasons(noise)).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test('finds a week beside a day', () => {
    const random = createRandom(8);
    const values = Array.from({ length: 24 * 70 }, (_, k) => {
      const isWeekend = Math.floor(k / 24) % 7 >= 5;
      return 10 * Math.sin((2 * Math.PI * k) / 24) + (isWeekend ? -12 : 0) + random.normal();
    });

    expect(detectSeasons(values).map(({ season }) => season)).toEqual([24, 168]);
  });

  test.each([
    ['an empty history', []],
    ['a single value', [3]],
    ['missing values', [null, null, null]],
    ['a constant', new Array<number>(60).fill(2)],
  ])('says that %s has none', (_, history) => {
    expect(detectSeasons(history)).toEqual([]);
  });

  test.each(['maxSeason', 'maxCount'])('refuses by %s', (field) => {
    expect(() => detectSeasons([1], { [field]: 0 })).toThrow(expect.objectContaining({ field }) as Error);
  });
});
