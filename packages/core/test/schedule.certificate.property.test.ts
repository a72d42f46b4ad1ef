import { describe, expect, it } from 'vitest';
import { createRandom } from '../src/random.ts';
import { schedule, verifyBound, verifySchedule } from '../src/schedule/index.ts';
import type {
  Assignment,
  ScheduleJob,
  ScheduleLocation,
  ScheduleProblem,
  ScheduleResult,
} from '../src/schedule/index.ts';
import { HOUR_MS } from '../src/units.ts';

const MUTATIONS = 1_000;
const SLOTS = { startAtMs: 0, stepMs: HOUR_MS, count: 24 };

/** A full fleet: 40 jobs of all modes, three locations, every job needed for the proof of the bound. */
const PROBLEM: ScheduleProblem = (() => {
  const { integer } = createRandom(5);
  const locations = ['de', 'fr', 'no'].map((id, index) => ({
    id,
    gpuCount: 6,
    carbon: {
      startAtMs: 0,
      stepMs: HOUR_MS,
      unit: 'gCO2e/kWh' as const,
      kind: 'average' as const,
      scope: 'direct' as const,
      values: Array.from({ length: SLOTS.count }, () => 20 + 100 * index + integer(200)),
    },
  }));
  const jobs = Array.from({ length: 40 }, (_, index): ScheduleJob => {
    const first = integer(12);
    const base = {
      id: `job-${index}`,
      runtimeMs: (2 + integer(5)) * HOUR_MS,
      powerWatts: 700,
      gpuCount: 1 + integer(3),
      earliestStartAtMs: first * HOUR_MS,
      deadlineAtMs: (first + 12) * HOUR_MS,
    };
    if (index % 4 === 0) return { ...base, mode: 'contiguous' };
    if (index % 4 === 1) return { ...base, mode: 'migratable' };
    if (index % 4 === 2) return { ...base, mode: 'interruptible' };
    return { ...base, mode: 'interruptible', marginalThroughput: [1, 0.75, 0.5] };
  });
  return { slots: SLOTS, locations, jobs };
})();
const RESULT = schedule(PROBLEM, { maxSteps: 100_000 });

/** Ways to spoil a plan at one stretch; each breaks a rule whatever the stretch. */
const SPOIL: readonly ((plan: readonly Assignment[], at: number) => readonly Assignment[])[] = [
  (plan, at) => plan.filter((_, index) => index !== at),
  (plan, at) => [...plan, plan[at]!],
  (plan, at) => changed(plan, at, ({ durationMs }) => ({ durationMs: durationMs + 60_000 })),
  (plan, at) => changed(plan, at, ({ durationMs }) => ({ durationMs: durationMs - 60_000 })),
  (plan, at) => changed(plan, at, ({ slot }) => ({ slot: slot + 1 })),
  (plan, at) => changed(plan, at, ({ startAtMs }) => ({ startAtMs: startAtMs + 1_000 })),
  (plan, at) => changed(plan, at, () => ({ locationId: 'moon' })),
  (plan, at) => changed(plan, at, () => ({ jobId: 'nobody' })),
  (plan, at) => changed(plan, at, () => ({ replicaCount: 9 })),
  (plan, at) => changed(plan, at, ({ startAtMs }) => ({ slot: 0, startAtMs: startAtMs - 48 * HOUR_MS })),
];

function changed(plan: readonly Assignment[], at: number, change: (stretch: Assignment) => Partial<Assignment>) {
  return plan.map((stretch, index) => (index === at ? { ...stretch, ...change(stretch) } : stretch));
}

/** The same place with room for all. */
function withoutGpuCount(location: ScheduleLocation): ScheduleLocation {
  const free: { gpuCount?: unknown } & ScheduleLocation = { ...location };
  delete free.gpuCount;
  return free;
}

describe('a certificate', () => {
  it('is worth something here: all jobs planned, GPUs scarce', () => {
    expect(RESULT.unplaceable).toEqual([]);
    expect(RESULT.shadowPrices.some(({ values }) => values.some((price) => price > 0))).toBe(true);
    expect(RESULT.gapRatio).toBeLessThan(0.05);
  });

  it('rejects a thousand spoilt plans', () => {
    const { integer } = createRandom(11);
    let accepted = 0;
    for (let k = 0; k < MUTATIONS; k++) {
      const spoil = SPOIL[integer(SPOIL.length)]!;
      const assignments = spoil(RESULT.assignments, integer(RESULT.assignments.length));
      if (verifySchedule(PROBLEM, { ...RESULT, assignments }).isValid) accepted++;
    }
    expect(accepted).toBe(0);
  });

  it('rejects plans that are valid job by job and use more GPUs than there are', () => {
    // Every job where it would run alone.
    const free = { ...PROBLEM, locations: PROBLEM.locations.map(withoutGpuCount) };
    const alone = schedule(free);

    const rules = verifySchedule(PROBLEM, alone).violations.map(({ rule }) => rule);

    expect(verifySchedule(free, alone).isValid).toBe(true);
    expect(new Set(rules)).toEqual(new Set(['over-capacity']));
  });

  it('rejects a plan as soon as one GPU of a full hour is missing', () => {
    let full = 0;
    for (const [index, { id }] of PROBLEM.locations.entries()) {
      for (let slot = 0; slot < SLOTS.count; slot++) {
        const inUse = RESULT.assignments
          .filter((stretch) => stretch.locationId === id && stretch.slot === slot)
          .reduce((sum, { jobId, durationMs, replicaCount = 1 }) => {
            const { gpuCount = 1 } = PROBLEM.jobs.find((job) => job.id === jobId)!;
            return sum + (gpuCount * replicaCount * durationMs) / HOUR_MS;
          }, 0);
        if (inUse <= 5) continue;
        full++;
        const gpuCount = Array.from({ length: SLOTS.count }, (_, other) => (other === slot ? 5 : 6));
        const smaller = PROBLEM.locations.map((location, other) =>
          other === index ? { ...location, gpuCount } : location,
        );

        const { violations } = verifySchedule({ ...PROBLEM, locations: smaller }, RESULT);

        expect(violations.map(({ rule }) => rule)).toContain('over-capacity');
      }
    }
    expect(full).toBeGreaterThan(20);
  });

  it('rejects a thousand spoilt multipliers: a price out of range, or one that does not prove the claim', () => {
    const { integer, next } = createRandom(13);
    const claimedBound = RESULT.bound;
    const capacityOf = 6;
    let accepted = 0;
    for (let k = 0; k < MUTATIONS; k++) {
      const prices = RESULT.shadowPrices.map(({ locationId, values }) => ({ locationId, values: [...values] }));
      const { values } = prices[integer(prices.length)]!;
      const slot = integer(SLOTS.count);
      const kind = integer(4);
      if (kind === 0) values[slot] = -1 - next();
      else if (kind === 1) values[slot] = NaN;
      else if (kind === 2) values.pop();
      // A price so high that what the GPUs are worth at it exceeds all that the jobs could pay.
      else values[slot] = (RESULT.objective * (2 + next())) / capacityOf;
      if (verifyBound(PROBLEM, prices, { claimedBound }).isValid) accepted++;
    }
    expect(accepted).toBe(0);
  });

  it('rejects a claim above what the prices prove, by as little as a millionth', () => {
    const { bound } = verifyBound(PROBLEM, RESULT.shadowPrices);

    expect(verifyBound(PROBLEM, RESULT.shadowPrices, { claimedBound: bound }).isValid).toBe(true);
    expect(verifyBound(PROBLEM, RESULT.shadowPrices, { claimedBound: bound * (1 + 1e-6) }).isValid).toBe(false);
    expect(verifyBound(PROBLEM, RESULT.shadowPrices, { claimedBound: NaN }).isValid).toBe(false);
  });

  it('rejects prices of a location that is not there, and prices where GPUs are not counted', () => {
    const free: ScheduleProblem = { ...PROBLEM, locations: PROBLEM.locations.map(withoutGpuCount) };

    expect(verifyBound(PROBLEM, [{ locationId: 'moon', values: [] }])).toMatchObject({
      isValid: false,
      bound: -Infinity,
    });
    expect(verifyBound(free, RESULT.shadowPrices).isValid).toBe(false);
  });

  it('says what the last percent is made of: no job pays less than its cheapest, no GPU is worth less than nothing', () => {
    const { objective, bound } = RESULT satisfies ScheduleResult;

    expect(bound).toBeLessThanOrEqual(objective);
    expect(verifyBound(PROBLEM, []).bound).toBeLessThanOrEqual(bound);
  });
});
