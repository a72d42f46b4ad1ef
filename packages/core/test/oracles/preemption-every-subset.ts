import type { Job, PlanPreemptionInput, RunningJob } from '../../src/index.ts';
import { admits, ledgerNode, move } from './pack-ledger.ts';

/** The rules of who may go, written once more. */
export function mayGo({ job, startedAtMs }: RunningJob, wanted: Job, nowMs: number): boolean {
  if (!job.isPreemptible) return false;
  if ((job.priority ?? 0) >= (wanted.priority ?? 0)) return false;
  if (!job.minRuntimeMs) return true;
  return startedAtMs !== undefined && startedAtMs + job.minRuntimeMs <= nowMs;
}

/** Milli-GPU a job holds; MIG instances as sevenths. */
export const held = (job: Job): number => {
  if (job.migProfile === undefined) return (job.gpuMilli ?? 1_000) * job.gpuCount;
  return { '1g': 143, '2g': 286, '7g': 1_000 }[job.migProfile]!;
};

export interface EveryChoice {
  readonly nodeId: string;
  readonly priority: number;
  readonly loss: number;
  readonly ids: readonly string[];
  readonly names: readonly string[];
}

/** The best choice of victims, found by trying every subset of units for every node. */
export function bestEviction({ nodes, running, job, nowMs = 0 }: PlanPreemptionInput): EveryChoice | undefined {
  const groups = new Map<string, RunningJob[]>();
  for (const entry of running) {
    const key = entry.job.gang ?? `alone:${entry.job.id}`;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  const units = [...groups.values()].filter((members) => members.every((entry) => mayGo(entry, job, nowMs)));
  const areStartsKnown = units.flat().every(({ startedAtMs }) => startedAtMs !== undefined);
  let best: EveryChoice | undefined;
  for (const home of nodes) {
    const here = units.filter((members) => members.some(({ placement }) => placement.nodeId === home.id));
    for (let mask = 0; mask < 2 ** here.length; mask++) {
      const gone = here.filter((_, index) => (mask >> index) & 1).flat();
      const ledger = ledgerNode(home);
      for (const entry of running) {
        if (entry.placement.nodeId === home.id && !gone.includes(entry)) move(ledger, entry.job, entry.placement, -1);
      }
      if (!admits(ledger, job, nowMs)) continue;
      const chosen = here.filter((_, index) => (mask >> index) & 1);
      const choice = {
        nodeId: home.id,
        priority: Math.max(...gone.map((entry) => entry.job.priority ?? 0)),
        loss: gone.reduce((sum, entry) => {
          const seconds = areStartsKnown ? Math.ceil((nowMs - entry.startedAtMs!) / 1_000) : 1;
          return sum + held(entry.job) * seconds;
        }, 0),
        ids: gone.map((entry) => entry.job.id).sort(),
        names: chosen.map((members) => members.map((entry) => entry.job.id).sort()[0]!).sort(),
      };
      if (best === undefined || compare(choice, best) < 0) best = choice;
    }
  }
  return best;
}

function compare(x: EveryChoice, y: EveryChoice): number {
  if (x.priority !== y.priority) return x.priority - y.priority;
  if (x.loss !== y.loss) return x.loss - y.loss;
  if (x.ids.length !== y.ids.length) return x.ids.length - y.ids.length;
  for (let k = 0; k < Math.min(x.names.length, y.names.length); k++) {
    if (x.names[k] !== y.names[k]) return x.names[k]! < y.names[k]! ? -1 : 1;
  }
  return x.nodeId < y.nodeId ? -1 : 1;
}
