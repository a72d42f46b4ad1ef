import { InvalidInputError } from '../errors.ts';
import { checkGeometry } from '../fleet/check-geometry.ts';
import type { MigGeometry } from '../fleet/index.ts';
import { KNOWN_CARDS } from './tables.ts';

/**
 * How a card can be cut into MIG instances: A100 (40 and 80 GB), H100 (80 GB), H200, B200 and A30.
 *
 * A model is known by its words, as the driver or a fleet spells it: `NVIDIA A100-SXM4-80GB`, `H100 80GB HBM3`, `a30`. A
 * name that leaves the size open where two were made, or that names another card of the family (`H100 NVL`), is not known.
 *
 * @param model - a model name, or a geometry, which is checked and returned.
 * @returns the geometry; `startsSource` says whether its starts were seen on a device.
 * @throws InvalidInputError when the model is not known, or the geometry is malformed.
 *
 * @example
 * ```ts
 * migGeometry('NVIDIA H100 80GB HBM3').profiles.map(({ name }) => name);
 * // ['1g.10gb', '1g.10gb+me', '1g.20gb', '2g.20gb', '3g.40gb', '4g.40gb', '7g.80gb']
 * ```
 */
export function migGeometry(model: string | MigGeometry): MigGeometry {
  if (typeof model !== 'string') return checkGeometry(model);
  const found = knownGeometry(model);
  if (found !== undefined) return found;
  throw new InvalidInputError('model', 'must be a card whose MIG geometry is known', model, { hint: knownHint() });
}

/** The geometry of a card by its name; `undefined`: it is not known. */
export function knownGeometry(model: string): MigGeometry | undefined {
  const words = model.toLowerCase().split(/[^a-z0-9]+/);
  const sizes = words.flatMap((word) => /^(\d+)(?:gb)?$/.exec(word)?.[1] ?? []);
  return KNOWN_CARDS.find(
    ({ family, sizesGb, isOneSize, otherWords }) =>
      words.includes(family) &&
      (sizes.length === 0 ? isOneSize : sizes.every((size) => sizesGb.includes(size))) &&
      !otherWords.some((word) => words.includes(word)),
  )?.geometry;
}

/** Says which cards are known. */
export function knownHint(): string {
  return `Known are ${KNOWN_CARDS.map(({ geometry }) => geometry.name).join(', ')}; pass a geometry for any other.`;
}
