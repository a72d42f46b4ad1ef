import type { SpotZoneModel } from './types.ts';
import { STATE_COUNT } from './zone-belief.ts';

/** Odds over hidden states (rows: kinds) of a zone that was never seen. */
export function firstOdds(model: SpotZoneModel): readonly (readonly number[])[] {
  return normalised(model.kinds.map(({ weight, start }) => start.map((probability) => weight * probability)));
}

/** Odds after some time without a look. */
export function passedOdds(
  odds: readonly (readonly number[])[],
  steps: readonly Float64Array[],
): readonly (readonly number[])[] {
  return odds.map((row, kind) =>
    row.map((_, to) => row.reduce((sum, p, from) => sum + p * steps[kind]![from * STATE_COUNT + to]!, 0)),
  );
}

/** Odds after a look that showed capacity, or none. `calmLoss`: capacity, but part of it went, as in short spells. */
export function seenOdds(
  odds: readonly (readonly number[])[],
  isAvailable: boolean,
  calmLoss = 1,
): readonly (readonly number[])[] {
  return normalised(
    odds.map((row) =>
      row.map((p, state) => (state < 2 === isAvailable ? p * (state === 0 ? calmLoss : 1) + 1e-12 : 0)),
    ),
  );
}

/** Probability that the zone has capacity now. */
export function chanceUp(odds: readonly (readonly number[])[]): number {
  return odds.reduce((sum, row) => sum + row[0]! + row[1]!, 0);
}

/** Probability that capacity held now is lost within `count` steps. */
export function chanceLost(
  odds: readonly (readonly number[])[],
  steps: readonly Float64Array[],
  count: number,
): number {
  let now = seenOdds(odds, true);
  for (let step = 0; step < count; step++) {
    now = passedOdds(now, steps).map(([short, long]) => [short!, long!, 0, 0]);
  }
  return Math.max(0, 1 - chanceUp(now));
}

/** Odds that add up to 1: rows of transitions are rounded, and a zone may not be looked at for long. */
export function normalised(odds: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const total = odds.reduce((sum, row) => sum + row.reduce((acc, p) => acc + p, 0), 0);
  return odds.map((row) => row.map((p) => p / total));
}
