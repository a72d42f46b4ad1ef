import { describe, expect, test } from 'vitest';
import { autoscaleNodes, createAutoscaleNodesState, explainAutoscaleNodes } from '../src/autoscale/index.ts';
import type {
  AutoscaleNodesConfig,
  AutoscaleNodesObservation,
  AutoscaleNodesState,
  Job,
  NodeSight,
  NodeTier,
  RunningJob,
} from '../src/index.ts';

const MINUTE_MS = 60_000;
const NOW_MS = 100 * MINUTE_MS;
const shape = { gpus: Array.from({ length: 4 }, () => ({ model: 'H100' })), cpuMilli: 64_000, memoryMib: 65_536 };
const cloud: NodeTier = {
  id: 'cloud',
  kind: 'hourly',
  capacity: 5,
  priceUsdPerHour: 8,
  startupMs: 120_000,
  node: shape,
};
const job = (id: string, gpuCount: number, more: Partial<Job> = {}): Job => ({
  id,
  gpuCount,
  cpuMilli: 1_000,
  memoryMib: 1_024,
  ...more,
});
const waiting = (minutes: number, ...list: readonly Job[]) =>
  list.map((one) => ({ job: one, pendingSinceMs: NOW_MS - minutes * MINUTE_MS }));
const sight = (id: string, more: Partial<Omit<NodeSight, 'node'>> = {}, isCordoned = false): NodeSight => ({
  node: { ...shape, id, ...(isCordoned && { isCordoned }) },
  tierId: 'cloud',
  launchedAtMs: 0,
  utilizationRatio: 0,
  ...more,
});
const runs = (one: Job, nodeId: string, indices: readonly number[]): RunningJob => ({
  job: one,
  placement: { jobId: one.id, nodeId, gpus: indices.map((index) => ({ index, milli: 1_000 })) },
  startedAtMs: 0,
});
/** A state that has seen these nodes quiet for eleven minutes, and has cordoned those. */
const after = (quiet: readonly string[], leaving: readonly string[] = []): AutoscaleNodesState => ({
  ...createAutoscaleNodesState(),
  quiet: quiet.map((nodeId) => ({ nodeId, sinceMs: NOW_MS - 11 * MINUTE_MS })),
  leaving,
});
const decide = (
  seen: Partial<AutoscaleNodesObservation>,
  state: AutoscaleNodesState = createAutoscaleNodesState(),
  config: Partial<AutoscaleNodesConfig> = {},
) =>
  autoscaleNodes({ tiers: [cloud], ...config }, state, { nowMs: NOW_MS, nodes: [], running: [], pending: [], ...seen });

describe('autoscaleNodes, up', () => {
  test('packs what has waited for two minutes, and leaves younger work to the room there is', () => {
    const { decision, reasons } = decide({
      pending: [...waiting(2, job('a', 4), job('b', 2), job('c', 2)), ...waiting(1, job('d', 4))],
    });

    expect(decision.actions).toEqual([{ kind: 'launch', tierId: 'cloud', count: 2 }]);
    expect(reasons).toEqual([
      { kind: 'pending', jobs: 3, withRoom: 0 },
      { kind: 'needs-nodes', jobId: 'a', tierId: 'cloud', count: 1 },
      { kind: 'needs-nodes', jobId: 'b', tierId: 'cloud', count: 1 },
    ]);
  });

  test('never launches twice for the same work: nodes that start count', () => {
    const coming = sight('new', { isReady: false, launchedAtMs: NOW_MS - MINUTE_MS, utilizationRatio: null });

    expect(decide({ nodes: [coming], pending: waiting(3, job('a', 4)) }).decision.actions).toEqual([]);
  });

  test('gives a node up that is not ready after fifteen minutes, and launches in its place', () => {
    const stuck = sight('stuck', { isReady: false, launchedAtMs: NOW_MS - 15 * MINUTE_MS, utilizationRatio: null });

    const { decision, reasons } = decide({ nodes: [stuck], pending: waiting(3, job('a', 4)) });

    expect(decision.actions).toEqual([
      { kind: 'launch', tierId: 'cloud', count: 1 },
      { kind: 'terminate', nodeId: 'stuck' },
    ]);
    expect(reasons.at(-1)).toEqual({ kind: 'never-ready', nodeId: 'stuck', launchedAtMs: NOW_MS - 15 * MINUTE_MS });
  });

  test('says what no tier can hold, and what full tiers could', () => {
    const { decision, reasons } = decide({ pending: waiting(3, job('huge', 8), job('x', 4), job('y', 4)) }, undefined, {
      tiers: [{ ...cloud, capacity: 1 }],
    });

    expect(decision.actions).toEqual([{ kind: 'launch', tierId: 'cloud', count: 1 }]);
    expect(reasons.slice(1)).toEqual([
      { kind: 'stays-pending', jobId: 'huge', because: 'no-tier-holds-it' },
      { kind: 'needs-nodes', jobId: 'x', tierId: 'cloud', count: 1 },
      { kind: 'stays-pending', jobId: 'y', because: 'tiers-full' },
    ]);
  });

  test('launches for a gang together or not at all', () => {
    const gang = ['a', 'b', 'c'].map((id) => job(id, 4, { gang: 'g' }));

    expect(decide({ pending: waiting(3, ...gang) }).decision.actions).toEqual([
      { kind: 'launch', tierId: 'cloud', count: 3 },
    ]);
    expect(
      decide({ pending: waiting(3, ...gang) }, undefined, { tiers: [{ ...cloud, capacity: 2 }] }).decision.actions,
    ).toEqual([]);
  });

  test('takes the cheapest tier that holds the job, and starts nothing for work without GPUs', () => {
    const small = { ...cloud, id: 'small', priceUsdPerHour: 3, node: { ...shape, gpus: shape.gpus.slice(0, 1) } };
    const tiers = [cloud, small];

    expect(decide({ pending: waiting(3, job('a', 1)) }, undefined, { tiers }).decision.actions).toMatchObject([
      { tierId: 'small' },
    ]);
    expect(decide({ pending: waiting(3, job('a', 2)) }, undefined, { tiers }).decision.actions).toMatchObject([
      { tierId: 'cloud' },
    ]);
    expect(decide({ pending: waiting(3, job('a', 0)) }, undefined, { tiers }).decision.actions).toEqual([]);
  });

  test('adds what brings lasting high use below 80 %', () => {
    const busy = ['a', 'b', 'c', 'd'].map((id) => sight(id, { utilizationRatio: 0.95 }));
    const first = decide({ nodes: busy });
    const later = decide({ nodes: busy }, { ...createAutoscaleNodesState(), busySinceMs: NOW_MS - 2 * MINUTE_MS });

    expect(first.decision.actions).toEqual([]);
    expect(first.state.busySinceMs).toBe(NOW_MS);
    // 16 GPUs at 95 % are 15.2 in use; 80 % of 19 and more GPUs hold them: one node of four.
    expect(later.decision.actions).toEqual([{ kind: 'launch', tierId: 'cloud', count: 1 }]);
  });

  test('keeps a floor', () => {
    expect(decide({}, undefined, { tiers: [{ ...cloud, minCount: 2 }] }).decision.actions).toEqual([
      { kind: 'launch', tierId: 'cloud', count: 2 },
    ]);
  });
});

describe('autoscaleNodes, down', () => {
  test('cordons an idle node first, and ends it when it is seen cordoned and empty', () => {
    const first = decide({ nodes: [sight('n')] }, after(['n']));
    const second = decide({ nodes: [sight('n', {}, true)] }, first.state);

    expect(first.decision.actions).toEqual([{ kind: 'cordon', nodeId: 'n' }]);
    expect(first.state.leaving).toEqual(['n']);
    expect(second.decision.actions).toEqual([{ kind: 'terminate', nodeId: 'n' }]);
  });

  test('moves the jobs of a node with little use where there is room, the dearest node first', () => {
    const cheap = { ...cloud, id: 'cheap', priceUsdPerHour: 4 };
    const nodes = [sight('n1', { utilizationRatio: 0.1 }), sight('n2', { tierId: 'cheap', utilizationRatio: 0.7 })];
    const running = [runs(job('a', 1, { isPreemptible: true }), 'n1', [0]), runs(job('b', 3), 'n2', [0, 1, 2])];

    const { decision } = decide({ nodes, running }, after(['n1']), { tiers: [cloud, cheap] });

    expect(decision.actions).toEqual([
      { kind: 'cordon', nodeId: 'n1' },
      {
        kind: 'drain',
        nodeId: 'n1',
        moves: [
          {
            jobId: 'a',
            from: running[0]!.placement,
            to: { jobId: 'a', nodeId: 'n2', gpus: [{ index: 3, milli: 1_000 }] },
          },
        ],
      },
    ]);
  });

  const two = [sight('n1', { utilizationRatio: 0.1 }), sight('n2', { utilizationRatio: 0.5 })];
  const movable = runs(job('a', 1, { isPreemptible: true }), 'n1', [0]);
  test.each([
    ['jobs-have-no-other-place', { nodes: two, running: [runs(job('a', 1), 'n1', [0])] }, {}],
    ['jobs-have-no-other-place', { nodes: two, running: [movable, runs(job('b', 4), 'n2', [0, 1, 2, 3])] }, {}],
    ['not-quiet-for-long', { nodes: two, running: [{ ...movable, startedAtMs: NOW_MS - MINUTE_MS }] }, {}],
    ['not-quiet-for-long', { nodes: two }, { tiers: [{ ...cloud, startupMs: 12 * MINUTE_MS }] }],
    ['wanted-by-pending', { nodes: two, pending: waiting(0, job('p', 4)) }, {}],
    ['committed', { nodes: two }, { tiers: [{ ...cloud, commitMs: 101 * MINUTE_MS }] }],
    ['floor', { nodes: two }, { tiers: [{ ...cloud, minCount: 2 }] }],
    ['does-not-pay', { nodes: two }, { paybackMs: MINUTE_MS }],
    ['does-not-pay', { nodes: two }, { tiers: [{ ...cloud, priceUsdPerHour: 0 }] }],
    ['needed-for-load', { nodes: [two[0]!, sight('n2', { utilizationRatio: 0.95 })] }, {}],
    ['budget', { nodes: two }, { budgets: [{ maxCount: 0 }] }],
    ['signal-missing', { nodes: [sight('n1', { utilizationRatio: null }), two[1]!] }, {}],
  ])('keeps a quiet node: %s', (because, seen, config) => {
    const { decision, reasons } = decide(seen, after(['n1']), config);

    expect(decision.actions).toEqual([]);
    expect(reasons.find((reason) => reason.kind === 'kept' && reason.nodeId === 'n1')).toMatchObject({ because });
  });

  test('takes a node back that was to go when work fits there', () => {
    const { decision, reasons } = decide(
      { nodes: [sight('n', {}, true)], pending: waiting(3, job('a', 4)) },
      after(['n'], ['n']),
    );

    expect(decision.actions).toEqual([{ kind: 'uncordon', nodeId: 'n' }]);
    expect(reasons.map(explainAutoscaleNodes)[1]).toBe("Node 'n' stays after all: a waiting job fits there.");
  });

  test('leaves a node alone that somebody else cordoned', () => {
    expect(decide({ nodes: [sight('n', {}, true)] }, after(['n'])).decision.actions).toEqual([]);
  });

  test('starts to count quiet time anew when a look had no measure', () => {
    const blind = decide({ nodes: [sight('n', { utilizationRatio: null })] }, after(['n']));

    expect(blind.state.quiet).toEqual([]);
  });
});

describe('autoscaleNodes, refusals', () => {
  test.each([
    ['tiers[1].id', {}, { tiers: [cloud, cloud] }],
    ["priceUsdPerHour of tier 'cloud'", {}, { tiers: [{ ...cloud, priceUsdPerHour: NaN }] }],
    ["capacity of tier 'cloud'", {}, { tiers: [{ ...cloud, capacity: -1 }] }],
    ["cpuMilli of node 'cloud'", {}, { tiers: [{ ...cloud, node: { ...shape, cpuMilli: 0.5 } }] }],
    ['pendingMs', {}, { pendingMs: -1 }],
    ['upUtilizationRatio', {}, { upUtilizationRatio: 0 }],
    ['downUtilizationRatio', {}, { downUtilizationRatio: 0.9 }],
    ['budgets[0]', {}, { budgets: [{}] }],
    ['nodes[1].id', { nodes: [sight('n'), sight('n')] }, {}],
    ["utilizationRatio of node 'n'", { nodes: [sight('n', { utilizationRatio: NaN })] }, {}],
    ["launchedAtMs of node 'n'", { nodes: [sight('n', { launchedAtMs: NaN })] }, {}],
    ["pendingSinceMs of job 'a'", { pending: [{ job: job('a', 1), pendingSinceMs: NaN }] }, {}],
    ['nowMs', { nowMs: NaN }, {}],
  ])('refuses by the %s', (field, seen, config) => {
    expect(() => decide(seen, undefined, config)).toThrow(
      expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field }) as Error,
    );
  });

  test('refuses a foreign state, and a time that goes back', () => {
    expect(() => decide({}, {} as AutoscaleNodesState)).toThrow(expect.objectContaining({ field: 'state' }) as Error);
    expect(() => decide({}, { ...createAutoscaleNodesState(), lastMs: NOW_MS + 1 })).toThrow(
      expect.objectContaining({ field: 'nowMs' }) as Error,
    );
  });
});
