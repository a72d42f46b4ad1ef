import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as units from '../src/units.ts';

describe('units', () => {
  it('are the sizes that clocks and schedulers use', () => {
    expect([units.SECOND_MS, units.MINUTE_MS, units.HOUR_MS, units.DAY_MS]).toEqual([
      1_000, 60_000, 3_600_000, 86_400_000,
    ]);
    expect(units.GPU_MILLI).toBe(1_000);
  });

  it('convert worked examples', () => {
    expect(units.hoursFromMs(5_400_000)).toBe(1.5);
    expect(units.wattHoursFromWatts(700, 1_800_000)).toBe(350);
    expect(units.wattHoursFromJoules(7_200)).toBe(2);
    expect(units.kilowattHoursFromWattHours(350)).toBe(0.35);
    expect(units.kilogramsFromGrams(1_250)).toBe(1.25);
    expect(units.tonnesFromGrams(2_500_000)).toBe(2.5);
  });

  it('agree on energy: watts over time are joules', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 1e9 }), (powerWatts, durationMs) => {
        const joules = powerWatts * (durationMs / 1_000);

        expect(units.wattHoursFromWatts(powerWatts, durationMs)).toBeCloseTo(units.wattHoursFromJoules(joules), 3);
      }),
    );
  });
});
