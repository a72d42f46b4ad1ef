import { InvalidInputError } from '../errors.ts';
import { checkOptionalLevel, type GpuNode, type Job, type Placement } from '../fleet/index.ts';
import { checkOptionalNumber } from '../check-number.ts';
import { checkIds, checkOptionalFlag } from '../internal/check.ts';
import {
  checkClock,
  checkNow,
  checkPackJob,
  checkPackNode,
  checkPackNodes,
  checkRunning,
  checkSameTopology,
  admissionOf,
  scorerOf,
} from './check-input.ts';
import { copyJob, copyNode } from './copy.ts';
import { placeTogether } from './place-gang.ts';
import { createMix } from './mix.ts';
import { createKindStreams } from './node-kinds.ts';
import { createPacking, placementOf, type Packing } from './packing.ts';
import { amountsHeld, type Held } from './running.ts';
import { statsOf } from './stats.ts';
import type { Packer, PackerInput, PackOptions, PlaceResult } from './types.ts';

/** Jobs over which departures are averaged. */
const TURNOVER_JOBS = 512;

/** A job in its place: the node, and the rows of its GPUs and MIG instance in the packing it was made in. Small, since there are many. */
interface Placed {
  readonly job: Job;
  readonly startedAtMs?: number;
  node: number;
  gpus: readonly number[];
  instance: number;
}

const heldBy = ({ job, node, gpus, instance }: Placed): Held => ({ node, holding: amountsHeld(job, gpus, instance) });
const placeIn = ({ node, holding: { gpus, instance } }: Held) => ({ node, gpus, instance });
const started = (startedAtMs: number | undefined) => (startedAtMs === undefined ? {} : { startedAtMs });

/**
 * Creates a fleet that is packed job by job, each at once and, until released, for good.
 *
 * A job goes to the node that scores best among those that fit; equal nodes, in order: with `prefersEarlyExpiry` the one
 * that expires first, if the job knows its run time; the one with the smaller share of its GPUs idle (for `fgd` and `priced`), the smaller id by code units.
 * MIG jobs go to instances that stay, where the fewest are free; else where cutting one loses least of what is expected, as `placeMig` has
 * it (`first-fit`: to the smallest id).
 * On the node, a share takes the GPU that scores best (`fgd`, `priced`) or has the least left, whole GPUs are the lowest free ones, a
 * MIG job takes an instance that stays, on the GPU with the fewest free, else the place that loses least; ties by lower index, then
 * lower start. The order of `nodes` does not matter.
 *
 * Time: `place` costs `O(∛nodes)` and one score for each node changed since a job of the same shape was last placed, `O(nodes)` for a shape
 * seen for the first time and, when the mix is learned, after each new estimate of it. `release` and `cordon` are `O(1)`;
 * the first call after `addNode` or `removeNode` costs `O(nodes + placed jobs)`. Space `O(nodes × demands)` for the 256
 * latest demands.
 *
 * `priced` looks at all nodes again that host a job whose price has changed, and at the start fills an empty fleet of the same
 * make-up, of about 1,280 nodes at most, in thought, twice, when the mix is given or learned from 1,000 jobs: less than a second for 90 shapes and 1,000 nodes or more.
 *
 * Source of `fgd`: Weng et al., "Beware of Fragmentation", USENIX ATC 2023.
 *
 * @throws InvalidInputError when a node, a running job, the mix, `nowMs` or the scorer is malformed; when running jobs
 * hold more than there is.
 *
 * @example
 * ```ts
 * const gpu = { model: 'H100' };
 * const packer = createPacker({ nodes: [{ id: 'a', gpus: [gpu, gpu], cpuMilli: 64_000, memoryMib: 262_144 }] });
 * packer.place({ id: 'train', gpuCount: 2, cpuMilli: 8_000, memoryMib: 65_536 });
 * // { placement: { jobId: 'train', nodeId: 'a', gpus: [{ index: 0, milli: 1000 }, { index: 1, milli: 1000 }] } }
 * ```
 */
export function createPacker(input: PackerInput, options: PackOptions = {}): Packer {
  const scorer = scorerOf(options);
  const { prefersEarlyExpiry = false, keepsDomainsEmpty } = options;
  checkOptionalFlag(() => 'prefersEarlyExpiry', prefersEarlyExpiry);
  checkOptionalLevel(() => 'keepsDomainsEmpty', keepsDomainsEmpty);
  const protectsLarge = admissionOf(options) === 'protect-large';
  checkPackNodes(input.nodes);
  checkNow(input.nowMs);
  checkRunning(input.running);
  checkOptionalNumber(() => 'departureRatio', input.departureRatio, {
    min: 0,
    max: 1,
    hint: 'Leave it out at the start.',
  });
  const { nowMs } = input;
  const nodes = new Map<string, GpuNode>(input.nodes.map((node) => [node.id, copyNode(node)]));
  const mix = createMix(input, scorer);
  const kindStreams = createKindStreams(mix.jobCount);
  const placed = new Map<string, Placed>();
  const turnover = { departureRatio: input.departureRatio ?? 0 };
  const setup = { scorer, nowMs, kindStreams, turnover, prefersEarlyExpiry, keepsDomainsEmpty, protectsLarge };
  const create = () => createPacking([...nodes.values()], mix.shapes(), setup);
  let packing = create();
  let isStale = false;

  input.running?.forEach(({ job, placement, startedAtMs }, index) => {
    const held = packing.occupy({ job, placement }, `running[${index}]`);
    placed.set(job.id, { job: copyJob(job), ...placeIn(held), ...started(startedAtMs) });
  });

  /** The packing of the nodes as they are now. */
  const current = (): Packing => {
    if (!isStale) return packing;
    const before = packing;
    packing = create();
    for (const entry of placed.values()) {
      const placement = placementOf(before.fleet, entry.job, heldBy(entry));
      Object.assign(entry, placeIn(packing.occupy({ job: entry.job, placement }, 'running')));
    }
    isStale = false;
    return packing;
  };
  const checkNew = (job: Job): void => {
    checkPackJob(job);
    checkClock(job, current().hasExpiry, nowMs);
    if (!placed.has(job.id)) return;
    throw new InvalidInputError('job.id', 'must not be placed already', job.id, {
      hint: 'Release it first, or give the new job an id of its own.',
    });
  };
  const observe = (job: Job): void => {
    if (mix.observe(job)) current().setMix(mix.shapes());
  };
  const keep = (job: Job, { placement, held }: { readonly placement: Placement; readonly held: Held }): PlaceResult => {
    const { gpus, instance } = held.holding;
    placed.set(job.id, { job: copyJob(job), node: held.node, gpus, instance });
    if (turnover.departureRatio > 0) {
      turnover.departureRatio *= 1 - 1 / TURNOVER_JOBS;
      current().lookAgain(held.node);
    }
    return { placement };
  };
  const take = (job: Job): PlaceResult => {
    const outcome = current().take(job);
    if ('reason' in outcome) return { unplaced: { jobId: job.id, reason: outcome.reason } };
    return keep(job, outcome);
  };
  const entryOf = <T>(map: ReadonlyMap<string, T>, field: string, id: string, noun: string): T => {
    const entry = map.get(id);
    if (entry !== undefined) return entry;
    throw new InvalidInputError(field, `must name a ${noun}`, id, { hint: 'Look it up in snapshot().' });
  };
  const release = (jobId: string): void => {
    const entry = entryOf(placed, 'jobId', jobId, 'job that is placed');
    turnover.departureRatio = Math.min(1, turnover.departureRatio + 1 / TURNOVER_JOBS);
    // A new packing gives the entry new rows, so they are read after.
    const packed = current();
    packed.giveBack(heldBy(entry));
    placed.delete(jobId);
  };

  return {
    place: (job) => {
      checkNew(job);
      if (job.gang !== undefined) {
        throw new InvalidInputError(`gang of job '${job.id}'`, 'must be absent here', job.gang, {
          hint: 'Place all members together with placeGang.',
        });
      }
      observe(job);
      return take(job);
    },
    placeGang: (jobs) => {
      checkIds('jobs', jobs);
      const gang = jobs[0]?.gang ?? jobs[0]?.id ?? '';
      for (const job of jobs) {
        checkNew(job);
        if (job.gang !== jobs[0]!.gang) {
          throw new InvalidInputError(`gang of job '${job.id}'`, 'must be that of the other jobs', job.gang, {
            hint: 'Call placeGang once for each gang.',
          });
        }
        checkSameTopology(jobs[0]!, job);
      }
      for (const job of jobs) observe(job);
      const outcome = placeTogether(current(), jobs, gang, () => [...placed.values()].map(heldBy));
      if ('reasonOf' in outcome) {
        return jobs.map((job) => ({ unplaced: { jobId: job.id, reason: outcome.reasonOf(job) } }));
      }
      return jobs.map((job) => keep(job, outcome.takenBy.get(job.id)!));
    },
    release,
    addNode: (node) => {
      checkPackNode(node);
      if (nodes.has(node.id)) {
        throw new InvalidInputError('node.id', 'must not be in the fleet already', node.id, {
          hint: 'Remove the node first, or give the new one an id of its own.',
        });
      }
      nodes.set(node.id, copyNode(node));
      isStale = true;
    },
    removeNode: (nodeId) => {
      entryOf(nodes, 'nodeId', nodeId, 'node of the fleet');
      nodes.delete(nodeId);
      isStale = true;
      const gone = [...placed.values()]
        .filter(({ node }) => packing.fleet.nodes[node]!.id === nodeId)
        .map(({ job }) => job);
      for (const { id } of gone) placed.delete(id);
      return gone;
    },
    cordon: (nodeId, isCordoned = true) => {
      const node = entryOf(nodes, 'nodeId', nodeId, 'node of the fleet');
      nodes.set(nodeId, { ...node, isCordoned });
      if (!isStale) packing.setCordon(packing.fleet.indexOf.get(nodeId)!, isCordoned);
    },
    snapshot: () => ({
      nodes: [...nodes.values()].map(copyNode),
      running: [...placed.values()].map((entry) => ({
        job: copyJob(entry.job),
        placement: placementOf(packing.fleet, entry.job, heldBy(entry)),
        ...started(entry.startedAtMs),
      })),
      ...mix.snapshot(),
      ...(turnover.departureRatio === 0 ? {} : { departureRatio: turnover.departureRatio }),
      ...(nowMs === undefined ? {} : { nowMs }),
    }),
    stats: () => statsOf(current()),
  };
}
