import { createSimplex, type SimplexColumn } from '../internal/simplex.ts';
import { GPU_MILLI } from '../units.ts';
import type { NodeGroup, PatternProblem, Way } from './pattern-problem.ts';
import { dot, safeBound, sharePrices, type SafeBound } from './safe-bound.ts';

/** Pivots are limited so that rows squared times pivots stay below this: some seconds. */
const MAX_WORK = 5e9;
/** The bound is near enough to the optimum of the relaxation when this part of it is missing. */
const NEAR = 1e-5;
/** A reduced cost must be below this, in units of the largest weight, for a pattern to be added. */
const IMPROVES = 1e-9;

/**
 * Cost of leaving out a part of a job that must be held, in units of the largest weight. It caps what a job is worth, and so
 * weakens the bound where a job that just fits crowds out others: with 20 the bound of 3 nodes in a chain of such jobs was 4.4
 * instead of 7.4. No cost is dear enough for every chain.
 */
const DEAR = 1_000;

interface PlacedJobs {
  readonly shape: number;
  readonly way: Way;
  readonly count: number;
}

/** Rows of the linear program: one for each shape, and those of the groups. */
export function rowCountOf({ shapes, groups }: PatternProblem): number {
  return shapes.length + groups.reduce((sum, group) => sum + rowsOf(group), 0);
}

/** A row for each capacity, and one for the number of nodes that can be switched on. */
function rowsOf({ capacity, offCount }: NodeGroup): number {
  return capacity.length + (offCount === 0 ? 0 : 1);
}

/** True when no answer's weight lies between two whole numbers. */
export function hasWholeWeights({ groups, leaveOutCost }: PatternProblem): boolean {
  return (
    groups.every(({ weight }) => Number.isSafeInteger(weight)) &&
    leaveOutCost.every((cost) => cost === Infinity || Number.isSafeInteger(cost))
  );
}

/**
 * The best bound of a relaxation: the linear program is solved with the patterns known, patterns that pay are added, and so on
 * (column generation after Gilmore and Gomory, "A linear programming approach to the cutting-stock problem", 1961). Whatever the
 * program answers, the bound is taken from {@link safeBound}.
 *
 * Pivots of `O(rows^2 + columns)`, limited so that all of them take some seconds; space `O(rows^2)`.
 *
 * @param start - a bound that is known already.
 */
export function generatePatterns(problem: PatternProblem, start: SafeBound): SafeBound {
  const { shapes, counts, groups, sizeOf, leaveOutCost } = problem;
  const rowCount = rowCountOf(problem);
  const firstRow: number[] = [];
  let nextRow = shapes.length;
  for (const group of groups) {
    firstRow.push(nextRow);
    nextRow += rowsOf(group);
  }
  const finite = leaveOutCost.reduce((most, cost) => (cost < Infinity ? Math.max(most, cost) : most), 0);
  const largest = groups.reduce((most, { weight }) => Math.max(most, weight), finite) || 1;
  const rightSide = new Float64Array(rowCount);
  const unit = (row: number, cost: number): SimplexColumn => ({ cost, rows: [row], values: [1] });
  const basis: SimplexColumn[] = [];
  // Small distinct amounts on the right keep the simplex from cycling; the bound does not depend on them.
  const apart = (row: number) => 1e-7 * (1 + ((row * 7_919) % 1_009) / 1_009);
  shapes.forEach((_, shape) => {
    rightSide[shape] = counts[shape]! * (1 + apart(shape));
    basis.push(unit(shape, Math.min(leaveOutCost[shape]!, DEAR * largest)));
  });
  groups.forEach((group, g) => {
    const { capacity, offCount } = group;
    for (let at = 0; at < rowsOf(group); at++) {
      const row = firstRow[g]! + at;
      rightSide[row] = (at === capacity.length ? offCount : offCount === 0 ? 1 : 0) + apart(row);
      basis.push(unit(row, 0));
    }
  });
  const simplex = createSimplex(rightSide, basis);
  shapes.forEach((_, shape) => {
    simplex.add({ cost: 0, rows: [shape], values: [-1] });
  });
  /** Jobs placed on a group together, the shares of them on one GPU. */
  const addJobs = (g: number, jobs: readonly PlacedJobs[]): void => {
    const { capacity } = groups[g]!;
    const patternRow = jobs[0]!.way.patternRow;
    const rows = jobs.map(({ shape }) => shape);
    const values = jobs.map(({ count }) => count);
    for (let at = 0; at < capacity.length; at++) {
      const gpuPart = at === patternRow ? 1 / capacity[at]! : 0;
      const used = jobs.reduce((sum, { way, count }) => sum + count * way.uses[at]!, gpuPart);
      if (used === 0) continue;
      rows.push(firstRow[g]! + at);
      values.push(used);
    }
    simplex.add({ cost: 0, rows, values });
  };
  groups.forEach(({ offCount, weight, capacity, shapes: fitting, ways }, g) => {
    if (offCount > 0) {
      const rows = [...capacity, 0].map((_, at) => firstRow[g]! + at);
      simplex.add({ cost: weight, rows, values: rows.map((_, at) => (at === capacity.length ? 1 : -1)) });
    }
    for (const shape of fitting) {
      const { gpuMilli, gpuCount } = shapes[shape]!.demand;
      const perGpu = Math.floor(GPU_MILLI / gpuMilli) / gpuCount;
      for (const way of ways.get(shape)!) addJobs(g, [{ shape, way, count: way.patternRow < 0 ? 1 : perGpu }]);
    }
  });

  let best = start;
  let pivotsLeft = Math.ceil(MAX_WORK / rowCount ** 2);
  /** True when the optimum of the relaxation would give no better bound, as far as can be told. */
  const isNear = (optimum: number, bound: number): boolean =>
    optimum - bound <= NEAR * bound ||
    (hasWholeWeights(problem) && Math.ceil(optimum - 1e-4) <= Math.ceil(bound - 1e-6));

  for (;;) {
    const pivots = simplex.solve(pivotsLeft);
    pivotsLeft -= pivots;
    const duals = simplex.duals();
    const worth = duals.slice(0, shapes.length);
    // Rows of the kind "used - provided <= 0" have duals <= 0: the price is the negative.
    const prices = groups.map(({ capacity }, g) =>
      Float64Array.from(capacity, (_, at) => Math.max(0, -duals[firstRow[g]! + at]!)),
    );
    const bound = safeBound(problem, prices, worth);
    if (bound.total > best.total) best = bound;
    // Patterns that paid and moved nothing are a matter of rounding: more of them would not end.
    if (pivots === 0 || pivotsLeft <= 0 || isNear(simplex.objective(), best.total)) return best;
    let added = 0;
    groups.forEach((group, g) => {
      for (const row of group.patternRows) {
        const perSize = sharePrices(problem, group, row, prices[g]!, worth);
        const pattern = problem.bestPattern(perSize);
        if (pattern.value <= prices[g]![row]! / group.capacity[row]! + IMPROVES * largest) continue;
        const jobs = group.shapes.flatMap((shape): PlacedJobs[] => {
          const count = sizeOf[shape]! < 0 ? 0 : pattern.counts[sizeOf[shape]!]!;
          if (count === 0) return [];
          const way = group.ways.get(shape)!.find(({ patternRow }) => patternRow === row);
          const { gpuCount } = shapes[shape]!.demand;
          if (way === undefined) return [];
          if ((worth[shape]! - dot(way.uses, prices[g]!)) / gpuCount < perSize[sizeOf[shape]!]!) return [];
          return [{ shape, way, count: count / gpuCount }];
        });
        // Equal shapes of one size: the first stands for them.
        addJobs(
          g,
          jobs.filter(({ shape }, i) => jobs.findIndex((other) => sizeOf[other.shape] === sizeOf[shape]) === i),
        );
        added++;
      }
    });
    if (added === 0) return best;
  }
}
