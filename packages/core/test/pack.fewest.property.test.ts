import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createPacker,
  fewestNodes,
  pack,
  type FewestNodesInput,
  type FewestNodesOptions,
  type GpuNode,
  type Job,
} from '../src/index.ts';
import { createFleet } from '../src/pack/fleet.ts';
import { fewestProblem } from '../src/pack/fewest-problem.ts';
import { patternProblem } from '../src/pack/pattern-problem.ts';
import { safeBound } from '../src/pack/safe-bound.ts';
import { fleet, jobs, NOW_MS, ruledFleet, ruledJobs } from './arbitraries.ts';
import { leastWeight } from './oracles/fewest-optimum.ts';
import { book, ledgerNode } from './oracles/pack-ledger.ts';

const RUNS = { numRuns: 200 };
const nowMs = NOW_MS;
const options: fc.Arbitrary<FewestNodesOptions> = fc.record({
  weight: fc.constantFrom('count', 'price', 'watts'),
  maxStarts: fc.integer({ min: 1, max: 10 }),
  maxSteps: fc.constantFrom(0, 20),
  seed: fc.integer({ min: 0, max: 9 }),
});
const weightOf =
  ({ weight = 'count' }: FewestNodesOptions) =>
  (node: GpuNode): number =>
    weight === 'count' ? 1 : weight === 'price' ? node.priceUsdPerHour! : node.idleWatts!;

/** Nodes with prices and powers, some with twins, jobs, some with twins, and jobs that run where `pack` put them. */
function problem(maxNodes: number, maxJobs: number, hasGangs: boolean): fc.Arbitrary<Required<FewestNodesInput>> {
  const price = fc.constantFrom(0, 0.3, 1, 1.7, 4);
  const options = { maxLength: maxJobs, hasGangs };
  const lists = fc.tuple(
    fc.oneof({ weight: 3, arbitrary: fleet(maxNodes) }, { weight: 1, arbitrary: ruledFleet(maxNodes) }),
    fc.oneof({ weight: 3, arbitrary: jobs(options) }, { weight: 1, arbitrary: ruledJobs(options) }),
    fc.array(fc.tuple(price, price)),
  );
  const counts = fc.record({ nodes: fc.constantFrom(1, 2, 3), jobs: fc.constantFrom(1, 2, 4), ranBefore: fc.nat(3) });
  return fc.tuple(lists, counts).map(([[list, some, prices], copies]) => {
    const nodes = repeated(list, copies.nodes, maxNodes).map(([node, index]) => {
      const [priceUsdPerHour = 1, hectowatts = 2] = prices[index] ?? [];
      return { ...node, priceUsdPerHour, idleWatts: Math.round(100 * hectowatts) };
    });
    const all = repeated(some, copies.jobs, maxJobs).map(([job]) => job);
    const first = all.slice(0, copies.ranBefore).filter(({ gang }) => gang === undefined);
    const { placements } = pack({ nodes, jobs: first, nowMs });
    const running = placements.map((placement) => ({
      job: first.find(({ id }) => id === placement.jobId)!,
      placement,
    }));
    return { nodes, jobs: all.filter((job) => !first.includes(job)), running, nowMs };
  });
}

/** Each item so many times under ids of its own, cut to a length, with the index of the item. */
function repeated<T extends { readonly id: string }>(
  items: readonly T[],
  copies: number,
  maxLength: number,
): readonly (readonly [T, number])[] {
  return items
    .flatMap((item, index) =>
      Array.from({ length: copies }, (_, copy) => [{ ...item, id: `${item.id}.${copy}` }, index] as const),
    )
    .slice(0, maxLength);
}
const byId = (list: readonly Job[]) => [...list].sort((x, y) => (x.id < y.id ? -1 : 1));

describe('fewestNodes', () => {
  it('fills no node beyond what it has, answers for every job once, and counts the nodes that are on', () => {
    fc.assert(
      fc.property(problem(6, 20, true), options, (input, choice) => {
        const { placements, unplaced, nodeIds, weightTotal, lowerBound } = fewestNodes(input, choice);

        const ledger = input.nodes.map((node) => ledgerNode({ ...node, isCordoned: false }));
        for (const { job, placement } of input.running) book(ledger, job, placement, -Infinity);
        ledger.forEach((node, index) => (node.isCordoned = input.nodes[index]!.isCordoned ?? false));
        for (const placement of placements) {
          book(
            ledger,
            input.jobs.find(({ id }) => id === placement.jobId)!,
            placement,
            nowMs,
          );
        }
        expect([...placements, ...unplaced].map(({ jobId }) => jobId).sort()).toEqual(
          input.jobs.map(({ id }) => id).sort(),
        );
        const on = new Set(
          [...placements, ...input.running.map(({ placement }) => placement)].map(({ nodeId }) => nodeId),
        );
        expect(nodeIds).toEqual([...on].sort());
        const weights = input.nodes.filter(({ id }) => on.has(id)).map(weightOf(choice));
        expect(weightTotal).toBeCloseTo(
          weights.reduce((sum, weight) => sum + weight, 0),
          9,
        );
        expect(lowerBound).toBeLessThanOrEqual(weightTotal + 1e-9);
      }),
      RUNS,
    );
  });

  it('finds no less than the least weight, and its bound is no more, as every set of nodes shows', () => {
    let proved = 0;
    fc.assert(
      fc.property(problem(4, 6, false), options, (input, choice) => {
        const { placements, weightTotal, lowerBound, gapRatio } = fewestNodes(input, choice);
        const held = input.jobs.filter(({ id }) => placements.some(({ jobId }) => jobId === id));

        const least = leastWeight(input.nodes, held, input.running, weightOf(choice), nowMs)!;
        expect(lowerBound).toBeLessThanOrEqual(least + 1e-9);
        expect(weightTotal).toBeGreaterThanOrEqual(least - 1e-9);
        if (gapRatio === 0 && weightTotal > 0) proved++;
      }),
      { numRuns: 400 },
    );
    // A bound of 0 would pass the law above.
    expect(proved).toBeGreaterThan(60);
  });

  it('has a bound that no prices can push above the least weight', () => {
    const price = fc.constantFrom(0, -1, 0.1, 0.5, 1, 3, 100);
    fc.assert(
      fc.property(problem(4, 5, false), fc.infiniteStream(price), (input, stream) => {
        const empty = { ...input, running: [] };
        const least = leastWeight(empty.nodes, empty.jobs, [], () => 1, nowMs);
        fc.pre(least !== undefined);
        const patterns = patternProblem(fewestProblem(createFleet(empty.nodes), empty.jobs, () => 1, nowMs));
        const prices = patterns.groups.map(({ capacity }) =>
          Float64Array.from(capacity, () => stream.next().value as number),
        );
        const wanted = Float64Array.from(patterns.shapes, () => stream.next().value as number);

        expect(safeBound(patterns, prices, wanted).total).toBeLessThanOrEqual(least + 1e-9);
      }),
      { numRuns: 400 },
    );
  });

  it('places every job that pack places of the jobs by id, gangs whole, and leaves none that still fits', () => {
    fc.assert(
      fc.property(problem(5, 20, true), options, (input, choice) => {
        const { placements, unplaced } = fewestNodes(input, choice);

        const placed = new Set(placements.map(({ jobId }) => jobId));
        for (const { jobId } of pack({ ...input, jobs: byId(input.jobs) }).placements) expect(placed).toContain(jobId);
        for (const gang of ['g', 'h']) {
          const members = input.jobs.filter((job) => job.gang === gang);
          expect([0, members.length]).toContain(members.filter(({ id }) => placed.has(id)).length);
        }
        const held = placements.map((placement) => ({
          job: input.jobs.find(({ id }) => id === placement.jobId)!,
          placement,
        }));
        const packer = createPacker({ ...input, running: [...input.running, ...held] });
        for (const { jobId } of unplaced) {
          const job = input.jobs.find(({ id }) => id === jobId)!;
          if (job.gang === undefined) expect(packer.place(job)).toHaveProperty('unplaced');
        }
      }),
      RUNS,
    );
  });

  it('does not depend on the order of nodes, jobs and running jobs, nor on the run, and changes nothing it is given', () => {
    fc.assert(
      fc.property(problem(6, 16, true), options, (input, choice) => {
        const copy = structuredClone(input);
        const result = fewestNodes(input, choice);

        expect(input).toEqual(copy);
        expect(fewestNodes(copy, choice)).toEqual(result);
        const mirrored = {
          ...input,
          nodes: [...input.nodes].reverse(),
          jobs: [...input.jobs].reverse(),
          running: [...input.running].reverse(),
        };
        expect(fewestNodes(mirrored, choice)).toEqual(result);
      }),
      { numRuns: 100 },
    );
  });
});
