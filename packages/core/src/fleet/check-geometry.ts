import { InvalidInputError } from '../errors.ts';
import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { checkList, checkObject, checkOptionalFlag, checkText } from '../internal/check.ts';
import type { MigGeometry } from './types.ts';

/** Cards have 8 at most; plans try every set of instances of a card, which are as many as slices. */
const MAX_MEMORY_SLICES = 12;

/** Checks a geometry and returns it. `O(profiles × starts)` @throws InvalidInputError */
export function checkGeometry(geometry: MigGeometry): MigGeometry {
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
