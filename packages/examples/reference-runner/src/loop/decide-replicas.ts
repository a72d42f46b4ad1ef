import { autoscale, createAutoscaleState, placeReplicas, type Replica, type Tier } from '@spillway/core';
import type { Outlook } from './foresee.ts';
import type { ActionDraft, LoopState, PlanNote } from './plan.ts';
import type { EndpointPolicy, Policy, Snapshot } from './snapshot.ts';

/** Scales the endpoints and spreads their replicas over the tiers; stops replicas that nobody ordered. */
export function decideReplicas(
  snapshot: Snapshot,
  policy: Policy,
  outlook: Outlook,
  before: LoopState['autoscale'],
): {
  readonly actions: readonly ActionDraft[];
  readonly notes: readonly PlanNote[];
  readonly autoscale: LoopState['autoscale'];
} {
  const actions: ActionDraft[] = snapshot.replicas
    .filter(({ endpointId }) => endpointId === undefined)
    .map(({ id, tierId }) => ({ kind: 'terminate-replica', replicaId: id, tierId, reason: 'orphan' }));
  const notes: PlanNote[] = [];
  const autoscaleStates: Record<string, LoopState['autoscale'][string]> = {};
  // Replicas ordered in this tick for the endpoints before this one.
  const ordered = new Map<string, number>();
  for (const endpoint of policy.endpoints ?? []) {
    const { current, pendingIds } = replicasOf(snapshot, endpoint.id);
    const metrics = snapshot.endpoints.find(({ id }) => id === endpoint.id)?.metrics;
    const { state, decision, reasons } = autoscale(endpoint.autoscale, before[endpoint.id] ?? createAutoscaleState(), {
      nowMs: snapshot.atMs,
      readyReplicas: current.filter(({ isReady }) => isReady !== false).length,
      pendingReplicas: current.filter(({ isReady }) => isReady === false).length,
      ratePerSecond: demandOf(endpoint, metrics?.ratePerSecond ?? null, outlook),
      utilizationRatio: metrics?.utilizationRatio ?? null,
    });
    autoscaleStates[endpoint.id] = state;
    const placed = placeReplicas({ target: decision.target }, tiersFor(snapshot, current, ordered), current);
    for (const { tierId, count } of placed.add) {
      for (let k = 0; k < count; k++) actions.push({ kind: 'launch-replica', endpointId: endpoint.id, tierId });
      ordered.set(tierId, (ordered.get(tierId) ?? 0) + count);
    }
    for (const { replicaId, tierId, reason } of placed.remove) {
      // A launch whose outcome is unknown has no replica to stop yet; it is judged again once it is listed.
      if (!pendingIds.has(replicaId)) actions.push({ kind: 'terminate-replica', replicaId, tierId, reason });
    }
    notes.push({
      kind: 'scaled',
      endpointId: endpoint.id,
      target: decision.target,
      current: current.length,
      reasons: [...reasons, ...placed.reasons],
    });
  }
  return { actions, notes, autoscale: autoscaleStates };
}

/** The measured rate or its average, whichever is more: a lull is believed only when it lasts. */
function demandOf(endpoint: EndpointPolicy, measured: number | null, outlook: Outlook): number | null {
  const expected = outlook.demandPerSecond[endpoint.id] ?? null;
  return measured === null || expected === null ? measured : Math.max(measured, expected);
}

/** What an endpoint has and keeps: nothing that is about to be taken, launches under way included. */
function replicasOf(
  snapshot: Snapshot,
  endpointId: string,
): { readonly current: readonly Replica[]; readonly pendingIds: ReadonlySet<string> } {
  const leaving = new Set(snapshot.notices.map(({ replicaId }) => replicaId));
  const staying = snapshot.replicas.filter((replica) => replica.endpointId === endpointId && !leaving.has(replica.id));
  const pending = snapshot.pendingLaunches
    .filter((launch) => launch.endpointId === endpointId)
    .map(({ token, tierId }): Replica => ({ id: token, tierId, startedAtMs: snapshot.atMs, isReady: false }));
  return { current: [...staying, ...pending], pendingIds: new Set(pending.map(({ id }) => id)) };
}

/** The tiers with the room that is left for one endpoint: others' replicas and those on notice still fill their tier. */
function tiersFor(
  snapshot: Snapshot,
  current: readonly Replica[],
  ordered: ReadonlyMap<string, number>,
): readonly Tier[] {
  const own = new Set(current.map(({ id }) => id));
  return snapshot.tiers.map((tier) => {
    if (tier.capacity === null) return tier;
    const listed = snapshot.replicas.filter(({ id, tierId }) => tierId === tier.id && !own.has(id)).length;
    const pending = snapshot.pendingLaunches.filter(
      ({ token, tierId }) => tierId === tier.id && !own.has(token),
    ).length;
    const taken = listed + pending + (ordered.get(tier.id) ?? 0);
    return { ...tier, capacity: Math.max(0, tier.capacity - taken) };
  });
}
