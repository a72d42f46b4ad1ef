import { describe, expect, it } from 'vitest';
import { formatPackMigBenchmark, packMigBenchmark } from '../src/pack-mig.ts';

describe('the MIG benchmark', () => {
  it('turns away less for want of a start, and less in all, than lowest-start first-fit', () => {
    const rows = packMigBenchmark({ seeds: [1] });

    for (const { firstFit, leastLoss, arrivals } of rows) {
      expect(arrivals).toBe(3_000);
      expect(firstFit.fragmented).toBeGreaterThan(10);
      expect(leastLoss.fragmented).toBeLessThan(0.75 * firstFit.fragmented);
      expect(leastLoss.rejected).toBeLessThan(firstFit.rejected);
    }
    expect(formatPackMigBenchmark(rows).split('\n')).toHaveLength(4 + rows.length);
  });
});
