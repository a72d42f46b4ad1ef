import { STATE_COUNT } from './zone-belief.ts';

/**
 * Probability of a history under one chain, and with `into` the expected transitions, added to `into.counts` by
 * `into.weight`, and the probability of each first state. Only the two states of the availability seen are possible at a
 * tick, so a step costs four products. `O(ticks)`.
 */
export function forwardBackward(
  history: Uint8Array,
  start: Float64Array,
  transition: Float64Array,
  into?: { readonly counts: Float64Array; readonly weight: number },
): { readonly logLikelihood: number; readonly first: Float64Array } {
  const length = history.length;
  const alpha = new Float64Array(length * STATE_COUNT);
  const scale = new Float64Array(length);
  const firstOf = (tick: number): number => (history[tick] === 1 ? 0 : 2);
  let logLikelihood = 0;
  for (let tick = 0; tick < length; tick++) {
    const low = firstOf(tick);
    let sum = 0;
    for (let to = low; to < low + 2; to++) {
      let probability: number;
      if (tick === 0) probability = start[to]!;
      else {
        const from = firstOf(tick - 1);
        const at = (tick - 1) * STATE_COUNT + from;
        probability =
          alpha[at]! * transition[from * STATE_COUNT + to]! +
          alpha[at + 1]! * transition[(from + 1) * STATE_COUNT + to]!;
      }
      alpha[tick * STATE_COUNT + to] = probability;
      sum += probability;
    }
    scale[tick] = sum;
    logLikelihood += Math.log(sum);
    for (let to = low; to < low + 2; to++) alpha[tick * STATE_COUNT + to]! /= sum;
  }
  const first = new Float64Array(STATE_COUNT);
  if (into === undefined) return { logLikelihood, first };
  let beta = new Float64Array(STATE_COUNT).fill(1);
  for (let tick = length - 1; tick > 0; tick--) {
    const [low, high] = [firstOf(tick - 1), firstOf(tick)];
    const before = new Float64Array(STATE_COUNT);
    for (let from = low; from < low + 2; from++) {
      for (let to = high; to < high + 2; to++) {
        const probability = (transition[from * STATE_COUNT + to]! * beta[to]!) / scale[tick]!;
        before[from]! += probability;
        into.counts[from * STATE_COUNT + to]! += into.weight * alpha[(tick - 1) * STATE_COUNT + from]! * probability;
      }
    }
    beta = before;
  }
  const low = firstOf(0);
  for (let state = low; state < low + 2; state++) first[state] = alpha[state]! * beta[state]!;
  return { logLikelihood, first };
}
