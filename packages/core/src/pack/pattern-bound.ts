import { createSimplex, type SimplexColumn } from '../internal/simplex.ts';
import type { FewestProblem } from './fewest-problem.ts';
import { patternProblem, type NodeGroup, type PatternProblem } from './pattern-problem.ts';
import { dot, safeBound, sharePrices, type SafeBound } from './safe-bound.ts';

/** A lower bound on the weight of the nodes to switch on, and the worth of each shape that proves it. */
export interface PatternBound extends SafeBound {
  readonly method: 'gpu-patterns' | 'volume';
}

/** The dense inverse of the simplex grows with the square of the rows. */
const MAX_ROWS = 900;
/** Pivots are limited so that rows squared times pivots stay below this: some seconds. */
const MAX_WORK = 1e9;
/** The bound is near enough to the optimum of the relaxation when this part of it is missing. */
const NEAR = 1e-5;
/** A reduced cost must be below this, in units of the largest weight, for a pattern to be added. */
const IMPROVES = 1e-9;

/**
 * A proven lower bound on the weight of nodes that must be switched on to hold all jobs.
 *
 * The relaxation pools the nodes of a group: CPU, memory and GPUs may be split between them at will, and nodes may be
 * switched on in part. Kept are the weights and numbers of nodes, which group may hold which shape, and that a share sits
 * on one GPU: a GPU is filled by a pattern of shares. Patterns are added while they pay (column generation after Gilmore and
 * Gomory, "A linear programming approach to the cutting-stock problem", 1961). The bound is taken from {@link safeBound}, so it
 * holds even where the linear program was solved badly. Fleets of so many groups and shapes that the program has more than 900
 * rows get the bound by volume alone.
 */
export function patternBound(problem: FewestProblem): PatternBound {
  const patterns = patternProblem(problem);
  const volume = volumeBound(patterns);
  const rows = patterns.shapes.length + patterns.groups.reduce((sum, { capacity }) => sum + capacity.length + 1, 0);
  if (patterns.shapes.length === 0 || rows > MAX_ROWS) return { ...rounded(patterns, volume), method: 'volume' };
  const best = generate(patterns, volume);
  return { ...rounded(patterns, best), method: 'gpu-patterns' };
}

/** With whole weights no answer lies between the bound and the next whole number. */
function rounded({ groups }: PatternProblem, { total, worth }: SafeBound): SafeBound {
  return { total: hasWholeWeights(groups) ? Math.ceil(total - 1e-6) : total, worth };
}

function hasWholeWeights(groups: readonly NodeGroup[]): boolean {
  return groups.every(({ weight }) => Number.isSafeInteger(weight));
}

/** The best bound that counts a single resource: each node charges its whole weight for it. */
function volumeBound(problem: PatternProblem): SafeBound {
  const bounds = [0, 1, 2].map((resource) => {
    const prices = problem.groups.map(({ capacity, weight }) =>
      Float64Array.from(capacity, (_, at) => (at === resource ? weight : 0)),
    );
    const wanted = new Float64Array(problem.shapes.length).fill(Infinity);
    problem.groups.forEach(({ shapes, uses, capacity, gpuAt }, g) => {
      for (const shape of shapes) {
        const { demand } = problem.shapes[shape]!;
        const milli = problem.sizeOf[shape]! < 0 ? 0 : demand.gpuCount * demand.gpuMilli;
        const share = milli > 0 && gpuAt >= 0 ? (prices[g]![gpuAt]! * milli) / 1_000 / capacity[gpuAt]! : 0;
        wanted[shape] = Math.min(wanted[shape]!, dot(uses.get(shape)!, prices[g]!) + share);
      }
    });
    return safeBound(problem, prices, wanted);
  });
  return bounds.reduce((best, bound) => (bound.total > best.total ? bound : best));
}

function generate(problem: PatternProblem, start: SafeBound): SafeBound {
  const { shapes, counts, groups, sizeOf } = problem;
  const firstRow: number[] = [];
  let rowCount = shapes.length;
  for (const { capacity } of groups) {
    firstRow.push(rowCount);
    rowCount += capacity.length + 1;
  }
  const largest = groups.reduce((most, { weight }) => Math.max(most, weight), 0) || 1;
  const rightSide = new Float64Array(rowCount);
  const unit = (row: number, cost: number): SimplexColumn => ({ cost, rows: [row], values: [1] });
  const basis: SimplexColumn[] = [];
  // Small distinct amounts on the right keep the simplex from cycling; the bound does not depend on them.
  const apart = (row: number) => 1e-7 * (1 + ((row * 7_919) % 1_009) / 1_009);
  shapes.forEach((_, shape) => {
    rightSide[shape] = counts[shape]! * (1 + apart(shape));
    basis.push(unit(shape, DEAR * largest));
  });
  groups.forEach(({ capacity, offCount }, g) => {
    for (let at = 0; at <= capacity.length; at++) {
      const row = firstRow[g]! + at;
      rightSide[row] = (at === capacity.length ? offCount : offCount === 0 ? 1 : 0) + apart(row);
      basis.push(unit(row, 0));
    }
  });
  const simplex = createSimplex(rightSide, basis);
  shapes.forEach((_, shape) => {
    simplex.add({ cost: 0, rows: [shape], values: [-1] });
  });
  /** Jobs placed on a group together; `gpuPart` is what their shares take of its GPUs. */
  const addJobs = (g: number, jobs: readonly (readonly [shape: number, count: number])[], gpuPart: number): void => {
    const { uses, capacity, gpuAt } = groups[g]!;
    const rows = jobs.map(([shape]) => shape);
    const values = jobs.map(([, count]) => count);
    for (let at = 0; at < capacity.length; at++) {
      const used = jobs.reduce(
        (sum, [shape, count]) => sum + count * uses.get(shape)![at]!,
        at === gpuAt ? gpuPart : 0,
      );
      if (used === 0) continue;
      rows.push(firstRow[g]! + at);
      values.push(used);
    }
    simplex.add({ cost: 0, rows, values });
  };
  groups.forEach(({ offCount, weight, capacity, shapes: fitting, gpuAt }, g) => {
    if (offCount > 0) {
      const rows = [...capacity, 0].map((_, at) => firstRow[g]! + at);
      simplex.add({ cost: weight, rows, values: rows.map((_, at) => (at === capacity.length ? 1 : -1)) });
    }
    for (const shape of fitting) {
      const { gpuCount, gpuMilli } = shapes[shape]!.demand;
      const isPart = sizeOf[shape]! >= 0;
      if (isPart) addJobs(g, [[shape, Math.floor(1_000 / gpuMilli) / gpuCount]], 1 / capacity[gpuAt]!);
      else addJobs(g, [[shape, 1]], 0);
    }
  });

  let best = start;
  let pivotsLeft = Math.ceil(MAX_WORK / rowCount ** 2);
  /** True when the optimum of the relaxation would give no better bound, as far as can be told. */
  const isNear = (optimum: number, bound: number): boolean =>
    optimum - bound <= NEAR * bound ||
    (hasWholeWeights(groups) && Math.ceil(optimum - 1e-4) <= Math.ceil(bound - 1e-6));

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
      const { capacity, gpuAt } = group;
      if (gpuAt < 0) return;
      const perSize = sharePrices(problem, group, prices[g]!, worth);
      const pattern = problem.bestPattern(perSize);
      if (pattern.value <= prices[g]![gpuAt]! / capacity[gpuAt]! + IMPROVES * largest) return;
      const jobs = group.shapes.flatMap((shape): (readonly [number, number])[] => {
        const size = sizeOf[shape]!;
        if (size < 0 || pattern.counts[size] === 0) return [];
        const { gpuCount } = shapes[shape]!.demand;
        return (worth[shape]! - dot(group.uses.get(shape)!, prices[g]!)) / gpuCount >= perSize[size]!
          ? [[shape, pattern.counts[size]! / gpuCount]]
          : [];
      });
      // Equal shapes of one size: the first stands for them.
      addJobs(
        g,
        jobs.filter(([shape], i) => jobs.findIndex(([other]) => sizeOf[other] === sizeOf[shape]) === i),
        1 / capacity[gpuAt]!,
      );
      added++;
    });
    if (added === 0) return best;
  }
}

/** Cost of leaving a job out, in units of the largest weight: dearer than any place. */
const DEAR = 20;
