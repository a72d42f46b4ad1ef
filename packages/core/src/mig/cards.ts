import { InvalidInputError } from '../errors.ts';
import type { MigGeometry } from '../fleet/index.ts';
import { checkNumber } from '../check-number.ts';
import { checkIds, checkList, checkObject, checkOptionalFlag, checkText } from '../internal/check.ts';
import { migGeometry } from './geometry.ts';
import { emptyOccupancy, gridOf, type Grid, type Occupancy } from './grid.ts';
import { occupancyOf } from './layout.ts';
import type { MigCard, MigCardInstance } from './types.ts';

/** A card as the searches see it. */
export interface CardState {
  readonly id: string;
  readonly grid: Grid;
  /** By start. */
  readonly instances: readonly MigCardInstance[];
  readonly occupancy: Occupancy;
}

/**
 * Checks cards and reads them, in the order of their ids, so that no answer depends on the order of the list. Cards of one
 * geometry share one grid.
 *
 * @throws InvalidInputError
 */
export function readCards(cards: readonly MigCard[]): readonly CardState[] {
  checkIds('cards', cards);
  const grids = new Map<MigGeometry | string, Grid>();
  const gridFor = (id: string, model: MigCard['model']): Grid => {
    const known = grids.get(model);
    if (known !== undefined) return known;
    if (typeof model !== 'string') checkObject(() => `model of card '${id}'`, model);
    const grid = gridOf(migGeometry(model));
    grids.set(model, grid);
    return grid;
  };
  return cards
    .map(({ id, model, instances = [] }) => {
      const grid = gridFor(id, model);
      checkInstances(id, instances);
      const occupancy = occupancyOf(grid, instances);
      if (typeof occupancy === 'number') {
        const { profile, start } = instances[occupancy]!;
        throw new InvalidInputError(
          `instances[${occupancy}] of card '${id}'`,
          `must be legal on ${grid.geometry.name} beside those before it`,
          `${profile} at ${start}`,
          { hint: 'List the instances as the driver does: nvidia-smi mig -lgi.' },
        );
      }
      return { id, grid, instances: [...instances].sort((x, y) => x.start - y.start), occupancy };
    })
    .sort((x, y) => (x.id < y.id ? -1 : 1));
}

function checkInstances(id: string, instances: readonly MigCardInstance[]): void {
  checkList(() => `instances of card '${id}'`, instances, 'Leave them out for an empty card.');
  instances.forEach((instance, index) => {
    const field = (name: string) => () => `instances[${index}]${name} of card '${id}'`;
    checkObject(field(''), instance);
    checkText(field('.profile'), instance.profile);
    checkNumber(field('.start'), instance.start, { min: 0, isWhole: true });
    checkOptionalFlag(field('.isMovable'), instance.isMovable);
  });
}

/** Names of the profiles that the cards can be cut into, ascending by code units. */
export function profilesOf(cards: readonly CardState[]): readonly string[] {
  const grids = new Set(cards.map(({ grid }) => grid));
  return [...new Set([...grids].flatMap(({ profiles }) => profiles.map(({ name }) => name)))].sort();
}

/** The card with some of its instances taken away. */
export function without(card: CardState, isGone: (index: number) => boolean): Occupancy {
  const rest = card.instances.filter((_, index) => !isGone(index));
  const occupancy = occupancyOf(card.grid, rest);
  return typeof occupancy === 'number' ? emptyOccupancy(card.grid) : occupancy;
}
