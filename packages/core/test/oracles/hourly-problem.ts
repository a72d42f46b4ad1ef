import type { ScheduleJob, ScheduleProblem } from '../../src/schedule/index.ts';

/** The problem with carbon as its objective and series that begin and step with the slots, so that a slot has one intensity; turned by some slots: another forecast. */
export function hourly(problem: ScheduleProblem, turn = 0): ScheduleProblem {
  const { startAtMs, stepMs, count } = problem.slots;
  return {
    ...problem,
    objective: { kind: 'carbon' },
    locations: problem.locations.map(({ id, gpuCount, carbon }) => ({
      id,
      gpuCount: gpuCount!,
      carbon: {
        ...carbon,
        startAtMs,
        stepMs,
        values: Array.from({ length: count }, (_, k) => carbon.values[(k + turn) % carbon.values.length]!),
      },
    })),
  };
}

/** Grams of a job in one slot at one location. */
export const gramsOf = (problem: ScheduleProblem) => (job: ScheduleJob, location: number, slot: number) =>
  (job.powerWatts / 1_000) * problem.locations[location]!.carbon.values[slot]!;
