import type { KubeServer } from './kube-server.ts';
import type { Change, Place, Stored } from './kube-store.ts';

const NAMESPACE = 'default';
const NODES: Place = { collection: '/api/v1/nodes', namespace: undefined };
const PODS: Place = { collection: '/api/v1/pods', namespace: NAMESPACE };
const JOBS: Place = { collection: '/apis/batch/v1/jobs', namespace: NAMESPACE };
const JOB_NAME = 'batch.kubernetes.io/job-name';

interface PodSpec {
  nodeName?: string;
  containers: { resources?: { limits?: Record<string, string> } }[];
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ values: [string] }] }];
      };
    };
  };
}

/** Plays what acts on the objects of a server: the job controller, the scheduler, which counts GPUs, and the kubelets. */
export interface KubePlayer {
  readonly addNode: (name: string, gpuCount: number) => void;
  /** The program of a pod ends. */
  readonly endPod: (podName: string, exitCode: number, reason?: string) => void;
  /** While true nothing is scheduled, and nothing said about it. */
  isSchedulerAsleep: boolean;
  readonly stop: () => void;
}

export function playCluster(server: KubeServer): KubePlayer {
  const { store } = server;
  let pods = 0;

  const gpusOf = (pod: Stored): number =>
    (pod['spec'] as PodSpec).containers.reduce(
      (sum, { resources }) => sum + Number(resources?.limits?.['nvidia.com/gpu'] ?? 0),
      0,
    );
  const phaseOf = (pod: Stored) => (pod['status'] as { phase?: string } | undefined)?.phase;
  const podsOf = (jobName: string) =>
    store.list(PODS).filter(({ metadata }) => (metadata['labels'] as Record<string, string>)[JOB_NAME] === jobName);
  const setStatus = (place: Place, { metadata: { name } }: Stored, status: object, spec: object = {}): void => {
    store.change(place, name, (present) => ({
      ...present,
      spec: { ...(present['spec'] as object), ...spec },
      status: { ...(present['status'] as object | undefined), ...status },
    }));
  };
  const conditions = (type: string, reason: string) => ({
    conditions: [{ type, status: 'True', reason, lastTransitionTime: new Date().toISOString().replace(/\.\d+/, '') }],
  });
  const hasEnded = (job: Stored) => (job['status'] as { conditions?: unknown } | undefined)?.conditions !== undefined;

  const schedule = (): void => {
    if (player.isSchedulerAsleep) return;
    for (const pod of store.list(PODS)) {
      const { nodeName, affinity } = pod['spec'] as PodSpec;
      if (nodeName !== undefined) continue;
      const [term] = affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
      const [wanted] = term.matchFields[0].values;
      const { status } = store.get(NODES, wanted);
      const taken = store
        .list(PODS)
        .filter((other) => (other['spec'] as PodSpec).nodeName === wanted && phaseOf(other) === 'Running')
        .reduce((sum, other) => sum + gpusOf(other), 0);
      const isFull = taken + gpusOf(pod) > (status as { gpus: number }).gpus;
      const message = '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.';
      if (isFull)
        setStatus(PODS, pod, {
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
        });
      else setStatus(PODS, pod, { phase: 'Running', conditions: [] }, { nodeName: wanted });
    }
  };

  const act = (): void => {
    for (const job of store.list(JOBS)) {
      if (hasEnded(job)) continue;
      const { name, uid } = job.metadata;
      const own = podsOf(name);
      const { activeDeadlineSeconds, template } = job['spec'] as {
        activeDeadlineSeconds?: number;
        template: { metadata: { labels: object }; spec: object };
      };
      const wasStarted = job.metadata['started'] === true;
      if (activeDeadlineSeconds === 0) {
        for (const pod of own) store.remove(PODS, pod.metadata.name);
        setStatus(JOBS, job, conditions('Failed', 'DeadlineExceeded'));
      } else if (own.some((pod) => phaseOf(pod) === 'Succeeded')) {
        setStatus(JOBS, job, conditions('Complete', 'CompletionsReached'));
      } else if (own.some((pod) => phaseOf(pod) === 'Failed')) {
        setStatus(JOBS, job, conditions('Failed', 'BackoffLimitExceeded'));
      } else if (own.length === 0 && wasStarted) {
        // All that removes pods here are evictions.
        setStatus(JOBS, job, conditions('Failed', 'PodFailurePolicy'));
      } else if (own.length === 0) {
        store.change(JOBS, name, (now) => ({ ...now, metadata: { ...now.metadata, started: true } }));
        const labels = { ...template.metadata.labels, [JOB_NAME]: name };
        const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }];
        const metadata = { name: `${name}-${++pods}`, namespace: NAMESPACE, labels, ownerReferences };
        server.put('/api/v1/pods', { ...template, metadata, status: { phase: 'Pending' } });
      }
    }
    schedule();
  };

  // After the write that it answers to, as controllers do.
  let isDue = false;
  const leave = store.listen((change: Change) => {
    if (isDue || ![PODS.collection, JOBS.collection].includes(change.collection)) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      act();
    });
  });

  const player: KubePlayer = {
    addNode: (name, gpus) => server.put('/api/v1/nodes', { metadata: { name }, spec: {}, status: { gpus } }),
    endPod: (podName, exitCode, reason = exitCode === 0 ? 'Completed' : 'Error') => {
      setStatus(PODS, store.get(PODS, podName), {
        phase: exitCode === 0 ? 'Succeeded' : 'Failed',
        containerStatuses: [{ name: 'main', state: { terminated: { exitCode, reason } } }],
      });
    },
    isSchedulerAsleep: false,
    stop: leave,
  };
  return player;
}
