import type { GpuNode, Job, Placement } from '@spillway/core';
import { describe, expect, it } from 'vitest';

import { simulatedRuntime, virtualClock } from '@spillway/adapters/simulated';

import { rejection } from './rejection.ts';

const mig = [
  { profile: '1g.10gb', start: 0, memoryMib: 9_728 },
  { profile: '1g.10gb', start: 1, memoryMib: 9_728 },
];
const node: GpuNode = {
  id: 'node-a',
  gpus: [
    { model: 'H100', memoryMib: 80_000 },
    { model: 'H100', memoryMib: 80_000 },
    { model: 'H100', migInstances: mig },
  ],
  cpuMilli: 10_000,
  memoryMib: 100_000,
};

const jobOf = (id: string, fields: Partial<Job> = {}): Job => ({
  id,
  gpuCount: 1,
  cpuMilli: 1_000,
  memoryMib: 1_000,
  ...fields,
});
const on = (jobId: string, index: number, milli = 1_000): Placement => ({
  jobId,
  nodeId: 'node-a',
  gpus: [{ index, milli }],
});

function start(nodes: readonly GpuNode[] = [node]) {
  const clock = virtualClock({ startAtMs: 1_000 });
  const runtime = simulatedRuntime({ clock, nodes });
  const run = (job: Job, placement: Placement, token = `start-${job.id}`) => runtime.start({ token, job, placement });
  const refused = async (job: Job, placement: Placement) => (await rejection(run(job, placement))).message;
  return { clock, runtime, run, refused };
}

describe('simulatedRuntime', () => {
  it('runs a job for its run time and frees what it held', async () => {
    const { clock, runtime, run } = start();

    const running = { jobId: 'a', placement: on('a', 0), status: 'running', startedAtMs: 1_000 };
    expect(await run(jobOf('a', { runtimeMs: 500 }), on('a', 0))).toEqual(running);
    await clock.advanceTo(1_499);
    expect(await runtime.list()).toEqual([running]);
    expect(runtime.busy()).toBe(1_000);

    await clock.advanceTo(1_500);
    expect(await runtime.list()).toEqual([{ ...running, status: 'succeeded', endedAtMs: 1_500 }]);
    expect(runtime.busy()).toBe(0);
  });

  it('runs a job without a run time until it is stopped', async () => {
    const { clock, runtime, run } = start();
    await run(jobOf('a'), on('a', 0));
    await clock.advanceTo(1e12);
    expect((await runtime.list())[0]?.status).toBe('running');

    await runtime.stop('a');
    await runtime.stop('a');
    await runtime.stop('never-started');

    expect(await runtime.list()).toMatchObject([{ status: 'stopped', endedAtMs: 1e12 }]);
  });

  it('leaves a job that has succeeded as it is when it is stopped', async () => {
    const { clock, runtime, run } = start();
    await run(jobOf('a', { runtimeMs: 5 }), on('a', 0));
    await clock.advanceTo(2_000);

    await runtime.stop('a');

    expect(await runtime.list()).toMatchObject([{ status: 'succeeded', endedAtMs: 1_005 }]);
  });

  it('starts a job once a token, and tells what became of it', async () => {
    const { clock, runtime, run } = start();
    const job = jobOf('a', { runtimeMs: 5 });
    await run(job, on('a', 0));
    await run(job, on('a', 0));
    expect(runtime.busy()).toBe(1_000);

    await clock.advanceTo(2_000);

    expect(await run(job, on('a', 0))).toMatchObject({ status: 'succeeded', startedAtMs: 1_000 });
    expect(await runtime.list()).toHaveLength(1);
  });

  it('starts a job that has ended again under a new token, not one that runs', async () => {
    const { clock, runtime, run } = start();
    const job = jobOf('a', { runtimeMs: 5 });
    await run(job, on('a', 0), 'first');
    expect((await rejection(run(job, on('a', 1), 'second'))).providerCode).toBe('conflict');
    await clock.advanceTo(2_000);

    await run(job, on('a', 1), 'second');

    expect(await runtime.list()).toMatchObject([{ jobId: 'a', startedAtMs: 2_000, status: 'running' }]);
    expect(await run(job, on('a', 0), 'first')).toMatchObject({ startedAtMs: 1_000, status: 'succeeded' });
  });

  it('refuses a token of another job, and an empty one', async () => {
    const { run } = start();
    await run(jobOf('a'), on('a', 0), 'token');

    expect((await rejection(run(jobOf('b'), on('b', 1), 'token'))).providerCode).toBe('conflict');
    expect((await rejection(run(jobOf('b'), on('b', 1), ''))).providerCode).toBe('invalid-request');
  });

  it('fails a job whose node expires first', async () => {
    const { clock, runtime, run, refused } = start([{ ...node, expiresAtMs: 1_400 }]);
    await run(jobOf('a', { runtimeMs: 500 }), on('a', 0));
    await run(jobOf('b', { runtimeMs: 400 }), on('b', 1));

    await clock.advanceTo(1_400);

    expect(await runtime.list()).toMatchObject([
      { jobId: 'a', status: 'failed', endedAtMs: 1_400 },
      { jobId: 'b', status: 'succeeded', endedAtMs: 1_400 },
    ]);
    expect(await refused(jobOf('c'), on('c', 0))).toBe("simulated-runtime: there is no node 'node-a'");
  });

  it('refuses a GPU share that is taken with conflict', async () => {
    const { run } = start();
    await run(jobOf('a', { gpuMilli: 600 }), on('a', 0, 600));
    await run(jobOf('b', { gpuMilli: 400 }), on('b', 0, 400));

    const error = await rejection(run(jobOf('c', { gpuMilli: 1 }), on('c', 0, 1)));

    expect(error).toMatchObject({ providerCode: 'conflict', isRetryable: false, isAmbiguous: false });
    expect(error.message).toBe("simulated-runtime: GPU 0 of 'node-a' has 0 milli-GPU left, 'c' needs 1");
  });

  it('refuses memory of a GPU, processors and main memory that are taken', async () => {
    const { run, refused } = start();
    const half = { gpuMilli: 500, gpuMemoryMib: 50_000 };
    await run(jobOf('a', { ...half, cpuMilli: 6_000, memoryMib: 60_000 }), on('a', 0, 500));

    expect(await refused(jobOf('b', half), on('b', 0, 500))).toContain("has 30000 MiB left, 'b' needs 50000");
    expect(await refused(jobOf('c', { cpuMilli: 4_001 }), on('c', 1))).toContain(
      "has 4000 milli-cores left, 'c' needs 4001",
    );
    expect(await refused(jobOf('d', { memoryMib: 40_001 }), on('d', 1))).toContain(
      "has 40000 MiB left, 'd' needs 40001",
    );
  });

  it('gives a MIG instance to one job', async () => {
    const { runtime, run, refused } = start();
    const migJob = (id: string) => jobOf(id, { migProfile: '1g.10gb' });
    const at = (jobId: string, start: number) => ({
      jobId,
      nodeId: 'node-a',
      gpus: [],
      mig: { gpuIndex: 2, profile: '1g.10gb', start },
    });
    await run(migJob('a'), at('a', 0));
    await run(migJob('b'), at('b', 1));

    expect(await refused(migJob('c'), at('c', 0))).toContain("instance 1g.10gb at 0 of GPU 2 of 'node-a' is taken");
    expect(await refused(migJob('c'), at('c', 4))).toContain('GPU 2 has no instance 1g.10gb at 4');
    expect(await refused({ ...migJob('c'), gpuMemoryMib: 9_729 }, at('c', 0))).toContain(
      'the instance has not 9729 MiB',
    );
    expect(runtime.busy()).toBe(0);
  });

  it('cuts a GPU by its geometry, as far as the layout is legal', async () => {
    const nodes = [{ id: 'node-b', gpus: [{ model: 'A30', migGeometry: 'A30' }], cpuMilli: 8_000, memoryMib: 8_000 }];
    const runtime = simulatedRuntime({ clock: virtualClock({ startAtMs: 0 }), nodes });
    const startAt = (id: string, profile: string, start: number) => {
      const placement = { jobId: id, nodeId: 'node-b', gpus: [], mig: { gpuIndex: 0, profile, start } };
      const job = { id, gpuCount: 1, migProfile: profile, cpuMilli: 100, memoryMib: 100 };
      return runtime.start({ token: id, job, placement });
    };
    await startAt('a', '2g.12gb', 0);
    await startAt('b', '1g.6gb', 3);

    expect((await rejection(startAt('c', '2g.12gb', 2))).message).toContain("of 'node-b' is taken");
    expect((await rejection(startAt('c', '2g.12gb', 1))).message).toContain('GPU 0 has no instance 2g.12gb at 1');
    const whole = { jobId: 'd', nodeId: 'node-b', gpus: [{ index: 0, milli: 1_000 }] };
    const job = { id: 'd', gpuCount: 1, cpuMilli: 100, memoryMib: 100 };
    expect((await rejection(runtime.start({ token: 'd', job, placement: whole }))).message).toContain(
      'GPU 0 is cut into instances',
    );
    await startAt('c', '1g.6gb', 2);
  });

  it.each([
    ['another job', jobOf('a'), on('b', 0), "names job 'b'"],
    ['too few GPUs', jobOf('a', { gpuCount: 2 }), on('a', 0), 'gives 1 of 2 GPUs'],
    [
      'a GPU twice',
      jobOf('a', { gpuCount: 2 }),
      { ...on('a', 0), gpus: [on('a', 0).gpus[0]!, on('a', 0).gpus[0]!] },
      'names a GPU twice',
    ],
    ['a smaller share', jobOf('a'), on('a', 0, 500), 'gives 500 of 1000 milli-GPU on GPU 0'],
    ['a GPU that is not there', jobOf('a'), on('a', 3), 'there is no GPU 3'],
    ['a GPU that is not whole', jobOf('a'), on('a', 0.5), 'there is no GPU 0.5'],
    ['a model it cannot use', jobOf('a', { gpuModels: ['A100'] }), on('a', 0), 'GPU 0 is a H100'],
    ['a GPU cut into instances', jobOf('a'), on('a', 2), 'GPU 2 is cut into instances'],
    [
      'no instance',
      jobOf('a', { migProfile: '1g.10gb' }),
      { ...on('a', 0), gpus: [] },
      'does not give the MIG profile',
    ],
    ['sizes that are none', jobOf('a', { cpuMilli: NaN }), on('a', 0), 'cpuMilli'],
  ])('refuses a placement that gives %s', async (_, job, placement, text) => {
    const { run } = start();

    const error = await rejection(run(job, placement));

    expect(error.providerCode).toBe('invalid-request');
    expect(error.message).toContain(text);
  });

  it('refuses an unknown node with not-found, unless it was told of no nodes at all', async () => {
    const placement = { jobId: 'a', nodeId: 'elsewhere', gpus: [{ index: 9, milli: 1_000 }] };
    expect((await rejection(start().run(jobOf('a'), placement))).providerCode).toBe('not-found');

    const runtime = simulatedRuntime({ clock: virtualClock({ startAtMs: 0 }) });
    await runtime.start({ token: 'x', job: jobOf('a'), placement });
    const second = runtime.start({ token: 'y', job: jobOf('b'), placement: { ...placement, jobId: 'b' } });

    expect((await rejection(second)).providerCode).toBe('conflict');
  });

  it('rejects aborted calls and does nothing', async () => {
    const { runtime } = start();
    const options = { signal: AbortSignal.abort() };

    for (const call of [
      runtime.start({ token: 't', job: jobOf('a'), placement: on('a', 0) }, options),
      runtime.stop('a', options),
      runtime.list(options),
    ]) {
      expect(await rejection(call)).toMatchObject({ providerCode: 'aborted', isAmbiguous: false });
    }
    expect(await runtime.list()).toEqual([]);
  });
});
