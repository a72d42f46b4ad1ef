import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  pack,
  planGangPreemption,
  type GpuNode,
  type Job,
  type PlanGangPreemptionInput,
  type RunningJob,
} from '../src/index.ts';
import { NOW_MS } from './arbitraries.ts';
import { bestGangEviction, canStartWithout, ledgerWithout } from './oracles/gang-preemption-every-subset.ts';
import { book } from './oracles/pack-ledger.ts';
import { A, node } from './pack-builders.ts';

const traits = fc.record({
  isPreemptible: fc.constantFrom(true, true, true, true, false),
  priority: fc.integer({ min: -1, max: 2 }),
  gang: fc.constantFrom(undefined, undefined, undefined, undefined, 'v', 'w'),
  startedAgoMs: fc.constantFrom(0, 1_500, 5_000, 30_000, 90_000),
  salt: fc.nat(99),
});
/** Nodes that a few jobs fill, in two domains. */
const nodes = fc
  .array(fc.constantFrom([A], [A, A], [A, A, A]), { minLength: 2, maxLength: 3 })
  .map((list) =>
    list.map((gpus, index) =>
      node(`u${index}`, gpus, { cpuMilli: 4_000, memoryMib: 8_192, nvlinkDomain: index === 0 ? 'x' : 'y' }),
    ),
  );
const size = fc.constantFrom<Partial<Job>>(
  { gpuCount: 1 },
  { gpuCount: 1 },
  { gpuCount: 2 },
  { gpuMilli: 300 },
  { gpuMilli: 500 },
  { gpuMilli: 600 },
  { gpuCount: 0 },
);
const asked = fc.record({ size, cpuMilli: fc.constantFrom(500, 1_000, 2_000), memoryMib: fc.constantFrom(0, 2_048) });
const asJob = ({ size: own, ...rest }: { size: Partial<Job>; cpuMilli: number; memoryMib: number }) => ({
  gpuCount: 1,
  ...own,
  ...rest,
});
const scene: fc.Arbitrary<PlanGangPreemptionInput> = fc
  .tuple(
    nodes,
    fc.array(fc.tuple(asked, traits), { minLength: 4, maxLength: 9 }),
    fc.array(asked, { minLength: 1, maxLength: 2 }),
    fc.array(fc.tuple(fc.nat(1), fc.constantFrom(1, 2, 3, 3)), { minLength: 1, maxLength: 4 }),
    fc.constantFrom<Partial<Job>>({}, {}, {}, { topology: { required: 'nvlinkDomain' } }),
  )
  .map(([fleet, drawn, kinds, picks, topology]) => {
    const running = fleet.flatMap((home: GpuNode, at): RunningJob[] => {
      const own = drawn.flatMap(([first, { salt, startedAgoMs, gang, ...rest }], index) => {
        if (salt % fleet.length !== at) return [];
        const job: Job = { ...asJob(first), ...rest, id: `j${index}`, ...(gang === undefined ? {} : { gang }) };
        return [{ job, startedAtMs: NOW_MS - startedAgoMs }];
      });
      const alone = own.map(({ job }) => ({ ...job, gang: job.id }));
      return pack({ nodes: [home], jobs: alone, nowMs: NOW_MS }).placements.map((placement) => ({
        ...own.find(({ job }) => job.id === placement.jobId)!,
        placement,
      }));
    });
    const jobs = picks.map(([kind, priority], index) => ({
      ...asJob(kinds[kind % kinds.length]!),
      ...topology,
      id: `m${index}`,
      gang: 'new',
      priority,
    }));
    return { nodes: fleet, running, jobs, nowMs: NOW_MS };
  });

describe('planGangPreemption', () => {
  it('agrees with trying every choice and every assignment, in priority, loss, number and ids', () => {
    let withVictims = 0;
    let without = 0;
    fc.assert(
      fc.property(scene, (input) => {
        const result = planGangPreemption(input);
        const best = bestGangEviction(input);

        if ('unplaced' in result) {
          expect(best).toBeUndefined();
          expect(result.unplaced.map(({ jobId }) => jobId)).toEqual(input.jobs.map(({ id }) => id));
          without++;
          return;
        }
        expect(result.victims.map(({ jobId }) => jobId)).toEqual(best?.ids);
        if (result.victims.length === 0) return;
        withVictims++;
        const { highestPriority, lostGpuMilliSeconds } = result.cost;
        expect([highestPriority, lostGpuMilliSeconds]).toEqual([best!.priority, best!.loss]);
        expect([result.gapRatio, result.bound, result.stoppedBy]).toEqual([0, best!.loss, undefined]);
      }),
      { numRuns: 300 },
    );
    expect(Math.min(withVictims, without)).toBeGreaterThan(40);
  });

  it('makes room for all members at once, and spares nobody needlessly, whole or cut short', () => {
    fc.assert(
      fc.property(scene, fc.constantFrom(0, 1, 4, 2_000), (input, maxSteps) => {
        const result = planGangPreemption(input, { maxSteps });
        if ('unplaced' in result) return;
        const gone = new Set(result.victims.map(({ jobId }) => jobId));
        const ledger = ledgerWithout(input, gone);
        input.jobs.forEach((job, index) => {
          expect(result.placements[index]!.jobId).toBe(job.id);
          book(ledger, job, result.placements[index]!, NOW_MS);
        });
        if (input.jobs[0]!.topology !== undefined) {
          const domainOf = (nodeId: string) => input.nodes.find(({ id }) => id === nodeId)!.nvlinkDomain;
          expect(new Set(result.placements.map(({ nodeId }) => domainOf(nodeId))).size).toBe(1);
        }
        for (const { jobId, gang } of result.victims) {
          const back = result.victims.filter(
            (other) => other.jobId === jobId || (gang !== undefined && other.gang === gang),
          );
          const fewer = new Set([...gone].filter((id) => !back.some((other) => other.jobId === id)));
          expect(canStartWithout(input, fewer)).toBe(false);
        }
        const best = bestGangEviction(input)!;
        expect(result.bound).toBeLessThanOrEqual(best.loss);
        expect(result.cost.highestPriority ?? -Infinity).toBe(best.priority);
      }),
      { numRuns: 150 },
    );
  });

  it('does not depend on the order of nodes, running jobs and members, and changes nothing it is given', () => {
    fc.assert(
      fc.property(scene, (input) => {
        const copy = structuredClone(input);
        const result = planGangPreemption(input);
        const turned = planGangPreemption({
          ...input,
          nodes: input.nodes.toReversed(),
          running: input.running.toReversed(),
          jobs: input.jobs.toReversed(),
        });

        expect(input).toEqual(copy);
        if ('unplaced' in result) expect(turned).toEqual({ unplaced: result.unplaced.toReversed() });
        else expect(turned).toEqual({ ...result, placements: result.placements.toReversed() });
      }),
      { numRuns: 100 },
    );
  });
});
