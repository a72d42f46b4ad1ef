import { DAY_MS, GPU_MILLI, type CarbonSeries, type Job, type Placement, type RunningJob } from '@spillway/core';
import type { CapacityProvider, MetricsSource, SignalSource, WorkloadRuntime } from '@spillway/adapters';
import type { Store } from '../store/store.ts';
import type { ObservedReplica, Policy, Snapshot } from './snapshot.ts';

/** What the runner looks at and acts through. What is absent is neither observed nor acted on. */
export interface Surroundings {
  readonly capacity: CapacityProvider;
  readonly runtime?: WorkloadRuntime;
  readonly metrics?: MetricsSource & Required<Pick<MetricsSource, 'readEndpoint'>>;
  readonly signals?: SignalSource;
}

/** How much carbon history a forecast may use, ms. */
const CARBON_HISTORY_MS = 28 * DAY_MS;

/** Reads everything a decision may use, at one instant. */
export async function observe(
  around: Surroundings,
  policy: Policy,
  store: Store,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Snapshot> {
  const call = signal === undefined ? {} : { signal };
  const { capacity, metrics } = around;
  const [nodes, tiers, listed, notices, waiting, pendingIntents] = await Promise.all([
    capacity.listNodes(call),
    capacity.provision?.listTiers(call) ?? [],
    capacity.provision?.list(call) ?? [],
    capacity.preemption?.listNotices(call) ?? [],
    store.listWaiting(),
    store.listPendingIntents(),
  ]);
  const replicas = await Promise.all(
    listed.map(async (replica): Promise<ObservedReplica> => {
      const action = (await store.findIntent(replica.token))?.action;
      return action?.kind === 'launch-replica' ? { ...replica, endpointId: action.endpointId } : replica;
    }),
  );
  const seen = new Set(replicas.map(({ token }) => token));
  const endpoints = metrics === undefined ? [] : (policy.endpoints ?? []);
  return {
    atMs: nowMs,
    nodes,
    running: await readRunning(around.runtime, store, call),
    waiting,
    endpoints: await Promise.all(
      endpoints.map(async ({ id }) => ({ id, metrics: await metrics!.readEndpoint(id, call) })),
    ),
    tiers,
    replicas,
    notices,
    pendingLaunches: pendingIntents.flatMap(({ token, action }) =>
      action.kind === 'launch-replica' && !seen.has(token)
        ? [{ token, tierId: action.tierId, endpointId: action.endpointId }]
        : [],
    ),
    carbon: await readCarbon(around.signals, policy, nowMs, call),
  };
}

async function readRunning(
  runtime: WorkloadRuntime | undefined,
  store: Store,
  call: { readonly signal?: AbortSignal },
): Promise<readonly RunningJob[]> {
  const listed = (await runtime?.list(call)) ?? [];
  return Promise.all(
    listed
      .filter(({ status }) => status === 'running')
      .map(async ({ jobId, placement }): Promise<RunningJob> => {
        const submitted = await store.findJob(jobId);
        return { job: submitted?.job ?? asForeignJob(placement), placement };
      }),
  );
}

/** A job nobody handed in holds its GPUs all the same; what else it holds is not known. */
function asForeignJob({ jobId, gpus, mig }: Placement): Job {
  const [first] = gpus;
  return {
    id: jobId,
    gpuCount: mig === undefined ? gpus.length : 1,
    ...(gpus.length === 1 && first !== undefined && first.milli < GPU_MILLI ? { gpuMilli: first.milli } : {}),
    ...(mig === undefined ? {} : { migProfile: mig.profile }),
    cpuMilli: 0,
    memoryMib: 0,
  };
}

async function readCarbon(
  signals: SignalSource | undefined,
  policy: Policy,
  nowMs: number,
  call: { readonly signal?: AbortSignal },
): Promise<Readonly<Record<string, CarbonSeries>>> {
  const { carbon } = signals ?? {};
  if (carbon === undefined || policy.defer === undefined) return {};
  const range = { fromMs: nowMs - CARBON_HISTORY_MS, toMs: nowMs };
  const entries = await Promise.all(
    policy.defer.zones.map(async ({ id }) => [id, await carbon.readHistory(id, range, call)] as const),
  );
  return Object.fromEntries(entries);
}
