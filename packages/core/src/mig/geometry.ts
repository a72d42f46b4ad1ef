import { InvalidInputError } from '../errors.ts';
import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { checkList, checkObject, checkOptionalFlag, checkText } from '../internal/check.ts';
import { KNOWN_CARDS } from './tables.ts';
import type { MigGeometry } from './types.ts';

/** Cards have 8 at most; plans try every set of instances of a card, which are as many as slices. */
const MAX_MEMORY_SLICES = 12;

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
  const words = model.toLowerCase().split(/[^a-z0-9]+/);
  const sizes = words.flatMap((word) => /^(\d+)(?:gb)?$/.exec(word)?.[1] ?? []);
  const found = KNOWN_CARDS.find(
    ({ family, sizesGb, isOneSize, otherWords }) =>
      words.includes(family) &&
      (sizes.length === 0 ? isOneSize : sizes.every((size) => sizesGb.includes(size))) &&
      !otherWords.some((word) => words.includes(word)),
  );
  if (found !== undefined) return found.geometry;
  throw new InvalidInputError('model', 'must be a card whose MIG geometry is known', model, {
    hint: `Known are ${KNOWN_CARDS.map(({ geometry }) => geometry.name).join(', ')}; pass a geometry for any other.`,
  });
}

function checkGeometry(geometry: MigGeometry): MigGeometry {
  checkObject(() => 'geometry', geometry);
  checkText(() => 'name of the geometry', geometry.name);
  const field = (name: string) => () => `${name} of geometry '${geometry.name}'`;
  const { memorySlices, computeSlices } = geometry;
  checkNumber(field('memorySlices'), memorySlices, { min: 1, max: MAX_MEMORY_SLICES, isWhole: true });
  checkNumber(field('computeSlices'), computeSlices, { min: 1, isWhole: true });
  checkList(field('profiles'), geometry.profiles, 'Pass a list of profiles.');
  const names = new Set<string>();
  for (const profile of geometry.profiles) {
    checkObject(field('profiles'), profile);
    checkText(field('profile name'), profile.name);
    const of = (name: string) => field(`${name} of profile '${profile.name}'`);
    if (names.has(profile.name)) {
      throw new InvalidInputError(field('profile name')(), 'must be unique', profile.name, { hint: 'Rename one.' });
    }
    names.add(profile.name);
    checkNumber(of('computeSlices'), profile.computeSlices, { min: 1, max: computeSlices, isWhole: true });
    checkNumber(of('memorySlices'), profile.memorySlices, { min: 1, max: memorySlices, isWhole: true });
    checkOptionalNumber(of('maxInstances'), profile.maxInstances, { min: 1, isWhole: true });
    checkOptionalNumber(of('memoryMib'), profile.memoryMib, { min: 0, isWhole: true });
    checkOptionalFlag(of('hasMediaExtensions'), profile.hasMediaExtensions);
    checkList(of('starts'), profile.starts, 'List the memory slices it may begin at.');
    if (profile.starts.length === 0) {
      throw new InvalidInputError(of('starts')(), 'must name a start', profile.starts, {
        hint: 'Leave the profile out.',
      });
    }
    profile.starts.forEach((start, index) => {
      const min = index === 0 ? 0 : profile.starts[index - 1]! + 1;
      checkNumber(of(`starts[${index}]`), start, { min, max: memorySlices - profile.memorySlices, isWhole: true });
    });
  }
  return geometry;
}
