import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countReasons } from '../src/reasons.ts';

describe('countReasons', () => {
  it('puts the most frequent first, ties by name', () => {
    const reasons = ['no-cpu', 'too-late', 'no-gpu', 'too-late', 'no-cpu', 'no-memory'].map((kind) => ({ kind }));

    expect(countReasons(reasons)).toEqual([
      { kind: 'no-cpu', count: 2 },
      { kind: 'too-late', count: 2 },
      { kind: 'no-gpu', count: 1 },
      { kind: 'no-memory', count: 1 },
    ]);
  });

  it('counts nothing in nothing', () => {
    expect(countReasons([])).toEqual([]);
  });

  it('counts every reason once, in any order of the reasons', () => {
    const reasons = fc.array(fc.record({ kind: fc.constantFrom('a', 'b', 'B', 'ä', 'toString', '__proto__') }));
    fc.assert(
      fc.property(
        reasons.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          const counts = countReasons(list);

          expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(list.length);
          expect(countReasons(shuffled)).toEqual(counts);
        },
      ),
    );
  });
});
