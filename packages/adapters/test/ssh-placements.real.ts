import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { rejection } from './rejection.ts';
import { logOf, sshRuntimes, WAIT, type SshRuntimes } from './ssh-runtimes.ts';
import { startSshServers, type SshServers } from './ssh-servers.ts';

let servers: SshServers;
let runtimes: SshRuntimes;

beforeAll(async () => {
  servers = await startSshServers();
}, 60_000);
beforeEach(() => {
  runtimes = sshRuntimes(servers);
});
afterEach(async () => {
  await runtimes.stop();
}, 60_000);
afterAll(async () => {
  await servers.stop();
});

const newRuntime: SshRuntimes['create'] = (changes) => runtimes.create(changes);
const requestOf: SshRuntimes['request'] = (...given) => runtimes.request(...given);

describe('on a machine with a card that is cut into instances', () => {
  const three = { gpuIndex: 1, profile: '3g.40gb', start: 4 };
  const one = { gpuIndex: 1, profile: '1g.10gb', start: 0 };
  beforeEach(() => {
    runtimes.record({
      uuids: '0, GPU-zero, Disabled\n1, GPU-one, Enabled\n2, GPU-two, Enabled\n',
      mig: `|   1  MIG 3g.40gb          9        2          4:4     |
|   1  MIG 1g.10gb         19        7          0:1     |
|   2  MIG 1g.10gb         19        7          0:1     |
`,
      devices: `|  1    2   0   0  |              37MiB / 40448MiB    | 60      0 |  3   0    3    0    3 |
|  1    7   0   1  |              12MiB /  9728MiB    | 16      0 |  1   0    1    0    1 |
|  2    7   0   0  |              12MiB /  9728MiB    | 16      0 |  1   0    1    0    1 |
|  2    7   1   1  |              12MiB /  9728MiB    | 16      0 |  1   0    1    0    1 |
`,
      list: `GPU 0: NVIDIA H100 (UUID: GPU-zero)
GPU 1: NVIDIA H100 (UUID: GPU-one)
  MIG 3g.40gb     Device  0: (UUID: MIG-three)
  MIG 1g.10gb     Device  1: (UUID: MIG-small)
GPU 2: NVIDIA H100 (UUID: GPU-two)
  MIG 1c.1g.10gb  Device  0: (UUID: MIG-part-a)
  MIG 1c.1g.10gb  Device  1: (UUID: MIG-part-b)
`,
    });
  });

  it('gives a job the instance of its placement, by UUID', async () => {
    const runtime = newRuntime();
    const command = ['sh', '-c', 'printf %s "$CUDA_VISIBLE_DEVICES"'];

    const job = await runtime.start(requestOf('large', command, { mig: three }));
    await runtime.start(requestOf('small', command, { mig: one }));
    await runtime.start(requestOf('whole', command, { gpus: [{ index: 0, milli: 1_000 }] }));

    expect(job.placement).toEqual({ jobId: 'large', nodeId: 'a', gpus: [], mig: three });
    expect(await logOf(runtime, 'large')).toBe('MIG-three');
    expect(await logOf(runtime, 'small')).toBe('MIG-small');
    expect(await logOf(runtime, 'whole')).toBe('GPU-zero');
  });

  it('refuses an instance that is taken until it is free', async () => {
    const [runtime, other] = [newRuntime(), newRuntime()];
    await runtime.start(requestOf('first', WAIT, { mig: three }));
    await runtime.start(requestOf('beside', WAIT, { mig: one }));

    const taken = await rejection(other.start(requestOf('second', WAIT, { mig: three })));

    expect(taken.providerCode).toBe('conflict');
    expect(taken.message).toContain('MIG instance at 4 of GPU 1');
    await runtime.stop('first');
    expect(await other.start(requestOf('second', WAIT, { mig: three }))).toMatchObject({ status: 'running' });
  });

  it.each([
    ['a place where there is none', { mig: { ...three, start: 0 } }],
    ['another profile at the place', { mig: { ...three, profile: '4g.40gb' } }],
    ['a card that is not cut', { mig: { ...three, gpuIndex: 0 } }],
    ['a card that is not there', { mig: { ...three, gpuIndex: 9 } }],
    ['an instance of two compute instances', { mig: { ...one, gpuIndex: 2 } }],
    ['a profile that is no word', { mig: { ...three, profile: "3g.40gb'; id" } }],
    ['the whole of a card that is cut', { gpus: [{ index: 1, milli: 1_000 }] }],
  ])('refuses %s, and starts nothing', async (_, changes) => {
    const runtime = newRuntime();

    expect((await rejection(runtime.start(requestOf('x', WAIT, changes)))).providerCode).toBe('invalid-request');
    expect(await runtime.list()).toEqual([]);
  });
});

describe('processors and main memory', () => {
  afterEach(() => {
    rmSync(join(servers.gpuFolder, 'nproc'), { force: true });
  });
  const memoryMib = Math.floor(Number(/MemTotal:\s+([0-9]+)/.exec(readFileSync('/proc/meminfo', 'utf8'))![1]) / 1024);

  it('are held for a job until it ends, and not given twice', async () => {
    runtimes.record({ nproc: '4\n' });
    const [left, right] = [newRuntime(), newRuntime()];
    await left.start(requestOf('most', WAIT, { needs: { cpuMilli: 2_500 } }));

    const short = await rejection(right.start(requestOf('more', WAIT, { needs: { cpuMilli: 1_501 } })));
    await right.start(requestOf('rest', WAIT, { needs: { cpuMilli: 1_500 } }));

    expect(short).toMatchObject({ providerCode: 'no-capacity', retry: 'elsewhere', isAmbiguous: false });
    expect(short.message).toContain('1500 milli-cores left');
    await left.stop('most');
    expect(await right.start(requestOf('more', WAIT, { needs: { cpuMilli: 1_501 } }))).toMatchObject({
      status: 'running',
    });
  });

  it('of all that runs are no more than the machine has, also among many starts at once', async () => {
    runtimes.record({ nproc: '4\n' });
    const [left, right] = [newRuntime(), newRuntime()];
    const starts = Array.from({ length: 8 }, (_, n) =>
      (n % 2 === 0 ? left : right).start(requestOf(`job ${n}`, WAIT, { needs: { cpuMilli: 1_300 } })),
    );

    const outcomes = await Promise.allSettled(starts);

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });

  it('refuse what no machine of the kind could hold, and leave nothing behind', async () => {
    const runtime = newRuntime();
    await runtime.start(requestOf('half', WAIT, { needs: { memoryMib: Math.ceil(memoryMib * 0.6) } }));

    const codes = await Promise.all(
      [memoryMib + 1, Math.ceil(memoryMib * 0.5)].map(
        async (mib, n) =>
          (await rejection(runtime.start(requestOf(`x${n}`, WAIT, { needs: { memoryMib: mib } })))).providerCode,
      ),
    );

    expect(codes).toEqual(['no-capacity', 'no-capacity']);
    expect((await runtime.list()).map(({ jobId }) => jobId)).toEqual(['half']);
  });
});
