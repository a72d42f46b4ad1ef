import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embodiedCarbon, emissions, sci } from '../src/carbon/index.ts';
import { InvalidInputError } from '../src/errors.ts';
import { HOUR_MS } from '../src/units.ts';

const YEAR_MS = 365 * 24 * HOUR_MS;

describe('embodiedCarbon', () => {
  it('charges the share of life and of the machine that is reserved', () => {
    // 3,000 kg over 4 years, one of 8 GPUs for one year: 3,000 / 4 / 8 kg.
    const input = { totalCarbonGrams: 3_000_000, lifespanMs: 4 * YEAR_MS, reservedMs: YEAR_MS, reservedRatio: 1 / 8 };

    expect(embodiedCarbon(input)).toBe(93_750);
  });

  it('is lost by nobody: the shares of all tenants over the whole life add up to the machine', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 12 }), (weights) => {
        const sum = weights.reduce((total, weight) => total + weight, 0);

        const charged = weights.map((weight) =>
          embodiedCarbon({
            totalCarbonGrams: 1_000,
            lifespanMs: YEAR_MS,
            reservedMs: YEAR_MS,
            reservedRatio: weight / sum,
          }),
        );

        expect(charged.reduce((total, grams) => total + grams, 0)).toBeCloseTo(1_000, 9);
      }),
    );
  });

  it.each([
    ['totalCarbonGrams', -1],
    ['lifespanMs', 0],
    ['reservedMs', -1],
    ['reservedRatio', 1.1],
  ])('refuses %s of %d', (field, value) => {
    const input = { totalCarbonGrams: 1, lifespanMs: 1, reservedMs: 1, reservedRatio: 1, [field]: value };

    expect(() => embodiedCarbon(input)).toThrow(InvalidInputError);
    expect(() => embodiedCarbon(input)).toThrow(field);
  });
});

describe('sci', () => {
  it('is energy times intensity plus hardware, for one unit', () => {
    // 2 kW for 3 h at PUE 1.5 and 100 g/kWh: 9 kWh, 900 g; with 100 g of hardware 1,000 g for 50 units.
    const { carbonGrams } = emissions({
      powerWatts: 2_000,
      durationMs: 3 * HOUR_MS,
      carbonGramsPerKwh: 100,
      pueRatio: 1.5,
    });

    const result = sci({
      operationalCarbonGrams: carbonGrams,
      embodiedCarbonGrams: 100,
      functionalUnit: { name: 'million tokens', quantity: 50 },
    });

    expect(result).toEqual({ carbonGramsPerUnit: 20, unit: 'million tokens', embodiedRatio: 0.1 });
  });

  it('is a rate: twice the work at twice the carbon is the same', () => {
    const grams = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(grams, grams, fc.integer({ min: 1, max: 1_000 }), (operational, embodied, quantity) => {
        const at = (factor: number) =>
          sci({
            operationalCarbonGrams: factor * operational,
            embodiedCarbonGrams: factor * embodied,
            functionalUnit: { name: 'run', quantity: factor * quantity },
          });

        expect(at(2)).toEqual(at(1));
      }),
    );
  });

  it.each([
    ['operationalCarbonGrams', { operationalCarbonGrams: -1 }],
    ['embodiedCarbonGrams', { embodiedCarbonGrams: NaN }],
    ['functionalUnit', { functionalUnit: null as never }],
    ['functionalUnit.name', { functionalUnit: { name: '', quantity: 1 } }],
    ['functionalUnit.quantity', { functionalUnit: { name: 'run', quantity: 0 } }],
  ])('refuses a wrong %s', (field, change) => {
    const input = {
      operationalCarbonGrams: 1,
      embodiedCarbonGrams: 1,
      functionalUnit: { name: 'run', quantity: 1 },
      ...change,
    };

    expect(() => sci(input)).toThrow(InvalidInputError);
    expect(() => sci(input)).toThrow(field);
  });
});
