import {
  checkNumber,
  createPacker,
  type GpuNode,
  type Job,
  type Packer,
  type PackerInput,
  type PackOptions,
  type RunningJob,
} from '@spillway/core';

import type { PodBinding } from './binding.ts';
import { readExtenderArgs, readExtenderBinding, type ExtenderArgs } from './extender-wire.ts';
import type { KubePod } from './objects.ts';
import { podJob } from './pod-job.ts';
import { json, plain, readJsonBody, type RequestHandler } from './serve-json.ts';
import { missOf } from './miss-text.ts';

/** The fleet as an extender sees it: nodes by name, and what runs on them; without `running` the nodes have only what is free. */
export type ExtenderFleet = Pick<PackerInput, 'nodes' | 'running' | 'workload' | 'nowMs'>;

/** What an extender decides by. */
export interface ExtenderOptions {
  /** The fleet now, asked for at each request; return the same object while nothing has changed. Nodes of `readInventory` will do. */
  readonly fleet: () => ExtenderFleet | Promise<ExtenderFleet>;
  /** What a pod needs; `undefined` when it is none of the extender's business. @defaultValue {@link podJob} */
  readonly jobOf?: (pod: KubePod) => Job | undefined;
  /** How nodes are scored. @defaultValue those of `createPacker` */
  readonly pack?: PackOptions;
  /** Binds a pod, when the configuration names a `bindVerb`; {@link bindPod} is one. @defaultValue none: kube-scheduler binds */
  readonly bind?: (binding: PodBinding) => Promise<void>;
  /** Told of what went wrong. @defaultValue nobody is told but kube-scheduler */
  readonly onError?: (error: unknown) => void;
  /** Of one request, bytes. With `nodeCacheCapable: false` a request holds all candidate nodes, some 10 kB each. @defaultValue 64 MiB */
  readonly maxBodyBytes?: number;
}

/** What filter answers, in the words of kube-scheduler; only one of `Nodes` and `NodeNames` is there, as in the question. */
export interface ExtenderFilterResult {
  readonly Nodes?: { readonly items: readonly unknown[] };
  readonly NodeNames?: readonly string[];
  /** Why nodes are out; stopping pods there might help. */
  readonly FailedNodes?: Readonly<Record<string, string>>;
  /** Why nodes are out, whatever is stopped there. */
  readonly FailedAndUnresolvableNodes?: Readonly<Record<string, string>>;
  /** Empty: none. */
  readonly Error?: string;
}

/** Answers kube-scheduler. No method rejects, but `prioritize` for a question that cannot be read. */
export interface Extender {
  readonly filter: (args: unknown) => Promise<ExtenderFilterResult>;
  /** Scores from 10 for the node that the packer takes, 9 for the one it would take without that, and so on; 0 for all after ten. */
  readonly prioritize: (args: unknown) => Promise<readonly { readonly Host: string; readonly Score: number }[]>;
  readonly bind: (args: unknown) => Promise<{ readonly Error: string }>;
  /** The same over HTTP: the last part of the path is the verb, `filter`, `prioritize` or `bind`. */
  readonly handle: RequestHandler;
}

/** Scores of kube-scheduler go up to here. Source: k8s.io/kube-scheduler, extender/v1, MaxExtenderPriority. */
const BEST_SCORE = 10;

/**
 * Creates a scheduler extender: kube-scheduler asks it which nodes are fit for a pod and which are best, and it answers by the
 * packer of `@spillway/core`.
 *
 * Taints, labels, affinities and volumes are left to kube-scheduler, which has looked at them before it asks. It also counts itself
 * what pods take, so a fleet that is late by some pods costs quality, not correctness. A node that the fleet lacks is out until it is there.
 *
 * @returns an {@link Extender}. A filter asks a packer of one node for each candidate, kept while the node stays the same; scores take one
 * packer of all.
 * @throws InvalidInputError when `maxBodyBytes` is not valid.
 *
 * @example
 * ```ts
 * const node = { id: 'gpu-a', gpus: [{ model: 'H100' }], cpuMilli: 64_000, memoryMib: 262_144 };
 * const extender = createExtender({ fleet: () => ({ nodes: [node] }) });
 * const container = { name: 'main', resources: { requests: { 'nvidia.com/gpu': '2' } } };
 * await extender.filter({ Pod: { metadata: { name: 'train' }, spec: { containers: [container] } }, NodeNames: ['gpu-a'] });
 * // { NodeNames: [], FailedNodes: { 'gpu-a': 'Spillway: gpu-count 1 of 2' }, … }
 * ```
 */
export function createExtender(options: ExtenderOptions): Extender {
  const { jobOf = podJob, maxBodyBytes = 64 * 2 ** 20 } = options;
  checkNumber('maxBodyBytes', maxBodyBytes, { above: 0 });
  const candidatesOf = createCandidates(options.pack ?? {});
  const tell = (error: unknown): string => {
    try {
      options.onError?.(error);
    } catch {
      // There is nobody left to tell.
    }
    return `Spillway: ${error instanceof Error ? error.message : 'unknown failure'}`;
  };

  const filter: Extender['filter'] = async (value) => {
    try {
      const args = readExtenderArgs(value);
      const job = jobOf(args.pod);
      if (job === undefined) return kept(args, () => true);
      const { missing } = candidatesOf(await options.fleet());
      const failed: Record<string, string> = {};
      const unresolvable: Record<string, string> = {};
      for (const name of args.names) {
        const miss = missing(name, job);
        if (miss !== undefined) (miss.canBeFreed ? failed : unresolvable)[name] = miss.text;
      }
      const isOut = (name: string): boolean => Object.hasOwn(failed, name) || Object.hasOwn(unresolvable, name);
      return {
        ...kept(args, (name) => !isOut(name)),
        FailedNodes: failed,
        FailedAndUnresolvableNodes: unresolvable,
      };
    } catch (error) {
      return { Error: tell(error) };
    }
  };

  const prioritize: Extender['prioritize'] = async (value) => {
    const args = readExtenderArgs(value);
    const job = jobOf(args.pod);
    const ranks =
      job === undefined ? new Map<string, number>() : candidatesOf(await options.fleet()).ranks(args.names, job);
    return args.names.map((name) => ({ Host: name, Score: BEST_SCORE - (ranks.get(name) ?? BEST_SCORE) }));
  };

  const bind: Extender['bind'] = async (value) => {
    try {
      const binding = readExtenderBinding(value);
      if (options.bind === undefined) throw new Error('binding is not set up here: leave out bindVerb');
      await options.bind(binding);
      return { Error: '' };
    } catch (error) {
      return { Error: tell(error) };
    }
  };

  const verbs: Readonly<Record<string, (args: unknown) => Promise<unknown>>> = { filter, prioritize, bind };
  const handle: RequestHandler = async (request) => {
    const verb = new URL(request.url).pathname.split('/').at(-1)!;
    if (!Object.hasOwn(verbs, verb)) return plain(404, 'there are filter, prioritize and bind');
    const body = await readJsonBody(request, maxBodyBytes);
    if ('refusal' in body) return body.refusal;
    try {
      return json(await verbs[verb]!(body.value));
    } catch (error) {
      // There is no place for an error among scores; kube-scheduler goes on without them.
      return plain(500, tell(error));
    }
  };
  return { filter, prioritize, bind, handle };
}

function kept({ names, nodes }: ExtenderArgs, isIn: (name: string) => boolean): ExtenderFilterResult {
  if (nodes === undefined) return { NodeNames: names.filter(isIn) };
  return { Nodes: { items: nodes.filter((_, index) => isIn(names[index]!)) } };
}

/** What the packer has to say about nodes of a fleet. */
interface Candidates {
  /** Why a job does not fit a node now; `undefined` when it does. */
  readonly missing: (name: string, job: Job) => { readonly text: string; readonly canBeFreed: boolean } | undefined;
  /** The best nodes for a job among some, from 0. */
  readonly ranks: (names: readonly string[], job: Job) => ReadonlyMap<string, number>;
}

/** Keeps what was worked out about a fleet until another one comes. */
function createCandidates(pack: PackOptions): (fleet: ExtenderFleet) => Candidates {
  let last: ExtenderFleet | undefined;
  let candidates: Candidates | undefined;
  let [before, packers] = [new Map<string, Packer>(), new Map<string, Packer>()];
  return (fleet) => {
    if (fleet !== last || candidates === undefined) {
      // Most nodes are as they were, and a packer takes ten times as long to make as to ask. What was not asked about is dropped.
      if (packers.size > 0) [before, packers] = [packers, new Map<string, Packer>()];
      candidates = candidatesIn(fleet, pack, packers, before);
      last = fleet;
    }
    return candidates;
  };
}

function candidatesIn(
  fleet: ExtenderFleet,
  pack: PackOptions,
  packers: Map<string, Packer>,
  before: ReadonlyMap<string, Packer>,
): Candidates {
  // Taints have been judged by kube-scheduler.
  const nodes = new Map(fleet.nodes.map((node) => [node.id, { ...node, taints: [] }]));
  const runningOn = new Map<string, RunningJob[]>(fleet.nodes.map(({ id }) => [id, []]));
  for (const one of fleet.running ?? []) runningOn.get(one.placement.nodeId)?.push(one);
  const now = fleet.nowMs === undefined ? {} : { nowMs: fleet.nowMs };
  const packerOf = (node: GpuNode): Packer => {
    const running = runningOn.get(node.id) ?? [];
    const key = JSON.stringify([node, running, node.expiresAtMs === undefined ? null : now]);
    const made =
      packers.get(key) ?? before.get(key) ?? createPacker({ nodes: [node], running, ...now }, { scorer: 'first-fit' });
    packers.set(key, made);
    return made;
  };
  return {
    missing: (name, job) => {
      const node = nodes.get(name);
      if (node === undefined) return { text: 'Spillway: the node is not known yet', canBeFreed: false };
      const packer = packerOf(node);
      const result = packer.place(job);
      if ('unplaced' in result) return missOf(result.unplaced.reason, fleet.running !== undefined);
      packer.release(job.id);
      return undefined;
    },
    ranks: (names, job) => {
      const wanted = names.flatMap((name) => nodes.get(name) ?? []);
      const running = wanted.flatMap(({ id }) => runningOn.get(id) ?? []);
      const { workload } = fleet;
      const packer = createPacker({ nodes: wanted, running, ...(workload && { workload }), ...now }, pack);
      const ranks = new Map<string, number>();
      while (ranks.size < Math.min(BEST_SCORE, wanted.length)) {
        const result = packer.place(job);
        if ('unplaced' in result) break;
        const { nodeId } = result.placement;
        ranks.set(nodeId, ranks.size);
        packer.release(job.id);
        packer.cordon(nodeId);
      }
      return ranks;
    },
  };
}
