import { pack, type PackBound, type UnplacedJob } from '@spillway/core';
import type { ActionDraft } from './plan.ts';
import type { Policy, Snapshot, SubmittedJob } from './snapshot.ts';

/** Packs every job that is due onto the free GPUs: planned jobs in their zone, the others anywhere. */
export function decideStarts(
  snapshot: Snapshot,
  policy: Policy,
  candidates: readonly SubmittedJob[],
): { readonly actions: readonly ActionDraft[]; readonly unplaced: readonly UnplacedJob[]; readonly bound?: PackBound } {
  const due = candidates.filter(({ planned }) => planned === undefined || planned.notBeforeMs <= snapshot.atMs);
  const actions: ActionDraft[] = [];
  const unplaced: UnplacedJob[] = [];
  let bound: PackBound | undefined;
  for (const [zone, jobs] of groupByZone(due)) {
    const nodes = zone === undefined ? snapshot.nodes : snapshot.nodes.filter((node) => node.zone === zone);
    const nodeIds = new Set(nodes.map(({ id }) => id));
    const result = pack({
      nodes,
      jobs: jobs.map(({ job }) => job),
      running: snapshot.running.filter(({ placement }) => nodeIds.has(placement.nodeId)),
      ...(policy.workload === undefined ? {} : { workload: policy.workload }),
      nowMs: snapshot.atMs,
    });
    const byId = new Map(jobs.map(({ job }) => [job.id, job]));
    for (const placement of result.placements) {
      actions.push({ kind: 'start-job', job: byId.get(placement.jobId)!, placement });
    }
    unplaced.push(...result.unplaced);
    // A bound over all groups would need one problem; zones are separate ones. The plan carries that of the free jobs.
    if (zone === undefined) bound = result.bound;
  }
  return { actions, unplaced, ...(bound === undefined ? {} : { bound }) };
}

/** Jobs by zone in order of first appearance, jobs without a zone under `undefined`. */
function groupByZone(jobs: readonly SubmittedJob[]): Map<string | undefined, SubmittedJob[]> {
  const groups = new Map<string | undefined, SubmittedJob[]>();
  for (const submitted of jobs) {
    const zone = submitted.planned?.zone;
    const group = groups.get(zone);
    if (group === undefined) groups.set(zone, [submitted]);
    else group.push(submitted);
  }
  return groups;
}
