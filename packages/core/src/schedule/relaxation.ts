import { bestReply } from './best-reply.ts';
import { createCongestion, setTerms } from './congestion.ts';
import type { Congestion } from './congestion.ts';
import type { ProblemTable } from './problem-table.ts';
import { createReply } from './reply.ts';
import type { Reply } from './reply.ts';

/** The problem without its capacity rows, which have prices instead. */
export interface Relaxation {
  readonly table: ProblemTable;
  readonly congestion: Congestion;
  readonly reply: Reply;
  /** Location of each job's last answer, or -1: looked at first, it makes the search stop early elsewhere. */
  readonly home: Int32Array;
}

/** Room for bounds. */
export function createRelaxation(table: ProblemTable): Relaxation {
  const home = new Int32Array(table.jobCount).fill(-1);
  return { table, congestion: createCongestion(table), reply: createReply(table), home };
}

/** What else to tell about a bound. */
export interface BoundTerms {
  /** Receives what the answers take, by row. */
  readonly use?: Float64Array;
  /** Receives what each job's answer costs at the prices. */
  readonly costs?: Float64Array;
  /** The jobs to bound. @defaultValue all */
  readonly only?: (job: number) => boolean;
  /** What leaving each job out costs instead. @defaultValue no job may be left out */
  readonly rejection?: Float64Array;
}

/**
 * What no plan of the jobs can beat: every job answers alone with its cheapest plan at the given prices, and what the
 * capacity is worth at them is taken off. By weak duality this holds for any prices >= 0; the better the prices, the
 * higher the bound. Infinity when a job has no plan at all.
 *
 * Source: Geoffrion, "Lagrangean relaxation for integer programming", Mathematical Programming Study 2, 1974.
 */
export function boundAt(relaxation: Relaxation, prices: Float64Array, terms: BoundTerms = {}): number {
  const { table, congestion, reply, home } = relaxation;
  const { use, costs, only } = terms;
  setTerms(table, congestion, { prices });
  use?.fill(0);
  let bound = 0;
  for (let j = 0; j < table.jobCount; j++) {
    if (only !== undefined && !only(j)) continue;
    const rejection = terms.rejection?.[j] ?? Infinity;
    const cost = bestReply(table, congestion, reply, j, Infinity, home[j]!);
    bound += Math.min(cost, rejection);
    if (costs !== undefined) costs[j] = cost;
    if (reply.count > 0) home[j] = Math.floor(reply.cells[0]! / table.slotCount);
    if (use === undefined || cost >= rejection) continue;
    for (let x = 0; x < reply.count; x++) {
      use[reply.cells[x]!]! += reply.amounts[x]! * table.gpus[j]!;
      if (table.rowCount > table.cellCount)
        use[table.cellCount + reply.cells[x]!]! += reply.amounts[x]! * table.draw[j]!;
    }
  }
  for (let i = 0; i < table.rowCount; i++) bound -= prices[i]! * table.capacity[i]!;
  return bound;
}
