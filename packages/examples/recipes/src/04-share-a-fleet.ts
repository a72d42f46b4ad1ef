// Who may start under the quotas of two teams, and who has to go when the owner of a quota comes back?
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { admit, planPreemption } from '@spillway/core/admission';
import type { Job } from '@spillway/core/fleet';
import type { RunningJob } from '@spillway/core/pack';

const gpu = { model: 'H100' };
const nodes = ['a', 'b'].map((id) => ({ id, gpus: [gpu, gpu, gpu, gpu], cpuMilli: 64_000, memoryMib: 262_144 }));
const capacity = { gpuMilli: 8_000 };
const tenants = [
  { id: 'vision', nominal: { gpuMilli: 4_000 } },
  { id: 'speech', nominal: { gpuMilli: 4_000 }, maxLent: { gpuMilli: 3_000 } },
];
const asks = { gpuCount: 2, cpuMilli: 8_000, memoryMib: 16_384, isPreemptible: true };
const train = (id: string, tenant: string): Job => ({ id, tenant, ...asks });
const at = (job: Job, nodeId: string, first: number, startedAtMs: number): RunningJob => ({
  job,
  placement: { jobId: job.id, nodeId, gpus: [first, first + 1].map((index) => ({ index, milli: 1_000 })) },
  startedAtMs,
});

/** Returns who starts while a team lends, who has to go when it comes back, and where an urgent job makes room. */
export function main(): string {
  const waiting = ['v1', 'v2', 'v3', 'v4'].map((id, k) => ({ job: train(id, 'vision'), queuedAtMs: k }));
  const quiet = admit({ capacity, tenants, running: [], jobs: waiting, nowMs: 10 });

  // An hour later vision runs three jobs on six GPUs, the last since half an hour, and speech wants its four GPUs.
  const running = [
    at(waiting[0]!.job, 'a', 0, 0),
    at(waiting[1]!.job, 'a', 2, 0),
    at(waiting[2]!.job, 'b', 0, 1_800_000),
  ];
  const speech = ['s1', 's2'].map((id) => ({ job: train(id, 'speech'), queuedAtMs: 3_600_000 }));
  const busy = admit({ capacity, tenants, running, jobs: speech, nowMs: 3_600_000 });

  const urgent = { ...train('urgent', 'vision'), gpuCount: 4, priority: 10 };
  const plan = planPreemption({ nodes, running, job: urgent, nowMs: 3_600_000 });
  return [
    ...quiet.admitted.map(({ jobIds, borrowed }) => {
      const loans = borrowed.map(({ amount, from }) => `${amount} milli-GPU of ${from}`);
      return `${jobIds.join()} starts${loans.length === 0 ? '' : `, borrowing ${loans.join(' and ')}`}`;
    }),
    ...quiet.waiting.map(({ jobIds, reason }) => `${jobIds.join()} waits: ${reason.kind}`),
    ...busy.admitted.map(({ jobIds }) => `${jobIds.join()} starts`),
    ...busy.waiting.map(({ jobIds, reason }) =>
      reason.kind === 'reclaims'
        ? `${jobIds.join()} starts when ${reason.victims.map(({ jobId }) => jobId).join()} has gone`
        : `${jobIds.join()} waits: ${reason.kind}`,
    ),
    'unplaced' in plan
      ? 'urgent finds no room'
      : `urgent goes to node ${plan.placement.nodeId} in place of ${plan.victims.map(({ jobId }) => jobId).join()}`,
  ].join('\n');
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) console.log(main());
