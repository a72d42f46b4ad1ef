import { decideDeferrals } from './decide-deferrals.ts';
import { decideReplicas } from './decide-replicas.ts';
import { decideStarts } from './decide-starts.ts';
import { foresee } from './foresee.ts';
import type { Action, ActionDraft, LoopState, Plan } from './plan.ts';
import type { Policy, Snapshot } from './snapshot.ts';

/** What the decisions remember before the first tick. */
export function createLoopState(): LoopState {
  return { autoscale: {}, demand: {}, orderCount: 0 };
}

/**
 * Decides what to do. Pure: the same snapshot, policy and state give the same plan, in production and in replay.
 *
 * Order: jobs that can wait are planned into their best hours; jobs that are due are packed; endpoints are scaled and
 * their replicas spread over the tiers.
 */
export function decide(
  snapshot: Snapshot,
  policy: Policy,
  state: LoopState,
): { readonly plan: Plan; readonly state: LoopState } {
  const { outlook, demand } = foresee(snapshot, policy, state);
  const deferrals = decideDeferrals(snapshot, policy, outlook);
  const due = [...snapshot.waiting.filter(({ flexible }) => flexible === undefined), ...deferrals.due];
  const starts = decideStarts(snapshot, policy, due);
  const replicas = decideReplicas(snapshot, policy, outlook, state.autoscale);

  const drafts: ActionDraft[] = [...starts.actions, ...replicas.actions];
  const actions = drafts.map((draft, index): Action => ({ ...draft, token: `order-${state.orderCount + index + 1}` }));
  return {
    plan: {
      atMs: snapshot.atMs,
      actions,
      planned: deferrals.planned,
      unplaced: starts.unplaced,
      notes: [...deferrals.notes, ...replicas.notes],
      ...(starts.bound === undefined ? {} : { packBound: starts.bound }),
    },
    state: { autoscale: replicas.autoscale, demand, orderCount: state.orderCount + actions.length },
  };
}
