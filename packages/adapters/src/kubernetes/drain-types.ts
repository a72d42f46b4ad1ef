import type { ProviderError } from '../contract/provider-error.ts';
import type { CallOptions } from '../contract/types.ts';
import type { KubeApi } from './api.ts';
import type { BlockingBudget } from './disruption-budgets.ts';
import type { DrainRules, LeaveReason, PodReference, RefuseReason } from './drain-plan.ts';
import type { DrainState } from './drain-state.ts';
import type { KubePod } from './objects.ts';

/** How nodes are drained. */
export interface KubernetesDrainOptions extends DrainRules {
  readonly api: KubeApi;
  /** How long one drain may take, ms, > 0. A drain that is taken up again keeps its end. @defaultValue 600_000 */
  readonly timeoutMs?: number;
  /** Pods that may be leaving at the same time, whole, >= 1. @defaultValue 10 */
  readonly parallelism?: number;
  /** Seconds between the signals to end and to be killed, whole, >= 0. @defaultValue that of each pod */
  readonly gracePeriodSeconds?: number;
  /**
   * Called before a pod is evicted, once, also across restarts: the time to save its state. A pod for which it rejects stays.
   */
  readonly beforeEvict?: (pod: KubePod, options: { readonly signal?: AbortSignal }) => Promise<void>;
}

/** What became of one pod of a drained node. */
export type PodOutcome = { readonly pod: PodReference; readonly priority: number } & (
  | { readonly outcome: 'evicted' | 'gone' | 'waiting' }
  /** In a preview: it would be evicted. */
  | { readonly outcome: 'evictable' }
  | { readonly outcome: 'left'; readonly reason: LeaveReason }
  | { readonly outcome: 'refused'; readonly reason: RefuseReason }
  /** It has been told to end, and is still there. */
  | { readonly outcome: 'ending' }
  /** Budgets forbid it; with more than one it is forbidden whatever they allow. */
  | { readonly outcome: 'blocked'; readonly budgets: readonly BlockingBudget[]; readonly message: string }
  /** It was refused for good, or `beforeEvict` rejected. */
  | { readonly outcome: 'failed'; readonly error: ProviderError }
);

/** How a drain ended, or would. */
export interface DrainResult {
  readonly nodeName: string;
  /**
   * `drained`: all that had to go is gone. `refused`: nothing was done, some pods forbid it. `blocked`: what is left cannot go,
   * however long one waits. `timed-out`: what is left did not go in time. `cancelled`: somebody called it off. `preview`: nothing was done.
   */
  readonly status: 'drained' | 'refused' | 'blocked' | 'timed-out' | 'cancelled' | 'preview';
  /** In the order of eviction; those that came to the node meanwhile are the last. */
  readonly pods: readonly PodOutcome[];
}

/** A drain that some node remembers. */
export interface DrainOfNode extends DrainState {
  readonly nodeName: string;
}

/** Takes nodes out of service and puts them back. */
export interface KubernetesDrain {
  /**
   * Cordons a node and evicts its pods, lowest priority first, within their budgets. Resolves whatever became of them. Aborted
   * by its signal it rejects and leaves the node as it is: the next call for the node, here or in another process, takes it up.
   */
  readonly drain: (nodeName: string, options?: CallOptions) => Promise<DrainResult>;
  /** What would be done now. Asks the server about each eviction by itself: a budget for one counts for each. */
  readonly preview: (nodeName: string, options?: CallOptions) => Promise<DrainResult>;
  /**
   * Calls a drain off, here or in another process, and puts the node back into service; a node that was cordoned before it
   * stays cordoned. Pods that are ending end. @returns false when the node knows of no drain
   */
  readonly cancel: (nodeName: string, options?: CallOptions) => Promise<boolean>;
  /** Drains under way or ended, by name of node; those without `endedAtMs` are to be taken up after a restart. */
  readonly list: (options?: CallOptions) => Promise<readonly DrainOfNode[]>;
}
