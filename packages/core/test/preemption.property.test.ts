import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  pack,
  planPreemption,
  type Gpu,
  type GpuNode,
  type Job,
  type PlanPreemptionInput,
  type RunningJob,
  type Victim,
} from '../src/index.ts';
import { demand, fleet, GEOMETRY, NOW_MS } from './arbitraries.ts';
import { bestEviction, mayGo } from './oracles/preemption-every-subset.ts';
import { admits, book, ledgerNode, type LedgerNode } from './oracles/pack-ledger.ts';
import { A, node } from './pack-builders.ts';

const traits = fc.record({
  isPreemptible: fc.constantFrom(true, true, true, true, false),
  priority: fc.integer({ min: -1, max: 2 }),
  gang: fc.constantFrom(undefined, undefined, undefined, undefined, 'g', 'h'),
  minRuntimeMs: fc.constantFrom(undefined, undefined, undefined, 5_000, 60_000),
  startedAgoMs: fc.constantFrom(undefined, 0, 1_500, 5_000, 30_000, 90_000),
  salt: fc.nat(99),
});
const CUT: Gpu = {
  model: 'A',
  migInstances: [
    { profile: '1g', start: 0 },
    { profile: '1g', start: 1 },
  ],
};
/** Cut as jobs come. */
const ANEW: Gpu = { model: 'A', migGeometry: GEOMETRY };
/** Nodes on which a few small jobs leave little room. */
const tight = fc
  .array(fc.constantFrom([A, A], [A, A, A], [A, CUT], [A, ANEW], [ANEW, ANEW]), { minLength: 1, maxLength: 3 })
  .map((list) => list.map((gpus, index) => node(`u${index}`, gpus, { cpuMilli: 8_000, memoryMib: 8_192 })));
const small = fc.record({
  size: fc.constantFrom<Partial<Job>>(
    { gpuMilli: 200, gpuMemoryMib: 10_000 },
    { gpuMilli: 300 },
    { gpuMilli: 500, gpuMemoryMib: 20_000 },
    { gpuCount: 1 },
    { gpuCount: 2 },
    { gpuCount: 0 },
    { migProfile: '1g' },
    { migProfile: '2g' },
  ),
  cpuMilli: fc.constantFrom(0, 700, 1_000, 2_500),
  memoryMib: fc.constantFrom(0, 512, 2_048),
});
const large = fc.record({
  size: fc.constantFrom<Partial<Job>>(
    { gpuMilli: 810 },
    { gpuMilli: 400, gpuMemoryMib: 30_000 },
    { gpuCount: 1 },
    { gpuCount: 2 },
    { gpuCount: 3 },
    { migProfile: '1g' },
    { migProfile: '2g' },
    { migProfile: '7g' },
    { gpuCount: 0 },
  ),
  cpuMilli: fc.constantFrom(500, 3_000, 6_000),
  memoryMib: fc.constantFrom(0, 1_024, 6_000),
});
const asJob = ({ size, ...rest }: { size: Partial<Job>; cpuMilli: number; memoryMib: number }): Omit<Job, 'id'> => ({
  gpuCount: 1,
  ...size,
  ...rest,
});

/** A fleet with jobs scattered over it, and one more that wants in. */
const sceneOf = (
  fleets: fc.Arbitrary<readonly GpuNode[]>,
  held: fc.Arbitrary<Omit<Job, 'id'>>,
  wanted: fc.Arbitrary<Omit<Job, 'id'>>,
): fc.Arbitrary<PlanPreemptionInput> =>
  fc
    .tuple(
      fleets,
      fc.array(fc.tuple(held, traits), { minLength: 6, maxLength: 14 }),
      wanted,
      fc.constantFrom(0, 1, 2, 3, 3, 3),
      fc.boolean(),
    )
    .map(([nodes, drawn, asked, priority, isKnown]) => {
      const list = drawn.map(([first, { salt, startedAgoMs, gang, minRuntimeMs, ...rest }], index) => ({
        job: {
          ...first,
          ...rest,
          id: `j${index}`,
          ...(gang === undefined ? {} : { gang }),
          ...(minRuntimeMs === undefined ? {} : { minRuntimeMs }),
        } satisfies Job,
        salt,
        startedAgoMs: isKnown ? (startedAgoMs ?? 700) : startedAgoMs,
      }));
      const running = nodes.flatMap((home, at): RunningJob[] => {
        const own = list.filter(({ salt }) => salt % nodes.length === at);
        const alone = own.map(({ job }) => ({ ...job, gang: job.id }));
        return pack({ nodes: [{ ...home, isCordoned: false }], jobs: alone, nowMs: NOW_MS }).placements.map(
          (placement) => {
            const { job, startedAgoMs } = own.find((entry) => entry.job.id === placement.jobId)!;
            const startedAtMs = startedAgoMs === undefined ? {} : { startedAtMs: NOW_MS - startedAgoMs };
            return { job, placement, ...startedAtMs };
          },
        );
      });
      return { nodes, running, job: { ...asked, id: 'new', priority }, nowMs: NOW_MS };
    });
const tightScene = sceneOf(tight, small.map(asJob), large.map(asJob));
const anyScene = fc.oneof(
  { arbitrary: tightScene, weight: 4 },
  { arbitrary: sceneOf(fleet(3), demand, demand), weight: 1 },
);

/** The fleet as booked without some jobs. */
function ledgerWithout({ nodes, running }: PlanPreemptionInput, gone: ReadonlySet<string>): LedgerNode[] {
  const ledger = nodes.map((entry: GpuNode) => ledgerNode({ ...entry, isCordoned: false }));
  for (const { job, placement } of running) if (!gone.has(job.id)) book(ledger, job, placement, NOW_MS);
  for (const entry of ledger) entry.isCordoned = nodes.find(({ id }) => id === entry.id)!.isCordoned ?? false;
  return ledger;
}

/** With any victim back, and its gang with it, the job has no room. */
function expectNobodyNeedless(input: PlanPreemptionInput, victims: readonly Victim[], nodeId: string): void {
  for (const victim of victims) {
    const isBack = ({ jobId, gang }: Victim) => jobId === victim.jobId || (gang !== undefined && gang === victim.gang);
    const gone = new Set(victims.filter((other) => !isBack(other)).map(({ jobId }) => jobId));
    const home = ledgerWithout(input, gone).find(({ id }) => id === nodeId)!;
    expect(admits(home, input.job, NOW_MS)).toBe(false);
  }
}

describe('planPreemption', () => {
  it('agrees with trying every choice on every node, in priority, loss, number, ids and node', () => {
    let withVictims = 0;
    fc.assert(
      fc.property(anyScene, (input) => {
        const result = planPreemption(input);
        const best = bestEviction(input);

        if ('unplaced' in result) {
          expect(best).toBeUndefined();
          return;
        }
        const { victims, cost, gapRatio, bound, stoppedBy, placement } = result;
        if (victims.length > 0) withVictims++;
        expect({ ids: victims.map(({ jobId }) => jobId), count: cost.victimCount }).toEqual({
          ids: best!.ids,
          count: best!.ids.length,
        });
        if (victims.length === 0) return;
        expect(placement.nodeId).toBe(best!.nodeId);
        expect(cost.highestPriority).toBe(best!.priority);
        expect(cost.lostGpuMilliSeconds ?? cost.gpuMilli).toBe(best!.loss);
        expect([gapRatio, bound, stoppedBy]).toEqual([0, best!.loss, undefined]);
      }),
      { numRuns: 400 },
    );
    expect(withVictims).toBeGreaterThan(30);
  });

  it('makes room: without the victims the job can be booked; with any of them, or its gang, back it cannot', () => {
    fc.assert(
      fc.property(anyScene, (input) => {
        const result = planPreemption(input);
        if ('unplaced' in result) return;
        const gone = new Set(result.victims.map(({ jobId }) => jobId));
        book(ledgerWithout(input, gone), input.job, result.placement, NOW_MS);

        expectNobodyNeedless(input, result.victims, result.placement.nodeId);
      }),
      { numRuns: 200 },
    );
  });

  it('evicts nobody of equal or higher priority, nobody within guaranteed time, and gangs as a whole', () => {
    fc.assert(
      fc.property(anyScene, (input) => {
        const result = planPreemption(input);
        if ('unplaced' in result) return;
        const gone = new Set(result.victims.map(({ jobId }) => jobId));
        for (const entry of input.running) {
          if (!gone.has(entry.job.id)) continue;
          expect(entry.job.priority ?? 0).toBeLessThan(input.job.priority!);
          expect(mayGo(entry, input.job, NOW_MS)).toBe(true);
          if (entry.job.gang === undefined) continue;
          const gang = input.running.filter(({ job }) => job.gang === entry.job.gang);
          expect(gang.every(({ job }) => gone.has(job.id))).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('does not depend on the order of nodes and running jobs', () => {
    fc.assert(
      fc.property(anyScene, (input) => {
        const turned = { ...input, nodes: input.nodes.toReversed(), running: input.running.toReversed() };

        expect(planPreemption(turned)).toEqual(planPreemption(input));
      }),
      { numRuns: 200 },
    );
  });

  it('stays valid and honest when it is cut short: room is made, nobody is needless, the bound is below the optimum', () => {
    fc.assert(
      fc.property(anyScene, fc.integer({ min: 0, max: 6 }), (input, maxSteps) => {
        const result = planPreemption(input, { maxSteps });
        const best = bestEviction(input);
        if ('unplaced' in result) {
          expect(best).toBeUndefined();
          return;
        }
        if (result.victims.length === 0) return;
        const gone = new Set(result.victims.map(({ jobId }) => jobId));
        book(ledgerWithout(input, gone), input.job, result.placement, NOW_MS);
        const lost = result.cost.lostGpuMilliSeconds ?? result.cost.gpuMilli;
        expect(result.cost.highestPriority).toBe(best!.priority);
        expect(result.bound).toBeLessThanOrEqual(best!.loss);
        expectNobodyNeedless(input, result.victims, result.placement.nodeId);
        expect(lost).toBeGreaterThanOrEqual(best!.loss);
        if (result.stoppedBy === undefined) expect([...gone].sort()).toEqual(best!.ids);
      }),
      { numRuns: 200 },
    );
  });
});
