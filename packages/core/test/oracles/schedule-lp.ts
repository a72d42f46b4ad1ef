import type { ScheduleJob, ScheduleProblem } from '../../src/schedule/index.ts';
import { createLinearModel, type Term } from './linear-model.ts';
import { waysOf, type Way } from './schedule-capacity-brute-force.ts';

/**
 * The best mix of plans of jobs that share GPUs, solved by HiGHS: one variable for each job and each way to run it, shares of a job add up to
 * one, GPUs of a cell are not exceeded. A way through a cell with fewer GPUs than the job is wide is no way. For run times of whole hours on an
 * hourly grid and jobs that are not elastic; a job may use parts of slots, but these are mixes of ways that do not.
 *
 * This is the best that any prices on GPUs can prove (Geoffrion, "Lagrangean relaxation for integer programming", 1974).
 *
 * @param costOf - what one hour of a job costs in a slot of a location.
 * @param options.isWhole - asks for whole plans in place of mixes.
 * @returns `undefined` when not even a mix holds all jobs.
 */
export function optimumByColumns(
  problem: ScheduleProblem,
  jobs: readonly ScheduleJob[],
  costOf: (job: ScheduleJob, location: number, slot: number) => number,
  options: { readonly isWhole: boolean },
): number | undefined {
  if (jobs.length === 0) return 0;
  const model = createLinearModel();
  const used = problem.locations.map(() => Array.from({ length: problem.slots.count }, (): Term[] => []));
  for (const job of jobs) {
    const width = job.gpuCount ?? 1;
    const shares = waysWithRoom(problem, job).map((way): Term => {
      const cost = way.reduce((sum, [location, slot]) => sum + costOf(job, location, slot), 0);
      const share = model.variable(cost, options.isWhole ? { max: 1, isWhole: true } : {});
      for (const [location, slot] of way) used[location]![slot]!.push([width, share]);
      return [1, share];
    });
    model.row(shares, '=', 1);
  }
  used.forEach((row, location) => {
    row.forEach((terms, slot) => {
      const gpus = gpusOf(problem, location, slot);
      if (terms.length > 0 && gpus < Infinity) model.row(terms, '<=', gpus);
    });
  });
  return model.solve('Minimize');
}

/** The ways to run a job through cells that have its GPUs, were it alone. */
export function waysWithRoom(problem: ScheduleProblem, job: ScheduleJob): readonly Way[] {
  const width = job.gpuCount ?? 1;
  return waysOf(problem, job).filter((way) =>
    way.every(([location, slot]) => gpusOf(problem, location, slot) >= width),
  );
}

function gpusOf({ locations }: ScheduleProblem, location: number, slot: number): number {
  const { gpuCount = Infinity } = locations[location]!;
  return typeof gpuCount === 'number' ? gpuCount : gpuCount[slot]!;
}
