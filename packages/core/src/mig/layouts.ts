import type { MigGeometry, MigInstance } from '../fleet/index.ts';
import { InvalidInputError } from '../errors.ts';
import { migGeometry } from './geometry.ts';
import { emptyOccupancy, fits, gridOf, withPlace, type Grid, type Occupancy, type Place } from './grid.ts';

/** Which profiles to cut into. */
export interface MigLayoutsOptions {
  /** Names of profiles. @defaultValue all of the card */
  readonly profiles?: readonly string[];
}

/** Every way to cut a card that is not left whole. */
export interface MigLayouts {
  /** Every legal layout, each with its instances by profile and start. */
  readonly patterns: readonly (readonly MigInstance[])[];
  /** What can be on one card together: instances by profile name, whatever their starts. Profiles at 0 are left out. */
  readonly multisets: readonly Readonly<Record<string, number>>[];
  /** Those multisets that are part of no other. */
  readonly maximalMultisets: readonly Readonly<Record<string, number>>[];
}

/**
 * Lists every way to cut a card. The card that is not cut at all is not listed. `O(layouts × places)`.
 *
 * @throws InvalidInputError when the model is not known, the geometry is malformed, or a profile is not of the card.
 *
 * @example
 * ```ts
 * migLayouts('A30', { profiles: ['1g.6gb', '2g.12gb', '4g.24gb'] }).maximalMultisets;
 * // [{ '1g.6gb': 4 }, { '1g.6gb': 2, '2g.12gb': 1 }, { '2g.12gb': 2 }, { '4g.24gb': 1 }]
 * ```
 */
export function migLayouts(model: string | MigGeometry, options: MigLayoutsOptions = {}): MigLayouts {
  const geometry = migGeometry(model);
  const grid = gridOf(geometry);
  const names = geometry.profiles.map(({ name }) => name);
  options.profiles?.forEach((name, index) => {
    if (names.includes(name)) return;
    throw new InvalidInputError(`profiles[${index}]`, `must be a profile of ${geometry.name}`, name, {
      hint: `It has ${names.join(', ')}.`,
    });
  });
  const wanted = names.map((name) => options.profiles?.includes(name) ?? true);
  const patterns = fillings(grid, emptyOccupancy(grid), wanted).filter((places) => places.length > 0);
  const multisets = [...multisetsOf(grid, patterns).keys()].map(countsOf);
  const named = (counts: readonly number[]) =>
    Object.fromEntries(counts.flatMap((count, index) => (count === 0 ? [] : [[names[index]!, count]])));
  return {
    patterns: patterns.map((places) => places.map(({ profile, start }) => ({ profile: names[profile]!, start }))),
    multisets: multisets.map(named),
    maximalMultisets: maximal(multisets).map(named),
  };
}

/** Every set of places that go on a card beside what is there, of the wanted profiles; the empty set is the first. */
export function fillings(grid: Grid, start: Occupancy, isWanted: readonly boolean[]): readonly (readonly Place[])[] {
  const places = grid.places.filter(({ profile }) => isWanted[profile]);
  const found: (readonly Place[])[] = [];
  const extend = (from: number, occupancy: Occupancy, chosen: readonly Place[]): void => {
    found.push(chosen);
    for (let next = from; next < places.length; next++) {
      const place = places[next]!;
      if (fits(grid, occupancy, place)) extend(next + 1, withPlace(occupancy, place), [...chosen, place]);
    }
  };
  extend(0, start, []);
  return found;
}

/** The first set of places for each multiset of profiles, by the key that {@link countsOf} reads. */
export function multisetsOf(grid: Grid, sets: readonly (readonly Place[])[]): ReadonlyMap<string, readonly Place[]> {
  const first = new Map<string, readonly Place[]>();
  for (const places of sets) {
    const counts = grid.profiles.map(() => 0);
    for (const { profile } of places) counts[profile]!++;
    const key = counts.join();
    if (!first.has(key)) first.set(key, places);
  }
  return first;
}

/** Instances by profile of a key of {@link multisetsOf}. */
export function countsOf(key: string): readonly number[] {
  return key.split(',').map(Number);
}

/** The multisets that no other contains. */
export function maximal(multisets: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return multisets.filter(
    (counts) => !multisets.some((other) => other !== counts && counts.every((count, index) => count <= other[index]!)),
  );
}
