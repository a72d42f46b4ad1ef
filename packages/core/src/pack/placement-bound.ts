import { generatePatterns, rowCountOf } from './column-generation.ts';
import type { FewestProblem, NodePool, Shape } from './fewest-problem.ts';
import { groupOf, relaxation, type PatternProblem } from './pattern-problem.ts';

/** The dense inverse of the simplex grows with the square of the rows; solving takes about `rows^3` steps. */
const MAX_ROWS = 600;

/**
 * The least cost of leaving jobs out, when every open node may be used; `undefined` when the linear program would be too large.
 *
 * The relaxation is that of `patternBound` with all nodes on: nodes of one kind that hold the same shapes now are pooled, GPUs
 * that nobody uses are filled by patterns of shares, what is left on those in part use may be cut at will. When that has
 * more than 600 rows, all nodes of one kind are pooled.
 *
 * @param problem - whose pools say what each node holds now.
 * @param costOf - what leaving out one job of a shape costs, a whole number >= 0.
 */
export function leaveOutBound(problem: FewestProblem, costOf: (shape: Shape) => number): number | undefined {
  const start = { total: 0, worth: new Float64Array(problem.shapes.length) };
  const keys = [(pool: NodePool) => `${pool.kind}/${pool.shapes.join()}`, (pool: NodePool) => `${pool.kind}`];
  for (const keyOf of keys) {
    const pooled = pooledBy(problem, costOf, keyOf);
    if (rowCountOf(pooled) <= MAX_ROWS) return Math.max(0, Math.ceil(generatePatterns(pooled, start).total - 1e-6));
  }
  return undefined;
}

/** All nodes on, those with equal keys pooled; pools that hold no shape are left out. */
export function pooledBy(
  problem: FewestProblem,
  costOf: (shape: Shape) => number,
  keyOf: (pool: NodePool) => string,
): PatternProblem {
  const merged = new Map<string, NodePool[]>();
  for (const pool of problem.pools) {
    if (pool.shapes.length === 0) continue;
    const group = merged.get(keyOf(pool));
    if (group === undefined) merged.set(keyOf(pool), [pool]);
    else group.push(pool);
  }
  const groups = [...merged.values()].map((pools) => {
    const nodes = pools.flatMap((pool) => pool.nodes);
    const shapes = [...new Set(pools.flatMap((pool) => pool.shapes))].sort((x, y) => x - y);
    return groupOf(problem, nodes, shapes, 0, 0);
  });
  return relaxation(problem.shapes, groups, costOf);
}
