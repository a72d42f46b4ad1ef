import { describe, expect, it } from 'vitest';
import { InvalidInputError, SpillwayError } from '../src/errors.ts';

describe('SpillwayError', () => {
  it('carries code, hint and cause', () => {
    const cause = new Error('underneath');

    const error = new SpillwayError('SPILLWAY_EXAMPLE', 'it broke', { hint: 'mend it', cause });

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'SpillwayError',
      code: 'SPILLWAY_EXAMPLE',
      message: 'it broke',
      hint: 'mend it',
    });
    expect(error.cause).toBe(cause);
  });

  it('has neither hint nor cause when none is given', () => {
    const error = new SpillwayError('SPILLWAY_EXAMPLE', 'it broke');

    expect(error.hint).toBeUndefined();
    expect('cause' in error).toBe(false);
  });

  it('knows errors of another copy of the library by their mark', () => {
    const foreign = Object.assign(new Error('of another copy'), { [Symbol.for('spillway.error')]: true });

    expect(SpillwayError.is(foreign)).toBe(true);
    expect(foreign).not.toBeInstanceOf(SpillwayError);
  });

  it.each([
    new Error('other'),
    { [Symbol('spillway.error')]: true },
    { 'spillway.error': true },
    null,
    undefined,
    'text',
    7,
  ])('does not take %o for its own', (value) => {
    expect(SpillwayError.is(value)).toBe(false);
  });
});

describe('InvalidInputError', () => {
  it('names the field, the rule and the value', () => {
    const error = new InvalidInputError("gpuCount of job 'train'", 'must be a whole number >= 0', 0.5, {
      hint: 'Round it.',
    });

    expect(SpillwayError.is(error)).toBe(true);
    expect(error).toMatchObject({
      name: 'InvalidInputError',
      code: 'SPILLWAY_INVALID_INPUT',
      field: "gpuCount of job 'train'",
      value: 0.5,
      hint: 'Round it.',
      message: "gpuCount of job 'train' must be a whole number >= 0, got 0.5",
    });
  });

  it('is told from other Spillway errors, also across copies', () => {
    const foreign = { [Symbol.for('spillway.error')]: true, code: 'SPILLWAY_INVALID_INPUT' };

    expect(InvalidInputError.is(new InvalidInputError('x', 'must fit', 1))).toBe(true);
    expect(InvalidInputError.is(foreign)).toBe(true);
    expect(InvalidInputError.is(new SpillwayError('SPILLWAY_OTHER', 'no'))).toBe(false);
    expect(InvalidInputError.is(new Error('no'))).toBe(false);
  });

  it.each([
    ['', "''"],
    ['abc', "'abc'"],
    ['x'.repeat(60), `'${'x'.repeat(60)}'`],
    ['x'.repeat(61), `'${'x'.repeat(57)}...'`],
    [[], 'an empty list'],
    [[1, 2], 'a list of 2'],
    [{ a: 1 }, 'an object'],
    [null, 'null'],
    [undefined, 'undefined'],
    [NaN, 'NaN'],
    [10n, '10'],
    [true, 'true'],
    [Symbol('s'), 'Symbol(s)'],
  ])('shows %o as %s', (value, text) => {
    expect(new InvalidInputError('x', 'must fit', value).message).toBe(`x must fit, got ${text}`);
  });
});
