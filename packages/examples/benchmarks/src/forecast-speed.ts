import type { M4Series } from './forecast-data.ts';

/** Something that is timed: a method, and what is asked of it. */
export interface SpeedTask {
  /** Tasks of one kind are compared with the reference of their kind. */
  readonly kind: 'point' | 'bands';
  readonly method: string;
  readonly run: (train: readonly number[]) => unknown;
}

/** How fast a task is. */
export interface Speed {
  /** Median over the rounds, series a CPU second. */
  readonly perSecond: number;
  /** How many times as fast as the reference in the same round: median, least and greatest of the rounds. */
  readonly ratio: { readonly median: number; readonly least: number; readonly most: number };
}

/** How to time. */
export interface SpeedOptions {
  /** Method that the others are compared with. */
  readonly reference: string;
  /** CPU seconds of this process so far. @defaultValue user and system time, of all its threads */
  readonly cpuSeconds?: () => number;
  /** Rounds, each over its own share of the series, whole, >= 1. @defaultValue 9, at most as many as there are series */
  readonly rounds?: number;
  /** CPU seconds that a task is repeated for in a round, at least. @defaultValue 0.1 */
  readonly leastSeconds?: number;
}

/**
 * Times tasks in short rounds, one after the other, every second round in reverse order, on the same series within a round. So what
 * else the machine does hits all of them alike, and a ratio is one of neighbours. CPU time is counted, not the wall clock's, with
 * collection of garbage and compiling; a round before the first is not counted.
 *
 * @returns by `KIND METHOD`.
 */
export function measureSpeeds(
  tasks: readonly SpeedTask[],
  series: readonly M4Series[],
  options: SpeedOptions,
): ReadonlyMap<string, Speed> {
  const { reference, cpuSeconds = processSeconds, leastSeconds = 0.1 } = options;
  const roundCount = Math.min(options.rounds ?? 9, series.length);
  const perRound = Array.from({ length: roundCount + 1 }, (_, round) => {
    const share = series.filter((_one, k) => k % roundCount === round % roundCount);
    const order = round % 2 === 0 ? tasks : tasks.toReversed();
    return new Map(order.map((task) => [keyOf(task), rateOf(task, share, cpuSeconds, leastSeconds)]));
  }).slice(1);
  return new Map(
    tasks.map((task) => {
      const rates = perRound.map((round) => round.get(keyOf(task))!);
      const ratios = perRound.map((round, k) => rates[k]! / round.get(keyOf({ ...task, method: reference }))!);
      const ratio = { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
      return [keyOf(task), { perSecond: median(rates), ratio }];
    }),
  );
}

/** Under which name the speed of a task is found. */
export function keyOf({ kind, method }: Pick<SpeedTask, 'kind' | 'method'>): string {
  return `${kind} ${method}`;
}

/** Series a CPU second, over whole passes through the series. */
function rateOf(
  { run }: SpeedTask,
  series: readonly M4Series[],
  cpuSeconds: () => number,
  leastSeconds: number,
): number {
  const start = cpuSeconds();
  let passCount = 0;
  let seconds: number;
  do {
    for (const { train } of series) run(train);
    passCount++;
    seconds = cpuSeconds() - start;
  } while (seconds < leastSeconds);
  return (passCount * series.length) / seconds;
}

function processSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((x, y) => x - y);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
