import { createHash } from 'node:crypto';

import { SECOND_MS, type Job, type Placement } from '@spillway/core';

import type { RuntimeJob } from '../contract/types.ts';
import { isRecord, jsonOf } from './json.ts';
import type { KubeCondition, KubeObject, KubePod } from './objects.ts';

/** What a job runs as: a template of a pod. The runtime adds where it runs and what it takes. */
export interface KubernetesPodTemplate {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** A `PodSpec` of Kubernetes. The first container is given the GPUs. */
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly containers: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
  };
}

/** Why a job failed. */
export type JobFailure =
  /** Its program ended by itself. 137 with `isOutOfMemory` when it was killed for its use of memory. */
  | { readonly kind: 'exit'; readonly exitCode: number; readonly isOutOfMemory: boolean }
  /** It was taken off its node: evicted, preempted, or the node was drained, shut down or lost. The program is not to blame. */
  | { readonly kind: 'evicted' }
  /** Its pod is not there any more to tell why, as somebody deleted it. */
  | { readonly kind: 'unknown'; readonly message: string };

/** A job that runs, or ran, as a `Job` of Kubernetes. */
export interface KubernetesJob extends RuntimeJob {
  /** Present when it failed. */
  readonly failure?: JobFailure;
}

/** A `Job` of Kubernetes, as far as it is read. `batch/v1` */
export interface KubeJob extends KubeObject {
  readonly status?: { readonly conditions?: readonly KubeCondition[] };
}

/** One start, as its object remembers it. */
export interface Start {
  readonly token: string;
  readonly jobId: string;
  readonly placement: Placement;
  readonly startedAtMs: number;
}

export const RUNTIME_LABEL = 'spillway.dev/runtime';
export const JOB_LABEL = 'spillway.dev/job';
const START_ANNOTATION = 'spillway.dev/start';
const STOP_ANNOTATION = 'spillway.dev/stopped-at';

/** What decides the object of a start. */
export interface JobObjectInput extends Start {
  readonly job: Job;
  readonly runtime: string;
  readonly template: KubernetesPodTemplate;
  readonly gpuResource: string;
  readonly graceMs: number;
  readonly keepEndedMs: number;
}

/** The object for a start: one pod, on the node it was placed on and no other, that is not started again. */
export function jobObject(input: JobObjectInput): KubeObject {
  const { token, jobId, placement, startedAtMs, runtime, template, graceMs } = input;
  const labels = {
    ...template.labels,
    'app.kubernetes.io/managed-by': 'spillway',
    [RUNTIME_LABEL]: runtime,
    [JOB_LABEL]: hash(jobId),
  };
  const start = JSON.stringify({ token, jobId, placement, startedAtMs } satisfies Start);
  const [first, ...rest] = template.spec.containers;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: jobName(token), labels, annotations: { [START_ANNOTATION]: start } },
    spec: {
      backoffLimit: 0,
      // No other pod takes its place before it has ended.
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [{ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
      ttlSecondsAfterFinished: Math.ceil(input.keepEndedMs / SECOND_MS),
      template: {
        metadata: { labels, annotations: { ...template.annotations } },
        spec: {
          terminationGracePeriodSeconds: Math.ceil(graceMs / SECOND_MS),
          ...template.spec,
          restartPolicy: 'Never',
          affinity: onNode(placement.nodeId, template.spec['affinity']),
          containers: [{ ...first, resources: resourcesOf(input, first?.['resources']) }, ...rest],
        },
      },
    },
  } as KubeObject;
}

/** Limits the choice of the scheduler to one node. It still checks room, taints and whether the node is cordoned. */
function onNode(nodeName: string, affinity: unknown): object {
  const given = isRecord(affinity) ? affinity : {};
  const nodeAffinity = isRecord(given['nodeAffinity']) ? given['nodeAffinity'] : {};
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] };
  return {
    ...given,
    nodeAffinity: { ...nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
  };
}

function resourcesOf({ job, placement, gpuResource }: JobObjectInput, resources: unknown): object {
  const given = isRecord(resources) ? resources : {};
  const { mig } = placement;
  const gpuCount = placement.gpus.length;
  const devices = {
    ...(gpuCount > 0 && { [gpuResource]: String(gpuCount) }),
    // As the device plugin names them: 1g.10gb+me becomes mig-1g.10gb.me. Source: NVIDIA/k8s-device-plugin internal/rm.
    ...(mig && { [`nvidia.com/mig-${mig.profile.replaceAll('+', '.')}`]: '1' }),
  };
  return {
    ...given,
    requests: {
      ...(job.cpuMilli > 0 && { cpu: `${job.cpuMilli}m` }),
      ...(job.memoryMib > 0 && { memory: `${job.memoryMib}Mi` }),
      ...(isRecord(given['requests']) && given['requests']),
      ...devices,
    },
    limits: { ...(isRecord(given['limits']) && given['limits']), ...devices },
  };
}

/** The change that ends a `Job` for good, and says that it was wished. */
export function stopOf(nowMs: number, uid: string | undefined): object {
  return {
    metadata: { uid, annotations: { [STOP_ANNOTATION]: String(nowMs) } },
    // The controller ends the pods, waits for them, and calls the Job failed for its deadline.
    spec: { activeDeadlineSeconds: 0 },
  };
}

/** What an object remembers of its start; `undefined` when it is none of ours. */
export function startOf({ metadata }: KubeObject): Start | undefined {
  const value = jsonOf(metadata.annotations?.[START_ANNOTATION] ?? '');
  if (!isRecord(value)) return undefined;
  const { token, jobId, placement, startedAtMs } = value;
  const isStart = typeof token === 'string' && typeof jobId === 'string' && typeof startedAtMs === 'number';
  return isStart && isRecord(placement) ? (value as unknown as Start) : undefined;
}

/** How a start has ended: `Complete` or `Failed`; `undefined` while it has not. */
export function endOf({ status }: KubeJob): KubeCondition | undefined {
  return status?.conditions?.find(
    ({ type, status: isTrue }) => (type === 'Complete' || type === 'Failed') && isTrue === 'True',
  );
}

/** What the contract tells of a start. `pod`: the one it had, if it is still there. */
export function readJob(object: KubeJob, { jobId, placement, startedAtMs }: Start, pod?: KubePod): KubernetesJob {
  const end = endOf(object);
  const of = { jobId, placement, startedAtMs };
  if (end === undefined) return { ...of, status: 'running' };
  // The server tells whole seconds: a job that ended at once must not have ended before it began.
  const endedAtMs = Math.max(startedAtMs, Date.parse(end.lastTransitionTime ?? '') || 0);
  if (end.type === 'Complete') return { ...of, status: 'succeeded', endedAtMs };
  const wasStopped = object.metadata.annotations?.[STOP_ANNOTATION] !== undefined && end.reason === 'DeadlineExceeded';
  if (wasStopped) return { ...of, status: 'stopped', endedAtMs };
  return { ...of, status: 'failed', endedAtMs, failure: failureOf(end, pod) };
}

function failureOf({ reason, message = '' }: KubeCondition, pod: KubePod | undefined): JobFailure {
  if (reason === 'PodFailurePolicy') return { kind: 'evicted' };
  const ended = pod?.status?.containerStatuses?.map(({ state }) => state?.terminated);
  const terminated = ended?.find((one) => one !== undefined && one.exitCode !== 0);
  if (terminated === undefined) return { kind: 'unknown', message };
  return { kind: 'exit', exitCode: terminated.exitCode, isOutOfMemory: terminated.reason === 'OOMKilled' };
}

/** Name of the object for a token, whatever it holds. */
export function jobName(token: string): string {
  return `spillway-${hash(token)}`;
}

export function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}
