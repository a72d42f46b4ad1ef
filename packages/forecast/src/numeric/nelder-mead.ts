/** A box, a place to start in it, and how long to search. */
export interface SearchBox {
  readonly start: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Evaluations at most. */
  readonly maxSteps: number;
}

interface Corner {
  readonly at: readonly number[];
  readonly cost: number;
}

/** Share of the box that the first simplex spans. */
const SPAN_RATIO = 0.1;

/** The search ends when the corners cost the same up to this share. */
const TOLERANCE_RATIO = 1e-7;

/**
 * A point of a box where a function is low, by the simplex search. Deterministic; not proved to be least.
 *
 * Source: Nelder and Mead, "A Simplex Method for Function Minimization", The Computer Journal 1965, doi
 * 10.1093/comjnl/7.4.308. Deviation: points outside the box are moved to its surface.
 */
export function nelderMead(cost: (at: readonly number[]) => number, box: SearchBox): readonly number[] {
  const { start, low, high, maxSteps } = box;
  const size = start.length;
  let left = maxSteps;
  const corner = (at: readonly number[]): Corner => {
    left--;
    const inside = at.map((value, k) => Math.min(high[k]!, Math.max(low[k]!, value)));
    return { at: inside, cost: cost(inside) };
  };
  const first = corner(start);
  const spread = start.map((_, k) => {
    const span = SPAN_RATIO * (high[k]! - low[k]!);
    return corner(
      first.at.map((value, j) => (j !== k ? value : value + span <= high[k]! ? value + span : value - span)),
    );
  });
  let simplex = sorted([first, ...spread]);
  while (left > 0) {
    const best = simplex[0]!;
    const worst = simplex[size]!;
    if (worst.cost - best.cost <= TOLERANCE_RATIO * Math.abs(best.cost)) break;
    const centre = start.map((_, k) => {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += simplex[j]!.at[k]!;
      return sum / size;
    });
    const along = (factor: number) => corner(centre.map((value, k) => value + factor * (value - worst.at[k]!)));
    const reflected = along(1);
    let next: Corner | undefined;
    if (reflected.cost < best.cost) {
      const expanded = along(2);
      next = expanded.cost < reflected.cost ? expanded : reflected;
    } else if (reflected.cost < simplex[size - 1]!.cost) {
      next = reflected;
    } else {
      const contracted = along(reflected.cost < worst.cost ? 0.5 : -0.5);
      if (contracted.cost < Math.min(reflected.cost, worst.cost)) next = contracted;
    }
    simplex = sorted(
      next === undefined
        ? [best, ...simplex.slice(1).map(({ at }) => corner(at.map((value, k) => (value + best.at[k]!) / 2)))]
        : [...simplex.slice(0, size), next],
    );
  }
  return simplex[0]!.at;
}

function sorted(corners: readonly Corner[]): readonly Corner[] {
  return corners.toSorted((x, y) => x.cost - y.cost);
}
