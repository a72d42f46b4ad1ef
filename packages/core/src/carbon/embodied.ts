import { checkNumber } from '../check-number.ts';

/** Hardware that is reserved for a while. */
export interface EmbodiedInput {
  /** Carbon of making and disposing of the whole machine, gCO2e, >= 0. */
  readonly totalCarbonGrams: number;
  /** How long the machine is expected to be in use, ms, > 0. */
  readonly lifespanMs: number;
  /** How long it is reserved, ms, >= 0. */
  readonly reservedMs: number;
  /** Share of the machine that is reserved, for example 1 of 8 GPUs, 0..1. @defaultValue 1 */
  readonly reservedRatio?: number;
}

/**
 * The share of a machine's embodied carbon that a reservation answers for: total × time share × resource share.
 *
 * Source: `M = TE × TS × RS` of ISO/IEC 21031:2024 (Software Carbon Intensity).
 *
 * @returns grams CO2e.
 * @throws InvalidInputError when a number is out of its range.
 *
 * @example
 * ```ts
 * const YEAR = 365 * 24 * 3_600_000;
 * // A server of 3,000 kg over 4 years; one of its 8 GPUs for one year.
 * embodiedCarbon({ totalCarbonGrams: 3_000_000, lifespanMs: 4 * YEAR, reservedMs: YEAR, reservedRatio: 1 / 8 }); // 93750
 * ```
 */
export function embodiedCarbon(input: EmbodiedInput): number {
  const { totalCarbonGrams, lifespanMs, reservedMs, reservedRatio = 1 } = input;
  checkNumber(() => 'totalCarbonGrams', totalCarbonGrams, { min: 0 });
  checkNumber(() => 'lifespanMs', lifespanMs, { above: 0 });
  checkNumber(() => 'reservedMs', reservedMs, { min: 0 });
  checkNumber(() => 'reservedRatio', reservedRatio, { min: 0, max: 1 });
  return totalCarbonGrams * (reservedMs / lifespanMs) * reservedRatio;
}
