import { checkNumber } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';
import { systemClock } from '../contract/system-clock.ts';
import { diff, type Json } from './json-patch.ts';
import type { KubePod } from './objects.ts';
import { withChanges, type PodChanges } from './pod-changes.ts';
import { json, plain, readJsonBody, type RequestHandler } from './serve-json.ts';

/** What is known of the request that a pod came with. */
export interface AdmissionContext {
  readonly operation: 'CREATE' | 'UPDATE';
  readonly namespace: string;
  /** Who sent it, as the API server names them. */
  readonly userName: string;
  /** True: nothing will be stored, so the decision must have no effects either. */
  readonly isDryRun: boolean;
  /** Aborted when the answer comes too late to count. */
  readonly signal: AbortSignal;
}

/** What to do with a pod: change it, refuse it, or (absent) let it through as it is. */
export type AdmissionDecision =
  | (PodChanges & {
      /** Shown to whoever sent the pod; at most 256 characters each arrive. */
      readonly warnings?: readonly string[];
    })
  | {
      /** Why the pod is refused. */
      readonly deny: string;
    }
  | undefined;

/** What a webhook does. */
export interface PodWebhookOptions {
  /**
   * Decides about one pod, as it came in. It must be a function of the pod in so far as its changes, made twice, are as if made
   * once: the API server may ask again about a pod that it has changed.
   */
  readonly decide: (pod: KubePod, context: AdmissionContext) => AdmissionDecision | Promise<AdmissionDecision>;
  /** What happens to a pod when `decide` fails or is late. @defaultValue 'allow': it goes through unchanged, with a warning */
  readonly onFailure?: 'allow' | 'deny';
  /** Told of every failure of `decide`. @defaultValue nobody is told */
  readonly onError?: (error: unknown) => void;
  /** For one decision, ms, > 0; keep it below `timeoutSeconds` of the configuration. @defaultValue 2_000 */
  readonly timeoutMs?: number;
  /** Of one request, bytes. @defaultValue 8 MiB, more than two objects of the API server's limit */
  readonly maxBodyBytes?: number;
  /** @defaultValue the clock of this machine */
  readonly clock?: Clock;
}

/** Answers the API server about pods. */
export interface PodWebhook {
  /**
   * Answers one `AdmissionReview` of `admission.k8s.io/v1`. Never rejects.
   * @returns a review with the answer, or `undefined` when what came is not a review.
   */
  readonly review: (review: unknown) => Promise<Json | undefined>;
  /** The same over HTTP. To be served by HTTPS: the API server calls nothing else. */
  readonly handle: RequestHandler;
}

interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  readonly subResource: string;
  readonly namespace: string;
  readonly userName: string;
  readonly isDryRun: boolean;
  readonly isPod: boolean;
  readonly object: Readonly<Record<string, Json>> | undefined;
}

/**
 * Creates a mutating admission webhook for pods: the wire part, around a decision of your own.
 *
 * A pod that is being created gets all changes. One that exists already, or that comes with its node, gets labels and annotations only: the
 * API server refuses other changes, or the node's kubelet would. The copies of static pods, other objects, subresources and deletions go
 * through without a question. The patch is RFC 6902 and empty when nothing has to change.
 *
 * @throws InvalidInputError when a time or a length is not valid.
 *
 * @example
 * ```ts
 * const webhook = podWebhook({
 *   decide: (pod) => ({ schedulerName: 'spillway', labels: { 'spillway.dev/seen': 'true' } }),
 * });
 * const answer = await webhook.handle(new Request('https://webhook/', { method: 'POST', body: '{}' }));
 * answer.status; // 400: that was no review
 * ```
 */
export function podWebhook(options: PodWebhookOptions): PodWebhook {
  const { timeoutMs = 2_000, maxBodyBytes = 8 * 2 ** 20 } = options;
  checkNumber('timeoutMs', timeoutMs, { above: 0 });
  checkNumber('maxBodyBytes', maxBodyBytes, { above: 0 });

  const review = async (value: unknown): Promise<Json | undefined> => {
    const request = readReview(value);
    if (request === undefined) return undefined;
    const response = await respond(request, options, timeoutMs);
    return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: request.uid, ...response } };
  };
  return {
    review,
    handle: async (request) => {
      const body = await readJsonBody(request, maxBodyBytes);
      if ('refusal' in body) return body.refusal;
      const answer = await review(body.value);
      return answer === undefined ? plain(400, 'the body is not a review of admission.k8s.io/v1') : json(answer);
    },
  };
}

async function respond(
  request: AdmissionRequest,
  options: PodWebhookOptions,
  timeoutMs: number,
): Promise<Readonly<Record<string, Json>>> {
  const { object: pod, operation } = request;
  const isAsked = request.isPod && request.subResource === '' && (operation === 'CREATE' || operation === 'UPDATE');
  if (!isAsked || pod === undefined || isMirror(pod)) return { allowed: true };
  try {
    const decision = await inTime(options, timeoutMs, (signal) =>
      options.decide(pod as unknown as KubePod, {
        operation,
        namespace: request.namespace,
        userName: request.userName,
        isDryRun: request.isDryRun,
        signal,
      }),
    );
    if (decision === undefined) return { allowed: true };
    if ('deny' in decision) return refused(decision.deny, 403);
    const { warnings = [], ...changes } = decision;
    const scope = operation === 'CREATE' && !textAt(pod['spec'], 'nodeName') ? 'all' : 'labels';
    const steps = diff(pod, withChanges(pod, changes, scope));
    return {
      allowed: true,
      ...(warnings.length > 0 && { warnings }),
      ...(steps.length > 0 && { patchType: 'JSONPatch', patch: base64(JSON.stringify(steps)) }),
    };
  } catch (error) {
    tell(options, error);
    const text = 'no decision could be made about this pod';
    return options.onFailure === 'deny' ? refused(text, 500) : { allowed: true, warnings: [`Spillway: ${text}`] };
  }
}

/** A listener that fails is no reason to refuse a pod. */
function tell({ onError }: PodWebhookOptions, error: unknown): void {
  try {
    onError?.(error);
  } catch {
    // There is nobody left to tell.
  }
}

const refused = (message: string, code: number) => ({ allowed: false, status: { message, code } });
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

async function inTime<T>(
  { clock = systemClock }: PodWebhookOptions,
  timeoutMs: number,
  call: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const waiting = new AbortController();
  const timeout = clock.sleep(timeoutMs, { signal: waiting.signal }).then(() => {
    const error = new Error(`decide took longer than ${timeoutMs} ms`);
    late.abort(error);
    throw error;
  });
  // When the decision comes first nobody listens to the end of the wait any more.
  timeout.catch(() => undefined);
  try {
    return await Promise.race([call(late.signal), timeout]);
  } finally {
    waiting.abort();
  }
}

function readReview(value: unknown): AdmissionRequest | undefined {
  if (member(value, 'apiVersion') !== 'admission.k8s.io/v1') return undefined;
  const request = member(value, 'request');
  const uid = textAt(request, 'uid');
  if (uid === '') return undefined;
  const object = member(request, 'object');
  const resource = member(request, 'resource');
  return {
    uid,
    operation: textAt(request, 'operation'),
    subResource: textAt(request, 'subResource'),
    namespace: textAt(request, 'namespace'),
    userName: textAt(member(request, 'userInfo'), 'username'),
    isDryRun: member(request, 'dryRun') === true,
    isPod: textAt(resource, 'group') === '' && textAt(resource, 'resource') === 'pods',
    object: isMembers(object) ? object : undefined,
  };
}

const isMirror = (pod: Readonly<Record<string, Json>>): boolean =>
  member(member(pod['metadata'], 'annotations'), 'kubernetes.io/config.mirror') !== undefined;

function textAt(owner: unknown, field: string): string {
  const value = member(owner, field);
  return typeof value === 'string' ? value : '';
}

const member = (owner: unknown, field: string): unknown =>
  isMembers(owner) && Object.hasOwn(owner, field) ? owner[field] : undefined;

const isMembers = (value: unknown): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
