import type { ScheduleJob, ScheduleLocation, ScheduleObjective, ScheduleProblem } from '../../src/schedule/index.ts';

/** Every series and every window of the generated problems is a whole number of these. */
const MINUTE = 60_000;

/**
 * The smallest objective value of one job, by trying every location and every way to use the slots, or `undefined` when
 * there is none. Interruptible jobs: some optimum of a linear cost uses all slots but one in full or not at all, so
 * every set of slots is tried with every one of its members as the one used in part. `O(locations × 2^slots × slots²)`.
 */
export function bruteForceJob(problem: ScheduleProblem, job: ScheduleJob): number | undefined {
  let best: number | undefined;
  for (const location of problem.locations) {
    if (job.locationIds !== undefined && !job.locationIds.includes(location.id)) continue;
    const usable = usableMinutes(problem, job);
    const perMinute = usable.map((_, slot) => costOfMinute(problem, job, location, slot));
    for (const minutesBySlot of waysToUse(usable, job, problem.slots.stepMs / MINUTE)) {
      const total = minutesBySlot.reduce((sum, minutes, slot) => sum + minutes * perMinute[slot]!, 0);
      if (best === undefined || total < best) best = total;
    }
  }
  return best;
}

/** Minutes of each slot that the job may use: none of a slot that starts too early, only those before the deadline. */
function usableMinutes({ slots }: ProblemParts, job: ScheduleJob): number[] {
  const usable: number[] = [];
  for (let slot = 0; slot < slots.count; slot++) {
    const start = slots.startAtMs + slot * slots.stepMs;
    let minutes = 0;
    for (let at = start; at < start + slots.stepMs; at += MINUTE) {
      const isBeforeDeadline = job.deadlineAtMs === undefined || at + MINUTE <= job.deadlineAtMs;
      if (isBeforeDeadline && (job.earliestStartAtMs === undefined || start >= job.earliestStartAtMs)) minutes++;
    }
    usable.push(minutes);
  }
  return usable;
}

type ProblemParts = Pick<ScheduleProblem, 'slots'>;

function* waysToUse(usable: readonly number[], job: ScheduleJob, slotMinutes: number): Generator<number[]> {
  const needed = job.runtimeMs / MINUTE;
  if (job.mode === 'contiguous') {
    for (let start = 0; start < usable.length; start++) {
      let rest = needed;
      const way = usable.map((minutes, slot) => {
        // In one piece: every slot but the last is used to its end.
        if (slot < start || rest === 0 || (slot > start && usable[slot - 1] !== slotMinutes)) return 0;
        const used = Math.min(rest, minutes);
        rest -= used;
        return used;
      });
      if (rest === 0) yield way;
    }
    return;
  }
  for (let set = 1; set < 2 ** usable.length; set++) {
    const members = usable.map((_, slot) => slot).filter((slot) => (set >> slot) & 1);
    for (const partial of members) {
      const others = members.filter((slot) => slot !== partial).reduce((sum, slot) => sum + usable[slot]!, 0);
      const rest = needed - others;
      if (rest < 0 || rest > usable[partial]!) continue;
      yield usable.map((minutes, slot) => (slot === partial ? rest : members.includes(slot) ? minutes : 0));
    }
  }
}

function costOfMinute(problem: ScheduleProblem, job: ScheduleJob, location: ScheduleLocation, slot: number): number {
  const objective: ScheduleObjective = problem.objective ?? { kind: 'carbon' };
  const start = problem.slots.startAtMs + slot * problem.slots.stepMs;
  const { pueRatio = 1 } = location;
  const pue = typeof pueRatio === 'number' ? pueRatio : minuteMean(pueRatio, start, problem.slots.stepMs);
  const kilowattHours = ((job.powerWatts / 1000) * pue) / 60;
  const grams = kilowattHours * minuteMean(location.carbon, start, problem.slots.stepMs);
  const energyUsd =
    location.energyPrice === undefined
      ? 0
      : kilowattHours * minuteMean(location.energyPrice, start, problem.slots.stepMs);
  const usd = energyUsd + ((job.gpuCount ?? 1) * (location.priceUsdPerGpuHour ?? 0)) / 60;
  if (objective.kind === 'carbon') return grams;
  return objective.kind === 'cost' ? usd : usd + (grams * objective.carbonPriceUsdPerTonne) / 1e6;
}

/** The mean of a series over a slot, minute by minute. */
function minuteMean(
  series: { startAtMs: number; stepMs: number; values: readonly number[] },
  from: number,
  length: number,
) {
  let sum = 0;
  for (let at = from; at < from + length; at += MINUTE) {
    const index = series.values.findIndex((_, k) => at < series.startAtMs + (k + 1) * series.stepMs);
    sum += series.values[index]!;
  }
  return sum / (length / MINUTE);
}
