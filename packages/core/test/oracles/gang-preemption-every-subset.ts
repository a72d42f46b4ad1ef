import type { PlanGangPreemptionInput, RunningJob } from '../../src/index.ts';
import { canStartTogether, groupsOf } from './gang-brute-force.ts';
import { book, ledgerNode, type LedgerNode } from './pack-ledger.ts';
import { held, mayGo } from './preemption-every-subset.ts';

/** A choice of units to evict, in the terms in which choices are compared. */
export interface GangChoice {
  readonly priority: number;
  readonly loss: number;
  readonly ids: readonly string[];
  readonly names: readonly string[];
}

/** The fleet as booked without some jobs. */
export function ledgerWithout(
  { nodes, running, nowMs = 0 }: Pick<PlanGangPreemptionInput, 'nodes' | 'running' | 'nowMs'>,
  gone: ReadonlySet<string>,
): LedgerNode[] {
  const ledger = nodes.map((node) => ledgerNode({ ...node, isCordoned: false }));
  for (const { job, placement } of running) if (!gone.has(job.id)) book(ledger, job, placement, nowMs);
  for (const entry of ledger) entry.isCordoned = nodes.find(({ id }) => id === entry.id)!.isCordoned ?? false;
  return ledger;
}

/** True when the members can start together once some jobs are gone, in one domain if they ask for it: every assignment is tried. */
export function canStartWithout(input: PlanGangPreemptionInput, gone: ReadonlySet<string>): boolean {
  const { nodes, jobs, nowMs = 0 } = input;
  const required = jobs[0]!.topology?.required;
  const scopes = required === undefined ? [nodes.map(({ id }) => id)] : groupsOf(nodes, required);
  return scopes.some((ids) =>
    canStartTogether(
      ledgerWithout(input, gone).filter(({ id }) => ids.includes(id)),
      jobs,
      nowMs,
    ),
  );
}

/** The best choice of victims, found by trying every subset of units. */
export function bestGangEviction(input: PlanGangPreemptionInput): GangChoice | undefined {
  const { running, jobs, nowMs = 0 } = input;
  const groups = new Map<string, RunningJob[]>();
  for (const entry of running) {
    const key = entry.job.gang === undefined ? `alone:${entry.job.id}` : `gang:${entry.job.gang}`;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  const least = jobs.reduce((x, y) => ((y.priority ?? 0) < (x.priority ?? 0) ? y : x));
  const units = [...groups.values()].filter((members) => members.every((entry) => mayGo(entry, least, nowMs)));
  const areStartsKnown = units.flat().every(({ startedAtMs }) => startedAtMs !== undefined);
  let best: GangChoice | undefined;
  for (let mask = 0; mask < 2 ** units.length; mask++) {
    const chosen = units.filter((_, index) => (mask >> index) & 1);
    const gone = chosen.flat();
    const choice = {
      priority: Math.max(...gone.map((entry) => entry.job.priority ?? 0)),
      loss: gone.reduce((sum, entry) => {
        const seconds = areStartsKnown ? Math.ceil((nowMs - entry.startedAtMs!) / 1_000) : 1;
        return sum + held(entry.job) * seconds;
      }, 0),
      ids: gone.map((entry) => entry.job.id).sort(),
      names: chosen.map((members) => members.map((entry) => entry.job.id).sort()[0]!).sort(),
    };
    if (best !== undefined && compare(choice, best) >= 0) continue;
    if (canStartWithout(input, new Set(choice.ids))) best = choice;
  }
  return best;
}

function compare(x: GangChoice, y: GangChoice): number {
  if (x.priority !== y.priority) return x.priority - y.priority;
  if (x.loss !== y.loss) return x.loss - y.loss;
  if (x.ids.length !== y.ids.length) return x.ids.length - y.ids.length;
  const at = x.names.findIndex((name, index) => name !== y.names[index]);
  if (at < 0) return 0;
  return x.names[at]! < (y.names[at] ?? '') ? -1 : 1;
}
