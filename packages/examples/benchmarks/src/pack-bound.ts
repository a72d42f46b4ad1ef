import { GPU_MILLI, packBound, unplacedBound, type GpuNode, type Job } from '@spillway/core';
import { loadOpenB, openbArrivals } from '@spillway/traces';
import { formatTable } from './table.ts';

/** GPUs asked for, as a share of all GPUs, as in the FGD paper. */
const RATIO = 1.3;

/** What no scheduler can beat on one sequence of arrivals, as shares of all GPUs. */
export interface PackBoundRow {
  readonly seed: number;
  /** Allocated at most when jobs could be cut. */
  readonly volumePercent: number;
  /** Allocated at most by a scheduler that knows all arrivals and chooses which to serve. */
  readonly choicePercent: number;
  /** Asked for by the longest run of first arrivals that could be held without turning one away. */
  readonly prefixPercent: number;
  /** Arrivals in it. Those that no node could ever hold are left out of account: they fail whatever is done. */
  readonly prefixJobs: number;
}

/** How the benchmark runs. */
export interface PackBoundOptions {
  /** @defaultValue 42 to 51, those of `pack` */
  readonly seeds?: readonly number[];
}

/** Upper bounds on what any scheduler reaches on the arrivals of the benchmark `pack`. The order of the nodes plays no part. */
export function packBoundBenchmark(options: PackBoundOptions = {}): readonly PackBoundRow[] {
  const { seeds = Array.from({ length: 10 }, (_, index) => 42 + index) } = options;
  const { nodes, tasks } = loadOpenB();
  const totalMilli = nodes.reduce((sum, { gpus }) => sum + gpus.length * GPU_MILLI, 0);
  return seeds.map((seed) => {
    const jobs = openbArrivals(tasks, nodes, { ratio: RATIO, seed });
    const prefixJobs = longestPrefix(nodes, jobs);
    const percent = (milli: number) => (100 * milli) / totalMilli;
    return {
      seed,
      volumePercent: percent(packBound({ nodes, jobs }, { relaxation: 'volume' }).gpuMilli),
      choicePercent: percent(packBound({ nodes, jobs }).gpuMilli),
      prefixPercent: percent(jobs.slice(0, prefixJobs).reduce((sum, job) => sum + milliOf(job), 0)),
      prefixJobs,
    };
  });
}

/** The rows and their means as a table of plain text. */
export function formatPackBound(rows: readonly PackBoundRow[]): string {
  const mean = (value: (row: PackBoundRow) => number) => rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
  const cells = ({ volumePercent, choicePercent, prefixPercent }: Omit<PackBoundRow, 'seed' | 'prefixJobs'>) => [
    volumePercent.toFixed(2),
    choicePercent.toFixed(3),
    prefixPercent.toFixed(2),
  ];
  const means = cells({
    volumePercent: mean((row) => row.volumePercent),
    choicePercent: mean((row) => row.choicePercent),
    prefixPercent: mean((row) => row.prefixPercent),
  });
  return [
    'OpenB, 130 % of the GPUs asked for: what no scheduler can beat, % of all GPUs. volume: jobs may be cut. choice: allocated by one',
    'that knows all arrivals and chooses which to serve. no failure: asked for before one has to be turned away, whatever is done.',
    '',
    formatTable(
      ['seed', 'volume', 'choice', 'no failure', 'arrivals'],
      [
        ...rows.map((row) => [String(row.seed), ...cells(row), String(row.prefixJobs)]),
        ['mean', ...means, mean((row) => row.prefixJobs).toFixed(0)],
      ],
    ),
  ].join('\n');
}

/** How many first arrivals could be held together at most: none more than this is proven to be too many. */
function longestPrefix(nodes: readonly GpuNode[], jobs: readonly Job[]): number {
  const known = new Map<string, boolean>();
  const canBeHeld = (job: Job): boolean => {
    const key = JSON.stringify({ ...job, id: '' });
    if (!known.has(key)) known.set(key, unplacedBound({ nodes, jobs: [job] }).jobCount === 0);
    return known.get(key)!;
  };
  const candidates = new Set(jobs.filter(canBeHeld));
  let held = 0;
  let tooMany = jobs.length + 1;
  while (tooMany - held > 1) {
    const middle = (held + tooMany) >> 1;
    const first = jobs.slice(0, middle).filter((job) => candidates.has(job));
    if (unplacedBound({ nodes, jobs: first }).jobCount === 0) held = middle;
    else tooMany = middle;
  }
  return held;
}

function milliOf({ gpuCount, gpuMilli = GPU_MILLI }: Job): number {
  return gpuCount * gpuMilli;
}
