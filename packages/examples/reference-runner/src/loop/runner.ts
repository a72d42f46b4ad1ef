import { EventEmitter } from 'eventemitter3';
import { InvalidInputError } from '@spillway/core';
import { checkJob } from '@spillway/core/fleet';
import type { Clock } from '@spillway/adapters';
import type { Store } from '../store/store.ts';
import { act } from './act.ts';
import { createLoopState, decide } from './decide.ts';
import type { RunnerEvents, TickSummary } from './events.ts';
import { observe, type Surroundings } from './observe.ts';
import type { Policy, SubmittedJob } from './snapshot.ts';

/** What a runner is made of. */
export interface RunnerOptions extends Surroundings {
  readonly clock: Clock;
  readonly store: Store;
  readonly policy: Policy;
  /** Provider calls under way at once, >= 1. @defaultValue 8 */
  readonly concurrency?: number;
}

/** The loop: observe, forecast, decide, act. */
export interface Runner {
  readonly events: EventEmitter<RunnerEvents>;
  /** Accepts a job; false when a job of that id was accepted before. @throws InvalidInputError when it is malformed */
  readonly submit: (job: Omit<SubmittedJob, 'submittedAtMs' | 'planned'>) => Promise<boolean>;
  /** One turn. Rejects with what failed, after telling `tick:failed`; nothing accepted or ordered is lost. */
  readonly tick: (options?: { readonly signal?: AbortSignal }) => Promise<TickSummary>;
  /** Turns every `intervalMs` until the signal aborts. A failed turn is told and the next one tries again. */
  readonly run: (options: { readonly intervalMs: number; readonly signal: AbortSignal }) => Promise<void>;
}

/**
 * Creates a runner over adapters, a store and a clock. In production and in simulation it is the same code: only the
 * clock and the adapters differ.
 */
export function createRunner(options: RunnerOptions): Runner {
  const { clock, store, policy, concurrency = 8 } = options;
  const events = new EventEmitter<RunnerEvents>();

  const turn = async (signal?: AbortSignal): Promise<TickSummary> => {
    const snapshot = await observe(options, policy, store, clock.nowMs(), signal);
    events.emit('snapshot:observed', snapshot);
    const decided = decide(snapshot, policy, (await store.loadState()) ?? createLoopState());
    await store.commitPlan(decided.plan, decided.state);
    events.emit('plan:computed', decided.plan);
    for (const job of decided.plan.unplaced) events.emit('job:unplaced', job);
    const outcomes = await act(options, store, { concurrency, ...(signal === undefined ? {} : { signal }) });
    for (const outcome of outcomes) events.emit('action:settled', outcome);
    const count = (status: string): number => outcomes.filter((outcome) => outcome.status === status).length;
    return {
      atMs: snapshot.atMs,
      done: count('done'),
      failed: count('failed'),
      pending: count('pending'),
      unplaced: decided.plan.unplaced.length,
    };
  };

  const tick: Runner['tick'] = async ({ signal } = {}) => {
    try {
      const summary = await turn(signal);
      events.emit('tick:completed', summary);
      return summary;
    } catch (error) {
      events.emit('tick:failed', error);
      throw error;
    }
  };

  return {
    events,
    submit: async (submitted) => {
      checkSubmission(submitted, policy);
      const job: SubmittedJob = { ...submitted, submittedAtMs: clock.nowMs() };
      const isNew = await store.acceptJob(job);
      if (isNew) events.emit('job:accepted', job);
      return isNew;
    },
    tick,
    run: async ({ intervalMs, signal }) => {
      while (!signal.aborted) {
        // The failure has been told; level-triggered turns need no other memory of it.
        await tick({ signal }).catch(() => undefined);
        await clock.sleep(intervalMs, { signal }).catch(() => undefined);
      }
    },
  };
}

function checkSubmission({ job, flexible }: Pick<SubmittedJob, 'job' | 'flexible'>, policy: Policy): void {
  checkJob(job);
  if (flexible === undefined) return;
  if (job.runtimeMs === undefined) {
    throw new InvalidInputError(`runtimeMs of job '${job.id}'`, 'must be known when the job can wait', undefined, {
      hint: 'Give runtimeMs, or leave flexible out to start the job at once.',
    });
  }
  const known = new Set(policy.defer?.zones.map(({ id }) => id));
  for (const zone of flexible.zones) {
    if (known.has(zone)) continue;
    throw new InvalidInputError(`flexible.zones of job '${job.id}'`, 'must name zones of the policy', zone, {
      hint: `Known zones: ${[...known].join(', ') || 'none'}.`,
    });
  }
  if (flexible.zones.length === 0) {
    throw new InvalidInputError(`flexible.zones of job '${job.id}'`, 'must name at least its home', flexible.zones);
  }
}
