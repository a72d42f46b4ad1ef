/** Milliseconds in one second. */
export const SECOND_MS = 1_000;
/** Milliseconds in one minute. */
export const MINUTE_MS = 60_000;
/** Milliseconds in one hour. */
export const HOUR_MS = 3_600_000;
/** Milliseconds in one day. */
export const DAY_MS = 86_400_000;
/** Milli-GPU in one whole GPU. */
export const GPU_MILLI = 1_000;

/** Hours in a duration in milliseconds. */
export function hoursFromMs(durationMs: number): number {
  return durationMs / HOUR_MS;
}

/** Energy in watt-hours of a constant power over a duration. */
export function wattHoursFromWatts(powerWatts: number, durationMs: number): number {
  return powerWatts * hoursFromMs(durationMs);
}

/** Energy in watt-hours of an energy in joules. */
export function wattHoursFromJoules(energyJoules: number): number {
  return energyJoules / 3_600;
}

/** Energy in kilowatt-hours of an energy in watt-hours. */
export function kilowattHoursFromWattHours(energyWattHours: number): number {
  return energyWattHours / 1_000;
}

/** Mass in kilograms of a mass in grams. */
export function kilogramsFromGrams(massGrams: number): number {
  return massGrams / 1_000;
}

/** Mass in tonnes of a mass in grams. */
export function tonnesFromGrams(massGrams: number): number {
  return massGrams / 1_000_000;
}
