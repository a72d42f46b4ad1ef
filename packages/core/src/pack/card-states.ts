import type { MigGeometry, MigInstance, MigProfile } from '../fleet/index.ts';
import { emptyOccupancy, fits, gridOf, withPlace, type Occupancy, type Place } from '../mig/grid.ts';
import { lossOf, remainingValue } from '../mig/remaining-value.ts';

/** Losses are rounded to this part of a thousandth when the weights sum to 1, so that they are far below 2^28. */
const LOSS_STEPS = 16;
/** Every profile counts as a fiftieth of the mix beside it. With a thousandth up to 8 % more are turned away where rare ones are large (`pack-mig`). */
const MIX_PARTS = 50;

/** A state a card can be in. */
interface State {
  readonly occupancy: Occupancy;
  /** By place: 1 when an instance fits there. */
  readonly isFree: Uint8Array;
  /** By place: the state with an instance there; -1: not looked up yet. */
  readonly next: Int32Array;
  /** By place; NaN: not computed yet. */
  readonly loss: Float64Array;
  /** NaN: not computed yet. */
  value: number;
}

/** Amounts of a card. */
interface CardAmounts {
  /** Memory slices nobody has, of those that some instance can have. */
  readonly memory: number;
  /** Compute slices nobody has. */
  readonly compute: number;
  /** By profile of the geometry: instances, by their starts and the number allowed, as if there were no others. */
  readonly instances: readonly number[];
}

/**
 * The states of cards of one geometry, by number: what is taken of the card, wherever the borders of its instances are. State 0 is the
 * empty card. An H100 has 1,110; those are made that come up. Places are numbered by profile and start.
 */
export interface CardStates {
  readonly geometry: MigGeometry;
  readonly places: readonly Place[];
  /** The instance of each place. */
  readonly instances: readonly (MigInstance & { readonly memorySlices: number })[];
  readonly isFree: (state: number) => Uint8Array;
  /** The state when the place is taken, which must be free. */
  readonly taken: (state: number, place: number) => number;
  /** The state when an instance at the place goes. */
  readonly given: (state: number, place: number) => number;
  /** What taking a free place loses of the room for what is expected, whole and >= 0; see `placeMig`. */
  readonly loss: (state: number, place: number) => number;
  /** How much of a place is missing: 0: it is free. Else the part of its memory slices that are taken, or 1 when none is. */
  readonly lack: (state: number, place: number) => number;
  /** Bit `i` is set when memory slice `i` is taken. */
  readonly maskOf: (state: number) => number;
  /** What is left in a state, as amounts that no choice of further instances exceeds. */
  readonly left: (state: number) => CardAmounts;
  /** Sets what is expected: a weight for each profile, and the sum that they are divided by. */
  readonly expect: (weightOf: (profile: MigProfile) => number, sum: number) => void;
}

/** Creates the states of a geometry that is checked. */
export function createCardStates(geometry: MigGeometry): CardStates {
  const grid = gridOf(geometry);
  const { places, profiles } = grid;
  const states: State[] = [];
  const numbers = new Map<string, number>();
  let weights: readonly number[] = profiles.map(() => 0);
  let sum = 1;

  const numberOf = (occupancy: Occupancy): number => {
    const { mask, compute, media, counts } = occupancy;
    const key = `${mask}|${compute}|${media}|${counts.join()}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, states.length);
    states.push({
      occupancy,
      isFree: Uint8Array.from(places, (place) => (fits(grid, occupancy, place) ? 1 : 0)),
      next: new Int32Array(places.length).fill(-1),
      loss: new Float64Array(places.length).fill(NaN),
      value: NaN,
    });
    return states.length - 1;
  };
  numberOf(emptyOccupancy(grid));
  const valueOf = (state: State): number => {
    if (Number.isNaN(state.value)) state.value = remainingValue(grid, state.occupancy, weights);
    return state.value;
  };
  const taken = (number: number, place: number): number => {
    const { next, occupancy } = states[number]!;
    if (next[place] === -1) next[place] = numberOf(withPlace(occupancy, places[place]!));
    return next[place]!;
  };
  return {
    geometry,
    places,
    instances: places.map(({ profile, start }) => {
      const { name, memoryMib, memorySlices } = profiles[profile]!;
      return { profile: name, start, memorySlices, ...(memoryMib === undefined ? {} : { memoryMib }) };
    }),
    isFree: (number) => states[number]!.isFree,
    taken,
    given: (number, place) => {
      const { mask, compute, media, counts } = states[number]!.occupancy;
      const gone = places[place]!;
      return numberOf({
        mask: mask & ~gone.mask,
        compute: compute - gone.compute,
        media: media - gone.media,
        counts: counts.map((count, profile) => (profile === gone.profile ? count - 1 : count)),
      });
    },
    loss: (number, place) => {
      const state = states[number]!;
      let loss = state.loss[place]!;
      if (Number.isNaN(loss)) {
        const whole = lossOf(valueOf(state), valueOf(states[taken(number, place)]!));
        state.loss[place] = loss = Math.round((LOSS_STEPS * whole) / sum);
      }
      return loss;
    },
    lack: (number, place) => {
      const { isFree, occupancy } = states[number]!;
      if (isFree[place] === 1) return 0;
      const { mask, profile } = places[place]!;
      const missing = bitsOf(mask & occupancy.mask);
      return missing === 0 ? 1 : missing / profiles[profile]!.memorySlices;
    },
    maskOf: (number) => states[number]!.occupancy.mask,
    left: (number) => {
      const { isFree, occupancy } = states[number]!;
      const free = places.filter((_, place) => isFree[place] === 1);
      const startsOf = (profile: number) => free.filter((place) => place.profile === profile).length;
      return {
        memory: bitsOf(free.reduce((union, { mask }) => union | mask, 0)),
        compute: geometry.computeSlices - occupancy.compute,
        instances: grid.maxInstances.map((most, p) => Math.min(startsOf(p), most - occupancy.counts[p]!)),
      };
    },
    expect: (weightOf, ofAll) => {
      weights = profiles.map(weightOf);
      sum = ofAll;
      for (const state of states) {
        state.value = NaN;
        state.loss.fill(NaN);
      }
    },
  };
}

/**
 * Sets what is expected on all cards. Without a mix every profile without media engines is as likely as any other; with one, as likely as it says,
 * and a fiftieth of the mix more for each of those: what has not come yet may come. Losses are divided by the sum, so they do not depend on how the weights are scaled.
 */
export function expectMix(
  cards: readonly CardStates[],
  shapes: readonly (readonly [profile: string, weight: number])[],
): void {
  const byName = new Map<string, number>();
  // In an order of their own, so that the order of the mix cannot change a bit of a sum.
  const sorted = [...shapes].sort(([x, v], [y, w]) => (x < y ? -1 : x > y ? 1 : v - w));
  for (const [profile, weight] of sorted) byName.set(profile, (byName.get(profile) ?? 0) + weight);
  const total = sorted.reduce((sum, [, weight]) => sum + weight, 0);
  const isPlain = (profile: MigProfile) => profile.hasMediaExtensions !== true;
  const plain = new Set(cards.flatMap(({ geometry }) => geometry.profiles.filter(isPlain).map(({ name }) => name)));
  const [parts, one] = total === 0 ? [0, 1] : [MIX_PARTS, total];
  for (const card of cards) {
    card.expect(
      (profile) => parts * (byName.get(profile.name) ?? 0) + (isPlain(profile) ? one : 0),
      Math.max(1, (parts + plain.size) * one),
    );
  }
}

function bitsOf(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}
