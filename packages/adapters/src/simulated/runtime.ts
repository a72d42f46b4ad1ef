import type { GpuNode, Job, Placement } from '@spillway/core';
import { checkJob, checkNodes } from '@spillway/core/fleet';

import type { Clock } from '../contract/clock.ts';
import { defineRuntime } from '../contract/define.ts';
import { ProviderError } from '../contract/provider-error.ts';
import type { RuntimeJob, WorkloadRuntime } from '../contract/types.ts';
import { createCalls, type SimulatedFaults } from './calls.ts';
import { refusalOf } from './placement-check.ts';

/** What a simulated runtime has, and what goes wrong with it. */
export interface SimulatedRuntimeOptions<Name extends string = string> {
  readonly clock: Clock;
  /** @defaultValue 'simulated-runtime' */
  readonly name?: Name;
  /** The machines. Absent: any node is accepted, and only shares of GPUs and MIG instances are checked. */
  readonly nodes?: readonly GpuNode[];
  /** What goes wrong in `start` and `stop`. @defaultValue nothing */
  readonly faults?: SimulatedFaults;
}

/** A runtime whose jobs only pass time. */
export interface SimulatedRuntime<Name extends string = string> extends WorkloadRuntime<Name> {
  /** GPU share in use now over all nodes, milli-GPU. Jobs on MIG instances are not in it. */
  readonly busy: () => number;
}

/** One start of a job. */
interface Run {
  readonly token: string;
  readonly job: Job;
  readonly placement: Placement;
  readonly startedAtMs: number;
  /** When it will end or ended, `Infinity` for never, and how. */
  endAtMs: number;
  outcome: Exclude<RuntimeJob['status'], 'running'>;
}

/**
 * Creates a runtime that starts jobs on simulated nodes and lets them run for `job.runtimeMs`, or for ever without one.
 *
 * It checks every start against what runs, by code of its own, and so finds a scheduler that gives a GPU away twice:
 * `conflict` when GPU share, GPU memory, a MIG instance, CPU or main memory is taken, or the job runs already under
 * another token; `not-found` for a node that is unknown or has expired; `invalid-request` when the placement does not
 * give the job what it asks for. A job ends as `succeeded` after its run time, `failed` when its node expires before,
 * `stopped` by `stop`. What it held is free from that instant on. A job that has ended can be started again with another
 * token; a token of an earlier start returns that start.
 *
 * @returns a {@link SimulatedRuntime}. A call takes `O(starts so far × GPUs of a job)`.
 * @throws InvalidInputError when a node or fault is not valid.
 *
 * @example
 * ```ts
 * const runtime = simulatedRuntime({ clock, nodes });
 * await runtime.start({ token: 'start-1', job, placement });
 * runtime.busy(); // 1000 for a job on one whole GPU
 * ```
 */
export function simulatedRuntime<const Name extends string = 'simulated-runtime'>(
  options: SimulatedRuntimeOptions<Name>,
): SimulatedRuntime<Name> {
  const { clock, name = 'simulated-runtime' as Name, faults } = options;
  if (options.nodes !== undefined) checkNodes(options.nodes);
  const nodes = options.nodes && new Map(structuredClone(options.nodes).map((node) => [node.id, node]));
  const byToken = new Map<string, Run>();
  const latest = new Map<string, Run>();
  const calls = createCalls(name, clock, faults);
  const running = (): Run[] => [...latest.values()].filter((run) => run.endAtMs > clock.nowMs());

  const start = (token: string, job: Job, placement: Placement): RuntimeJob => {
    const nowMs = clock.nowMs();
    const known = byToken.get(token);
    if (known !== undefined) {
      if (known.job.id === job.id) return jobOf(known, nowMs);
      throw new ProviderError(name, 'conflict', `token '${token}' was used for job '${known.job.id}', not '${job.id}'`);
    }
    if (token === '') throw new ProviderError(name, 'invalid-request', 'token must not be empty');
    try {
      checkJob(job);
    } catch (cause) {
      throw new ProviderError(name, 'invalid-request', (cause as Error).message, { cause });
    }
    const active = running();
    if (active.some((run) => run.job.id === job.id)) {
      throw new ProviderError(name, 'conflict', `job '${job.id}' runs already under another token`);
    }
    const node = nodes?.get(placement.nodeId);
    const expiresAtMs = node?.expiresAtMs ?? Infinity;
    if (nodes !== undefined && (node === undefined || expiresAtMs <= nowMs)) {
      throw new ProviderError(name, 'not-found', `there is no node '${placement.nodeId}'`);
    }
    const neighbours = active.filter((run) => run.placement.nodeId === placement.nodeId);
    const refusal = refusalOf({ job, placement }, node, neighbours);
    if (refusal !== undefined) throw new ProviderError(name, refusal.code, refusal.message);
    const doneAtMs = nowMs + (job.runtimeMs ?? Infinity);
    const run: Run = {
      token,
      job,
      placement,
      startedAtMs: nowMs,
      endAtMs: Math.min(doneAtMs, expiresAtMs),
      outcome: doneAtMs <= expiresAtMs ? 'succeeded' : 'failed',
    };
    byToken.set(token, run);
    // Started again, a job moves to the end of the list.
    latest.delete(job.id);
    latest.set(job.id, run);
    return jobOf(run, nowMs);
  };

  const stop = (jobId: string): void => {
    const run = latest.get(jobId);
    if (run === undefined || run.endAtMs <= clock.nowMs()) return;
    run.endAtMs = clock.nowMs();
    run.outcome = 'stopped';
  };

  return defineRuntime({
    name,
    specVersion: 1,
    start: (request, callOptions) => {
      // Copied now: a late effect must not see what the caller does to its objects meanwhile.
      const { token, job, placement } = structuredClone(request);
      return calls.act('start', callOptions, () => start(token, job, placement));
    },
    stop: (jobId, callOptions) =>
      calls.act('stop', callOptions, () => {
        stop(jobId);
      }),
    list: (callOptions) =>
      calls.read('list', callOptions, () => [...latest.values()].map((run) => jobOf(run, clock.nowMs()))),
    busy: () =>
      running().reduce((sum, { placement }) => sum + placement.gpus.reduce((all, { milli }) => all + milli, 0), 0),
  } satisfies SimulatedRuntime<Name>);
}

/** What the caller sees of a start. */
function jobOf(run: Run, nowMs: number): RuntimeJob {
  const { placement, startedAtMs, endAtMs } = run;
  const common = { jobId: run.job.id, placement, startedAtMs };
  return endAtMs > nowMs ? { ...common, status: 'running' } : { ...common, status: run.outcome, endedAtMs: endAtMs };
}
