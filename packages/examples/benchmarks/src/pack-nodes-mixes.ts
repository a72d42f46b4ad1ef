import { fewestNodes } from '@spillway/core';
import { loadOpenB, openbArrivals, openbShuffledNodes, type OpenB } from '@spillway/traces';
import { TASK_MIXES, type TaskMix } from './pack-mix-list.ts';
import { formatTable } from './table.ts';

/** How the benchmark runs. */
export interface PackNodesMixesOptions {
  /** @defaultValue 42 to 44 */
  readonly seeds?: readonly number[];
  /** GPUs asked for, as shares of all GPUs. @defaultValue 0.5, 0.8 and 0.9 */
  readonly loads?: readonly number[];
  /** @defaultValue all of them */
  readonly mixes?: readonly TaskMix[];
  /** @defaultValue all of it */
  readonly trace?: OpenB;
}

/** One mix at one load, means over the seeds unless it says otherwise. */
export interface PackNodesMixesRow {
  readonly mix: string;
  readonly loadPercent: number;
  /** Nodes that hold a job, counted from the placements. */
  readonly nodeCount: number;
  /** Proven for the jobs that are held. */
  readonly lowerBound: number;
  readonly ratio: number;
  /** The largest ratio of a seed. */
  readonly worstRatio: number;
  /** Jobs without a place. */
  readonly unplaced: number;
}

/** How near `fewestNodes` comes to its bound, by number of nodes, on mixes drawn from the tasks of OpenB. */
export function packNodesMixesBenchmark(options: PackNodesMixesOptions = {}): readonly PackNodesMixesRow[] {
  const { seeds = [42, 43, 44], loads = [0.5, 0.8, 0.9], mixes = TASK_MIXES, trace = loadOpenB() } = options;
  return mixes.flatMap(({ name, make }) => {
    const list = make(trace.tasks, trace.nodes);
    return loads.map((load): PackNodesMixesRow => {
      const runs = seeds.map((seed) => {
        const nodes = openbShuffledNodes(trace.nodes, { seed });
        const jobs = openbArrivals(list, trace.nodes, { ratio: load, seed });
        const { placements, lowerBound, unplaced } = fewestNodes({ nodes, jobs });
        const nodeCount = new Set(placements.map(({ nodeId }) => nodeId)).size;
        return { nodeCount, lowerBound, ratio: nodeCount / lowerBound, unplaced: unplaced.length };
      });
      const mean = (value: (run: (typeof runs)[number]) => number) =>
        runs.reduce((sum, run) => sum + value(run), 0) / runs.length;
      return {
        mix: name,
        loadPercent: 100 * load,
        nodeCount: mean((run) => run.nodeCount),
        lowerBound: mean((run) => run.lowerBound),
        ratio: mean((run) => run.ratio),
        worstRatio: Math.max(...runs.map((run) => run.ratio)),
        unplaced: mean((run) => run.unplaced),
      };
    });
  });
}

/** The rows as a table of plain text. */
export function formatPackNodesMixes(rows: readonly PackNodesMixesRow[]): string {
  const head = ['mix', 'load %', 'nodes', 'bound', 'ratio', 'worst', 'unplaced'];
  const body = rows.map((row) => [
    row.mix,
    row.loadPercent.toFixed(0),
    row.nodeCount.toFixed(1),
    row.lowerBound.toFixed(1),
    row.ratio.toFixed(3),
    row.worstRatio.toFixed(3),
    row.unplaced.toFixed(1),
  ]);
  return [
    'Mixes drawn from the tasks of OpenB, 1,213 nodes: nodes that fewestNodes switches on, mean over the seeds.',
    'Bound: no smaller number of nodes holds the jobs that are held. Worst: the largest ratio of a seed.',
    '',
    formatTable(head, body),
  ].join('\n');
}
