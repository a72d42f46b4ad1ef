import type { AutoscaleNodesReason, NodeKept } from './nodes-types.ts';

const KEPT: Readonly<Record<NodeKept, string>> = {
  'signal-missing': 'its use is not known',
  'not-quiet-for-long': 'it has not been quiet for long enough',
  'wanted-by-pending': 'a waiting job fits there',
  committed: 'it is paid for still',
  floor: 'its tier would fall below its least count',
  'does-not-pay': 'it would save less than its going costs',
  'needed-for-load': 'the others would be too busy',
  budget: 'the disruption budgets allow no more',
  'jobs-have-no-other-place': 'its jobs have no other place',
  'takes-in-moves': 'it takes in jobs of others',
};

/**
 * One readable line for a reason of {@link autoscaleNodes}. The text may change; match on `kind`.
 *
 * @example
 * ```ts
 * explainAutoscaleNodes({ kind: 'kept', nodeId: 'gpu-7', because: 'budget' });
 * // "Node 'gpu-7' stays: the disruption budgets allow no more."
 * ```
 */
export function explainAutoscaleNodes(reason: AutoscaleNodesReason): string {
  switch (reason.kind) {
    case 'pending':
      return `So many jobs have waited for long: ${reason.jobs}, and ${reason.withRoom} of them have room.`;
    case 'needs-nodes':
      return `Job '${reason.jobId}' needs ${reason.count} new of tier '${reason.tierId}'.`;
    case 'stays-pending':
      return reason.because === 'tiers-full'
        ? `Job '${reason.jobId}' waits: the tiers that could hold it are full.`
        : `Job '${reason.jobId}' waits: a node of no tier holds it.`;
    case 'busy':
      return `Use is ${reason.utilizationRatio.toFixed(2)}, high since ${reason.sinceMs}: ${reason.count} more.`;
    case 'below-floor':
      return `Tier '${reason.tierId}' lacks ${reason.count} of its least count.`;
    case 'leaves':
      return `Node '${reason.nodeId}' is ${reason.because} since ${reason.sinceMs} and goes: saves ${reason.savedUsdPerHour} USD/h.`;
    case 'kept':
      return `Node '${reason.nodeId}' stays: ${KEPT[reason.because]}.`;
    case 'stays-after-all':
      return `Node '${reason.nodeId}' stays after all: ${KEPT[reason.because]}.`;
    case 'never-ready':
      return `Node '${reason.nodeId}', asked for at ${reason.launchedAtMs}, is not ready still: it does not count.`;
  }
}
