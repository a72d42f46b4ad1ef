import type { MigGeometry, MigInstance } from '../fleet/index.ts';
import { migGeometry } from './geometry.ts';
import { emptyOccupancy, fits, gridOf, placeOf, withPlace, type Grid, type Occupancy } from './grid.ts';

/**
 * Whether instances can be on one card together: each begins at a start of its profile, no two share a memory slice, the
 * compute slices suffice, no profile is there more often than allowed, and at most one instance has the media engines. The
 * order plays no part; an empty card is legal. `O(instances × starts)`.
 *
 * Counting slices is not enough, and on some cards too much: see the explanation of MIG.
 *
 * @throws InvalidInputError when the model is not known, or the geometry is malformed.
 *
 * @example
 * ```ts
 * isLegalLayout('A30', [{ profile: '2g.12gb', start: 2 }, { profile: '1g.6gb', start: 0 }]); // true
 * isLegalLayout('A30', [{ profile: '2g.12gb', start: 1 }]); // false: a 2g begins at 0 or 2
 * ```
 */
export function isLegalLayout(model: string | MigGeometry, instances: readonly MigInstance[]): boolean {
  return typeof occupancyOf(gridOf(migGeometry(model)), instances) !== 'number';
}

/** What instances take, or the index of the first that does not go with those before it. */
export function occupancyOf(grid: Grid, instances: readonly MigInstance[]): Occupancy | number {
  let occupancy = emptyOccupancy(grid);
  for (const [index, instance] of instances.entries()) {
    const place = placeOf(grid, instance);
    if (place === undefined || !fits(grid, occupancy, place)) return index;
    occupancy = withPlace(occupancy, place);
  }
  return occupancy;
}
