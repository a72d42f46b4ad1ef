/** What a policy sees, from the past alone. Rates in work per second, times in seconds. */
export interface ReplicaSight {
  readonly nowSec: number;
  readonly ready: number;
  /** When each pending replica will be ready. */
  readonly pendingReadySec: readonly number[];
  /** Work that waits. */
  readonly queue: number;
  /** Work that came a second, in each step so far. */
  readonly arrived: readonly number[];
  /** Share of the ready replicas that was busy, and the queue after the step, beside `arrived`. */
  readonly busyRatios: readonly number[];
  readonly queues: readonly number[];
  readonly readyCounts: readonly number[];
  readonly stepSec: number;
}

/** Answers with the replicas there should be, ready and pending. */
export type ReplicaPolicy = (sight: ReplicaSight) => number;

/** A load and what a replica can do. */
export interface ReplicaLoad {
  /** Work that comes in each bin. */
  readonly arrivals: readonly number[];
  readonly binSec: number;
  /** Work that a replica can do a second. */
  readonly perReplica: number;
  readonly coldSec: number;
  readonly startReplicas: number;
  /** Not scored until then. */
  readonly warmSec: number;
}

/** How a policy did. */
export interface ReplicaOutcome {
  /** Share of the work that waited longer than {@link SLO_SEC}. */
  readonly violationRatio: number;
  readonly replicaHours: number;
  readonly changes: number;
}

/** Longest wait that is no violation, seconds. */
const SLO_SEC = 10;
const STEP_SEC = 5;

/** A fluid queue, first in first out: an order takes `coldSec`, and is paid from the order to the release. */
export function simulateReplicas(load: ReplicaLoad, policy: ReplicaPolicy): ReplicaOutcome {
  const { binSec, perReplica, coldSec, warmSec } = load;
  const steps = Math.max(1, Math.round(binSec / STEP_SEC));
  const stepSec = binSec / steps;
  const [arrived, busyRatios, queues, readyCounts]: number[][] = [[], [], [], []] as number[][] as [
    number[],
    number[],
    number[],
    number[],
  ];
  const [cameSec, left]: [number[], number[]] = [[], []];
  let [head, queue, ready, violated, total, paidSec, changes] = [0, 0, load.startReplicas, 0, 0, 0, 0];
  let pending: number[] = [];
  load.arrivals.forEach((count, bin) => {
    for (let step = 0; step < steps; step++) {
      const nowSec = bin * binSec + step * stepSec;
      ready += pending.filter((at) => at <= nowSec).length;
      pending = pending.filter((at) => at > nowSec);
      const work = count / steps;
      const isScored = nowSec >= warmSec;
      if (isScored) total += work;
      if (work > 0) {
        cameSec.push(nowSec);
        left.push(work);
        queue += work;
      }
      const capacity = ready * perReplica * stepSec;
      let free = capacity;
      while (free > 1e-12 && head < left.length) {
        const done = Math.min(left[head]!, free);
        if (nowSec - cameSec[head]! > SLO_SEC && cameSec[head]! >= warmSec) violated += done;
        free -= done;
        left[head]! -= done;
        queue -= done;
        if (left[head]! <= 1e-12) head++;
      }
      if (isScored) paidSec += (ready + pending.length) * stepSec;
      arrived.push(work / stepSec);
      busyRatios.push(capacity > 0 ? (capacity - free) / capacity : 1);
      queue = Math.max(0, queue);
      queues.push(queue);
      readyCounts.push(ready);
      const atSec = nowSec + stepSec;
      const sight = { arrived: arrived, busyRatios: busyRatios, queues: queues, readyCounts: readyCounts, stepSec };
      const wanted = policy({ nowSec: atSec, ready, pendingReadySec: pending, queue, ...sight });
      const have = ready + pending.length;
      if (wanted !== have) changes++;
      for (let more = have; more < wanted; more++) pending.push(atSec + coldSec);
      if (wanted < have) {
        // The latest orders go first, then ready replicas.
        const cut = have - wanted;
        pending.sort((a, b) => a - b);
        const cancelled = Math.min(cut, pending.length);
        pending.length -= cancelled;
        ready -= cut - cancelled;
      }
    }
  });
  return { violationRatio: (violated + Math.max(0, queue)) / total, replicaHours: paidSec / 3600, changes };
}

/** Fewest replica-hours without any waiting, knowing the future: each level of replicas bridges a gap or starts anew. */
export function clairvoyantReplicaHours({ arrivals, binSec, perReplica, coldSec, warmSec }: ReplicaLoad): number {
  const scored = arrivals.slice(Math.round(warmSec / binSec));
  const needed = scored.map((count) => Math.max(1, Math.ceil(count / binSec / perReplica - 1e-9)));
  let seconds = 0;
  for (let level = 1; level <= Math.max(...needed); level++) {
    let last = -1;
    needed.forEach((need, bin) => {
      if (need < level) return;
      const gapSec = (bin - last - 1) * binSec;
      seconds += binSec + (last === -1 ? 0 : Math.min(gapSec, coldSec));
      last = bin;
    });
  }
  return seconds / 3600;
}
