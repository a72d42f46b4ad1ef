import { without, type CardState } from './cards.ts';
import type { CoverClass, CoverOption } from './cover-problem.ts';
import type { Grid, Occupancy } from './grid.ts';
import { countsOf, fillings, maximal, multisetsOf } from './layouts.ts';

/** One way to use a card: which of its instances leave it, and what comes. */
export interface CardOption extends CoverOption {
  /** Indices of instances of the card. */
  readonly lifted: readonly number[];
  readonly places: readonly { readonly profile: string; readonly start: number }[];
}

/** Cards that can do the same for the same; the search tells them apart by id only, at the end. */
export interface CardClass extends CoverClass {
  /** By id. */
  readonly cards: readonly CardState[];
  /** The options of one of the cards, in the order of `options`. */
  readonly optionsOf: (card: CardState) => readonly CardOption[];
}

/** What may leave a card, and what using the card that way costs. */
export interface Lift {
  readonly lifted: readonly number[];
  readonly cost: number;
}

/**
 * Groups cards by what they can do. The options of a card are, for each lift, the largest multisets of the profiles that go
 * beside the rest, less those that another option beats in every profile at no higher cost.
 *
 * @param cards - by id.
 * @param profiles - those that are counted; `net` follows this order.
 */
export function cardClasses(
  cards: readonly CardState[],
  profiles: readonly string[],
  liftsOf: (card: CardState) => readonly Lift[],
): readonly CardClass[] {
  const fill = createFill(profiles);
  const options = new Map<CardState, readonly CardOption[]>();
  const classes = new Map<string, CardState[]>();
  for (const card of cards) {
    const found = undominated(liftsOf(card).flatMap((lift) => optionsFor(card, lift, profiles, fill)));
    options.set(card, found);
    if (found.length === 0) continue;
    const key = found.map(({ cost, net }) => `${cost}:${net.join()}`).join('|');
    const alike = classes.get(key);
    if (alike === undefined) classes.set(key, [card]);
    else alike.push(card);
  }
  return [...classes.values()].map((alike) => ({
    cards: alike,
    options: options.get(alike[0]!)!,
    optionsOf: (card) => options.get(card)!,
  }));
}

type Places = CardOption['places'];
type Fill = (grid: Grid, occupancy: Occupancy) => readonly Places[];

function optionsFor(
  card: CardState,
  { lifted, cost }: Lift,
  profiles: readonly string[],
  fill: Fill,
): readonly CardOption[] {
  const rest = lifted.length === 0 ? card.occupancy : without(card, (index) => lifted.includes(index));
  return fill(card.grid, rest).map((places) => {
    const net = profiles.map(() => 0);
    for (const { profile } of places) net[profiles.indexOf(profile)]!++;
    for (const index of lifted) net[profiles.indexOf(card.instances[index]!.profile)]!--;
    return { cost, net, lifted, places };
  });
}

/** The largest sets of places beside an occupancy, one for each multiset; remembered, because many cards are alike. */
function createFill(profiles: readonly string[]): Fill {
  const known = new Map<Grid, Map<string, readonly Places[]>>();
  return (grid, occupancy) => {
    const ofGrid = known.get(grid) ?? new Map<string, readonly Places[]>();
    known.set(grid, ofGrid);
    const key = `${occupancy.mask}|${occupancy.counts.join()}`;
    const before = ofGrid.get(key);
    if (before !== undefined) return before;
    const isWanted = grid.profiles.map(({ name }) => profiles.includes(name));
    const sets = multisetsOf(grid, fillings(grid, occupancy, isWanted));
    const found = maximal([...sets.keys()].map(countsOf)).map((counts) =>
      sets.get(counts.join())!.map(({ profile, start }) => ({ profile: grid.profiles[profile]!.name, start })),
    );
    ofGrid.set(key, found);
    return found;
  };
}

/** Options that add something, without those that an earlier or better one replaces; by cost, then as found. */
function undominated(options: readonly CardOption[]): readonly CardOption[] {
  const kept: CardOption[] = [];
  for (const option of options.filter(({ net }) => net.some((n) => n > 0)).sort((x, y) => x.cost - y.cost)) {
    if (!kept.some(({ net }) => option.net.every((n, i) => n <= net[i]!))) kept.push(option);
  }
  return kept;
}
