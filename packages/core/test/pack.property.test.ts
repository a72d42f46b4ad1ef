import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacker, pack, packBound, type Job, type Packer, type PackOptions } from '../src/index.ts';
import { demand, fleet, jobs, NOW_MS, ruledFleet, ruledJobs, workload } from './arbitraries.ts';
import { book, ledgerNode } from './oracles/pack-ledger.ts';

const RUNS = { numRuns: 300 };
const nowMs = NOW_MS;
const options: fc.Arbitrary<PackOptions> = fc.constantFrom(
  {},
  { scorer: 'priced' },
  { scorer: 'fgd' },
  { scorer: 'best-fit' },
  { scorer: 'first-fit' },
);
/** With and without rules that keep jobs off nodes. */
const any = fc.oneof(fc.tuple(fleet(), jobs()), fc.tuple(ruledFleet(), ruledJobs()));
const placeAll = (packer: Packer, list: readonly Job[]) => list.map((job) => packer.place(job));

describe('pack', () => {
  it('fills no node beyond what it has and respects cordons, expiry, models, memory, MIG and rules of nodes', () => {
    fc.assert(
      fc.property(any, options, ([nodes, list], choice) => {
        const { placements } = pack({ nodes, jobs: list, nowMs }, choice);

        const ledger = nodes.map(ledgerNode);
        for (const placement of placements) {
          book(
            ledger,
            list.find(({ id }) => id === placement.jobId)!,
            placement,
            nowMs,
          );
        }
      }),
      RUNS,
    );
  });

  it('answers for every job once', () => {
    fc.assert(
      fc.property(fleet(), jobs(), options, (nodes, list, choice) => {
        const { placements, unplaced } = pack({ nodes, jobs: list, nowMs }, choice);

        const answered = [...placements, ...unplaced].map(({ jobId }) => jobId).sort();
        expect(answered).toEqual(list.map(({ id }) => id).sort());
      }),
      RUNS,
    );
  });

  it('places a gang whole or not at all', () => {
    fc.assert(
      fc.property(fleet(), jobs(), (nodes, list) => {
        const placed = new Set(pack({ nodes, jobs: list, nowMs }).placements.map(({ jobId }) => jobId));

        for (const gang of ['g', 'h']) {
          const members = list.filter((job) => job.gang === gang);
          const count = members.filter(({ id }) => placed.has(id)).length;
          expect([0, members.length]).toContain(count);
        }
      }),
      RUNS,
    );
  });

  it('does not depend on the order of the nodes, nor on the run', () => {
    fc.assert(
      fc.property(any, options, workload, fc.boolean(), ([nodes, list], choice, mix, isGiven) => {
        const input = { nodes, jobs: list, nowMs, ...(isGiven ? { workload: mix } : {}) };
        const result = pack(input, choice);

        expect(pack(structuredClone(input), choice)).toEqual(result);
        const mirrored = {
          ...input,
          nodes: [...nodes].reverse(),
          ...(isGiven ? { workload: [...mix].reverse() } : {}),
        };
        expect(pack(mirrored, choice)).toEqual(result);
      }),
      RUNS,
    );
  });

  it('changes nothing it is given', () => {
    fc.assert(
      fc.property(fleet(), jobs(), (nodes, list) => {
        const input = deepFreeze({ nodes, jobs: list, nowMs });

        expect(() => pack(input)).not.toThrow();
      }),
    );
  });

  it('allocates no more than the bound, and the gap is the distance to it', () => {
    fc.assert(
      fc.property(any, options, ([nodes, list], choice) => {
        const { bound, stats } = pack({ nodes, jobs: list, nowMs }, choice);

        expect(stats.gpuMilliAllocated).toBeLessThanOrEqual(bound.gpuMilli);
        expect(bound.gapRatio * bound.gpuMilli).toBeCloseTo(bound.gpuMilli - stats.gpuMilliAllocated, 6);
      }),
      RUNS,
    );
  });

  it('is bounded just as well when part of the jobs run already', () => {
    fc.assert(
      fc.property(fleet(), jobs({ hasGangs: false }), fc.nat(20), (nodes, list, cut) => {
        const first = list.slice(0, cut);
        const { placements } = pack({ nodes, jobs: first, nowMs });
        const running = placements.map((placement) => ({
          job: first.find(({ id }) => id === placement.jobId)!,
          placement,
        }));
        const { bound, stats } = pack({ nodes, jobs: list.slice(cut), running, nowMs });

        expect(stats.gpuMilliAllocated).toBeLessThanOrEqual(bound.gpuMilli);
        expect(packBound({ nodes, jobs: list, nowMs }).gpuMilli).toBeGreaterThanOrEqual(stats.gpuMilliAllocated);
      }),
      RUNS,
    );
  });
});

describe('createPacker', () => {
  it('undoes a placement exactly when the job is released', () => {
    fc.assert(
      fc.property(
        fleet(),
        jobs({ hasGangs: false }),
        jobs({ hasGangs: false }),
        workload,
        options,
        (nodes, before, after, mix, choice) => {
          const make = () => createPacker({ nodes, workload: mix, nowMs }, choice);
          const [straight, detour] = [make(), make()];
          placeAll(straight, before);
          placeAll(detour, before);
          const guests = after.map((job) => ({ ...job, id: `guest-${job.id}` }));
          const entered = placeAll(detour, guests);
          guests.forEach(({ id }, index) => {
            if ('placement' in entered[index]!) detour.release(id);
          });

          const late = after.map((job) => ({ ...job, id: `late-${job.id}` }));
          expect(detour.stats()).toEqual(straight.stats());
          expect(placeAll(detour, late)).toEqual(placeAll(straight, late));
        },
      ),
      RUNS,
    );
  });

  it('leaves no trace of a gang that found no place', () => {
    fc.assert(
      fc.property(
        fleet(3),
        jobs({ hasGangs: false }),
        fc.array(demand, { minLength: 1, maxLength: 6 }),
        workload,
        (nodes, before, members, mix) => {
          const packer = createPacker({ nodes, workload: mix, nowMs });
          placeAll(packer, before);
          const snapshot = packer.snapshot();
          const stats = packer.stats();
          const results = packer.placeGang(members.map((job, index) => ({ ...job, id: `m${index}`, gang: 'g' })));

          const placed = results.filter((result) => 'placement' in result).length;
          fc.pre(placed < members.length);
          expect(placed).toBe(0);
          expect(packer.snapshot()).toEqual(snapshot);
          expect(packer.stats()).toEqual(stats);
        },
      ),
      RUNS,
    );
  });

  it('goes on from its snapshot as if nothing had happened, also while it learns the mix', () => {
    fc.assert(
      fc.property(
        ruledFleet(),
        ruledJobs({ hasGangs: false }),
        ruledJobs({ hasGangs: false }),
        fc.option(workload),
        options,
        (nodes, before, after, mix, choice) => {
          const packer = createPacker({ nodes, nowMs, ...(mix === null ? {} : { workload: mix }) }, choice);
          placeAll(packer, before);
          const twin = createPacker(
            JSON.parse(JSON.stringify(packer.snapshot())) as ReturnType<Packer['snapshot']>,
            choice,
          );

          const late = after.map((job) => ({ ...job, id: `late-${job.id}` }));
          expect(twin.snapshot()).toEqual(packer.snapshot());
          expect(placeAll(twin, late)).toEqual(placeAll(packer, late));
          expect(twin.stats()).toEqual(packer.stats());
          expect(twin.snapshot()).toEqual(packer.snapshot());
        },
      ),
      RUNS,
    );
  });

  it('gives back the jobs of a removed node and takes them again when the node returns', () => {
    fc.assert(
      fc.property(fleet(), jobs({ hasGangs: false }), workload, fc.nat(), (nodes, list, mix, pick) => {
        fc.pre(nodes.length > 0);
        const packer = createPacker({ nodes, workload: mix, nowMs });
        placeAll(packer, list);
        const node = nodes[pick % nodes.length]!;
        const held = packer.snapshot().running.filter(({ placement }) => placement.nodeId === node.id);
        const gone = packer.removeNode(node.id);

        expect(gone).toEqual(held.map(({ job }) => job));
        expect(packer.stats().nodeCount).toBe(nodes.length - 1);
        packer.addNode(node);
        const rest = packer.snapshot();
        expect(createPacker({ ...rest, running: [...rest.running, ...held] }).stats().nodeCount).toBe(nodes.length);
        expect(createPacker(rest).stats()).toEqual(packer.stats());
      }),
      RUNS,
    );
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const field of Object.values(value)) deepFreeze(field);
    Object.freeze(value);
  }
  return value;
}
