import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consolidate,
  pack,
  packBound,
  planPreemption,
  unplacedBound,
  type Gpu,
  type GpuNode,
  type Job,
  type Placement,
  type PlanPreemptionInput,
  type RunningJob,
} from '../src/index.ts';
import { NOW_MS, ruledFleet, ruledJobs } from './arbitraries.ts';
import { optimumSaved } from './oracles/consolidate-optimum.ts';
import { optimumGain } from './oracles/pack-optimum.ts';
import { book, isWelcome, ledgerNode, move } from './oracles/pack-ledger.ts';
import { bestEviction, mayGo } from './oracles/preemption-every-subset.ts';
import { A, node } from './pack-builders.ts';

const nowMs = NOW_MS;
const B: Gpu = { model: 'B', memoryMib: 40_000 };
const milliOf = ({ gpus }: Placement) => gpus.reduce((sum, { milli }) => sum + milli, 0);
const compact = (value: object): unknown =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));

/** Nodes with rules, most of them with several GPUs. */
const nodes: fc.Arbitrary<readonly GpuNode[]> = fc
  .tuple(
    ruledFleet(3),
    fc.array(fc.constantFrom(undefined, [A, A], [A, A], [A, A, A], [A, B]), { minLength: 3, maxLength: 3 }),
  )
  .map(([list, gpus]) =>
    (list.length === 0 ? [node('n', [A, A])] : list).map((entry, at) =>
      gpus[at] === undefined ? entry : { ...entry, gpus: gpus[at], cpuMilli: 8_000, memoryMib: 8_192 },
    ),
  );
const shares = fc.constantFrom<Partial<Job>>(
  { gpuCount: 2, gpuMilli: 300 },
  { gpuCount: 2, gpuMilli: 600 },
  { gpuCount: 3, gpuMilli: 500 },
  { gpuCount: 2, gpuMilli: 500, gpuMemoryMib: 20_000 },
  { gpuCount: 1, gpuMilli: 400 },
  { gpuCount: 1 },
);

/** Jobs with rules of their own, about half of them of shares of several GPUs. */
function wanted(minLength: number, maxLength: number): fc.Arbitrary<readonly Job[]> {
  return fc
    .tuple(
      ruledJobs({ minLength, maxLength, hasGangs: false }),
      fc.array(fc.option(shares, { freq: 3, nil: undefined }), { minLength: maxLength, maxLength }),
    )
    .map(([list, sizes]) =>
      list.map((entry, at) =>
        sizes[at] === undefined
          ? entry
          : (compact({ ...entry, migProfile: undefined, gpuModels: undefined, ...sizes[at] }) as Job),
      ),
    );
}
const isSpread = ({ gpuCount, gpuMilli = 1_000 }: Job) => gpuCount > 1 && gpuMilli < 1_000;

interface Traits {
  readonly isPreemptible: boolean;
  readonly priority: number;
  readonly minRuntimeMs: number | undefined;
  readonly startedAgoMs: number | undefined;
  readonly tenant: string;
  readonly salt: number;
}
const traits: fc.Arbitrary<Traits> = fc.record({
  isPreemptible: fc.constantFrom(true, true, true, true, false),
  priority: fc.integer({ min: -1, max: 1 }),
  minRuntimeMs: fc.constantFrom(undefined, undefined, undefined, 5_000),
  startedAgoMs: fc.constantFrom(undefined, 700, 5_000, 30_000, 30_000),
  tenant: fc.constantFrom('red', 'blue'),
  salt: fc.nat(99),
});

/** Jobs that run, each on a node picked at random. Where rules came later, some nodes would not admit anew what runs there. */
function scattered(
  fleet: readonly GpuNode[],
  list: readonly Job[],
  of: readonly Traits[],
  areRulesNew: boolean,
): readonly RunningJob[] {
  const all = list.map((entry, at) => {
    const { isPreemptible, priority, minRuntimeMs, tenant } = of[at]!;
    return compact({ ...entry, isPreemptible, priority, minRuntimeMs, tenant }) as Job;
  });
  const old = <T extends object>(entry: T): T =>
    areRulesNew
      ? (compact({ ...entry, taints: undefined, reservedFor: undefined, zones: undefined, nodeLabels: undefined }) as T)
      : entry;
  return fleet.flatMap((home, at): RunningJob[] => {
    const own = all.filter((_, index) => of[index]!.salt % fleet.length === at);
    return pack({ nodes: [{ ...old(home), isCordoned: false }], jobs: own.map(old), nowMs }).placements.map(
      (placement) => {
        const index = all.findIndex(({ id }) => id === placement.jobId);
        const { startedAgoMs } = of[index]!;
        const started = startedAgoMs === undefined ? {} : { startedAtMs: nowMs - startedAgoMs };
        return { job: all[index]!, placement, ...started };
      },
    );
  });
}

describe('bounds of jobs with rules and shares of several GPUs', () => {
  it('are never beaten by trying everything', () => {
    const seen = { tighter: 0, byRules: 0, spread: 0, exact: 0 };
    const problem = fc.tuple(nodes, wanted(1, 6), fc.constantFrom(1, 1, 2, 3), fc.nat(2));
    fc.assert(
      fc.property(problem, ([fleet, some, copies, ranBefore]) => {
        const all = some
          .flatMap((entry) => Array.from({ length: copies }, () => entry))
          .slice(0, 6)
          .map((entry, index) => ({ ...entry, id: `j${index}` }));
        const first = all.slice(0, ranBefore);
        const running = pack({ nodes: fleet, jobs: first, nowMs }).placements.map((placement) => ({
          job: first.find(({ id }) => id === placement.jobId)!,
          placement,
        }));
        const input = { nodes: fleet, jobs: all.slice(ranBefore), running, nowMs };
        const bound = packBound(input);
        const volume = packBound(input, { relaxation: 'volume' });

        const before = running.reduce((sum, { placement }) => sum + milliOf(placement), 0);
        const optimum = before + optimumGain(input, milliOf);
        expect(bound.gpuMilli).toBeGreaterThanOrEqual(optimum);
        expect(bound.gpuMilli).toBeLessThanOrEqual(volume.gpuMilli);
        const least = input.jobs.length - optimumGain(input, () => 1);
        expect(unplacedBound(input).jobCount).toBeLessThanOrEqual(least);

        const open = fleet.map((entry) => compact({ ...entry, taints: undefined, reservedFor: undefined }) as GpuNode);
        if (bound.gpuMilli < volume.gpuMilli) seen.tighter++;
        if (bound.gpuMilli < packBound({ ...input, nodes: open }).gpuMilli) seen.byRules++;
        if (bound.gpuMilli === optimum && bound.method === 'pattern-lp') seen.exact++;
        if (optimum > before && input.jobs.some(isSpread)) seen.spread++;
      }),
      { numRuns: 1_000, seed: 1 },
    );
    // A bound blind to rules or to shares would pass the laws above.
    expect(seen.tighter).toBeGreaterThan(20);
    expect(seen.byRules).toBeGreaterThan(20);
    expect(seen.exact).toBeGreaterThan(10);
    expect(seen.spread).toBeGreaterThan(40);
  }, 20_000);
});

describe('consolidate with rules, shares of several GPUs and guaranteed time', () => {
  it('keeps every rule at every move, moves no job in its guaranteed time, and saves no more than its bound', () => {
    const seen = { moves: 0, spread: 0, proved: 0, guaranteed: 0 };
    const scene = fc.tuple(
      nodes,
      wanted(2, 6),
      fc.array(traits, { minLength: 6, maxLength: 6 }),
      fc.boolean(),
      fc.array(fc.record({ maxMoves: fc.nat(4), tenant: fc.constantFrom('red', 'blue') }), { maxLength: 1 }),
    );
    fc.assert(
      fc.property(scene, ([fleet, list, of, areRulesNew, budgets]) => {
        const running = scattered(fleet, list, of, areRulesNew);
        const jobs = running.map(({ job }) => job);
        const placements = running.map(({ placement, startedAtMs }) =>
          startedAtMs === undefined ? placement : { ...placement, startedAtMs },
        );
        const input = { nodes: fleet, jobs, placements, budgets, nowMs };
        const { moves, emptied, kept, saved, savedBound } = consolidate(input);

        const ledger = fleet.map(ledgerNode);
        const at = (nodeId: string) => ledger.find(({ id }) => id === nodeId)!;
        for (const { job, placement } of running) move(at(placement.nodeId), job, placement, -1);
        for (const { jobId, from, to } of moves) {
          const { job, startedAtMs } = running.find((entry) => entry.job.id === jobId)!;
          // Booking asks about rules, cordon, lease and room.
          book(ledger, job, to, nowMs);
          move(at(from.nodeId), job, from, 1);
          expect(job.isPreemptible).toBe(true);
          if (job.minRuntimeMs !== undefined) expect(startedAtMs! + job.minRuntimeMs).toBeLessThanOrEqual(nowMs);
          seen.moves++;
          if (isSpread(job)) seen.spread++;
        }
        const best = optimumSaved(input, () => 1);
        expect(savedBound).toBeGreaterThanOrEqual(best);
        expect(saved).toBeLessThanOrEqual(best);
        expect(saved).toBe(emptied.length);
        if (saved > 0 && saved === savedBound) seen.proved++;
        seen.guaranteed += kept.filter(({ reason }) => reason.kind === 'holds-guaranteed-job').length;
      }),
      { numRuns: 1_000, seed: 1 },
    );
    expect(seen.moves).toBeGreaterThan(40);
    expect(seen.spread).toBeGreaterThan(10);
    expect(seen.proved).toBeGreaterThan(20);
    expect(seen.guaranteed).toBeGreaterThan(20);
  }, 20_000);
});

describe('planPreemption with rules and shares of several GPUs', () => {
  const scene = fc
    .tuple(nodes, wanted(6, 10), fc.array(traits, { minLength: 10, maxLength: 10 }), wanted(1, 1), fc.boolean())
    .map(([fleet, list, of, [asked], areRulesNew]): PlanPreemptionInput => {
      const running = scattered(fleet, list, of, areRulesNew);
      return { nodes: fleet, running, job: { ...asked!, id: 'j99', priority: 2 }, nowMs };
    });

  it('agrees with trying every choice on every node that admits the job', () => {
    const seen = { victims: 0, spread: 0, welcome: 0 };
    fc.assert(
      fc.property(scene, (input) => {
        const result = planPreemption(input);
        const best = bestEviction(input);

        if ('unplaced' in result) {
          expect(best).toBeUndefined();
          return;
        }
        const { placement, victims, cost, gapRatio, stoppedBy } = result;
        expect(victims.map(({ jobId }) => jobId)).toEqual(best!.ids);
        const gone = new Set(victims.map(({ jobId }) => jobId));
        const ledger = input.nodes.map(ledgerNode);
        for (const entry of input.running) {
          if (gone.has(entry.job.id)) expect(mayGo(entry, input.job, nowMs)).toBe(true);
          else
            move(
              ledger.find(({ id }) => id === entry.placement.nodeId)!,
              entry.job,
              entry.placement,
              -1,
            );
        }
        book(ledger, input.job, placement, nowMs);
        if (victims.length === 0) return;
        expect(placement.nodeId).toBe(best!.nodeId);
        expect(cost.lostGpuMilliSeconds ?? cost.gpuMilli).toBe(best!.loss);
        expect([gapRatio, stoppedBy]).toEqual([0, undefined]);
        seen.victims++;
        if (isSpread(input.job)) seen.spread++;
        if (ledger.some((entry) => !isWelcome(entry, input.job))) seen.welcome++;
      }),
      { numRuns: 1_000, seed: 1 },
    );
    expect(seen.victims).toBeGreaterThan(40);
    expect(seen.spread).toBeGreaterThan(20);
    expect(seen.welcome).toBeGreaterThan(20);
  }, 20_000);
});
