import type { SpotZoneBelief, SpotZoneModel } from './types.ts';

/** Number of hidden states: short and long spells with capacity, short and long spells without. */
export const STATE_COUNT = 4;
/** A longer silence says as much as this many ticks: the chain has long forgotten. */
const MOST_TICKS = 1_000;

/** Transitions of a kind for ticks of another length, as a flat 4 x 4 array. A fraction of a tick is taken linearly. */
export function transitionsFor(transition: readonly (readonly number[])[], ticks: number): Float64Array {
  const one = Float64Array.from(transition.flat());
  let result: Float64Array = Float64Array.from(
    transition.flatMap((_, i) => transition.map((__, j) => (i === j ? 1 : 0))),
  );
  for (let whole = Math.min(MOST_TICKS, Math.floor(ticks + 1e-9)); whole > 0; whole--) result = product(result, one);
  const fraction = ticks - Math.floor(ticks + 1e-9);
  if (fraction <= 1e-9) return result;
  return product(
    result,
    one.map((probability, index) => (index % 5 === 0 ? 1 - (1 - probability) * fraction : probability * fraction)),
  );
}

/** What is believed at the first look. */
export function firstBelief(model: SpotZoneModel, isAvailable: boolean): SpotZoneBelief {
  return condition(
    model.kinds.map(({ weight, start }) => ({ weight, states: Float64Array.from(start) })),
    isAvailable,
  );
}

/**
 * What is believed one look later: the chain of every kind goes on, then the look tells the states of the other
 * availability out, and how well each kind foresaw it corrects the weight of the kinds. `O(kinds)`.
 *
 * @param steps - flat 4 x 4 transitions over the time between the two looks, one for each kind.
 */
export function nextBelief(
  before: SpotZoneBelief,
  steps: readonly Float64Array[],
  isAvailable: boolean,
): SpotZoneBelief {
  const from = before.isAvailable ? 0 : 2;
  return condition(
    steps.map((step, kind) => {
      const long = before.long[kind]!;
      const states = new Float64Array(STATE_COUNT);
      for (let to = 0; to < STATE_COUNT; to++) {
        states[to] = (1 - long) * step[from * STATE_COUNT + to]! + long * step[(from + 1) * STATE_COUNT + to]!;
      }
      return { weight: before.kinds[kind]!, states };
    }),
    isAvailable,
  );
}

/** Smallest probability of what was seen: a kind that held it for impossible is nearly, but not for ever, ruled out. */
const LEAST_PROBABILITY = 1e-12;

function condition(
  kinds: readonly { readonly weight: number; readonly states: Float64Array }[],
  isAvailable: boolean,
): SpotZoneBelief {
  const first = isAvailable ? 0 : 2;
  const seen = kinds.map(({ states }) => Math.max(LEAST_PROBABILITY, states[first]! + states[first + 1]!));
  const weights = kinds.map(({ weight }, kind) => Math.max(LEAST_PROBABILITY, weight) * seen[kind]!);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    isAvailable,
    kinds: weights.map((weight) => weight / total),
    long: kinds.map(({ states }, kind) => Math.min(1, states[first + 1]! / seen[kind]!)),
  };
}

function product(left: Float64Array, right: Float64Array): Float64Array {
  const result = new Float64Array(STATE_COUNT * STATE_COUNT);
  for (let i = 0; i < STATE_COUNT; i++) {
    for (let j = 0; j < STATE_COUNT; j++) {
      let sum = 0;
      for (let k = 0; k < STATE_COUNT; k++) sum += left[i * STATE_COUNT + k]! * right[k * STATE_COUNT + j]!;
      result[i * STATE_COUNT + j] = sum;
    }
  }
  return result;
}
