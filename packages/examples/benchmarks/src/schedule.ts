import { checkNumber, schedule, verifyBound, verifySchedule } from '@spillway/core';
import type { ScheduleResult } from '@spillway/core';
import { drawInstance, gridsOf } from './schedule-instance.ts';
import { formatTable } from './table.ts';

/** Which instances to plan, and how hard to try. */
export interface ScheduleBenchmarkOptions {
  /** Number of jobs; slots and locations go with it. */
  readonly jobs: number;
  readonly loadRatios: readonly number[];
  readonly seeds: readonly number[];
  /** Folder with half-hourly series of DE, GB and FR; the grids in the repository when absent. */
  readonly dataDirectory?: string;
  /** Looks; the default of `schedule` when absent. */
  readonly maxSteps?: number;
  /** @defaultValue 0 */
  readonly targetGapRatio?: number;
  /** CPU seconds used so far, for the table. */
  readonly cpuSeconds: () => number;
}

/** One plan beside what simpler rules come to. */
export interface ScheduleBenchmarkRow {
  readonly loadRatio: number;
  readonly seed: number;
  readonly status: ScheduleResult['status'];
  readonly carbonGrams: number;
  readonly gapRatio: number;
  readonly cpuSeconds: number;
  readonly leftOut: number;
  readonly provenLeftOut: number;
  readonly greedyLeftOut: number;
  readonly firstFitLeftOut: number;
  /** Carbon saved for a kWh of what each runs: they run different jobs where one leaves more out. */
  readonly savedOverGreedyRatio: number;
  readonly savedOverFirstFitRatio: number;
}

function checkRun({ jobs, loadRatios, targetGapRatio = 0, maxSteps = 0 }: ScheduleBenchmarkOptions): void {
  checkNumber('--jobs', jobs, { min: 1, isWhole: true, hint: 'For example --jobs 1000.' });
  for (const ratio of loadRatios) {
    checkNumber('--loads', 100 * ratio, { above: 0, max: 100, hint: 'Per cent, for example --loads 40,65,80.' });
  }
  checkNumber('--target', 100 * targetGapRatio, { min: 0, hint: 'Per cent, for example --target 0.3.' });
  checkNumber('--steps', maxSteps, { min: 0, isWhole: true, hint: 'For example --steps 60000000.' });
}

/** Slots and locations by number of jobs, as in the published figures of this library. */
function shapeOf(jobs: number): { readonly slots: number; readonly locations: number } {
  if (jobs <= 100) return { slots: 96, locations: 5 };
  if (jobs <= 1_000) return { slots: 168, locations: 10 };
  return { slots: 168, locations: jobs <= 10_000 ? 20 : 50 };
}

/**
 * Plans drawn instances with `schedule`, and checks every plan with `verifySchedule` and every bound with `verifyBound`
 * before a figure is printed.
 */
export function scheduleBenchmark(
  options: ScheduleBenchmarkOptions,
  onRow?: (row: ScheduleBenchmarkRow) => void,
): readonly ScheduleBenchmarkRow[] {
  checkRun(options);
  const grids = gridsOf(options.dataDirectory);
  return options.loadRatios.flatMap((loadRatio) =>
    options.seeds.map((seed) => {
      const problem = drawInstance({ jobs: options.jobs, ...shapeOf(options.jobs), loadRatio, seed }, grids);
      const { maxSteps, targetGapRatio = 0 } = options;
      const before = options.cpuSeconds();
      const result = schedule(problem, { targetGapRatio, ...(maxSteps !== undefined && { maxSteps }) });
      const cpuSeconds = options.cpuSeconds() - before;
      check(result, problem);
      const { greedy, firstFit } = result.baselines;
      const row: ScheduleBenchmarkRow = {
        loadRatio,
        seed,
        status: result.status,
        carbonGrams: result.totals.carbonGrams,
        gapRatio: result.gapRatio,
        cpuSeconds,
        leftOut: result.unplaceable.length,
        provenLeftOut: Math.max(
          0,
          ...result.unplaceable.map(({ reason }) => (reason.kind === 'no-room' ? reason.provenCount : 0)),
        ),
        greedyLeftOut: greedy.leftOutCount,
        firstFitLeftOut: firstFit.leftOutCount,
        savedOverGreedyRatio: 1 - perKwh(result.totals) / perKwh(greedy),
        savedOverFirstFitRatio: 1 - perKwh(result.totals) / perKwh(firstFit),
      };
      onRow?.(row);
      return row;
    }),
  );
}

function perKwh({ carbonGrams, energyWattHours }: ScheduleResult['totals']): number {
  return carbonGrams / (energyWattHours / 1_000);
}

function check(result: ScheduleResult, problem: Parameters<typeof schedule>[0]): void {
  const plan = verifySchedule(problem, result);
  if (!plan.isValid) throw new Error(`The plan breaks a rule: ${JSON.stringify(plan.violations[0])}`);
  const jobIds = result.perJob.map(({ jobId }) => jobId);
  const bound = verifyBound(problem, result.shadowPrices, { jobIds, claimedBound: result.bound });
  if (!bound.isValid) throw new Error(`The bound does not hold: ${bound.violations[0]}`);
}

/** The rows as a table of text. */
export function formatScheduleBenchmark(jobs: number, rows: readonly ScheduleBenchmarkRow[]): string {
  const { slots, locations } = shapeOf(jobs);
  const percent = (ratio: number, digits: number) => (100 * ratio).toFixed(digits);
  const head = ['load', 'seed', 'status', 'gap %', 'CPU s', 'left out', 'proven', 'greedy: out', 'saved g/kWh %'];
  const body = rows.map((row) => [
    percent(row.loadRatio, 0),
    String(row.seed),
    row.status,
    percent(row.gapRatio, 3),
    row.cpuSeconds.toFixed(1),
    String(row.leftOut),
    String(row.provenLeftOut),
    String(row.greedyLeftOut),
    percent(row.savedOverGreedyRatio, 1),
    String(row.firstFitLeftOut),
    percent(row.savedOverFirstFitRatio, 1),
  ]);
  return [
    `schedule: ${jobs} jobs, ${slots} slots, ${locations} locations; plans and bounds checked apart from the search`,
    formatTable([...head, 'run now: out', 'saved g/kWh %'], body, [2]),
  ].join('\n');
}
