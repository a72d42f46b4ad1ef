import type { Job } from '../fleet/index.ts';
import { barredOf, barredWithRoom } from './barred.ts';
import type { Demand } from './demand.ts';
import { capableKinds, type Fleet } from './fleet.ts';
import { missesNow, missesWhenEmpty } from './misses.ts';
import { barriersOf } from './node-rules.ts';
import { shortfall } from './shortfall.ts';
import type { NearestBarrier, NearestMiss, UnplacedReason } from './types.ts';

/**
 * Why a job that fits no node now was not placed. `O(1)` when some open node could hold it if it were emptier and every
 * node admits it, else `O(nodes)`.
 *
 * @param nearest - the open node that lacks least, -1 when no open node could hold it.
 */
export function unplacedReason(fleet: Fleet, demand: Demand, nearest: number, job: Job): UnplacedReason {
  const { nodes, catalogue } = fleet;
  if (nearest >= 0) {
    const misses = missesNow(fleet, nearest, demand);
    const barred = demand.isAdmitted.includes(0) ? barredWithRoom(fleet, demand, capableKinds(fleet, demand), job) : {};
    return { kind: 'no-room', nearest: { nodeId: nodes[nearest]!.id, misses }, ...barred };
  }
  if (nodes.length === 0) return { kind: 'no-nodes' };
  const capable = capableKinds(fleet, demand);
  if (!capable.includes(1)) return impossible(fleet, demand, job);

  const able = nodes.flatMap((_, n) => (capable[catalogue.kindOf[n]!] === 1 ? [n] : []));
  const admitting = able.filter((n) => demand.isAdmitted[catalogue.ruleSetOf[n]!] === 1);
  if (admitting.length === 0) return { kind: 'not-admitted', ...barredOf(fleet, demand, job, able) };
  const barred = barredWithRoom(fleet, demand, capable, job);
  const lasting = admitting.filter((n) => fleet.expiresAtMs[n]! >= demand.neededUntilMs);
  if (lasting.length === 0) {
    const latestExpiresAtMs = admitting.reduce((latest, n) => Math.max(latest, fleet.expiresAtMs[n]!), -Infinity);
    return { kind: 'node-expires', neededUntilMs: demand.neededUntilMs, latestExpiresAtMs, ...barred };
  }
  const withRoom = lasting.filter((n) => shortfall(fleet.state, n, demand) === 0);
  const hasRoom = withRoom.length > 0;
  return { kind: 'cordoned', nodeIds: (hasRoom ? withRoom : lasting).map((n) => nodes[n]!.id), hasRoom, ...barred };
}

/** Why no node could hold the job even if it were empty. */
function impossible(fleet: Fleet, demand: Demand, job: Job): UnplacedReason {
  const { gpuTypes, instanceTypes, kindOf, ruleSetOf, ruleNodes } = fleet.catalogue;
  const profiles = new Set(instanceTypes.map(({ profile }) => profile));
  if (job.migProfile !== undefined && !profiles.has(job.migProfile)) {
    return { kind: 'no-such-profile', wanted: job.migProfile, present: [...profiles].sort() };
  }
  const models = new Set(gpuTypes.map(({ model }) => model));
  if (job.gpuCount > 0 && job.gpuModels !== undefined && !job.gpuModels.some((model) => models.has(model))) {
    return { kind: 'no-such-model', wanted: [...job.gpuModels], present: [...models].sort() };
  }
  const isOpenToJob = demand.isAdmitted.includes(1);
  let limit: NearestMiss | NearestBarrier | undefined;
  let least = Infinity;
  const seen = new Set<number>();
  fleet.nodes.forEach(({ id }, node) => {
    const set = ruleSetOf[node]!;
    const kind = kindOf[node]!;
    if ((isOpenToJob && demand.isAdmitted[set] === 0) || seen.has(kind)) return;
    seen.add(kind);
    const misses = missesWhenEmpty(fleet, kind, demand, job);
    const lack = misses.reduce((sum, { needed, available }) => sum + (needed - available) / needed, 0);
    if (lack >= least) return;
    least = lack;
    limit = { nodeId: id, misses, ...(isOpenToJob ? {} : { barriers: barriersOf(ruleNodes[set]!, job) }) };
  });
  return { kind: 'exceeds-every-node', limit: limit! };
}
