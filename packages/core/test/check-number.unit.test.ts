import { describe, expect, it } from 'vitest';
import { checkNumber, checkOptionalNumber, InvalidInputError, type NumberRule } from '../src/index.ts';

describe('checkNumber', () => {
  it.each<[unknown, NumberRule, string]>([
    [Number.NaN, {}, 'x must be a finite number, got NaN'],
    ['7', {}, "x must be a finite number, got '7'"],
    [null, {}, 'x must be a finite number, got null'],
    [0.5, { isWhole: true }, 'x must be a whole number, got 0.5'],
    [2 ** 53, { isWhole: true }, 'x must be a whole number, got 9007199254740992'],
    [-1, { min: 0 }, 'x must be a finite number >= 0, got -1'],
    [2, { max: 1 }, 'x must be a finite number <= 1, got 2'],
    [1001, { min: 1, max: 1000, isWhole: true }, 'x must be a whole number from 1 to 1000, got 1001'],
    [0, { above: 0 }, 'x must be a finite number > 0, got 0'],
    [1, { above: 0, max: 0.5 }, 'x must be a finite number > 0 and <= 0.5, got 1'],
    [Infinity, { above: 0 }, 'x must be a finite number > 0, got Infinity'],
  ])('refuses %s by %j', (value, rule, message) => {
    expect(() => {
      checkNumber('x', value, rule);
    }).toThrow(message);
  });

  it.each<[number, NumberRule]>([
    [0, { min: 0 }],
    [1000, { min: 1, max: 1000, isWhole: true }],
    [Number.MIN_VALUE, { above: 0 }],
    [-0.5, {}],
  ])('accepts %s by %j', (value, rule) => {
    expect(() => {
      checkNumber('x', value, rule);
    }).not.toThrow();
  });

  it('carries field, value and hint, and renders the field only when it fails', () => {
    let rendered = 0;
    const field = () => `jobs[${++rendered}].size`;
    checkNumber(field, 1);

    let caught: unknown;
    try {
      checkNumber(field, -1, { min: 0, hint: 'Sizes are not negative.' });
    } catch (error) {
      caught = error;
    }

    expect(rendered).toBe(1);
    expect(caught).toBeInstanceOf(InvalidInputError);
    expect(caught).toMatchObject({ field: 'jobs[1].size', value: -1, hint: 'Sizes are not negative.' });
  });

  it('passes over what is absent only when told so', () => {
    expect(() => {
      checkOptionalNumber('x', undefined, { min: 0 });
    }).not.toThrow();
    expect(() => {
      checkNumber('x', undefined);
    }).toThrow('x must be a finite number, got undefined');
  });
});
