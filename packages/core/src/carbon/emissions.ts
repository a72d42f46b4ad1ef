import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { kilowattHoursFromWattHours, wattHoursFromWatts } from '../units.ts';

/** A stretch of constant power. */
export interface EmissionsInput {
  /** Power of the machines, W, >= 0. */
  readonly powerWatts: number;
  /** Ms, >= 0. */
  readonly durationMs: number;
  /** Mean carbon intensity over the stretch, gCO2e/kWh, >= 0. */
  readonly carbonGramsPerKwh: number;
  /** Power usage effectiveness of the site, >= 1. @defaultValue 1 */
  readonly pueRatio?: number;
}

/** Energy at the meter, and the carbon of making it. */
export interface Emissions {
  readonly energyWattHours: number;
  readonly carbonGrams: number;
}

/**
 * Operational emissions of running: energy = power × time × PUE, carbon = energy × intensity.
 *
 * Source: the operational part `E × I` of ISO/IEC 21031:2024 (Software Carbon Intensity), with PUE as in ISO/IEC 30134-2.
 *
 * @throws InvalidInputError when a number is negative or not finite, or PUE is below 1.
 *
 * @example
 * ```ts
 * emissions({ powerWatts: 700, durationMs: 3_600_000, carbonGramsPerKwh: 100, pueRatio: 1.2 });
 * // { energyWattHours: 840, carbonGrams: 84 }
 * ```
 */
export function emissions(input: EmissionsInput): Emissions {
  checkNumber(() => 'powerWatts', input.powerWatts, { min: 0 });
  checkNumber(() => 'durationMs', input.durationMs, { min: 0 });
  checkNumber(() => 'carbonGramsPerKwh', input.carbonGramsPerKwh, { min: 0 });
  checkOptionalNumber(() => 'pueRatio', input.pueRatio, { min: 1 });
  const energyWattHours = wattHoursFromWatts(input.powerWatts, input.durationMs) * (input.pueRatio ?? 1);
  return { energyWattHours, carbonGrams: kilowattHoursFromWattHours(energyWattHours) * input.carbonGramsPerKwh };
}
