import { GPU_MILLI } from '../units.ts';
import { generatePatterns, hasWholeWeights, rowCountOf } from './column-generation.ts';
import type { FewestProblem } from './fewest-problem.ts';
import { patternProblem, type PatternProblem } from './pattern-problem.ts';
import { dot, safeBound, type SafeBound } from './safe-bound.ts';

/** A lower bound on the weight of the nodes to switch on, and the worth of each shape that proves it. */
export interface PatternBound extends SafeBound {
  readonly method: 'gpu-patterns' | 'volume';
}

/** The dense inverse of the simplex grows with the square of the rows. */
const MAX_ROWS = 900;

/**
 * A proven lower bound on the weight of nodes that must be switched on to hold all jobs.
 *
 * The relaxation pools the nodes of a group: CPU, memory and GPUs may be split between them at will, and nodes may be
 * switched on in part. Kept are the weights and numbers of nodes, which group may hold which shape, and that a share sits
 * on one GPU: a GPU is filled by a pattern of shares, see {@link generatePatterns}. A part of a job may be left out at 1,000 times
 * the largest weight. Fleets of so many groups and shapes that the program has more than 900
 * rows get the bound by volume alone.
 */
export function patternBound(problem: FewestProblem): PatternBound {
  const patterns = patternProblem(problem);
  const volume = volumeBound(patterns);
  if (patterns.shapes.length === 0 || rowCountOf(patterns) > MAX_ROWS) {
    return { ...rounded(patterns, volume), method: 'volume' };
  }
  const best = generatePatterns(patterns, volume);
  return { ...rounded(patterns, best), method: 'gpu-patterns' };
}

/** With whole weights no answer lies between the bound and the next whole number. */
function rounded(problem: PatternProblem, { total, worth }: SafeBound): SafeBound {
  return { total: hasWholeWeights(problem) ? Math.ceil(total - 1e-6) : total, worth };
}

/** The best bound that counts a single resource: each node charges its whole weight for it. */
function volumeBound(problem: PatternProblem): SafeBound {
  const bounds = [[0], [1], undefined].map((rows) => {
    const prices = problem.groups.map(({ capacity, weight, patternRows }) => {
      const charged = rows ?? patternRows;
      const total = charged.reduce((sum, at) => sum + (capacity[at] ?? 0), 0);
      return Float64Array.from(capacity, (amount, at) => (charged.includes(at) ? (weight * amount) / total : 0));
    });
    const wanted = new Float64Array(problem.shapes.length).fill(Infinity);
    problem.groups.forEach(({ shapes, ways, capacity }, g) => {
      for (const shape of shapes) {
        const gpus = problem.shapes[shape]!.gpuMilli / GPU_MILLI;
        for (const { uses, patternRow } of ways.get(shape)!) {
          const share = patternRow < 0 ? 0 : (prices[g]![patternRow]! * gpus) / capacity[patternRow]!;
          wanted[shape] = Math.min(wanted[shape]!, dot(uses, prices[g]!) + share);
        }
      }
    });
    return safeBound(problem, prices, wanted);
  });
  return bounds.reduce((best, bound) => (bound.total > best.total ? bound : best));
}
