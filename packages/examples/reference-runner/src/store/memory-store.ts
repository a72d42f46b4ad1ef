import type { LoopState, Plan } from '../loop/plan.ts';
import type { SubmittedJob } from '../loop/snapshot.ts';
import type { Intent, Store } from './store.ts';

interface JobRecord {
  readonly submitted: SubmittedJob;
  /** `planned`: replaced by its pieces. `ordered`: an intent starts it. */
  status: 'waiting' | 'planned' | 'ordered';
}

/** A store that lives as long as the process. For simulation, tests and a first look. */
export function memoryStore(): Store & { readonly plans: () => readonly Plan[] } {
  // Insertion order is the order of acceptance; a record is never removed, so a job keeps its place in the queue.
  const jobs = new Map<string, JobRecord>();
  const waiting = new Set<string>();
  const intents = new Map<string, Intent>();
  const pending = new Set<string>();
  const plans: Plan[] = [];
  let saved: LoopState | undefined;
  let isSorted = true;

  const accept = (submitted: SubmittedJob): boolean => {
    if (jobs.has(submitted.job.id)) return false;
    jobs.set(submitted.job.id, { submitted, status: 'waiting' });
    waiting.add(submitted.job.id);
    return true;
  };
  const move = (jobId: string, status: JobRecord['status']): void => {
    const record = jobs.get(jobId);
    if (record === undefined) throw new Error(`The store knows no job '${jobId}'.`);
    record.status = status;
    if (status !== 'waiting') waiting.delete(jobId);
    else {
      waiting.add(jobId);
      isSorted = false;
    }
  };

  return {
    acceptJob: (submitted) => Promise.resolve(accept(submitted)),
    listWaiting: () => {
      if (isSorted) return Promise.resolve(Array.from(waiting, (id) => jobs.get(id)!.submitted));
      const records = [...jobs.values()].filter(({ status }) => status === 'waiting');
      waiting.clear();
      for (const { submitted } of records) waiting.add(submitted.job.id);
      isSorted = true;
      return Promise.resolve(records.map(({ submitted }) => submitted));
    },
    findJob: (jobId) => Promise.resolve(jobs.get(jobId)?.submitted),
    loadState: () => Promise.resolve(saved),
    commitPlan: (plan, state) => {
      for (const { jobId, pieces } of plan.planned) {
        move(jobId, 'planned');
        for (const piece of pieces) accept(piece);
      }
      for (const action of plan.actions) {
        if (intents.has(action.token)) continue;
        if (action.kind === 'start-job') move(action.job.id, 'ordered');
        intents.set(action.token, {
          token: action.token,
          action,
          writtenAtMs: plan.atMs,
          status: 'pending',
          attempts: 0,
        });
        pending.add(action.token);
      }
      plans.push(plan);
      saved = state;
      return Promise.resolve();
    },
    listPendingIntents: () => Promise.resolve(Array.from(pending, (token) => intents.get(token)!)),
    findIntent: (token) => Promise.resolve(intents.get(token)),
    settleIntent: (token, outcome) => {
      const intent = intents.get(token);
      if (intent === undefined) throw new Error(`No intent '${token}' was written before it was settled.`);
      intents.set(token, { ...intent, ...outcome, attempts: intent.attempts + 1 });
      if (outcome.status !== 'pending') pending.delete(token);
      if (outcome.status === 'failed' && intent.action.kind === 'start-job') move(intent.action.job.id, 'waiting');
      return Promise.resolve();
    },
    plans: () => plans,
  };
}
