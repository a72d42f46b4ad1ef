import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { autoscaleNodes, explainAutoscaleNodes } from '../src/autoscale/index.ts';
import { createPacker } from '../src/pack/index.ts';
import { createRandom } from '../src/random.ts';
import type { AutoscaleNodesResult, AutoscaleNodesState } from '../src/index.ts';
import { NOW_MS, situations, type Situation } from './nodes-arbitraries.ts';

const decide = ({ config, state, observation }: Situation) => autoscaleNodes(config, state, observation);
/** Nodes launched, and nodes that were to go and are wanted again. */
const launchesOf = ({ decision, reasons }: AutoscaleNodesResult) =>
  decision.actions.reduce((sum, action) => sum + (action.kind === 'launch' ? action.count : 0), 0) +
  reasons.filter((reason) => reason.kind === 'stays-after-all' && reason.because === 'wanted-by-pending').length;
const idsOf = ({ decision }: AutoscaleNodesResult, kind: 'cordon' | 'drain' | 'terminate' | 'uncordon') =>
  decision.actions.flatMap((action) => (action.kind === kind ? [action.nodeId] : []));
const goingOf = (result: AutoscaleNodesResult) =>
  result.state.leaving.filter((id) => !idsOf(result, 'uncordon').includes(id));
const runs = { numRuns: 200 };

describe('autoscaleNodes', () => {
  test('never launches fewer for one more job that comes last', () => {
    fc.assert(
      fc.property(situations, fc.constantFrom(1, 2, 4), fc.constantFrom('A', 'B'), (situation, gpuCount, model) => {
        const { observation } = situation;
        const last = { id: 'z', gpuCount, gpuModels: [model], cpuMilli: 1_000, memoryMib: 512, priority: 0 };
        const pending = observation.pending.map((entry) => ({
          ...entry,
          pendingSinceMs: Math.min(entry.pendingSinceMs, NOW_MS - 120_000),
        }));
        const before = { ...situation, observation: { ...observation, pending } };
        const more = [...pending, { job: last, pendingSinceMs: NOW_MS - 120_000 }];

        const after = { ...situation, observation: { ...observation, pending: more } };

        expect(launchesOf(decide(after))).toBeGreaterThanOrEqual(launchesOf(decide(before)));
      }),
      runs,
    );
  });

  test('keeps every tier within its capacity and never brings one below its floor', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const result = decide(situation);
        const { nodes } = situation.observation;
        const going = new Set([...goingOf(result), ...idsOf(result, 'terminate')]);

        for (const { id, capacity, minCount = 0 } of situation.config.tiers) {
          const launched = result.decision.actions.reduce(
            (sum, action) => sum + (action.kind === 'launch' && action.tierId === id ? action.count : 0),
            0,
          );
          const here = nodes.filter(({ tierId }) => tierId === id);
          if (launched > 0) expect(here.length + launched).toBeLessThanOrEqual(capacity ?? Infinity);
          const leavesNow = idsOf(result, 'cordon').some((nodeId) => here.some(({ node }) => node.id === nodeId));
          const left = here.filter(({ node }) => !going.has(node.id)).length + launched;
          if (leavesNow) expect(left).toBeGreaterThanOrEqual(minCount);
        }
      }),
      runs,
    );
  });

  test('lets no node go that was not measured, and none at all without measures', () => {
    fc.assert(
      fc.property(situations, fc.nat(6), (situation, which) => {
        const { nodes } = situation.observation;
        const blind = (isBlind: (index: number) => boolean) =>
          decide({
            ...situation,
            observation: {
              ...situation.observation,
              nodes: nodes.map((node, index) => (isBlind(index) ? { ...node, utilizationRatio: null } : node)),
            },
          });
        const isReady = new Set(nodes.filter((node) => node.isReady).map(({ node }) => node.id));

        const one = blind((index) => index === which);
        const all = blind(() => true);

        const downs = (result: AutoscaleNodesResult) =>
          [...idsOf(result, 'cordon'), ...idsOf(result, 'terminate')].filter((id) => isReady.has(id));
        expect(downs(one)).not.toContain(nodes[which]?.node.id);
        expect(downs(all)).toEqual([]);
      }),
      runs,
    );
  });

  test('terminates only what is cordoned and empty, or never came up', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const result = decide(situation);

        const byId = new Map(situation.observation.nodes.map((sight) => [sight.node.id, sight]));
        for (const nodeId of idsOf(result, 'terminate')) {
          const { node, isReady, launchedAtMs } = byId.get(nodeId)!;
          expect(situation.observation.running.some(({ placement }) => placement.nodeId === nodeId)).toBe(false);
          if (isReady!) expect([node.isCordoned, situation.state.leaving.includes(nodeId)]).toEqual([true, true]);
          else expect(NOW_MS - launchedAtMs).toBeGreaterThanOrEqual(900_000);
        }
        const kinds = ['uncordon', 'launch', 'cordon', 'drain', 'terminate'];
        const order = result.decision.actions.map(({ kind }) => kinds.indexOf(kind));
        expect(order).toEqual([...order].sort((x, y) => x - y));
      }),
      runs,
    );
  });

  test('moves every job of a node that goes to a place it has, beside all that stays', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const { nodes, running } = situation.observation;
        const result = decide(situation);
        const going = new Set(goingOf(result));
        const moves = new Map(
          result.decision.actions.flatMap((action) =>
            action.kind === 'drain' ? action.moves.map(({ jobId, to }) => [jobId, to] as const) : [],
          ),
        );

        const after = running.map((entry) => ({ ...entry, placement: moves.get(entry.job.id) ?? entry.placement }));

        // The packer refuses what does not fit.
        createPacker({ nodes: nodes.map(({ node }) => node), running: after, nowMs: NOW_MS });
        for (const { job, placement } of after) {
          expect(going.has(placement.nodeId)).toBe(false);
          if (moves.has(job.id)) {
            expect(job.isPreemptible).toBe(true);
            expect(nodes.find(({ node }) => node.id === placement.nodeId)).toMatchObject({ isReady: true });
          }
        }
      }),
      runs,
    );
  });

  test('has no more nodes on their way out than a budget allows', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const result = decide(situation);

        const started = idsOf(result, 'cordon').length;
        const most = situation.config.budgets?.[0]?.maxCount ?? Infinity;
        if (started > 0) expect(goingOf(result).length).toBeLessThanOrEqual(most);
      }),
      runs,
    );
  });

  test('is the same twice, in any order of the lists, after JSON, and tells why', () => {
    fc.assert(
      fc.property(situations, fc.integer(), (situation, seed) => {
        const { config, state, observation } = situation;
        const result = decide(situation);

        const kept = JSON.parse(JSON.stringify(result.state)) as AutoscaleNodesState;
        const again = autoscaleNodes(config, kept, observation);
        const random = createRandom(seed);
        const shuffled = autoscaleNodes({ ...config, tiers: random.shuffle(config.tiers) }, state, {
          ...observation,
          nodes: random.shuffle(observation.nodes),
          running: random.shuffle(observation.running),
          pending: random.shuffle(observation.pending),
        });

        expect(again.decision).toEqual(result.decision);
        expect(again.state).toEqual(result.state);
        expect(shuffled).toEqual(result);
        for (const reason of result.reasons) expect(explainAutoscaleNodes(reason)).toMatch(/^[A-Z].*\.$/);
      }),
      runs,
    );
  });
});
