import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consolidate,
  createPacker,
  migGeometry,
  pack,
  packBound,
  placeMig,
  unplacedBound,
  type Gpu,
  type GpuNode,
  type Job,
  type PackerSnapshot,
  type PackOptions,
  type Placement,
  type WorkloadShape,
} from '../src/index.ts';
import { canStartTogether } from './oracles/gang-brute-force.ts';
import { batchOptimum, freeStarts, isLegal, plainProfiles, type Piece } from './oracles/mig-brute-force.ts';
import { book, ledgerNode } from './oracles/pack-ledger.ts';
import { job, node } from './pack-builders.ts';

const NAMES = ['A100-40GB', 'H100-80GB', 'A30-24GB'];
const cut = (name: string): Gpu => ({ model: name, migGeometry: name });
const WHOLE: Gpu = { model: 'H100-80GB' };

/** Nodes of some cards in MIG mode beside whole GPUs; CPU and memory for all that fits. */
const cardFleet = (maxLength: number): fc.Arbitrary<readonly GpuNode[]> =>
  fc
    .array(fc.array(fc.constantFrom(...NAMES.map(cut), WHOLE), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength,
    })
    .chain((list) =>
      fc
        .array(fc.integer({ min: 10, max: 99 }), { minLength: list.length, maxLength: list.length })
        .map((salts) => list.map((gpus, index) => node(`n${salts[index]}-${index}`, gpus, { cpuMilli: 40_000 }))),
    );
const profiles = NAMES.flatMap((name) => migGeometry(name).profiles.map((profile) => profile.name));
const profile = fc.constantFrom(...new Set(profiles));
const asked: fc.Arbitrary<Omit<Job, 'id'>> = fc.oneof(
  { weight: 8, arbitrary: profile.map((migProfile) => ({ gpuCount: 1, migProfile, cpuMilli: 100, memoryMib: 100 })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom({ gpuCount: 1 }, { gpuCount: 1, gpuMilli: 400 }, { gpuCount: 2 }).map((size) => ({
      ...size,
      cpuMilli: 100,
      memoryMib: 100,
    })),
  },
);
type Step = { readonly place: Omit<Job, 'id'> } | { readonly release: number };
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: asked.map((place): Step => ({ place })) },
    { weight: 1, arbitrary: fc.nat(99).map((release): Step => ({ release })) },
  ),
  { minLength: 5, maxLength: 50 },
);
const mix: fc.Arbitrary<readonly WorkloadShape[]> = fc.array(
  fc.record({ job: asked, weight: fc.integer({ min: 1, max: 9 }) }),
  { maxLength: 5 },
);
const options: fc.Arbitrary<PackOptions> = fc.constantFrom(
  {},
  { scorer: 'priced' },
  { scorer: 'best-fit' },
  { scorer: 'first-fit' },
  { scorer: () => 1 },
);
const jsonOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** What is cut from each GPU, and what share of it is held, from the placements alone. */
function devices(nodes: readonly GpuNode[], placements: Iterable<Placement>) {
  const all = new Map(
    nodes.flatMap(({ id, gpus }) => gpus.map((gpu, g) => [`${id}/${g}`, { gpu, pieces: [] as Piece[], milli: 0 }])),
  );
  for (const { nodeId, gpus, mig } of placements) {
    for (const { index, milli } of gpus) all.get(`${nodeId}/${index}`)!.milli += milli;
    if (mig !== undefined) all.get(`${nodeId}/${mig.gpuIndex}`)!.pieces.push(mig);
  }
  return [...all.values()];
}

describe('GPUs that are cut as jobs come', () => {
  it('have a legal layout whatever happens, and only MIG jobs; a job is turned away only when no card has a start', () => {
    let cutCount = 0;
    let refused = 0;
    fc.assert(
      fc.property(cardFleet(3), steps, mix, options, (nodes, list, workload, choice) => {
        const packer = createPacker({ nodes, workload }, choice);
        const placed = new Map<string, Placement>();
        list.forEach((step, index) => {
          if ('release' in step) {
            const id = [...placed.keys()][step.release % Math.max(1, placed.size)];
            if (id === undefined) return;
            packer.release(id);
            placed.delete(id);
          } else {
            const one = { ...step.place, id: `j${index}` };
            const result = packer.place(one);
            if ('placement' in result) placed.set(one.id, result.placement);
            else if (one.migProfile !== undefined) {
              refused++;
              const starts = devices(nodes, placed.values()).filter(({ gpu }) => gpu.migGeometry !== undefined);
              for (const { gpu, pieces } of starts) expect(freeStarts(gpu.model, pieces, one.migProfile)).toEqual([]);
            }
          }
          for (const { gpu, pieces, milli } of devices(nodes, placed.values())) {
            cutCount += pieces.length;
            if (gpu.migGeometry === undefined) expect(pieces).toEqual([]);
            else {
              expect(milli).toBe(0);
              expect(isLegal(gpu.model, pieces)).toBe(true);
            }
          }
        });
      }),
      { numRuns: 150 },
    );

    expect(cutCount).toBeGreaterThan(1_500);
    expect(refused).toBeGreaterThan(50);
  });

  it('are cut where placeMig would cut them', () => {
    let placedCount = 0;
    fc.assert(
      fc.property(cardFleet(3), steps, mix, (nodes, list, workload) => {
        const packer = createPacker({ nodes, workload: [...workload, LIGHT] });
        const placed = new Map<string, Placement>();
        const total = weightOf(workload, () => true);
        const plain = new Set(NAMES.flatMap(plainProfiles));
        const weights = [...plain, ...profiles].map((name) => {
          const own = 50 * weightOf(workload, (shape) => shape.job.migProfile === name);
          return { profile: name, weight: own + (plain.has(name) ? Math.max(1, total) : 0) };
        });
        const known = new Map(weights.filter(({ weight }) => weight > 0).map((shape) => [shape.profile, shape]));
        list.forEach((step, index) => {
          if ('release' in step) {
            const id = [...placed.keys()][step.release % Math.max(1, placed.size)];
            if (id !== undefined) packer.release(id);
            if (id !== undefined) placed.delete(id);
            return;
          }
          const one = { ...step.place, id: `j${index}` };
          if (one.migProfile === undefined) return;
          const cards = nodes.flatMap(({ id, gpus }) =>
            gpus.flatMap(({ migGeometry: geometry }, g) => {
              if (geometry === undefined) return [];
              const here = [...placed.values()].filter((held) => held.nodeId === id && held.mig!.gpuIndex === g);
              const instances = here.map(({ mig }) => ({ profile: mig!.profile, start: mig!.start }));
              return [{ id: `${id}/${g}`, model: geometry, instances }];
            }),
          );
          const expected = placeMig({ cards, profile: one.migProfile, workload: [...known.values()] });
          const result = packer.place(one);
          expect('placement' in result).toBe('placement' in expected);
          if (!('placement' in expected) || !('placement' in result)) return;
          placedCount++;
          placed.set(one.id, result.placement);
          const { nodeId, mig } = result.placement;
          expect({ cardId: `${nodeId}/${mig!.gpuIndex}`, profile: mig!.profile, start: mig!.start }).toEqual(
            expected.placement,
          );
        });
      }),
      { numRuns: 150 },
    );

    expect(placedCount).toBeGreaterThan(300);
  });

  it('are as they were when what was placed is released, and go on from a snapshot as if nothing had been', () => {
    fc.assert(
      fc.property(cardFleet(3), steps, mix, options, asked, fc.nat(50), (nodes, list, workload, choice, last, at) => {
        const input = { nodes, workload: [...workload, LIGHT] };
        const packer = createPacker(input, choice);
        let restored = createPacker(input, choice);
        const others = createPacker({ ...input, nodes: [...nodes].reverse() }, choice);
        const placed: string[] = [];
        list.forEach((step, index) => {
          if (index === at) restored = createPacker(jsonOf(packer.snapshot()), choice);
          if ('release' in step) {
            const [id] = placed.splice(step.release % Math.max(1, placed.length), 1);
            if (id !== undefined) for (const each of [packer, restored, others]) each.release(id);
            return;
          }
          const one = { ...step.place, id: `j${index}` };
          const result = packer.place(one);
          if ('placement' in result) placed.push(one.id);
          expect(jsonOf(restored.place(one))).toEqual(jsonOf(result));
          expect(jsonOf(others.place(one))).toEqual(jsonOf(result));
        });
        const held = ({ nodes: fleet, running }: PackerSnapshot) => ({ fleet, running });
        const before = held(packer.snapshot());
        const result = packer.place({ ...last, id: 'last' });
        if ('placement' in result) packer.release('last');
        expect(held(packer.snapshot())).toEqual(before);
        // Nothing is left behind that a snapshot does not show.
        const stats = createPacker(packer.snapshot(), choice).stats();
        expect(packer.stats()).toEqual(stats);
      }),
      { numRuns: 100 },
    );
  });

  it('hold all members of a gang whenever they can start together', () => {
    let together = 0;
    let apart = 0;
    const names = fc.constantFrom('1g', '2g', '7g');
    fc.assert(
      fc.property(
        fc.array(fc.array(anyCard, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 }),
        fc.array(names, { maxLength: 3 }),
        fc.oneof(
          fc.array(names, { minLength: 1, maxLength: 5 }),
          fc.tuple(names, fc.integer({ min: 1, max: 4 })).map(([name, count]) => Array<string>(count).fill(name)),
        ),
        names,
        (lists, before, members, only) => {
          const nodes = lists.map((list, index) => node(`n${index}`, list));
          const early = before.map((migProfile, k) => job(`b${k}`, 1, { migProfile }));
          const running = pack({ nodes, jobs: early }, { scorer: 'first-fit' }).placements.map((placement) => ({
            job: early.find(({ id }) => id === placement.jobId)!,
            placement,
          }));
          const jobs = members.map((migProfile, k) => job(`m${k}`, 1, { migProfile, gang: 'g' }));
          // One profile alone is to be kept room for, so that members are put where they are in each other's way.
          const workload = [{ job: job('', 1, { migProfile: only }), weight: 1 }];
          const results = createPacker({ nodes, running, workload }).placeGang(jobs);

          const ledger = nodes.map(ledgerNode);
          for (const { job: held, placement } of running) book(ledger, held, placement, 0);
          const can = canStartTogether(ledger, jobs, 0);
          if (can) together++;
          else apart++;
          expect(results.every((result) => 'placement' in result)).toBe(can);
        },
      ),
      { numRuns: 700 },
    );

    expect(together).toBeGreaterThan(60);
    expect(apart).toBeGreaterThan(60);
  });

  it('do not weaken the bounds: no answer is beyond them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 2 }),
        fc.array(fc.nat(99), { minLength: 1, maxLength: 5 }),
        fc.nat(2),
        (models, picks, wholeCount) => {
          const names = [...new Set(models.flatMap(plainProfiles))];
          const jobs = picks.map((pick, index) =>
            job(`j${index}`, 1, { migProfile: names[pick % names.length]!, cpuMilli: 0, memoryMib: 0 }),
          );
          const whole = Array.from({ length: wholeCount }, (_, k) => job(`w${k}`, 1, { cpuMilli: 0, memoryMib: 0 }));
          const nodes = [node('a', [...models.map(cut), WHOLE])];
          const [left] = batchOptimum(
            models.map((model) => ({ model, pieces: [] })),
            jobs.map(({ migProfile }) => migProfile!).sort(),
          );
          const most = Math.min(1, wholeCount);

          const all = [...jobs, ...whole];
          expect(unplacedBound({ nodes, jobs: all }).jobCount).toBeLessThanOrEqual(left + wholeCount - most);
          expect(packBound({ nodes, jobs: all }).gpuMilli).toBe(1_000 * most);
          expect(pack({ nodes, jobs: all }).unplaced.length).toBeGreaterThanOrEqual(left + wholeCount - most);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('are emptied by moves that are legal one after the other', () => {
    let moved = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...NAMES),
        fc.integer({ min: 2, max: 4 }),
        fc.array(fc.nat(999), { minLength: 1, maxLength: 9 }),
        (name, count, picks) => {
          const nodes = Array.from({ length: count }, (_, index) => node(`n${index}`, [cut(name)]));
          // Spread, so that something can be gathered.
          const packer = createPacker({ nodes }, { scorer: ({ jobCount }) => 9 - jobCount });
          const names = plainProfiles(name);
          const wanted = picks.map((pick, index) =>
            job(`j${index}`, 1, { migProfile: names[pick % names.length]!, isPreemptible: true }),
          );
          const jobs = wanted.filter((one) => 'placement' in packer.place(one));
          const { running } = packer.snapshot();
          const now = new Map(running.map(({ placement }) => [placement.jobId, placement]));
          const { moves, emptied } = consolidate({ nodes, jobs, placements: [...now.values()] });

          for (const { jobId, from, to } of moves) {
            moved++;
            expect(now.get(jobId)).toEqual(from);
            // Held at both places while it moves.
            now.set(`${jobId} there`, to);
            for (const { gpu, pieces } of devices(nodes, now.values())) expect(isLegal(gpu.model, pieces)).toBe(true);
            now.set(jobId, to);
            now.delete(`${jobId} there`);
          }
          const used = new Set([...now.values()].map(({ nodeId }) => nodeId));
          for (const { nodeId } of emptied) expect(used.has(nodeId)).toBe(false);
        },
      ),
      { numRuns: 100 },
    );

    expect(moved).toBeGreaterThan(20);
  });
});

/** A card with any sizes and starts: what loses least is not what holds most. */
const anyCard: fc.Arbitrary<Gpu> = fc
  .tuple(
    fc.integer({ min: 3, max: 6 }),
    fc.tuple(
      ...['1g', '2g', '7g'].map(() => fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 63 }))),
    ),
  )
  .map(([memorySlices, sizes]): Gpu => {
    const all = sizes.map(([size, bits], index) => ({
      name: ['1g', '2g', '7g'][index]!,
      computeSlices: 1,
      memorySlices: size,
      starts: [0, 1, 2, 3, 4, 5].filter((start) => (bits >> start) % 2 === 1 && start + size <= memorySlices),
    }));
    const fitting = all.filter(({ starts }) => starts.length > 0);
    return {
      model: 'A',
      migGeometry: { name: 'any', memorySlices, computeSlices: 4, profiles: fitting, startsSource: 'assumed' },
    };
  });

/** Makes a mix given, not learned, without counting for MIG. */
const LIGHT: WorkloadShape = { job: { gpuCount: 1, cpuMilli: 0, memoryMib: 0 }, weight: 1 };

function weightOf(shapes: readonly WorkloadShape[], isMeant: (shape: WorkloadShape) => boolean): number {
  return shapes
    .filter((shape) => shape.job.migProfile !== undefined && isMeant(shape))
    .reduce((sum, { weight }) => sum + weight, 0);
}
