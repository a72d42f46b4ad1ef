import { checkNumber, MINUTE_MS } from '@spillway/core';

import type { CallOptions } from '../contract/types.ts';
import { planDrain } from './drain-plan.ts';
import { look, outcomesOf, take, type DrainCrew } from './drain-pods.ts';
import { runDrain } from './drain-run.ts';
import { changeNode, drainStateOf, isUnderWay, nodePath } from './drain-state.ts';
import type { DrainResult, KubernetesDrain, KubernetesDrainOptions } from './drain-types.ts';
import { evict } from './evict.ts';
import type { KubeNode } from './objects.ts';

/**
 * Creates what drains nodes as `kubectl drain` does, and besides knows an order, a limit to what leaves at once, a last word
 * before a pod goes, previews, calling off, and taking up what another process has begun.
 *
 * The node itself remembers its drain (annotation `spillway.dev/drain`). Somebody who uncordons the node has called it off. Pods
 * that appear meanwhile are judged as the others; one that forbids the drain then ends it as `blocked`.
 *
 * @returns a {@link KubernetesDrain}. A drain asks for the node and its pods once a second.
 * @throws InvalidInputError when an option is not valid.
 *
 * @example
 * ```ts
 * const drains = kubernetesDrain({ api, deleteEmptyDir: true, timeoutMs: 300_000 });
 * const { status, pods } = await drains.drain('gpu-7');
 * if (status === 'timed-out') console.log(pods.filter(({ outcome }) => outcome === 'blocked'));
 * ```
 */
export function kubernetesDrain(options: KubernetesDrainOptions): KubernetesDrain {
  const { api, timeoutMs = 10 * MINUTE_MS, parallelism = 10, gracePeriodSeconds, beforeEvict, ...rules } = options;
  checkNumber('timeoutMs', timeoutMs, { above: 0 });
  checkNumber('parallelism', parallelism, { min: 1, isWhole: true });
  if (gracePeriodSeconds !== undefined)
    checkNumber('gracePeriodSeconds', gracePeriodSeconds, { min: 0, isWhole: true });
  planDrain({ pods: [], nowMs: 0 }, rules);
  const crew: DrainCrew = {
    api,
    rules,
    parallelism,
    evictOptions: { ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }) },
    ...(beforeEvict && { beforeEvict }),
  };

  const drain = async (nodeName: string, call: CallOptions): Promise<DrainResult> => {
    const known = await api.get<KubeNode>(nodePath(nodeName), call);
    if (!isUnderWay(known)) {
      const leaving = await look(crew, nodeName, new Map(), call);
      if (leaving.some(({ verdict }) => verdict.verdict === 'refuse'))
        return { nodeName, status: 'refused', pods: await outcomesOf(api, leaving, call) };
    }
    const startedAtMs = api.clock.nowMs();
    const node = await changeNode(
      api,
      nodeName,
      (present) => {
        if (isUnderWay(present)) return undefined;
        const isCordoned = present.spec?.unschedulable === true;
        const wasCordoned = isCordoned && (drainStateOf(present)?.wasCordoned ?? true);
        return { state: { startedAtMs, untilMs: startedAtMs + timeoutMs, wasCordoned }, isCordoned: true };
      },
      call,
    );
    return await runDrain(crew, node, call);
  };

  const preview = async (nodeName: string, call: CallOptions): Promise<DrainResult> => {
    await api.get<KubeNode>(nodePath(nodeName), call);
    const leaving = await look(crew, nodeName, new Map(), call);
    const asked = leaving.filter(({ stage }) => stage === 'waiting');
    for (let from = 0; from < asked.length; from += parallelism) {
      await Promise.all(
        asked.slice(from, from + parallelism).map(async (one) => {
          const answer = await evict(api, one.verdict.pod, { ...crew.evictOptions, isDryRun: true }, call);
          if (answer.kind === 'accepted') one.stage = 'evictable';
          else take(one, answer, api.clock.nowMs());
        }),
      );
    }
    return { nodeName, status: 'preview', pods: await outcomesOf(api, leaving, call) };
  };

  return {
    drain: async (nodeName, call = {}) => await drain(nodeName, call),
    preview: async (nodeName, call = {}) => await preview(nodeName, call),
    cancel: async (nodeName, call = {}) => {
      let isKnown = false;
      await changeNode(
        api,
        nodeName,
        (node) => {
          const state = drainStateOf(node);
          isKnown = state !== undefined;
          return state && { state: null, isCordoned: state.wasCordoned };
        },
        call,
      );
      return isKnown;
    },
    list: async (call = {}) => {
      const { items } = await api.list<KubeNode>('/api/v1/nodes', {}, call);
      return items.flatMap((node) => {
        const state = drainStateOf(node);
        return state === undefined ? [] : [{ nodeName: node.metadata.name, ...state }];
      });
    },
  };
}
