import { describe, expect, it } from 'vitest';
import { formatPackMigBenchmark, packMigBenchmark } from '../src/pack-mig.ts';

describe('the MIG benchmark', () => {
  it('turns away less for want of a start, and less in all, than lowest-start first-fit', () => {
    const rows = packMigBenchmark({ seeds: [1] });

    for (const { firstFit, leastLoss, packer, arrivals } of rows) {
      expect(arrivals).toBe(3_000);
      expect(firstFit.fragmented).toBeGreaterThan(10);
      // One seed has a few dozen of them; over the ten seeds of the command every row is below 0.6.
      expect(leastLoss.fragmented).toBeLessThan(0.7 * firstFit.fragmented);
      expect(leastLoss.rejected).toBeLessThan(firstFit.rejected);
      expect(packer.fragmented).toBeLessThan(0.7 * firstFit.fragmented);
      expect(packer.rejected).toBeLessThan(firstFit.rejected);
    }
    expect(formatPackMigBenchmark(rows).split('\n')).toHaveLength(4 + rows.length);
  });
});
