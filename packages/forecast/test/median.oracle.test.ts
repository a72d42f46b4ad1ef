import fc from 'fast-check';
import { median as medianOf, medianAbsoluteDeviation } from 'simple-statistics';
import { expect, test } from 'vitest';
import { median, medianDistance } from '../src/numeric/median.ts';

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 });

test('the median is that of simple-statistics, and leaves the list as it was', () => {
  fc.assert(
    fc.property(values, (list) => {
      const before = [...list];

      expect(median(list)).toBeCloseTo(medianOf(list), 6);
      expect(list).toEqual(before);
    }),
  );
});

test('the median distance to the median is the median absolute deviation of simple-statistics, where it is not zero', () => {
  fc.assert(
    fc.property(values, (list) => {
      const middle = median(list);
      const deviation = medianAbsoluteDeviation(list);
      fc.pre(deviation > 0);

      expect(medianDistance(list.map((value) => Math.abs(value - middle)))).toBeCloseTo(deviation, 6);
    }),
  );
});
