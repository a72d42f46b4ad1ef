import fc from 'fast-check';
import { createPacker } from '../src/pack/index.ts';
import type {
  AutoscaleNodesConfig,
  AutoscaleNodesObservation,
  AutoscaleNodesState,
  Job,
  NodeSight,
  NodeTier,
  RunningJob,
} from '../src/index.ts';
import { deepFreeze } from './autoscale-arbitraries.ts';

export const NOW_MS = 10_000_000;
const SHAPES = [
  { gpus: [{ model: 'A' }], cpuMilli: 8_000, memoryMib: 8_192 },
  { gpus: Array.from({ length: 4 }, () => ({ model: 'A' })), cpuMilli: 32_000, memoryMib: 32_768 },
  { gpus: Array.from({ length: 2 }, () => ({ model: 'B' })), cpuMilli: 4_000, memoryMib: 32_768 },
] as const;

const tier = fc.record({
  shape: fc.constantFrom(...SHAPES),
  capacity: fc.option(fc.integer({ min: 0, max: 6 })),
  priceUsdPerHour: fc.integer({ min: 0, max: 4 }),
  minCount: fc.constantFrom(0, 0, 1),
  startupMs: fc.constantFrom(0, 120_000, 1_200_000),
  commitMs: fc.constantFrom(0, 0, 3_600_000),
});
export const tierLists: fc.Arbitrary<readonly NodeTier[]> = fc
  .array(tier, { minLength: 1, maxLength: 3 })
  .map((list) =>
    list.map(({ shape, ...rest }, index): NodeTier => ({ id: `t${index}`, kind: 'hourly', node: shape, ...rest })),
  );

const demand = fc.record({
  gpuCount: fc.constantFrom(0, 1, 1, 1, 2, 4),
  gpuMilli: fc.constantFrom(1_000, 1_000, 500),
  cpuMilli: fc.constantFrom(0, 1_000, 4_000),
  isPreemptible: fc.boolean(),
  priority: fc.constantFrom(0, 0, 1),
  gpuModels: fc.constantFrom(undefined, undefined, ['A'], ['B'], ['C']),
  gang: fc.constantFrom(undefined, undefined, undefined, 'g'),
  minRuntimeMs: fc.constantFrom(0, 0, 1_000_000_000),
});

function jobOf(
  id: string,
  { gpuModels, gang, gpuMilli, ...rest }: typeof demand extends fc.Arbitrary<infer T> ? T : never,
): Job {
  return {
    id,
    memoryMib: 512,
    ...rest,
    ...(rest.gpuCount > 0 && { gpuMilli }),
    ...(rest.gpuCount > 0 && gpuModels !== undefined && { gpuModels }),
    ...(gang !== undefined && { gang }),
  };
}

const sight = fc.record({
  tier: fc.nat(3),
  ageMs: fc.integer({ min: 0, max: 5_000_000 }),
  isReady: fc.constantFrom(true, true, true, false),
  isCordoned: fc.constantFrom(false, false, false, true),
  use: fc.option(fc.constantFrom(0, 0, 0.1, 0.19, 0.5, 0.95), { freq: 8 }),
  quietMs: fc.option(fc.integer({ min: 0, max: 2_000_000 }), { freq: 6 }),
  isOurs: fc.boolean(),
});

export interface Situation {
  readonly config: AutoscaleNodesConfig;
  readonly state: AutoscaleNodesState;
  readonly observation: AutoscaleNodesObservation;
}

/** A fleet with jobs on it and others that wait, and what the policy may remember of it. */
export const situations: fc.Arbitrary<Situation> = fc
  .record({
    tiers: tierLists,
    sights: fc.array(sight, { maxLength: 7 }),
    running: fc.array(demand, { maxLength: 6 }),
    pending: fc.array(fc.tuple(demand, fc.integer({ min: 0, max: 300_000 })), { maxLength: 6 }),
    budget: fc.option(fc.nat(3)),
    busySinceMs: fc.option(fc.constant(NOW_MS - 500_000)),
  })
  .map(({ tiers, sights, running, pending, budget, busySinceMs }) => {
    const nodes = sights.map(({ tier: which, ageMs, isReady, isCordoned, use }, index): NodeSight => {
      const home = tiers[which];
      const shape = home?.node ?? SHAPES[1];
      return {
        node: { ...shape, id: `n${index}`, ...(isCordoned && { isCordoned }) },
        tierId: home?.id ?? 'elsewhere',
        launchedAtMs: NOW_MS - ageMs,
        isReady,
        utilizationRatio: use,
      };
    });
    const packer = createPacker({
      nodes: nodes.filter(({ isReady }) => isReady).map(({ node }) => ({ ...node, isCordoned: false })),
    });
    const held: RunningJob[] = running.flatMap((fields, index) => {
      const job = jobOf(`r${index}`, { ...fields, gang: undefined });
      const result = packer.place(job);
      if ('unplaced' in result) return [];
      const startedAtMs = NOW_MS - 700_000 - index * 500_000;
      return [{ job, placement: result.placement, ...(index % 4 !== 3 && { startedAtMs }) }];
    });
    const state: AutoscaleNodesState = {
      version: 1,
      lastMs: NOW_MS - 30_000,
      busySinceMs,
      quiet: sights.flatMap(({ quietMs }, index) =>
        quietMs === null ? [] : [{ nodeId: `n${index}`, sinceMs: NOW_MS - quietMs }],
      ),
      leaving: sights.flatMap(({ isOurs, isCordoned }, index) => (isOurs && isCordoned ? [`n${index}`] : [])),
    };
    return deepFreeze({
      config: { tiers, ...(budget !== null && { budgets: [{ maxCount: budget }] }) },
      state,
      observation: {
        nowMs: NOW_MS,
        nodes,
        running: held,
        pending: pending.map(([fields, ageMs], index) => ({
          job: jobOf(`p${index}`, fields),
          pendingSinceMs: NOW_MS - ageMs,
        })),
      },
    });
  });
