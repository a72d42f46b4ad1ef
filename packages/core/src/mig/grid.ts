import type { MigGeometry, MigProfile } from '../fleet/index.ts';

/** One way to put one instance on a card. */
export interface Place {
  /** Index of the profile in its geometry. */
  readonly profile: number;
  readonly start: number;
  /** Bit `i` is set when the instance takes memory slice `i`. */
  readonly mask: number;
  readonly compute: number;
  /** 1 when it takes the media engines. */
  readonly media: number;
}

/** A geometry as bits: every place an instance can take, by profile and start. */
export interface Grid {
  readonly geometry: MigGeometry;
  readonly computeSlices: number;
  readonly profiles: readonly MigProfile[];
  readonly maxInstances: readonly number[];
  readonly places: readonly Place[];
}

/** What is taken of a card. */
export interface Occupancy {
  readonly mask: number;
  readonly compute: number;
  readonly media: number;
  /** Instances by profile. */
  readonly counts: readonly number[];
}

/** The bits of a geometry that is checked. */
export function gridOf(geometry: MigGeometry): Grid {
  return {
    geometry,
    computeSlices: geometry.computeSlices,
    profiles: geometry.profiles,
    maxInstances: geometry.profiles.map(({ maxInstances, starts }) => maxInstances ?? starts.length),
    places: geometry.profiles.flatMap((profile, index) =>
      profile.starts.map((start) => ({
        profile: index,
        start,
        mask: (2 ** profile.memorySlices - 1) << start,
        compute: profile.computeSlices,
        media: profile.hasMediaExtensions === true ? 1 : 0,
      })),
    ),
  };
}

/** Nothing taken. */
export function emptyOccupancy(grid: Grid): Occupancy {
  return { mask: 0, compute: 0, media: 0, counts: grid.profiles.map(() => 0) };
}

/** True when one more instance can take the place. */
export function fits(grid: Grid, occupancy: Occupancy, place: Place): boolean {
  return (
    (occupancy.mask & place.mask) === 0 &&
    occupancy.compute + place.compute <= grid.computeSlices &&
    occupancy.media + place.media <= 1 &&
    occupancy.counts[place.profile]! < grid.maxInstances[place.profile]!
  );
}

/** The occupancy with one more instance. */
export function withPlace(occupancy: Occupancy, place: Place): Occupancy {
  const counts = [...occupancy.counts];
  counts[place.profile]!++;
  return {
    mask: occupancy.mask | place.mask,
    compute: occupancy.compute + place.compute,
    media: occupancy.media + place.media,
    counts,
  };
}

/** The place of an instance, or `undefined` when its profile or start does not exist. */
export function placeOf(grid: Grid, instance: { readonly profile: string; readonly start: number }): Place | undefined {
  const index = grid.profiles.findIndex(({ name }) => name === instance.profile);
  return grid.places.find(({ profile, start }) => profile === index && start === instance.start);
}
