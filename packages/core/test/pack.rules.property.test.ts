import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacker, fewestNodes, type GpuNode, type Job, type PackOptions } from '../src/index.ts';
import { leastWeight } from './oracles/fewest-optimum.ts';
import { admits, book, ledgerNode, move } from './oracles/pack-ledger.ts';
import { scanPlace } from './oracles/pack-scan.ts';
import { A, job, node } from './pack-builders.ts';

const compact = (value: object): unknown =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const mark = fc.record(
  { key: fc.constantFrom('a', 'b'), value: fc.constantFrom('', 'x', 'y') },
  { requiredKeys: ['key'] },
);
const name = fc.constantFrom('red', 'blue');
const id = fc.constantFrom('j0', 'j1', 'j2', 'j3');
const reservedFor = fc.oneof(
  fc.record({ tenants: fc.array(name, { minLength: 1, maxLength: 2 }) }),
  fc.record({ jobIds: fc.array(id, { minLength: 1, maxLength: 2 }) }),
  fc.record({ tenants: fc.tuple(name), jobIds: fc.tuple(id) }),
);

/** Twins that differ in their rules only, so that nothing but the rules can tell them apart. */
const twins: fc.Arbitrary<readonly GpuNode[]> = fc
  .array(
    fc.record({
      zone: maybe(fc.constantFrom('east', 'west')),
      labels: maybe(fc.dictionary(fc.constantFrom('k', 'l'), fc.constantFrom('', '1', '2'))),
      taints: maybe(fc.array(mark, { maxLength: 2 })),
      reservedFor: maybe(reservedFor),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((list) => list.map((rules, index) => node(`n${index}`, [A, A], compact(rules) as Partial<GpuNode>)));

const wanted = fc.oneof(
  fc.constantFrom('', '1', '2'),
  fc.array(fc.constantFrom('', '1', '2'), { minLength: 1, maxLength: 2 }),
);
const choosy: fc.Arbitrary<readonly Job[]> = fc
  .array(
    fc.record({
      tenant: maybe(name),
      zones: maybe(fc.array(fc.constantFrom('east', 'west', 'north'), { minLength: 1, maxLength: 2 })),
      nodeLabels: maybe(fc.dictionary(fc.constantFrom('k', 'l'), wanted, { maxKeys: 2 })),
      tolerations: maybe(fc.array(mark, { maxLength: 3 })),
    }),
    { maxLength: 8 },
  )
  .map((list) => list.map((rules, index) => job(`j${index}`, 1, compact(rules) as Partial<Job>)));

/** Shares of one, two or three GPUs, on nodes where GPU memory and shares run out at different times. */
const shares: fc.Arbitrary<readonly Job[]> = fc
  .array(
    fc.record({
      gpuCount: fc.integer({ min: 1, max: 3 }),
      gpuMilli: fc.constantFrom(200, 300, 500, 700, 1_000),
      gpuMemoryMib: fc.constantFrom(0, 10_000, 25_000),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map(({ gpuCount, ...fields }, index) => job(`j${index}`, gpuCount, fields)));
const boxes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }).map((counts) =>
  counts.map((count, index) =>
    node(
      `n${index}`,
      Array.from({ length: count }, () => A),
    ),
  ),
);

const options: fc.Arbitrary<PackOptions> = fc.constantFrom(
  { scorer: 'fgd' },
  { scorer: 'priced' },
  { scorer: 'best-fit' },
  { scorer: 'first-fit' },
);

/** Places the jobs one by one beside a ledger. Returns how many were placed. */
function expectSound(nodes: readonly GpuNode[], jobs: readonly Job[], choice: PackOptions): number {
  const packer = createPacker({ nodes }, choice);
  const ledger = nodes.map(ledgerNode);
  let placedCount = 0;
  for (const next of jobs) {
    const canStart = ledger.some((entry) => admits(entry, next, 0));
    const result = packer.place(next);
    expect('placement' in result).toBe(canStart);
    if (!('placement' in result)) continue;
    book(ledger, next, result.placement, 0);
    placedCount++;
  }
  return placedCount;
}

describe('rules of nodes', () => {
  it('are never broken, and keep no job away that they admit', () => {
    let [placed, asked] = [0, 0];
    fc.assert(
      fc.property(twins, choosy, options, (nodes, jobs, choice) => {
        placed += expectSound(nodes, jobs, choice);
        asked += jobs.length;
      }),
      { numRuns: 1_000, seed: 1 },
    );
    // Neither all nor none: both answers are tried.
    expect(placed / asked).toBeGreaterThan(0.1);
    expect(placed / asked).toBeLessThan(0.9);
  });

  it('leave the fewest nodes no fewer than every set of nodes, and the bound below them', () => {
    fc.assert(
      fc.property(twins, choosy, (nodes, jobs) => {
        const { placements, weightTotal, lowerBound } = fewestNodes(
          { nodes, jobs: jobs.slice(0, 5) },
          { maxSteps: 10 },
        );
        const held = jobs.filter(({ id: jobId }) => placements.some((placement) => placement.jobId === jobId));

        const ledger = nodes.map(ledgerNode);
        for (const placement of placements)
          book(
            ledger,
            held.find((one) => one.id === placement.jobId)!,
            placement,
            0,
          );
        const least = leastWeight(nodes, held, [], () => 1, 0)!;
        expect(lowerBound).toBeLessThanOrEqual(least + 1e-9);
        expect(weightTotal).toBeGreaterThanOrEqual(least);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});

describe('shares of several GPUs', () => {
  it('take distinct GPUs, overfill none, and are placed wherever they fit', () => {
    fc.assert(
      fc.property(boxes, shares, options, (nodes, jobs, choice) => {
        expectSound(nodes, jobs, choice);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('go where the published rule says, on the GPUs with the least left', () => {
    const scorers = fc.constantFrom('fgd' as const, 'best-fit' as const, 'first-fit' as const);
    fc.assert(
      fc.property(boxes, shares, scorers, (nodes, jobs, scorer) => {
        const mix = [
          { job: { gpuCount: 2, gpuMilli: 500, cpuMilli: 0, memoryMib: 0 }, weight: 2 },
          ...jobs.slice(0, 3).map((next) => ({ job: next, weight: 1 })),
        ];
        const packer = createPacker({ nodes, workload: mix }, { scorer });
        const ledger = nodes.map(ledgerNode);
        for (const next of jobs) {
          const expected = scanPlace(ledger, next, { scorer, mix, nowMs: 0, empty: nodes.map(ledgerNode) });
          const result = packer.place(next);
          expect('placement' in result ? result.placement : undefined).toEqual(expected);
          if (expected !== undefined)
            move(
              ledger.find((entry) => entry.id === expected.nodeId)!,
              next,
              expected,
              -1,
            );
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('leave nothing behind when they are released', () => {
    fc.assert(
      fc.property(boxes, shares, shares, options, (nodes, guests, jobs, choice) => {
        const make = () => createPacker({ nodes, workload: [{ job: jobs[0] ?? job('m', 1), weight: 1 }] }, choice);
        const [straight, detour] = [make(), make()];
        const held = guests.map((guest) => ({ ...guest, id: `guest-${guest.id}` }));
        const entered = held.filter((guest) => 'placement' in detour.place(guest));
        for (const guest of entered) detour.release(guest.id);

        expect(detour.stats()).toEqual(straight.stats());
        expect(jobs.map((next) => detour.place(next))).toEqual(jobs.map((next) => straight.place(next)));
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('keep the bound of the fewest nodes below every set of nodes that holds them', () => {
    let proved = 0;
    fc.assert(
      fc.property(boxes, shares, (nodes, jobs) => {
        const { placements, weightTotal, lowerBound } = fewestNodes(
          { nodes, jobs: jobs.slice(0, 6) },
          { maxSteps: 10 },
        );
        const held = jobs.filter(({ id: jobId }) => placements.some((placement) => placement.jobId === jobId));

        const least = leastWeight(nodes, held, [], () => 1, 0)!;
        expect(lowerBound).toBeLessThanOrEqual(least + 1e-9);
        expect(weightTotal).toBeGreaterThanOrEqual(least);
        if (lowerBound === weightTotal && least > 1) proved++;
      }),
      { numRuns: 200, seed: 1 },
    );
    expect(proved).toBeGreaterThan(20);
  });

  it('count in the bound of the fewest nodes as shares that fill up a GPU', () => {
    // On each GPU a share of 700 beside one of 300: two nodes hold all, and a bound that charged both fully would say three.
    const nodes = ['a', 'b', 'c', 'd'].map((nodeId) => node(nodeId, [A, A]));
    const large = ['j0', 'j1', 'j2', 'j3'].map((jobId) => job(jobId, 1, { gpuMilli: 700 }));
    const spread = ['j4', 'j5'].map((jobId) => job(jobId, 2, { gpuMilli: 300 }));

    expect(fewestNodes({ nodes, jobs: [...large, ...spread] })).toMatchObject({ weightTotal: 2, lowerBound: 2 });
  });
});
