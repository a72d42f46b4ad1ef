import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createPacker,
  createRandom,
  type GpuNode,
  type Job,
  type Placement,
  type WorkloadShape,
} from '../src/index.ts';
import { demandOf, mixKey } from '../src/pack/demand.ts';
import { move as moveRows } from '../src/pack/fleet-state.ts';
import { createFleet } from '../src/pack/fleet.ts';
import { createKindStreams } from '../src/pack/node-kinds.ts';
import { priced } from '../src/pack/priced.ts';
import { holdingOf } from '../src/pack/running.ts';
import { mixShapes } from '../src/pack/task-streams.ts';
import { demand, fleet, NOW_MS, workload } from './arbitraries.ts';
import { ledgerNode, move, type LedgerNode } from './oracles/pack-ledger.ts';
import { costsOf, scanPriced, type OracleShape } from './oracles/pack-priced.ts';

const nowMs = NOW_MS;
const scorer = 'priced';
/** The definition simulates every stream anew, which takes seconds; a busy machine needs longer than the usual limit. */
const LONG_MS = 60_000;

type Step =
  | { readonly kind: 'place'; readonly job: Omit<Job, 'id'> }
  | { readonly kind: 'release' | 'cordon'; readonly pick: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: demand.map((job) => ({ kind: 'place' as const, job })), weight: 8 },
  {
    arbitrary: fc.record({ kind: fc.constantFrom('release' as const, 'cordon' as const), pick: fc.nat(99) }),
    weight: 3,
  },
);

/** The streams that the packer tries each node on: random, so taken from it. */
function streamsFor(nodes: readonly GpuNode[], mix: readonly WorkloadShape[]): (nodeId: string) => Uint32Array {
  const built = createFleet(nodes);
  const streams = createKindStreams(() => Infinity)(built, mix, mixShapes(mix, built.catalogue));
  return (nodeId) => streams[built.catalogue.kindOf[built.indexOf.get(nodeId)!]!]!;
}

/** The shapes in the order that streams number them in. */
function shapesOf(mix: readonly WorkloadShape[]): readonly OracleShape[] {
  const sorted = mix
    .filter(({ job }) => job.migProfile === undefined)
    .map(({ job, weight }) => {
      const { gpuCount, gpuMilli = 1_000, cpuMilli, memoryMib } = job;
      if (gpuCount < 2 || gpuMilli === 1_000) return { job, weight };
      // Shares of several GPUs count as single shares.
      const [cpu, memory] = [Math.ceil(cpuMilli / gpuCount), Math.ceil(memoryMib / gpuCount)];
      return { job: { ...job, gpuCount: 1, cpuMilli: cpu, memoryMib: memory }, weight: weight * gpuCount };
    })
    .map((shape) => ({ ...shape, key: mixKey(shape.job) }))
    .sort((x, y) =>
      x.key === y.key ? x.job.memoryMib - y.job.memoryMib || x.weight - y.weight : x.key < y.key ? -1 : 1,
    );
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
  return sorted.map(({ job, weight }) => ({ job, frequency: weight / total }));
}

describe('the decision of priced', () => {
  it(
    'is that of a scan by the definition, whatever happened before',
    () => {
      let placedCount = 0;
      fc.assert(
        fc.property(fleet(5), fc.array(step, { minLength: 5, maxLength: 25 }), workload, (nodes, steps, mix) => {
          const packer = createPacker({ nodes, workload: mix, nowMs }, { scorer });
          const known = { shapes: shapesOf(mix), mix, streamsOf: streamsFor(nodes, mix), nowMs };
          let departureRatio = 0;
          const ledger = nodes.map(ledgerNode);
          const placed: { job: Job; placement: Placement }[] = [];
          const nodeOf = (id: string): LedgerNode => ledger.find((node) => node.id === id)!;
          steps.forEach((action, index) => {
            if (action.kind === 'place') {
              const job = { ...action.job, id: `j${index}` };
              const expected = scanPriced(ledger, nodes, job, { ...known, departureRatio });
              const result = packer.place(job);
              expect('placement' in result ? result.placement : undefined).toEqual(expected);
              if (expected === undefined) return;
              placedCount++;
              departureRatio *= 1 - 1 / 512;
              placed.push({ job, placement: expected });
              move(nodeOf(expected.nodeId), job, expected, -1);
            } else if (action.kind === 'release' && placed.length > 0) {
              const [{ job, placement }] = placed.splice(action.pick % placed.length, 1) as [(typeof placed)[number]];
              packer.release(job.id);
              departureRatio += 1 / 512;
              move(nodeOf(placement.nodeId), job, placement, 1);
            } else if (action.kind === 'cordon' && ledger.length > 0) {
              const node = ledger[action.pick % ledger.length]!;
              node.isCordoned = !node.isCordoned;
              packer.cordon(node.id, node.isCordoned);
            }
          });
        }),
        { numRuns: 120, seed: 1 },
      );

      expect(placedCount).toBeGreaterThan(300);
    },
    LONG_MS,
  );

  it(
    'follows from the costs of the definition on every node, to the milli',
    () => {
      let compared = 0;
      fc.assert(
        fc.property(fleet(6), fc.array(step, { minLength: 5, maxLength: 25 }), workload, (nodes, steps, mix) => {
          const built = createFleet(nodes);
          const { state, indexOf, isCordoned, catalogue } = built;
          const streamsOf = streamsFor(nodes, mix);
          const { score, changed } = priced(built, mixShapes(mix, catalogue), (k) => streamsOf(built.nodes[k]!.id), {
            departureRatio: 0.5,
          });
          const options = { shapes: shapesOf(mix), mix, streamsOf, nowMs, departureRatio: 0.5 };
          const ledger = nodes.map(ledgerNode);
          const placed: { job: Job; placement: Placement }[] = [];
          const apply = (job: Job, placement: Placement, sign: 1 | -1, held: ReturnType<typeof holdingOf>) => {
            moveRows(state, held.node, held.holding, sign);
            changed(held.node, () => undefined);
            move(
              ledger.find(({ id }) => id === placement.nodeId)!,
              job,
              placement,
              sign,
            );
          };
          const heldBy = new Map<string, ReturnType<typeof holdingOf>>();
          steps.forEach((action, index) => {
            if (action.kind === 'place') {
              const job = { ...action.job, id: `j${index}` };
              if (job.migProfile === undefined) {
                for (const { node, cost, idle } of costsOf(ledger, nodes, job, options)) {
                  compared++;
                  const expected = 2 ** 20 - cost + 0.5 * (1 - idle);
                  const hasGpu = node.gpus.some(({ instances }) => instances.length === 0);
                  expect(score(indexOf.get(node.id)!, demandOf(job, catalogue))).toBeCloseTo(
                    hasGpu ? expected : 2 ** 20 - cost + 0.5,
                    6,
                  );
                }
              }
              const placement = scanPriced(ledger, nodes, job, options);
              if (placement === undefined) return;
              heldBy.set(job.id, holdingOf(built, job, placement, 'job'));
              apply(job, placement, -1, heldBy.get(job.id)!);
              placed.push({ job, placement });
            } else if (action.kind === 'release' && placed.length > 0) {
              const [{ job, placement }] = placed.splice(action.pick % placed.length, 1) as [(typeof placed)[number]];
              apply(job, placement, 1, heldBy.get(job.id)!);
            } else if (action.kind === 'cordon' && ledger.length > 0) {
              const node = ledger[action.pick % ledger.length]!;
              node.isCordoned = !node.isCordoned;
              isCordoned[indexOf.get(node.id)!] = node.isCordoned ? 1 : 0;
              changed(indexOf.get(node.id)!, () => undefined);
            }
          });
        }),
        { numRuns: 140, seed: 2 },
      );

      expect(compared).toBeGreaterThan(600);
    },
    LONG_MS,
  );

  it(
    'is that of a packer that has just been built, however prices rose and fell in between',
    () => {
      const random = createRandom(11);
      const gpus = (count: number, model: string) => Array.from({ length: count }, () => ({ model }));
      const nodes = Array.from({ length: 48 }, (_, k) => ({
        id: `n${String(k).padStart(2, '0')}`,
        gpus: gpus(k % 3 === 0 ? 8 : 2, k % 2 === 0 ? 'A' : 'B'),
        cpuMilli: 64_000,
        memoryMib: 262_144,
      }));
      const workload = [
        { job: { gpuCount: 8, cpuMilli: 32_000, memoryMib: 131_072 }, weight: 2 },
        { job: { gpuCount: 2, cpuMilli: 8_000, memoryMib: 16_384, gpuModels: ['A'] }, weight: 10 },
        { job: { gpuCount: 1, cpuMilli: 4_000, memoryMib: 8_192 }, weight: 20 },
        { job: { gpuCount: 1, gpuMilli: 400, cpuMilli: 2_000, memoryMib: 4_096 }, weight: 68 },
      ];
      const packer = createPacker({ nodes, workload }, { scorer });
      const running: string[] = [];
      for (let k = 0; k < 400; k++) {
        // The fleet fills, empties by half and fills again.
        const isLeaving = running.length > 0 && random.next() < (k % 200 < 130 ? 0.1 : 0.85);
        if (isLeaving) {
          packer.release(running.splice(random.integer(running.length), 1)[0]!);
          continue;
        }
        let pick = random.integer(100);
        const shape = workload.find(({ weight }) => (pick -= weight) < 0)!;
        const job = { ...shape.job, id: `j${k}` };
        const fresh = k % 5 === 0 ? createPacker(packer.snapshot(), { scorer }).place(job) : undefined;
        const result = packer.place(job);
        if (fresh !== undefined) expect(result).toEqual(fresh);
        if ('placement' in result) running.push(job.id);
      }

      expect(running.length).toBeGreaterThan(50);
    },
    LONG_MS,
  );
});
