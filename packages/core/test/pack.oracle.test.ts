import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createPacker,
  createRandom,
  pack,
  packBound,
  type GpuNode,
  type Job,
  type Placement,
  type Scorer,
} from '../src/index.ts';
import { demand, fleet, jobs, NOW_MS, ruledFleet, ruledJobs, workload } from './arbitraries.ts';
import {
  hasRoom,
  isWelcome,
  ledgerNode,
  move,
  usableGpus,
  usableInstances,
  type LedgerNode,
} from './oracles/pack-ledger.ts';
import { optimumGpuMilli } from './oracles/pack-optimum.ts';
import { fragmentation, scanPlace } from './oracles/pack-scan.ts';

const nowMs = NOW_MS;
const scorers: fc.Arbitrary<Scorer> = fc.constantFrom('fgd', 'best-fit', 'first-fit');

/** One step of a life: a job comes, one leaves, a node is cordoned or comes back, goes or comes. */
type Step =
  | { readonly kind: 'place'; readonly job: Omit<Job, 'id'> }
  | { readonly kind: 'release' | 'cordon' | 'remove' | 'add'; readonly pick: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: demand.map((job) => ({ kind: 'place' as const, job })), weight: 8 },
  {
    arbitrary: fc.record({
      kind: fc.constantFrom('release' as const, 'release' as const, 'cordon' as const),
      pick: fc.nat(99),
    }),
    weight: 3,
  },
  { arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'add' as const), pick: fc.nat(99) }), weight: 1 },
);

describe('the indexed decision', () => {
  it('is that of a scan over all nodes by the published rule, whatever happened before', () => {
    let placedCount = 0;
    fc.assert(
      fc.property(
        fleet(8),
        fc.array(step, { minLength: 5, maxLength: 60 }),
        workload,
        scorers,
        fc.boolean(),
        (nodes, steps, mix, scorer, prefersEarlyExpiry) => {
          const packer = createPacker({ nodes, workload: mix, nowMs }, { scorer, prefersEarlyExpiry });
          let fleetNow: GpuNode[] = [...nodes];
          let ledger: LedgerNode[] = nodes.map(ledgerNode);
          let placed: { job: Job; placement: Placement }[] = [];
          const nodeOf = (id: string) => ledger.find((node) => node.id === id)!;
          steps.forEach((action, index) => {
            if (action.kind === 'place') {
              const job = { ...action.job, id: `j${index}` };
              const empty = fleetNow.map(ledgerNode);
              const expected = scanPlace(ledger, job, { scorer, mix, nowMs, empty, prefersEarlyExpiry });
              const result = packer.place(job);
              expect('placement' in result ? result.placement : undefined).toEqual(expected);
              if (expected === undefined) return;
              placedCount++;
              placed.push({ job, placement: expected });
              move(nodeOf(expected.nodeId), job, expected, -1);
            } else if (action.kind === 'release' && placed.length > 0) {
              const [{ job, placement }] = placed.splice(action.pick % placed.length, 1) as [(typeof placed)[number]];
              packer.release(job.id);
              move(nodeOf(placement.nodeId), job, placement, 1);
            } else if (action.kind === 'cordon' && ledger.length > 0) {
              const node = ledger[action.pick % ledger.length]!;
              node.isCordoned = !node.isCordoned;
              packer.cordon(node.id, node.isCordoned);
            } else if (action.kind === 'remove' && ledger.length > 0) {
              const { id } = ledger[action.pick % ledger.length]!;
              packer.removeNode(id);
              ledger = ledger.filter((node) => node.id !== id);
              fleetNow = fleetNow.filter((node) => node.id !== id);
              placed = placed.filter(({ placement }) => placement.nodeId !== id);
            } else if (action.kind === 'add' && nodes.length > 0) {
              const node = { ...nodes[action.pick % nodes.length]!, id: `m${action.pick}-${index}` };
              packer.addNode(node);
              ledger.push(ledgerNode(node));
              fleetNow.push(node);
            }
          });
        },
      ),
      { numRuns: 600, seed: 1 },
    );

    expect(placedCount).toBeGreaterThan(2_000);
  });

  it('stays that of a scan with more kinds of jobs than the index remembers', () => {
    const random = createRandom(5);
    const gpus = [{ model: 'A' }, { model: 'A' }];
    const nodes = Array.from({ length: 260 }, (_, k) => ({
      id: `n${k}`,
      gpus,
      cpuMilli: 20_000 + k,
      memoryMib: 9_999,
    }));
    const mix = [
      { job: { gpuCount: 1, gpuMilli: 300, cpuMilli: 1_000, memoryMib: 0 }, weight: 3 },
      { job: { gpuCount: 2, cpuMilli: 4_000, memoryMib: 0 }, weight: 1 },
    ];
    const packer = createPacker({ nodes, workload: mix });
    const ledger = nodes.map(ledgerNode);
    // 300 kinds that come again and again, so that some are dropped and built anew, others only brought up to date.
    for (let k = 0; k < 800; k++) {
      const kind = random.integer(300);
      const size = [{ gpuCount: 0 }, { gpuCount: 1 }, { gpuCount: 2 }, { gpuCount: 1, gpuMilli: 100 + kind }][
        kind % 4
      ]!;
      const job = { id: `j${k}`, ...size, cpuMilli: 100 + 30 * kind, memoryMib: 1 };
      const result = packer.place(job);

      const expected = scanPlace(ledger, job, { scorer: 'fgd', mix, nowMs, empty: [] });
      expect('placement' in result ? result.placement : undefined).toEqual(expected);
      if (expected !== undefined)
        move(
          ledger.find(({ id }) => id === expected.nodeId)!,
          job,
          expected,
          -1,
        );
    }
  });

  it('measures the fragmentation of the definition', () => {
    fc.assert(
      fc.property(fleet(), jobs({ hasGangs: false }), workload, (nodes, list, mix) => {
        const packer = createPacker({ nodes, workload: mix, nowMs });
        const ledger = nodes.map(ledgerNode);
        for (const job of list) {
          const result = packer.place(job);
          if ('placement' in result)
            move(
              ledger.find(({ id }) => id === result.placement.nodeId)!,
              job,
              result.placement,
              -1,
            );
        }

        const total = mix.reduce((sum, { weight }) => sum + weight, 0);
        const expected = ledger.reduce((sum, node) => sum + fragmentation(node, mix), 0) / total;
        expect(packer.stats().expectedFragmentationGpuMilli).toBeCloseTo(expected, 9);
      }),
      { numRuns: 200 },
    );
  });
});

const many = { hasGangs: false, minLength: 15, maxLength: 30 };
const crowded = fc.oneof(fc.tuple(fleet(8), jobs(many)), fc.tuple(ruledFleet(8), ruledJobs(many)));

describe('the nearest miss', () => {
  it('is that of the node that lacks least', () => {
    let checked = 0;
    fc.assert(
      fc.property(crowded, ([nodes, list]) => {
        const packer = createPacker({ nodes, nowMs });
        const ledger = nodes.map(ledgerNode);
        for (const job of list) {
          const result = packer.place(job);
          if ('placement' in result) {
            move(
              ledger.find(({ id }) => id === result.placement.nodeId)!,
              job,
              result.placement,
              -1,
            );
            continue;
          }
          const { reason } = result.unplaced;
          if (reason.kind !== 'no-room') continue;
          checked++;
          const neededUntilMs = nowMs + (job.runtimeMs ?? -Infinity);
          const candidates = nodes.filter(
            (node) =>
              hasRoom(ledgerNode(node), job) &&
              isWelcome(ledgerNode(node), job) &&
              node.isCordoned !== true &&
              (node.expiresAtMs ?? Infinity) >= neededUntilMs,
          );
          const lacks = candidates.map((whole) => {
            const node = ledger.find(({ id }) => id === whole.id)!;
            return { id: whole.id, lack: lackOf(node, whole, job) };
          });
          lacks.sort((x, y) => x.lack - y.lack || (x.id < y.id ? -1 : 1));
          expect(reason.nearest.nodeId).toBe(lacks[0]!.id);
        }
      }),
      { numRuns: 300, seed: 1 },
    );

    expect(checked).toBeGreaterThan(300);
    // Seconds on a busy machine.
  }, 30_000);
});

const five = { hasGangs: false, maxLength: 5 };
const tiny = fc.oneof(fc.tuple(fleet(3), jobs(five)), fc.tuple(ruledFleet(3), ruledJobs(five)));

describe('small problems, solved by trying everything', () => {
  it('are never packed beyond the optimum, nor bounded below it', () => {
    fc.assert(
      fc.property(tiny, scorers, ([nodes, list], scorer) => {
        const optimum = optimumGpuMilli(nodes, list, nowMs);
        const { stats } = pack({ nodes, jobs: list, nowMs }, { scorer });

        expect(stats.gpuMilliAllocated).toBeLessThanOrEqual(optimum);
        expect(packBound({ nodes, jobs: list, nowMs }).gpuMilli).toBeGreaterThanOrEqual(optimum);
      }),
      { numRuns: 300 },
    );
  });
});

/** Of the places to cut an instance that could serve, the least part of the slices that are taken; 1 when none or all are. */
function instanceLackOf(node: LedgerNode, job: Job): number {
  if (usableInstances(node, job).length > 0) return 0;
  const lacks = node.gpus.flatMap(({ model, cut, instances }) => {
    if (cut === undefined || job.gpuModels?.includes(model) === false) return [];
    const sizeOf = (name: string) => cut.geometry.profiles.find((profile) => profile.name === name)!.memorySlices;
    const taken = cut.pieces.flatMap(({ profile, start }) =>
      Array.from({ length: sizeOf(profile) }, (_, slice) => start + slice),
    );
    return instances.flatMap(({ profile, start, memory = Infinity }) => {
      if (profile !== job.migProfile || memory < (job.gpuMemoryMib ?? 0)) return [];
      const size = sizeOf(profile);
      const overlap = taken.filter((slice) => slice >= start && slice < start + size).length;
      return [overlap === 0 ? 1 : overlap / size];
    });
  });
  return Math.min(1, ...lacks);
}

/** What a node lacks, from the definition: the parts of the demand that are missing, added up. */
function lackOf(node: LedgerNode, whole: GpuNode, job: Job): number {
  const part = (needed: number, available: number) => (available < needed ? (needed - available) / needed : 0);
  const host = part(job.cpuMilli, node.cpu) + part(job.memoryMib, node.memory);
  if (job.gpuCount === 0) return host;
  if (job.migProfile !== undefined) return host + instanceLackOf(node, job);
  const milli = job.gpuMilli ?? 1_000;
  if (milli === 1_000) return host + part(job.gpuCount, usableGpus(node, job).length);
  const memory = job.gpuMemoryMib ?? 0;
  const lacks = node.gpus.flatMap((gpu, index) => {
    // A GPU too small for the job even when empty is no candidate.
    const isEligible = usableGpus(ledgerNode(whole), job).includes(index);
    return isEligible ? [part(milli, gpu.milli) + (memory === 0 ? 0 : part(memory, gpu.memory!))] : [];
  });
  lacks.sort((x, y) => x - y);
  return host + lacks.slice(0, job.gpuCount).reduce((sum, lack) => sum + lack, 0);
}
