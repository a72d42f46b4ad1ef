import {
  createPacker,
  createRandom,
  GPU_MILLI,
  type GpuNode,
  type Job,
  type PackOptions,
  type WorkloadShape,
} from '@spillway/core';
import { loadOpenB, openbShuffledNodes, openbWorkload } from '@spillway/traces';
import { classOf, JOB_CLASSES, type JobClass } from './pack-replay.ts';
import { formatTable } from './table.ts';

/** How the benchmark runs. */
export interface ChurnOptions {
  /** One run each. @defaultValue 42 to 44 */
  readonly seeds?: readonly number[];
  /** Offered load: GPUs asked for at once on average, over all GPUs. @defaultValue 0.85, 0.9, 0.95 and 1 */
  readonly loads?: readonly number[];
  /** Arrivals that are counted, after the warm-up. @defaultValue 20_000 */
  readonly arrivals?: number;
  /** A smaller trace, for tests. @defaultValue OpenB */
  readonly trace?: { readonly nodes: readonly GpuNode[]; readonly tasks: readonly Job[] };
}

/** One rule at one load, sums and means over the seeds. */
export interface ChurnRow {
  readonly load: number;
  readonly rule: string;
  /** Jobs turned away, % of those that came. */
  readonly rejectedPercent: number;
  /** GPU work turned away, % of what was asked for. */
  readonly rejectedGpuPercent: number;
  readonly rejected: Readonly<Record<JobClass, number>>;
  /** GPUs in use, %, mean over the arrivals counted. */
  readonly allocatedPercent: number;
}

/** The rules compared; the last is not work-conserving. */
const RULES: readonly { readonly rule: string; readonly options: PackOptions }[] = [
  ...(['priced', 'fgd', 'best-fit', 'first-fit'] as const).map((scorer) => ({ rule: scorer, options: { scorer } })),
  { rule: 'priced, protect-large', options: { scorer: 'priced', admission: 'protect-large' } },
];
/** Mean times a job stays before counting begins; the share of jobs from the empty start is then below 0.1 %. */
const WARM_UP = 8;

/**
 * Jobs come and go: arrivals at random, each task of the trace as likely, each stays a random (exponential) time; what finds
 * no place is turned away. Every rule sees the same jobs.
 */
export function packChurnBenchmark(options: ChurnOptions = {}): readonly ChurnRow[] {
  const { seeds = [42, 43, 44], loads = [0.85, 0.9, 0.95, 1], arrivals = 20_000, trace = loadOpenB() } = options;
  const typical = openbWorkload(trace.tasks);
  // The rare shapes are those that priced protects; FGD's authors leave them out.
  const whole = openbWorkload(trace.tasks, { coverageRatio: 1 });
  return loads.flatMap((load) =>
    RULES.map(({ rule, options: packOptions }): ChurnRow => {
      const runs = seeds.map((seed) =>
        churn(trace, packOptions.scorer === 'priced' ? whole : typical, packOptions, load, seed, arrivals),
      );
      const total = (value: (run: Churn) => number): number => runs.reduce((sum, run) => sum + value(run), 0);
      return {
        load,
        rule,
        rejectedPercent: (100 * total((run) => run.turnedAway)) / (arrivals * seeds.length),
        rejectedGpuPercent: (100 * total((run) => run.turnedAwayMilli)) / total((run) => run.askedMilli),
        rejected: Object.fromEntries(
          JOB_CLASSES.map((jobClass) => [jobClass, total((run) => run.rejected[jobClass])]),
        ) as Record<JobClass, number>,
        allocatedPercent: (100 * total((run) => run.allocatedRatio)) / seeds.length,
      };
    }),
  );
}

/** The rows as a table of plain text. */
export function formatPackChurn(rows: readonly ChurnRow[]): string {
  const head = [
    'load',
    'rule',
    'rejected %',
    'rejected GPUs %',
    `rejected (${JOB_CLASSES.join('/')})`,
    'GPUs in use %',
  ];
  const body = rows.map((row) => [
    `${(100 * row.load).toFixed(0)} %`,
    row.rule,
    row.rejectedPercent.toFixed(3),
    row.rejectedGpuPercent.toFixed(3),
    JOB_CLASSES.map((jobClass) => row.rejected[jobClass]).join('/'),
    row.allocatedPercent.toFixed(2),
  ]);
  return `OpenB with departures: jobs come at random and stay a random time\n\n${formatTable(head, body)}`;
}

interface Churn {
  readonly turnedAway: number;
  readonly turnedAwayMilli: number;
  readonly askedMilli: number;
  readonly rejected: Readonly<Record<JobClass, number>>;
  readonly allocatedRatio: number;
}

function churn(
  { nodes, tasks }: { readonly nodes: readonly GpuNode[]; readonly tasks: readonly Job[] },
  workload: readonly WorkloadShape[],
  packOptions: PackOptions,
  load: number,
  seed: number,
  arrivals: number,
): Churn {
  const packer = createPacker({ nodes: openbShuffledNodes(nodes, { seed }), workload }, packOptions);
  const random = createRandom(seed);
  const { gpuMilliTotal } = packer.stats();
  const meanMilli = tasks.reduce((sum, task) => sum + milliOf(task), 0) / tasks.length;
  // Little's law: jobs present = arrivals a unit of time × mean stay, and the mean stay is the unit of time.
  const perUnit = (load * gpuMilliTotal) / meanMilli;
  const warmUp = Math.ceil(WARM_UP * perUnit);
  const departures: Departure[] = [];
  const rejected: Record<JobClass, number> = { cpu: 0, share: 0, '1': 0, '2': 0, '4': 0, '8': 0 };
  let allocated = 0;
  let allocatedSum = 0;
  let askedMilli = 0;
  let turnedAway = 0;
  let turnedAwayMilli = 0;
  for (let count = 0, at = 0; count < warmUp + arrivals; count++) {
    at += random.exponential(1 / perUnit);
    const task = tasks[random.integer(tasks.length)]!;
    const job = { ...task, id: `${task.id}#${count}` };
    const leavesAt = at + random.exponential(1);
    for (let next = departures[0]; next !== undefined && next.at <= at; next = departures[0]) {
      packer.release(next.jobId);
      allocated -= next.milli;
      popHeap(departures);
    }
    // Seen by the job that comes: random arrivals see the mean over time.
    const seen = allocated;
    const isPlaced = 'placement' in packer.place(job);
    const milli = milliOf(job);
    if (isPlaced) {
      allocated += milli;
      pushHeap(departures, { at: leavesAt, jobId: job.id, milli });
    }
    if (count < warmUp) continue;
    allocatedSum += seen;
    askedMilli += milli;
    if (isPlaced) continue;
    turnedAway++;
    turnedAwayMilli += milli;
    rejected[classOf(job)]++;
  }
  return { turnedAway, turnedAwayMilli, askedMilli, rejected, allocatedRatio: allocatedSum / arrivals / gpuMilliTotal };
}

function milliOf({ gpuCount, gpuMilli = GPU_MILLI }: Job): number {
  return gpuCount * gpuMilli;
}

interface Departure {
  readonly at: number;
  readonly jobId: string;
  readonly milli: number;
}

/** Adds to a binary heap whose root leaves first. */
function pushHeap(heap: Departure[], item: Departure): void {
  let k = heap.push(item) - 1;
  while (k > 0) {
    const parent = (k - 1) >> 1;
    if (heap[parent]!.at <= item.at) break;
    heap[k] = heap[parent]!;
    k = parent;
  }
  heap[k] = item;
}

/** Takes the root away. */
function popHeap(heap: Departure[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let k = 0;
  for (;;) {
    let child = 2 * k + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
    if (heap[child]!.at >= last.at) break;
    heap[k] = heap[child]!;
    k = child;
  }
  heap[k] = last;
}
