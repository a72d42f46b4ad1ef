import { checkNodesInput } from './check-autoscale-nodes.ts';
import { goOn, letGo, quietAfter } from './nodes-down.ts';
import { createScene } from './nodes-scene.ts';
import type {
  AutoscaleNodesConfig,
  AutoscaleNodesObservation,
  AutoscaleNodesResult,
  AutoscaleNodesState,
  NodeAction,
} from './nodes-types.ts';
import { launchForFloors, launchForUse, placePending } from './nodes-up.ts';

/** The order of actions: what gives room first, and no node ends before it was drained. */
const ORDER: readonly NodeAction['kind'][] = ['uncordon', 'launch', 'cordon', 'drain', 'terminate'];

/**
 * Creates the state of a fleet that was never looked at.
 *
 * @example
 * ```ts
 * createAutoscaleNodesState(); // { version: 1, lastMs: null, busySinceMs: null, quiet: [], leaving: [] }
 * ```
 */
export function createAutoscaleNodesState(): AutoscaleNodesState {
  return { version: 1, lastMs: null, busySinceMs: null, quiet: [], leaving: [] };
}

/**
 * Decides which machines to launch, and which to empty and give back.
 *
 * Up: GPU work that has waited for `pendingMs` is packed, by priority and age, onto what is there or coming, onto nodes that were
 * to go, and onto new ones, so a node is launched only where it helps. A new node is of the first tier that holds the job (or the gang); nodes
 * that start count as room, so the same work is never launched for twice. Use above `upUtilizationRatio` for as long adds what brings it below, and
 * floors (`minCount`) are kept.
 *
 * Down: a node with use below `downUtilizationRatio` for `idleMs`, or the start-up time of its tier if that is longer, goes, the dearest first, when
 * all of this holds: no waiting job would go there; `commitMs` is over; its tier stays at its floor; what it saves in `paybackMs` is more
 * than a start and the moves cost; the rest carries the load without being busy; a budget allows it; and each of its jobs may move and has room on
 * another ready node. It is cordoned and drained first, and terminated by a later call that sees it cordoned and empty. When work comes
 * that fits there, or a job loses its other place, it stays after all.
 *
 * Laws: a further job that comes last never means fewer nodes launched or taken back for what waits; no tier above its capacity, none brought below its floor; a node
 * that was not measured never goes, nor one whose jobs have no other place; only a node that is cordoned and empty, or never
 * came up, is terminated; under constant load actions come to rest; the order of the lists does not matter; the same call twice changes
 * nothing. More jobs that come earlier can mean fewer nodes, as in all packing in order.
 *
 * `O(launches × (nodes + jobs) + pending × log nodes)`, and `O(nodes + jobs)` for each node that is emptied.
 *
 * Source: Kubernetes Cluster Autoscaler (unneeded time 10 min, provision time 15 min), Karpenter (budgets, consolidation that must save). Holding an idle
 * node for as long as its start takes is never more than twice the cost of knowing: Karlin et al., "Competitive Snoopy Caching", Algorithmica 1988.
 *
 * @param state - from {@link createAutoscaleNodesState}, or from the call before; neither changed nor kept.
 * @throws InvalidInputError on a malformed tier, node, job or placement, ids that come twice, numbers out of range, a foreign state, and when
 * time goes back.
 *
 * @example
 * ```ts
 * const node = { gpus: [{ model: 'H100' }, { model: 'H100' }], cpuMilli: 64_000, memoryMib: 524_288 };
 * const tiers = [{ id: 'cloud', kind: 'hourly', capacity: 10, priceUsdPerHour: 6, node }] as const;
 * const job = { gpuCount: 1, cpuMilli: 1_000, memoryMib: 1_024 };
 * const pending = ['a', 'b', 'c'].map((id) => ({ job: { id, ...job }, pendingSinceMs: 0 }));
 * const seen = { nowMs: 120_000, nodes: [], running: [], pending };
 * autoscaleNodes({ tiers }, createAutoscaleNodesState(), seen).decision.actions; // [{ kind: 'launch', tierId: 'cloud', count: 2 }]
 * ```
 */
export function autoscaleNodes(
  config: AutoscaleNodesConfig,
  state: AutoscaleNodesState,
  observation: AutoscaleNodesObservation,
): AutoscaleNodesResult {
  checkNodesInput(config, state, observation);
  const { nowMs } = observation;
  const scene = createScene(config, state, observation);
  const uncordoned = placePending(scene, observation.pending);
  const busySinceMs = launchForUse(scene, state.busySinceMs);
  launchForFloors(scene);
  const quiet = quietAfter(scene, state.quiet);
  const actions: NodeAction[] = uncordoned.map((nodeId) => ({ kind: 'uncordon', nodeId }));
  actions.push(...goOn(scene, quiet));
  actions.push(...letGo(scene, quiet));
  for (const { id: tierId } of scene.tiers) {
    const count = scene.launches.get(tierId) ?? 0;
    if (count > 0) actions.push({ kind: 'launch', tierId, count });
  }
  // A node that stays after all is remembered until it is seen to take work: the act may have failed.
  const back = actions.flatMap((action) => (action.kind === 'uncordon' ? [action.nodeId] : []));
  return {
    state: { version: 1, lastMs: nowMs, busySinceMs, quiet, leaving: [...scene.leaving, ...back].sort() },
    // The sort is stable.
    decision: { actions: actions.sort((x, y) => ORDER.indexOf(x.kind) - ORDER.indexOf(y.kind)) },
    reasons: scene.reasons,
    nextEvalAtMs: nowMs + (config.intervalMs ?? 30_000),
  };
}
