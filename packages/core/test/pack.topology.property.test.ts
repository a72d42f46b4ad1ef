import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacker, type GpuNode, type Job, type Packer, type PackOptions, type Topology } from '../src/index.ts';
import { demand, fleet, jobs, NOW_MS, workload } from './arbitraries.ts';
import { canStartTogether, groupsOf } from './oracles/gang-brute-force.ts';
import { book, ledgerNode, move, type LedgerNode } from './oracles/pack-ledger.ts';

const nowMs = NOW_MS;
const LEVELS = ['nvlinkDomain', 'rack', 'zone'] as const;
const level = fc.constantFrom(...LEVELS);
const compact = (value: object): unknown =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));

const name = (...names: string[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: fc.constant(undefined) });
const where = fc.record({ nvlinkDomain: name('d1', 'd2', 'd3'), rack: name('r1', 'r2'), zone: name('z1', 'z2') });
/** Nodes in domains, racks and zones that need not lie inside each other. */
const located = (fleets: fc.Arbitrary<readonly GpuNode[]>): fc.Arbitrary<readonly GpuNode[]> =>
  fleets.chain((nodes) =>
    fc
      .array(where, { minLength: nodes.length, maxLength: nodes.length })
      .map((places) => nodes.map((node, index) => compact({ ...node, ...places[index] }) as GpuNode)),
  );
/** Members that are alike more often than jobs drawn one by one. */
const membersOf = (kind: fc.Arbitrary<Omit<Job, 'id'>>, maxLength: number): fc.Arbitrary<readonly Job[]> =>
  fc
    .tuple(fc.array(kind, { minLength: 1, maxLength: 3 }), fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength }))
    .map(([kinds, picks]) =>
      picks.map((pick, index) => ({ ...kinds[pick % kinds.length]!, id: `m${index}`, gang: 'g' })),
    );

/** Nodes that only GPUs fill, and members of shares that fill them to the last when they are put together right. */
const snugFleet = (maxLength: number): fc.Arbitrary<readonly GpuNode[]> =>
  fc
    .array(fc.array(fc.constantFrom('A', 'A', 'B'), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength })
    .map((list) =>
      list.map((models, index) => ({
        id: `n${index}`,
        gpus: models.map((model) => ({ model })),
        cpuMilli: 8_000,
        memoryMib: 8_192,
      })),
    );
const snugJob: fc.Arbitrary<Omit<Job, 'id'>> = fc
  .record({
    size: fc.oneof(
      fc.constantFrom(200, 300, 500, 600).map((gpuMilli) => ({ gpuCount: 1, gpuMilli })),
      fc.constantFrom({ gpuCount: 1 }, { gpuCount: 2 }, { gpuCount: 2, gpuMilli: 500 }),
    ),
    gpuModels: fc.constantFrom(undefined, undefined, ['A'], ['B']),
  })
  .map(({ size, gpuModels }) => compact({ ...size, gpuModels, cpuMilli: 100, memoryMib: 100 }) as Omit<Job, 'id'>);

/** A fleet, jobs in place and a gang. */
const problem = (maxNodes: number, maxMembers: number, maxBefore = 6) =>
  fc.oneof(
    fc.tuple(located(fleet(maxNodes)), jobs({ hasGangs: false, maxLength: maxBefore }), membersOf(demand, maxMembers)),
    fc.tuple(
      located(snugFleet(maxNodes)),
      fc
        .array(snugJob, { maxLength: maxBefore / 2 })
        .map((list) => list.map((job, index) => ({ ...job, id: `j${index}` }))),
      membersOf(snugJob, maxMembers + 1),
    ),
  );
const withTopology = (list: readonly Job[], topology: Topology | undefined): Job[] =>
  list.map((job) => (topology === undefined ? { ...job } : { ...job, topology }));
const topologies: fc.Arbitrary<Topology | undefined> = fc.oneof(
  fc.constant(undefined),
  level.map((required) => ({ required })),
  level.map((required) => ({ required, prefersCompact: true })),
  fc.constant({ prefersCompact: true }),
);
const options: fc.Arbitrary<PackOptions> = fc.constantFrom(
  { scorer: 'fgd' },
  { scorer: 'best-fit' },
  { scorer: 'first-fit' },
  { scorer: 'fgd', keepsDomainsEmpty: 'rack' },
  { scorer: 'priced', prefersEarlyExpiry: true, keepsDomainsEmpty: 'nvlinkDomain' },
);

/** A packer with some jobs in place, and a ledger beside it. */
function loaded(
  nodes: readonly GpuNode[],
  before: readonly Job[],
  mix: Parameters<typeof createPacker>[0]['workload'],
  choice: PackOptions,
) {
  const packer = createPacker({ nodes, nowMs, workload: mix! }, choice);
  const ledger = nodes.map(ledgerNode);
  for (const job of before) {
    const result = packer.place(job);
    if ('placement' in result) book(ledger, job, result.placement, nowMs);
  }
  return { packer, ledger };
}
const isPlaced = (results: ReturnType<Packer['placeGang']>) => results.every((result) => 'placement' in result);
/** Nodes the members are on; `undefined`: none is placed. */
const nodeIdsOf = (results: ReturnType<Packer['placeGang']>) =>
  isPlaced(results) ? results.map((result) => ('placement' in result ? result.placement.nodeId : '')) : undefined;
const among = (ledger: readonly LedgerNode[], ids: readonly string[]) => ledger.filter(({ id }) => ids.includes(id));

const compactly = { prefersCompact: true };

describe('a gang with a topology', () => {
  it('is placed whole, inside one domain, without overfilling, or leaves no trace', () => {
    let placed = 0;
    fc.assert(
      fc.property(problem(6, 5), topologies, workload, options, ([nodes, before, list], topology, mix, choice) => {
        const { packer, ledger } = loaded(nodes, before, mix, choice);
        const snapshot = packer.snapshot();
        const stats = packer.stats();
        const probe = { ...list[0]!, id: 'probe' };
        delete (probe as { gang?: string }).gang;
        const results = packer.placeGang(withTopology(list, topology));

        const ids = nodeIdsOf(results);
        if (ids === undefined) {
          expect(results.some((result) => 'placement' in result)).toBe(false);
          expect(packer.snapshot()).toEqual(snapshot);
          expect(packer.stats()).toEqual(stats);
          const twin = loaded(nodes, before, mix, choice).packer;
          expect(packer.place(probe)).toEqual(twin.place(probe));
          return;
        }
        placed++;
        results.forEach((result, index) => {
          if ('placement' in result) book(ledger, list[index]!, result.placement, nowMs);
        });
        if (topology?.required === undefined) return;
        const groups = groupsOf(nodes, topology.required);
        expect(groups.some((group) => ids.every((id) => group.includes(id)))).toBe(true);
      }),
      { numRuns: 400, seed: 1 },
    );
    expect(placed).toBeGreaterThan(100);
  });

  it('is placed whenever brute force finds a place, and refused with proof only when there is none', () => {
    let [placed, refused] = [0, 0];
    fc.assert(
      fc.property(problem(4, 4), topologies, workload, options, ([nodes, before, list], topology, mix, choice) => {
        const { packer, ledger } = loaded(nodes, before, mix, choice);
        const results = packer.placeGang(withTopology(list, topology));

        const groups =
          topology?.required === undefined ? [nodes.map(({ id }) => id)] : groupsOf(nodes, topology.required);
        const canStart = groups.some((ids) => canStartTogether(among(ledger, ids), list, nowMs));
        expect(isPlaced(results)).toBe(canStart);
        const [first] = results;
        if (first !== undefined && 'unplaced' in first && first.unplaced.reason.kind === 'no-domain') {
          expect(first.unplaced.reason.isProven).toBe(true);
        }
        if (canStart) placed++;
        else refused++;
      }),
      { numRuns: 500, seed: 2 },
    );
    expect(placed).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
  });

  it('that prefers to be compact is in one domain of the narrowest level that brute force finds', () => {
    const found = { nvlinkDomain: 0, rack: 0, zone: 0, anywhere: 0 };
    fc.assert(
      fc.property(
        problem(5, 4),
        workload,
        options,
        fc.option(level),
        ([nodes, before, list], mix, choice, required) => {
          const { packer, ledger } = loaded(nodes, before, mix, choice);
          const ids = nodeIdsOf(
            packer.placeGang(withTopology(list, required === null ? compactly : { ...compactly, required })),
          );

          const scopes = required === null ? [nodes.map(({ id }) => id)] : groupsOf(nodes, required);
          const groupsAt = (one: (typeof LEVELS)[number]) =>
            scopes.flatMap((scope) =>
              groupsOf(
                nodes.filter(({ id }) => scope.includes(id)),
                one,
              ),
            );
          const reach = required === null ? LEVELS : LEVELS.slice(0, LEVELS.indexOf(required) + 1);
          const narrowest = reach.find((one) =>
            groupsAt(one).some((group) => canStartTogether(among(ledger, group), list, nowMs)),
          );
          if (narrowest !== undefined) {
            expect(groupsAt(narrowest).some((group) => ids!.every((id) => group.includes(id)))).toBe(true);
          }
          if (ids !== undefined) found[narrowest ?? 'anywhere']++;
        },
      ),
      { numRuns: 700, seed: 3 },
    );
    expect(Math.min(...Object.values(found))).toBeGreaterThan(2);
  });

  it('is placed alike in whatever order its members come', () => {
    fc.assert(
      fc.property(
        problem(5, 5),
        topologies,
        workload,
        options,
        fc.infiniteStream(fc.nat()),
        ([nodes, before, list], topology, mix, choice, salts) => {
          const one = loaded(nodes, before, mix, choice).packer;
          const other = loaded(nodes, before, mix, choice).packer;
          const ordered = withTopology(list, topology);
          const shuffled = ordered
            .map((job) => ({ job, salt: salts.next().value as number }))
            .sort((x, y) => x.salt - y.salt)
            .map(({ job }) => job);
          const byId = (results: ReturnType<Packer['placeGang']>) =>
            results
              .map((result) => ('placement' in result ? result.placement : result.unplaced))
              .sort((x, y) => (x.jobId < y.jobId ? -1 : 1));

          expect(byId(other.placeGang(shuffled))).toEqual(byId(one.placeGang(ordered)));
          expect(other.stats()).toEqual(one.stats());
        },
      ),
      { numRuns: 200, seed: 4 },
    );
  });

  it('that found no domain gets remedies that work', () => {
    const seen = { emptied: 0, irreducible: 0, loosened: 0, hopeless: 0 };
    fc.assert(
      fc.property(problem(5, 4, 12), level, workload, options, ([nodes, before, list], required, mix, choice) => {
        const { packer } = loaded(nodes, before, mix, choice);
        const gang = withTopology(list, { required });
        const first = packer.placeGang(gang)[0]!;
        if ('placement' in first || first.unplaced.reason.kind !== 'no-domain') return;

        const { nearest, fitsAt, memberCount } = first.unplaced.reason;
        expect(memberCount).toBe(list.length);
        if (nearest !== undefined) expect(nearest.placeableCount).toBeLessThanOrEqual(memberCount);
        if (fitsAt !== undefined) {
          seen.loosened++;
          const copy = createPacker(packer.snapshot(), choice);
          expect(
            isPlaced(copy.placeGang(withTopology(list, fitsAt === 'anywhere' ? undefined : { required: fitsAt }))),
          ).toBe(true);
        }
        if (nearest?.nodesToEmpty !== undefined) {
          seen.emptied++;
          expect(nearest.nodesToEmpty.length).toBeGreaterThan(0);
          const { running } = packer.snapshot();
          const copy = createPacker(packer.snapshot(), choice);
          for (const { job, placement } of running)
            if (nearest.nodesToEmpty.includes(placement.nodeId)) copy.release(job.id);
          expect(isPlaced(copy.placeGang(gang))).toBe(true);
        } else if (nearest !== undefined) {
          // Empty, no domain holds the gang when it is filled one by one; most often brute force finds no way either.
          const empty = nodes.map(ledgerNode);
          if (!groupsOf(nodes, required).some((ids) => canStartTogether(among(empty, ids), list, nowMs)))
            seen.hopeless++;
        }
      }),
      { numRuns: 800, seed: 5 },
    );
    expect(seen.emptied).toBeGreaterThan(20);
    expect(seen.loosened).toBeGreaterThan(20);
    expect(seen.hopeless).toBeGreaterThan(5);
  });
});

/** Jobs of few demands, so that scores kept from before are asked for again. */
const repeated: fc.Arbitrary<readonly Job[]> = membersOf(fc.oneof(demand, snugJob), 15).map((list) =>
  list.map((job) => compact({ ...job, gang: undefined }) as Job),
);

describe('keepsDomainsEmpty', () => {
  it('takes a node of an empty domain only when no other node has room, also after jobs have left', () => {
    fc.assert(
      fc.property(
        fc.oneof(located(fleet(6)), located(snugFleet(6))),
        repeated,
        fc.array(fc.nat(), { maxLength: 15 }),
        level,
        workload,
        (nodes, list, leaves, keepsDomainsEmpty, mix) => {
          const packer = createPacker({ nodes, nowMs, workload: mix }, { keepsDomainsEmpty });
          const ledger = nodes.map(ledgerNode);
          const held: { job: Job; nodeId: string; placement: Parameters<typeof move>[2] }[] = [];
          const groups = groupsOf(nodes, keepsDomainsEmpty);
          list.forEach((job, turn) => {
            const isEmpty = (id: string) => {
              const group = groups.find((ids) => ids.includes(id));
              return group !== undefined && !held.some(({ nodeId }) => group.includes(nodeId));
            };
            const other = ledger.filter(({ id }) => !isEmpty(id));
            const fitsOther = canStartTogether(other, [job], nowMs);
            const result = packer.place(job);
            if ('placement' in result) {
              expect(isEmpty(result.placement.nodeId) && fitsOther).toBe(false);
              book(ledger, job, result.placement, nowMs);
              held.push({ job, nodeId: result.placement.nodeId, placement: result.placement });
            }
            const leave = leaves[turn];
            if (leave === undefined || leave % 2 === 0 || held.length === 0) return;
            const [gone] = held.splice(leave % held.length, 1);
            packer.release(gone!.job.id);
            move(
              ledger.find(({ id }) => id === gone!.nodeId)!,
              gone!.job,
              gone!.placement,
              1,
            );
          });
        },
      ),
      { numRuns: 300, seed: 6 },
    );
  });
});
