import fc from 'fast-check';

/** Series of small whole numbers, so that sums of a few are exact. */
export const histories: fc.Arbitrary<readonly number[]> = fc.array(fc.integer({ min: -50, max: 50 }), {
  minLength: 1,
  maxLength: 60,
});

/** Options whose seasons may or may not fit the history. */
export const optionSets = fc.record({
  horizon: fc.integer({ min: 1, max: 8 }),
  seasons: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }),
  levels: fc.uniqueArray(fc.constantFrom(0.2, 0.5, 0.6, 0.8, 0.9, 0.95), { minLength: 1 }),
});
