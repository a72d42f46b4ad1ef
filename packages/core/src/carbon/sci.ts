import { checkNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';

/** What a piece of software emitted, and for how much of what it is for. */
export interface SciInput {
  /** `E × I`: carbon of the electricity used, gCO2e, >= 0; see `emissions`. Location-based, average intensity, no offsets. */
  readonly operationalCarbonGrams: number;
  /** `M`: its share of the carbon of the hardware, gCO2e, >= 0; see `embodiedCarbon`. */
  readonly embodiedCarbonGrams: number;
  /** `R`: what it is measured by, and how many there were, > 0. */
  readonly functionalUnit: { readonly name: string; readonly quantity: number };
}

/** A rate, with what it is made of. */
export interface Sci {
  /** Grams CO2e for one functional unit. */
  readonly carbonGramsPerUnit: number;
  readonly unit: string;
  /** Share of the hardware in it, 0..1; 0 where nothing was emitted. */
  readonly embodiedRatio: number;
}

/**
 * Software Carbon Intensity: grams CO2e for one functional unit.
 *
 * Source: `SCI = ((E × I) + M) per R`, ISO/IEC 21031:2024. The standard asks for location-based average intensity and
 * knows no offsets; the caller vouches for that.
 *
 * @throws InvalidInputError when a number is out of its range or the unit has no name.
 *
 * @example
 * ```ts
 * const functionalUnit = { name: 'million tokens', quantity: 50 };
 * sci({ operationalCarbonGrams: 900, embodiedCarbonGrams: 100, functionalUnit }); // 20 g per million tokens, 10 % embodied
 * ```
 */
export function sci(input: SciInput): Sci {
  const { operationalCarbonGrams, embodiedCarbonGrams, functionalUnit } = input;
  checkNumber(() => 'operationalCarbonGrams', operationalCarbonGrams, { min: 0 });
  checkNumber(() => 'embodiedCarbonGrams', embodiedCarbonGrams, { min: 0 });
  if (typeof functionalUnit !== 'object' || (functionalUnit as object | null) === null) {
    throw new InvalidInputError('functionalUnit', 'must be an object', functionalUnit, {
      hint: "Pass { name: 'million tokens', quantity: 50 }.",
    });
  }
  const { name, quantity } = functionalUnit;
  if (typeof name !== 'string' || name === '') {
    throw new InvalidInputError('functionalUnit.name', 'must be a non-empty string', name, {
      hint: 'Say what is counted: requests, tokens, training runs.',
    });
  }
  checkNumber(() => 'functionalUnit.quantity', quantity, { above: 0 });
  const carbonGrams = operationalCarbonGrams + embodiedCarbonGrams;
  return {
    carbonGramsPerUnit: carbonGrams / quantity,
    unit: name,
    embodiedRatio: carbonGrams === 0 ? 0 : embodiedCarbonGrams / carbonGrams,
  };
}
