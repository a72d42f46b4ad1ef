import { SECOND_MS } from '@spillway/core';

import { ProviderError } from '../contract/provider-error.ts';
import type { CallOptions } from '../contract/types.ts';
import { look, outcomesOf, take, type DrainCrew, type LeavingPod } from './drain-pods.ts';
import { changeNode, drainStateOf, isUnderWay, nodePath, type DrainState } from './drain-state.ts';
import type { DrainResult } from './drain-types.ts';
import { KubeError } from './error.ts';
import { recordEvent, type KubeEventNote } from './events.ts';
import { evict, type EvictionAnswer } from './evict.ts';
import type { KubeNode } from './objects.ts';
import { kubePath } from './path.ts';

const POLL_MS = SECOND_MS;
/** Annotation of a pod for which `beforeEvict` was called, with the start of the drain. */
const PREPARED_ANNOTATION = 'spillway.dev/prepared-for-drain';

/**
 * Empties a node that has been marked. Once a second it looks at the node and its pods, forgets what is gone, takes in what is
 * new, and asks for the next evictions; what it asked goes on meanwhile.
 */
export async function runDrain(crew: DrainCrew, node: KubeNode, call: CallOptions): Promise<DrainResult> {
  const { api, parallelism } = crew;
  const { clock } = api;
  const nodeName = node.metadata.name;
  const state = drainStateOf(node)!;
  const pods = new Map<string, LeavingPod>();
  const daemonSets = new Map<string, boolean>();
  /** What goes on beside the loop. None of it rejects. */
  const underWay = new Set<Promise<unknown>>();
  const over = new AbortController();
  const work = { ...call, signal: AbortSignal.any([over.signal, ...(call.signal ? [call.signal] : [])]) };
  const follow = (promise: Promise<unknown>): void => {
    const done = promise.finally(() => underWay.delete(done));
    underWay.add(done);
  };
  const tell = (note: Omit<KubeEventNote, 'regarding'>, regarding: KubeEventNote['regarding'] = node): void => {
    follow(recordEvent(api, { ...note, regarding: { kind: 'Node', ...regarding } }, call));
  };

  const update = (seen: readonly LeavingPod[]): void => {
    const uids = new Set(seen.map(({ verdict }) => verdict.pod.uid));
    for (const [uid, one] of pods) if (!uids.has(uid) && one.stage !== 'asking') one.stage = 'gone';
    for (const now of seen) {
      const known = pods.get(now.verdict.pod.uid);
      if (known === undefined || known.stage === 'stays') pods.set(now.verdict.pod.uid, now);
      else {
        known.pod = now.pod;
        known.verdict = now.verdict;
        if (now.stage === 'stays' || (now.stage === 'ending' && known.stage !== 'asking')) known.stage = now.stage;
      }
    }
  };

  const send = async (one: LeavingPod): Promise<void> => {
    one.stage = 'asking';
    const wasBlocked = one.blocked !== undefined;
    let answer: EvictionAnswer;
    try {
      answer = (await prepare(crew, one, state, work)) ?? (await evict(api, one.verdict.pod, crew.evictOptions, work));
    } catch {
      answer = { kind: 'again', retryAfterMs: undefined };
    }
    take(one, answer, clock.nowMs());
    if (answer.kind === 'accepted')
      tell({ type: 'Normal', reason: 'SpillwayDrainEvicted', action: 'Evict', note: `from ${nodeName}` }, podOf(one));
    else if (one.blocked !== undefined && !wasBlocked)
      tell({ type: 'Warning', reason: 'SpillwayDrainBlocked', action: 'Evict', note: one.blocked }, podOf(one));
  };

  const round = async (): Promise<DrainResult['status'] | undefined> => {
    const present = await api.get<KubeNode>(nodePath(nodeName), call);
    if (!isUnderWay(present) || drainStateOf(present)!.startedAtMs !== state.startedAtMs) return 'cancelled';
    const seen = await look(crew, nodeName, daemonSets, call);
    update(seen);
    const all = seen.map(({ verdict }) => pods.get(verdict.pod.uid)!);
    const isOpen = ({ stage }: LeavingPod): boolean => stage === 'waiting' || stage === 'asking' || stage === 'ending';
    const left = all.filter(({ verdict }) => verdict.verdict !== 'leave');
    if (left.length === 0) return 'drained';
    if (!left.some(isOpen)) return 'blocked';
    if (clock.nowMs() >= state.untilMs) return 'timed-out';
    const busy = all.filter(({ stage }) => stage === 'asking' || stage === 'ending').length;
    const next = all.filter(({ stage, notBeforeMs }) => stage === 'waiting' && notBeforeMs <= clock.nowMs());
    for (const one of next.slice(0, Math.max(0, parallelism - busy))) follow(send(one));
    return undefined;
  };

  tell({ type: 'Normal', reason: 'SpillwayDrainStarted', action: 'Drain', note: 'cordoned, its pods are evicted' });
  let status: DrainResult['status'] | undefined;
  try {
    while (status === undefined) {
      try {
        status = await round();
      } catch (error) {
        // Nobody is evicted while the server does not answer; an end to it is only seen when it does.
        const isPassing = ProviderError.is(error) && error.isRetryable && clock.nowMs() < state.untilMs;
        if (!isPassing || call.signal?.aborted === true) throw error;
      }
      if (status === undefined) await pause(crew, call);
    }
  } finally {
    over.abort();
    await Promise.allSettled(underWay);
  }
  await finish(crew, nodeName, state, status, call);
  const isGood = status === 'drained';
  tell({
    type: isGood || status === 'cancelled' ? 'Normal' : 'Warning',
    reason: isGood ? 'SpillwayDrained' : status === 'cancelled' ? 'SpillwayDrainCancelled' : 'SpillwayDrainFailed',
    action: 'Drain',
    note: `drain ended: ${status}`,
  });
  const outcomes = await outcomesOf(api, [...pods.values()], call);
  await Promise.allSettled(underWay);
  return { nodeName, status, pods: outcomes };
}

/** Gives the pod its last word, unless it has had it. @returns the failure, if there was one */
async function prepare(
  { api, beforeEvict }: DrainCrew,
  one: LeavingPod,
  { startedAtMs }: DrainState,
  call: CallOptions & { readonly signal: AbortSignal },
): Promise<EvictionAnswer | undefined> {
  const mark = String(startedAtMs);
  if (beforeEvict === undefined || one.pod.metadata.annotations?.[PREPARED_ANNOTATION] === mark) return undefined;
  const { namespace, name, uid } = one.verdict.pod;
  const { signal } = call;
  let giveUp: () => void = () => undefined;
  const given = new Promise<never>((_, reject) => {
    giveUp = () => {
      reject(signal.reason as Error);
    };
  });
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await Promise.race([beforeEvict(one.pod, { signal }), given]);
  } catch (cause) {
    if (signal.aborted) throw cause;
    const message = `beforeEvict failed for pod '${namespace}/${name}'`;
    return { kind: 'failed', error: new ProviderError(api.name, 'unavailable', message, { cause }) };
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
  const change = { metadata: { uid, annotations: { [PREPARED_ANNOTATION]: mark } } };
  try {
    one.pod = await api.patch(kubePath({ resource: 'pods', namespace, name }), change, {}, call);
  } catch (error) {
    // Without the mark another process would call once more, which is better than no eviction.
    if (!KubeError.is(error)) throw error;
  }
  return undefined;
}

/** Writes the end down, unless the node has been given another drain or none. */
async function finish(
  { api }: DrainCrew,
  nodeName: string,
  state: DrainState,
  status: DrainResult['status'],
  call: CallOptions,
): Promise<void> {
  const endedAtMs = api.clock.nowMs();
  await changeNode(
    api,
    nodeName,
    (node) => {
      if (drainStateOf(node)?.startedAtMs !== state.startedAtMs) return undefined;
      const isCordoned = node.spec?.unschedulable === true;
      return { state: status === 'cancelled' ? null : { ...state, endedAtMs }, isCordoned };
    },
    call,
  );
}

async function pause({ api }: DrainCrew, { signal, deadlineAtMs = Infinity }: CallOptions): Promise<void> {
  const fail = (code: 'aborted' | 'timeout', cause?: unknown): ProviderError =>
    new ProviderError(api.name, code, 'the drain was given up; it can be taken up again', { cause });
  if (api.clock.nowMs() >= deadlineAtMs) throw fail('timeout');
  try {
    await api.clock.sleep(POLL_MS, signal && { signal });
  } catch (cause) {
    throw fail('aborted', cause);
  }
}

function podOf({ pod }: LeavingPod): KubeEventNote['regarding'] {
  return { ...pod, kind: 'Pod' };
}
