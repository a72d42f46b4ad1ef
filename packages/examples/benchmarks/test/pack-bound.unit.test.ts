import { describe, expect, it } from 'vitest';
import { formatPackBound, packBoundBenchmark } from '../src/pack-bound.ts';

describe('the benchmark of bounds', () => {
  const rows = packBoundBenchmark({ seeds: [42] });

  it('gives the bounds that an independent solver gives', () => {
    const [row] = rows;

    // HiGHS on the same relaxations: 99.885 % for this seed, and 96.29 % in the mean of seeds 42 to 51.
    expect(Math.abs(row!.choicePercent - 99.885)).toBeLessThan(0.002);
    expect(Math.abs(row!.prefixPercent - 96.29)).toBeLessThan(0.1);
    expect(row!.volumePercent).toBe(100);
  });

  it('prints a line a seed and the mean', () => {
    const lines = formatPackBound(rows).split('\n');

    expect(lines).toHaveLength(4 + rows.length + 1);
    expect(lines.slice(3).every((line) => line.length === lines[3]!.length)).toBe(true);
  });
});
