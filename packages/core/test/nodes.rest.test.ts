import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { autoscaleNodes, createAutoscaleNodesState } from '../src/autoscale/index.ts';
import { createPacker } from '../src/pack/index.ts';
import type {
  AutoscaleNodesConfig,
  AutoscaleNodesObservation,
  AutoscaleNodesState,
  Job,
  NodeAction,
  NodeSight,
  NodeTier,
  RunningJob,
} from '../src/index.ts';
import { tierLists } from './nodes-arbitraries.ts';

const STEP_MS = 60_000;

interface World {
  readonly nowMs: number;
  readonly nodes: readonly NodeSight[];
  readonly running: readonly RunningJob[];
  readonly pending: AutoscaleNodesObservation['pending'];
}

/** A minute later: what was asked for is done, nodes come up, waiting jobs start, and use follows from what runs. */
function passed(config: AutoscaleNodesConfig, world: World, actions: readonly NodeAction[], step: number): World {
  const nowMs = world.nowMs + STEP_MS;
  let nodes = [...world.nodes];
  let running = [...world.running];
  actions.forEach((action, index) => {
    const cordoned = (isCordoned: boolean) => (sight: NodeSight) =>
      action.kind !== 'launch' && sight.node.id === action.nodeId
        ? { ...sight, node: { ...sight.node, isCordoned } }
        : sight;
    if (action.kind === 'cordon') nodes = nodes.map(cordoned(true));
    if (action.kind === 'uncordon') nodes = nodes.map(cordoned(false));
    if (action.kind === 'terminate') nodes = nodes.filter(({ node }) => node.id !== action.nodeId);
    if (action.kind === 'drain') {
      const to = new Map(action.moves.map((move) => [move.jobId, move.to]));
      running = running.map((entry) => ({ ...entry, placement: to.get(entry.job.id) ?? entry.placement }));
    }
    if (action.kind === 'launch') {
      const tier = config.tiers.find(({ id }) => id === action.tierId)!;
      for (let k = 0; k < action.count; k++) {
        const node = { ...tier.node, id: `${tier.id}-${step}-${index}-${k}` };
        nodes.push({ node, tierId: tier.id, launchedAtMs: world.nowMs, isReady: false });
      }
    }
  });
  const startOf = new Map(config.tiers.map(({ id, startupMs = 0 }) => [id, startupMs]));
  nodes = nodes.map((sight) => ({ ...sight, isReady: nowMs - sight.launchedAtMs >= startOf.get(sight.tierId)! }));
  const ready = nodes.filter(({ isReady }) => isReady).map(({ node }) => node);
  const packer = createPacker({ nodes: ready, running }, { scorer: 'best-fit' });
  const pending = world.pending.filter(({ job }) => {
    const result = packer.place(job);
    if ('placement' in result) running.push({ job, placement: result.placement, startedAtMs: nowMs });
    return 'unplaced' in result;
  });
  nodes = nodes.map((sight) => {
    const gpus = running
      .filter(({ placement }) => placement.nodeId === sight.node.id)
      .reduce((sum, { job }) => sum + job.gpuCount, 0);
    return { ...sight, utilizationRatio: sight.isReady === true ? gpus / sight.node.gpus.length : null };
  });
  return { nowMs, nodes, running, pending };
}

const jobs = fc
  .array(fc.tuple(fc.constantFrom(1, 1, 2, 4), fc.boolean(), fc.constantFrom('A', 'B')), { maxLength: 8 })
  .map((list) =>
    list.map(([gpuCount, isPreemptible, model], index): Job => ({
      id: `j${index}`,
      gpuCount,
      gpuModels: [model],
      isPreemptible,
      cpuMilli: 1_000,
      memoryMib: 512,
    })),
  );

// A node that is idle while the one that a job waits for still starts: letting it go made the rest too busy.
const twoGpus: Job = { id: 'j0', gpuCount: 2, gpuModels: ['B'], isPreemptible: false, cpuMilli: 1_000, memoryMib: 512 };
const b = { gpus: [{ model: 'B' }, { model: 'B' }], cpuMilli: 4_000, memoryMib: 32_768 };
const a = { gpus: [{ model: 'A' }], cpuMilli: 8_000, memoryMib: 8_192 };
const oneForAnother: readonly NodeTier[] = [
  { id: 't0', kind: 'hourly', capacity: null, priceUsdPerHour: 1, minCount: 0, startupMs: 0, commitMs: 0, node: a },
  {
    id: 't1',
    kind: 'hourly',
    capacity: null,
    priceUsdPerHour: 0,
    minCount: 0,
    startupMs: 1_200_000,
    commitMs: 0,
    node: b,
  },
];

describe('autoscaleNodes under constant load', () => {
  test('comes to rest, launches nothing again after a node went, and leaves a job waiting only when no tier can help', () => {
    fc.assert(
      fc.property(tierLists, jobs, fc.integer({ min: 0, max: 3 }), (tiers, work, spare) => {
        // Start-up times below the time after which a node is given up.
        const config = { tiers: tiers.map((tier) => ({ ...tier, startupMs: Math.min(600_000, tier.startupMs!) })) };
        const first = config.tiers[0]!;
        const idle = Array.from({ length: Math.min(spare, first.capacity ?? 9) }, (_, k): NodeSight => {
          return {
            node: { ...first.node, id: `old-${k}` },
            tierId: first.id,
            launchedAtMs: -9_000_000,
            utilizationRatio: 0,
          };
        });
        let world: World = {
          nowMs: 0,
          nodes: idle,
          running: [],
          pending: work.map((job) => ({ job, pendingSinceMs: 0 })),
        };
        let state: AutoscaleNodesState = createAutoscaleNodesState();
        const history: (readonly NodeAction[])[] = [];
        for (let step = 0; step < 150; step++) {
          const result = autoscaleNodes(config, state, world);
          state = JSON.parse(JSON.stringify(result.state)) as AutoscaleNodesState;
          history.push(result.decision.actions);
          world = passed(config, world, result.decision.actions, step);
        }

        expect(history.slice(-40).flat()).toEqual([]);
        const flat = history.flat();
        const wentAt = flat.findIndex(({ kind }) => kind === 'terminate');
        if (wentAt !== -1) expect(flat.slice(wentAt).filter(({ kind }) => kind === 'launch')).toEqual([]);
        const last = autoscaleNodes(config, state, world);
        const stuck = last.reasons.filter(({ kind }) => kind === 'stays-pending').length;
        expect(stuck).toBe(world.pending.length);
      }),
      { numRuns: 20, examples: [[oneForAnother, [twoGpus], 1]] },
    );
  });
});
