import { checkNumber, DAY_MS, InvalidInputError, SECOND_MS, type Job, type Placement } from '@spillway/core';
import { checkJob } from '@spillway/core/fleet';

import { defineRuntime } from '../contract/define.ts';
import { ProviderError } from '../contract/provider-error.ts';
import type { CallOptions, WorkloadRuntime } from '../contract/types.ts';
import { refusalOf } from '../simulated/placement-check.ts';
import type { KubeApi } from './api.ts';
import { nodePath } from './drain-state.ts';
import { KubeError } from './error.ts';
import {
  endOf,
  hash,
  JOB_LABEL,
  jobName,
  jobObject,
  readJob,
  RUNTIME_LABEL,
  startOf,
  stopOf,
  type KubeJob,
  type KubernetesJob,
  type KubernetesPodTemplate,
  type Start,
} from './job-object.ts';
import type { KubePod } from './objects.ts';
import { kubePath } from './path.ts';
import { followLog, type KubernetesLogChunk } from './pod-log.ts';

/** What a runtime on a cluster needs. */
export interface KubernetesRuntimeOptions {
  /** Its name is that of the runtime, and tells its jobs from those of others: at most 63 letters, digits and `-`. */
  readonly api: KubeApi;
  /** What to run for a job. Called once a start. */
  readonly podOf: (job: Job, placement: Placement) => KubernetesPodTemplate;
  /** Where the jobs are. @defaultValue 'default' */
  readonly namespace?: string;
  /** Resource that stands for a whole GPU. @defaultValue 'nvidia.com/gpu' */
  readonly gpuResource?: string;
  /** Between TERM and KILL, ms, >= 0, rounded up to whole seconds; a template that says otherwise goes first. @defaultValue 30_000 */
  readonly stopGraceMs?: number;
  /** How long `start` waits for the scheduler, ms, >= 0. @defaultValue 5_000 */
  readonly scheduleTimeoutMs?: number;
  /** How long a job that has ended is remembered, ms, >= 0; after that its token would start it anew. @defaultValue 7 days */
  readonly keepEndedMs?: number;
}

/** A runtime whose jobs are Jobs of Kubernetes. */
export interface KubernetesRuntime extends WorkloadRuntime {
  readonly start: (
    request: { readonly token: string; readonly job: Job; readonly placement: Placement },
    options?: CallOptions,
  ) => Promise<KubernetesJob>;
  readonly list: (options?: CallOptions) => Promise<readonly KubernetesJob[]>;
  /**
   * Output of the last start of a job, until it has ended or its pod is gone. Asks every second. `after` goes on behind a piece.
   *
   * @throws ProviderError `not-found` for an unknown job.
   */
  readonly logs: (
    jobId: string,
    options?: CallOptions & { readonly after?: string },
  ) => AsyncIterable<KubernetesLogChunk>;
  /**
   * Tells a job to save its state, by the annotation `spillway.dev/checkpoint-requested-at` of its pod, ms since the Unix epoch;
   * a program reads it from a volume of the downward API. @returns false when it does not run
   */
  readonly checkpoint: (jobId: string, options?: CallOptions) => Promise<boolean>;
  /** Whether a pod is that of a job of this runtime: what it takes is known from the job. */
  readonly isOwn: (pod: KubePod) => boolean;
}

const CHECKPOINT_ANNOTATION = 'spillway.dev/checkpoint-requested-at';

/**
 * Creates a runtime on a cluster. A start is one `Job` of `batch/v1` with one pod that is not started again, named after its token:
 * the server lets it be created once. Nothing is remembered here.
 *
 * - The pod is bound to the node it was placed on by affinity, and asks for as many GPUs, or the MIG instance, as its placement
 *   holds; the device plugin picks which ones. Shares of a GPU are refused with `invalid-request`.
 * - The scheduler decides whether there is room: `start` waits for it, withdraws a job that it finds unschedulable, and refuses with
 *   `conflict`. When it says nothing in time (it waits for a victim to leave, or for a gate) the job counts as started.
 * - `stop` ends the pod, waits until it is gone, and keeps the record. A job that was evicted, preempted or lost with its node has
 *   `failed` with the failure `evicted`.
 * - Two processes that start one job under two tokens at the same moment may both succeed: elect a leader.
 *
 * @returns a {@link KubernetesRuntime}. `start` takes four requests or more, `list` one, or two when a job has failed.
 * @throws InvalidInputError when an option is not valid.
 *
 * @example
 * ```ts
 * const runtime = kubernetesRuntime({
 *   api,
 *   namespace: 'training',
 *   podOf: (job) => ({ spec: { containers: [{ name: 'main', image: 'registry.example/train:1', args: [job.id] }] } }),
 * });
 * await runtime.start({ token: 'start-1', job, placement });
 * ```
 */
export function kubernetesRuntime(options: KubernetesRuntimeOptions): KubernetesRuntime {
  const { api, podOf, namespace = 'default' } = options;
  const { gpuResource = 'nvidia.com/gpu', stopGraceMs = 30_000, scheduleTimeoutMs = 5_000 } = options;
  const { keepEndedMs = 7 * DAY_MS } = options;
  const { name, clock } = api;
  checkNumber('stopGraceMs', stopGraceMs, { min: 0 });
  checkNumber('scheduleTimeoutMs', scheduleTimeoutMs, { min: 0 });
  checkNumber('keepEndedMs', keepEndedMs, { min: 0 });
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name))
    throw new InvalidInputError('api.name', 'must be at most 63 letters, digits and -', name);
  const jobsPath = kubePath({ group: 'batch', resource: 'jobs', namespace });
  const podsPath = kubePath({ resource: 'pods', namespace });
  const ours = `${RUNTIME_LABEL}=${name}`;
  const fail = (code: 'conflict' | 'not-found' | 'invalid-request', text: string, cause?: unknown): ProviderError =>
    new ProviderError(name, code, text, { isAmbiguous: false, cause });
  const pause = async (attempt: number, { signal, deadlineAtMs = Infinity }: CallOptions): Promise<void> => {
    const waitMs = Math.min(50 * 2 ** attempt, SECOND_MS);
    if (clock.nowMs() + waitMs > deadlineAtMs) throw new ProviderError(name, 'timeout', 'the deadline has passed');
    try {
      await clock.sleep(waitMs, signal && { signal });
    } catch (cause) {
      throw new ProviderError(name, 'aborted', 'the call was given up', { cause });
    }
  };

  /** Every start of a job, or of all jobs, oldest first. */
  const listStarts = async (jobId: string | undefined, call: CallOptions): Promise<readonly Known[]> => {
    const labelSelector = jobId === undefined ? ours : `${ours},${JOB_LABEL}=${hash(jobId)}`;
    const { items } = await api.list<KubeJob>(jobsPath, { labelSelector }, call);
    return items
      .flatMap((object) => knownOf(object) ?? [])
      .sort((x, y) => x.start.startedAtMs - y.start.startedAtMs || (x.start.token < y.start.token ? -1 : 1));
  };
  const podsOf = async (selector: string, call: CallOptions): Promise<readonly KubePod[]> =>
    (await api.list<KubePod>(podsPath, { labelSelector: `${ours},${selector}` }, call)).items;
  const podOfStart = async ({ start }: Known, call: CallOptions): Promise<KubePod | undefined> =>
    (await podsOf(`batch.kubernetes.io/job-name=${jobName(start.token)}`, call))[0];
  const get = async (token: string, call: CallOptions): Promise<Known | undefined> => {
    try {
      return knownOf(await api.get<KubeJob>(`${jobsPath}/${jobName(token)}`, call));
    } catch (error) {
      if (KubeError.is(error) && error.status === 404) return undefined;
      throw error;
    }
  };
  const describe = async (known: Known, call: CallOptions): Promise<KubernetesJob> => {
    const told = readJob(known.object, known.start);
    return told.status === 'failed' ? readJob(known.object, known.start, await podOfStart(known, call)) : told;
  };

  /** Takes back a start that found no room; its pod must not be placed later. */
  const withdraw = async ({ object, start }: Known, pod: KubePod, call: CallOptions): Promise<void> => {
    const { uid } = object.metadata;
    const precondition = uid !== undefined && { preconditions: { uid } };
    await removed(
      api,
      `${jobsPath}/${jobName(start.token)}`,
      { ...precondition, propagationPolicy: 'Background' },
      call,
    );
    await removed(api, `${podsPath}/${pod.metadata.name}`, { gracePeriodSeconds: 0 }, call);
  };

  /** Waits until the scheduler has said where the pod goes, or that it goes nowhere. */
  const settle = async (known: Known, call: CallOptions): Promise<void> => {
    const untilMs = clock.nowMs() + scheduleTimeoutMs;
    for (let attempt = 0; clock.nowMs() < untilMs; attempt++) {
      const pod = await podOfStart(known, call);
      const scheduled = pod?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
      if (pod?.spec?.nodeName !== undefined || scheduled?.reason === 'SchedulingGated') return;
      // With a nominated node it waits for a victim of its priority to leave.
      if (pod && scheduled?.reason === 'Unschedulable' && pod.status?.nominatedNodeName === undefined) {
        await withdraw(known, pod, call);
        const { jobId, placement } = known.start;
        throw fail('conflict', `no room for '${jobId}' on '${placement.nodeId}': ${scheduled.message ?? ''}`);
      }
      await pause(attempt, call);
    }
  };

  const create = async (token: string, job: Job, placement: Placement, call: CallOptions): Promise<Known> => {
    const { nodeId } = placement;
    try {
      await api.get(nodePath(nodeId), call);
    } catch (error) {
      if (KubeError.is(error) && error.status === 404) throw fail('not-found', `there is no node '${nodeId}'`, error);
      throw error;
    }
    const start: Start = { token, jobId: job.id, placement, startedAtMs: Math.floor(clock.nowMs()) };
    const template = podOf(job, placement);
    const body = jobObject({ ...start, job, runtime: name, template, gpuResource, graceMs: stopGraceMs, keepEndedMs });
    try {
      return { object: await api.create<KubeJob>(jobsPath, body, call), start };
    } catch (error) {
      const known = KubeError.is(error) && error.status === 409 ? await get(token, call) : undefined;
      if (known === undefined) throw error;
      return known;
    }
  };

  const turns = new Map<string, Promise<unknown>>();
  /** Looking and creating is done by one start of a job at a time. */
  const inTurn = async <T>(jobId: string, work: () => Promise<T>): Promise<T> => {
    const before = turns.get(jobId);
    const mine = (async () => {
      await before?.catch(() => undefined);
      return await work();
    })();
    turns.set(jobId, mine);
    try {
      return await mine;
    } finally {
      if (turns.get(jobId) === mine) turns.delete(jobId);
    }
  };

  const start = async (token: string, job: Job, placement: Placement, call: CallOptions): Promise<KubernetesJob> => {
    check(token, job, placement, fail);
    const known =
      (await get(token, call)) ??
      (await inTurn(job.id, async () => {
        const others = await listStarts(job.id, call);
        if (others.some((one) => endOf(one.object) === undefined && one.start.token !== token))
          throw fail('conflict', `job '${job.id}' runs already under another token`);
        return await create(token, job, placement, call);
      }));
    if (known.start.jobId !== job.id)
      throw fail('conflict', `token '${token}' was used for job '${known.start.jobId}', not '${job.id}'`);
    if (endOf(known.object) === undefined) await settle(known, call);
    return await describe(known, call);
  };

  const stop = async (jobId: string, call: CallOptions): Promise<void> => {
    const running = (await listStarts(jobId, call)).filter(({ object }) => endOf(object) === undefined);
    const nowMs = Math.floor(clock.nowMs());
    for (const {
      object,
      start: { token },
    } of running)
      await ignoring404(api.patch(`${jobsPath}/${jobName(token)}`, stopOf(nowMs, object.metadata.uid), {}, call));
    const giveUpAtMs = clock.nowMs() + stopGraceMs + 15 * SECOND_MS;
    for (const one of running) {
      for (let attempt = 0; ; attempt++) {
        const now = await get(one.start.token, call);
        if (now === undefined || endOf(now.object) !== undefined) break;
        if (clock.nowMs() > giveUpAtMs)
          throw new ProviderError(name, 'timeout', `job '${jobId}' on '${one.start.placement.nodeId}' is still there`);
        await pause(attempt, call);
      }
    }
  };

  return defineRuntime({
    name,
    specVersion: 1,
    start: async (request, call = {}) => {
      // Copied now: what the caller does to its objects meanwhile must not be seen.
      const { token, job, placement } = structuredClone(request);
      return await start(token, job, placement, call);
    },
    stop: async (jobId, call = {}) => {
      await stop(jobId, call);
    },
    list: async (call = {}) => {
      const last = new Map<string, Known>();
      for (const known of await listStarts(undefined, call)) {
        last.delete(known.start.jobId);
        last.set(known.start.jobId, known);
      }
      const told = [...last.values()];
      const hasFailed = told.some(({ object, start: of }) => readJob(object, of).status === 'failed');
      const pods = hasFailed ? await podsOf('batch.kubernetes.io/job-name', call) : [];
      const byJob = new Map(pods.map((pod) => [pod.metadata.labels?.['batch.kubernetes.io/job-name'], pod]));
      return told.map(({ object, start: of }) => readJob(object, of, byJob.get(object.metadata.name)));
    },
    logs: (jobId, { after, ...call } = {}) =>
      followLog({
        api,
        podsPath,
        after,
        pause: () => pause(Infinity, call),
        call,
        find: async () => {
          const known = (await listStarts(jobId, call)).at(-1);
          if (known === undefined) throw fail('not-found', `there is no job '${jobId}'`);
          return { pod: await podOfStart(known, call), isEnded: endOf(known.object) !== undefined };
        },
      }),
    checkpoint: async (jobId, call = {}) => {
      const known = (await listStarts(jobId, call)).findLast(({ object }) => endOf(object) === undefined);
      const pod = known && (await podOfStart(known, call));
      if (pod?.status?.phase !== 'Running' || pod.metadata.deletionTimestamp !== undefined) return false;
      const { uid, name: podName } = pod.metadata;
      const annotations = { [CHECKPOINT_ANNOTATION]: String(Math.floor(clock.nowMs())) };
      return await ignoring404(api.patch(`${podsPath}/${podName}`, { metadata: { uid, annotations } }, {}, call));
    },
    isOwn: ({ metadata }) => metadata.labels?.[RUNTIME_LABEL] === name && metadata.namespace === namespace,
  } satisfies KubernetesRuntime);
}

/** A start, and the object that is it. */
interface Known {
  readonly object: KubeJob;
  readonly start: Start;
}

function knownOf(object: KubeJob): Known | undefined {
  const start = startOf(object);
  return start && { object, start };
}

/** Checks all that can be checked before anything is sent. */
function check(
  token: string,
  job: Job,
  placement: Placement,
  fail: (code: 'invalid-request', text: string, cause?: unknown) => ProviderError,
): void {
  if (token === '') throw fail('invalid-request', 'token must not be empty');
  try {
    checkJob(job);
  } catch (cause) {
    throw fail('invalid-request', (cause as Error).message, cause);
  }
  const refusal = refusalOf({ job, placement }, undefined, []);
  if (refusal !== undefined) throw fail('invalid-request', refusal.message);
  if (placement.gpus.some(({ milli }) => milli !== 1_000))
    throw fail('invalid-request', `placement of '${job.id}': shares of a GPU are not served by this runtime`);
}

/** False when there is nothing at the path any more. */
async function ignoring404(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (KubeError.is(error) && error.status === 404) return false;
    throw error;
  }
}

async function removed(
  api: KubeApi,
  path: string,
  options: Parameters<KubeApi['remove']>[1],
  call: CallOptions,
): Promise<void> {
  await ignoring404(api.remove(path, options, call));
}
