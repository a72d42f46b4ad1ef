import type { ProviderError } from '../contract/provider-error.ts';
import type { CallOptions } from '../contract/types.ts';
import type { KubeApi } from './api.ts';
import { budgetsOf, type KubeDisruptionBudget } from './disruption-budgets.ts';
import { daemonSetOf, planDrain, type DrainRules, type PodVerdict } from './drain-plan.ts';
import type { KubernetesDrainOptions, PodOutcome } from './drain-types.ts';
import { KubeError } from './error.ts';
import type { EvictionAnswer } from './evict.ts';
import type { KubePod } from './objects.ts';
import { kubePath } from './path.ts';

/** Who drains, and by which rules. */
export interface DrainCrew extends Pick<KubernetesDrainOptions, 'api' | 'beforeEvict'> {
  readonly rules: DrainRules;
  readonly parallelism: number;
  readonly evictOptions: { readonly gracePeriodSeconds?: number };
}

/** A pod of a node that is drained, and how far it has got. */
export interface LeavingPod {
  pod: KubePod;
  verdict: PodVerdict;
  stage: 'stays' | 'waiting' | 'asking' | 'ending' | 'gone' | 'evictable' | 'several-budgets' | 'failed';
  /** Not to be asked before, ms since the Unix epoch. */
  notBeforeMs: number;
  /** Times nothing was decided, in a row. */
  failures: number;
  isEvicted: boolean;
  /** What its budget said last. */
  blocked?: string | undefined;
  error?: ProviderError;
}

/**
 * The pods of a node, judged, in the order of eviction. `daemonSets` remembers which exist, by `namespace/name`.
 */
export async function look(
  { api, rules }: DrainCrew,
  nodeName: string,
  daemonSets: Map<string, boolean>,
  call: CallOptions,
): Promise<readonly LeavingPod[]> {
  const { items } = await api.list<KubePod>('/api/v1/pods', { fieldSelector: `spec.nodeName=${nodeName}` }, call);
  const missingDaemonSets = await missingOf(api, items, daemonSets, call);
  const byUid = new Map(items.map((pod) => [pod.metadata.uid ?? '', pod]));
  return planDrain({ pods: items, missingDaemonSets, nowMs: api.clock.nowMs() }, rules).map((verdict) => {
    const pod = byUid.get(verdict.pod.uid)!;
    const isEnding = pod.metadata.deletionTimestamp !== undefined;
    const stage = verdict.verdict !== 'evict' ? 'stays' : isEnding ? 'ending' : 'waiting';
    return { pod, verdict, stage, notBeforeMs: 0, failures: 0, isEvicted: false };
  });
}

/** The DaemonSets of these pods that do not exist. */
async function missingOf(
  api: KubeApi,
  pods: readonly KubePod[],
  known: Map<string, boolean>,
  call: CallOptions,
): Promise<ReadonlySet<string>> {
  const owners = new Set(pods.map(daemonSetOf).filter((owner) => owner !== undefined));
  const unknown = [...owners].filter((owner) => !known.has(owner));
  await Promise.all(
    unknown.map(async (owner) => {
      const [namespace, name] = owner.split('/') as [string, string];
      try {
        await api.get(kubePath({ group: 'apps', resource: 'daemonsets', namespace, name }), call);
        known.set(owner, true);
      } catch (error) {
        if (!KubeError.is(error) || error.status !== 404) throw error;
        known.set(owner, false);
      }
    }),
  );
  return new Set([...owners].filter((owner) => known.get(owner) === false));
}

/** Takes note of the answer to an eviction. */
export function take(one: LeavingPod, answer: EvictionAnswer, nowMs: number): void {
  one.stage = 'waiting';
  one.failures = answer.kind === 'again' ? one.failures + 1 : 0;
  switch (answer.kind) {
    case 'accepted':
      one.stage = 'ending';
      one.isEvicted = true;
      return;
    case 'gone':
      one.stage = 'gone';
      return;
    case 'blocked':
      one.blocked = answer.message;
      one.notBeforeMs = nowMs + answer.retryAfterMs;
      return;
    case 'again':
      one.notBeforeMs = nowMs + (answer.retryAfterMs ?? Math.min(1_000 * 2 ** (one.failures - 1), 30_000));
      return;
    case 'several-budgets':
      one.stage = 'several-budgets';
      one.blocked = 'more than one disruption budget covers it, which forbids every eviction';
      return;
    case 'failed':
      one.stage = 'failed';
      one.error = answer.error;
  }
}

/** Tells what became of pods; of those that are blocked, by which budgets. */
export async function outcomesOf(
  api: KubeApi,
  pods: readonly LeavingPod[],
  call: CallOptions,
): Promise<readonly PodOutcome[]> {
  const blocked = pods.filter(({ stage, blocked: by }) => by !== undefined && stage !== 'gone' && stage !== 'ending');
  const namespaces = [...new Set(blocked.map(({ verdict }) => verdict.pod.namespace))];
  const budgets = (await Promise.all(namespaces.map((namespace) => listBudgets(api, namespace, call)))).flat();
  return pods.map((one): PodOutcome => {
    const { pod, priority } = one.verdict;
    const of = { pod, priority };
    if (one.verdict.verdict === 'leave') return { ...of, outcome: 'left', reason: one.verdict.reason };
    if (one.verdict.verdict === 'refuse') return { ...of, outcome: 'refused', reason: one.verdict.reason };
    if (one.stage === 'failed') return { ...of, outcome: 'failed', error: one.error! };
    if (one.stage === 'gone') return { ...of, outcome: one.isEvicted ? 'evicted' : 'gone' };
    if (one.stage === 'ending' || one.stage === 'evictable') return { ...of, outcome: one.stage };
    if (one.blocked === undefined) return { ...of, outcome: 'waiting' };
    return { ...of, outcome: 'blocked', budgets: budgetsOf(one.pod, budgets), message: one.blocked };
  });
}

/** The budgets of a namespace; none when they cannot be read, as the message tells the most of it. */
async function listBudgets(
  api: KubeApi,
  namespace: string,
  call: CallOptions,
): Promise<readonly KubeDisruptionBudget[]> {
  try {
    const path = kubePath({ group: 'policy', resource: 'poddisruptionbudgets', namespace });
    return (await api.list<KubeDisruptionBudget>(path, {}, call)).items;
  } catch {
    return [];
  }
}
