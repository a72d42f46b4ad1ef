import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emissions } from '../src/carbon/index.ts';
import { InvalidInputError } from '../src/errors.ts';
import { HOUR_MS } from '../src/units.ts';

describe('emissions', () => {
  it('is power times time times PUE, times intensity', () => {
    // 700 W for an hour at PUE 1.2 is 0.84 kWh at the meter; at 100 g/kWh that is 84 g.
    expect(emissions({ powerWatts: 700, durationMs: HOUR_MS, carbonGramsPerKwh: 100, pueRatio: 1.2 })).toEqual({
      energyWattHours: 840,
      carbonGrams: 84,
    });
  });

  it('takes a PUE of 1 when none is given', () => {
    expect(emissions({ powerWatts: 1_000, durationMs: HOUR_MS / 2, carbonGramsPerKwh: 300 })).toEqual({
      energyWattHours: 500,
      carbonGrams: 150,
    });
  });

  it('adds up over stretches of time', () => {
    const amount = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(amount, amount, amount, amount, (powerWatts, firstMs, secondMs, carbonGramsPerKwh) => {
        const over = (durationMs: number) => emissions({ powerWatts, durationMs, carbonGramsPerKwh, pueRatio: 1.5 });

        const whole = over(firstMs + secondMs);

        const parts = over(firstMs).carbonGrams + over(secondMs).carbonGrams;
        expect(Math.abs(whole.carbonGrams - parts)).toBeLessThanOrEqual(1e-12 * whole.carbonGrams);
      }),
    );
  });

  it.each([
    [{ powerWatts: -1 }, 'powerWatts must be a finite number >= 0, got -1'],
    [{ durationMs: NaN }, 'durationMs must be a finite number >= 0, got NaN'],
    [{ carbonGramsPerKwh: -5 }, 'carbonGramsPerKwh must be a finite number >= 0, got -5'],
    [{ pueRatio: 0.99 }, 'pueRatio must be a finite number >= 1, got 0.99'],
  ])('refuses %o', (change, message) => {
    const act = () => emissions({ powerWatts: 1, durationMs: 1, carbonGramsPerKwh: 1, ...change });

    expect(act).toThrow(InvalidInputError);
    expect(act).toThrow(message);
  });
});
