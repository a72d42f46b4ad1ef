import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { sshMetrics, sshPool, type SshInventory, type SshPool } from '@spillway/adapters/ssh';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { rejection } from './rejection.ts';
import { startSshServers, wireTo, type SshServers, type Wire } from './ssh-servers.ts';

/** Two cards as nvidia-smi prints them with `--format=csv,noheader,nounits`: one whole, one cut into MIG instances. */
const HEALTHY = {
  gpus: `0, GPU-aaaa, 81559, 4, 0, 31, 70.20, 700.00, Disabled, 550.54.15
1, GPU-bbbb, 81559, 87, [N/A], 30, 68.91, 700.00, Enabled, 550.54.15
`,
  name: 'NVIDIA H100 80GB HBM3\nNVIDIA H100, 80GB HBM3\n',
  ecc: '0, 0\n1, 0\n',
  throttle: '0, 0x0000000000000001\n1, 0x0000000000000004\n',
  remapping: '0, No, No\n1, No, No\n',
  mig: `+-------------------------------------------------------+
| GPU instances:                                        |
| GPU   Name             Profile  Instance   Placement  |
|                          ID       ID       Start:Size |
|=======================================================|
|   1  MIG 3g.40gb          9        2          4:4     |
+-------------------------------------------------------+
|   1  MIG 1g.10gb         19        7          0:1     |
+-------------------------------------------------------+
`,
  bus: '0, 00000000:3B:00.0\n1, 00000000:5E:00.0\n',
  devices: `| MIG devices:                                                                          |
| GPU  GI  CI  MIG |                     Memory-Usage |        Vol|        Shared         |
|      ID  ID  Dev |                       BAR1-Usage | SM     Unc| CE ENC  DEC  OFA  JPG |
|==================+==================================+===========+=======================|
|  1    2   0   0  |              37MiB / 40448MiB    | 60      0 |  3   0    3    0    3 |
|                  |                 0MiB / 65535MiB  |           |                       |
+------------------+----------------------------------+-----------+-----------------------+
|  1    7   0   1  |              12MiB /  9728MiB    | 16      0 |  1   0    1    0    1 |
+---------------------------------------------------------------------------------------+
|    1    2    0      1234      C   python3                                      31MiB  |
`,
  list: `GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-aaaa)
GPU 1: NVIDIA H100, 80GB HBM3 (UUID: GPU-bbbb)
  MIG 3g.40gb     Device  0: (UUID: MIG-three)
  MIG 1g.10gb     Device  1: (UUID: MIG-one)
`,
  dmesg: '[    1.0] nvidia: loading\n[  812.1] NVRM: Xid (PCI:0000:3b:00): 13, pid=77, Graphics Exception\n',
};

let servers: SshServers;
let pool: SshPool;
let line: Wire;

function record(files: Partial<Record<keyof typeof HEALTHY, string | null>>): void {
  for (const [name, text] of Object.entries({ ...HEALTHY, ...files })) {
    const path = join(servers.gpuFolder, name);
    if (text === null) rmSync(path, { force: true });
    else writeFileSync(path, text);
  }
}

beforeAll(async () => {
  servers = await startSshServers();
}, 60_000);
beforeEach(async () => {
  line = await wireTo(servers.ports[0]);
  const knownHosts = `${servers.knownHosts}[127.0.0.1]:${line.port} ${servers.publicKeys[0]}\n`;
  const hosts = [servers.host('a', line.port, { zone: 'z', priceUsdPerHour: 2 }), servers.host('b', servers.ports[1])];
  pool = sshPool({ hosts, knownHosts, backoff: { firstMs: 10, tries: 2 } });
  record({});
});
afterEach(async () => {
  pool.close();
  await line.close();
});
afterAll(async () => {
  await servers.stop();
});

it('lists machines with their GPUs and MIG instances', async () => {
  const nodes = await pool.listNodes();

  expect(nodes.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(nodes[0]).toMatchObject({ pool: 'test', zone: 'z', priceUsdPerHour: 2 });
  expect(nodes[0]!.gpus).toEqual([
    { model: 'NVIDIA H100 80GB HBM3', memoryMib: 81_559 },
    {
      model: 'NVIDIA H100, 80GB HBM3',
      memoryMib: 81_559,
      migInstances: [
        { profile: '1g.10gb', start: 0, memoryMib: 9_728 },
        { profile: '3g.40gb', start: 4, memoryMib: 40_448 },
      ],
    },
  ]);
  expect(nodes[0]!.cpuMilli).toBeGreaterThanOrEqual(1_000);
  expect(nodes[0]!.memoryMib).toBeGreaterThan(100);
  expect(nodes[0]).not.toHaveProperty('isCordoned');
});

it('tells what was measured, and takes what is not told for unknown', async () => {
  record({ throttle: null, ecc: '0, [N/A]\n1, [Unknown Error]\n', dmesg: null });

  const [report] = await pool.readReports();

  expect(report).toMatchObject({
    inventory: {
      driverVersion: '550.54.15',
      driverError: null,
      xids: null,
      gpus: [
        {
          index: 0,
          uuid: 'GPU-aaaa',
          utilizationRatio: 0,
          powerWatts: 70.2,
          powerLimitWatts: 700,
          uncorrectedEccErrors: null,
        },
        { index: 1, uuid: 'GPU-bbbb', utilizationRatio: null, throttleBits: null, isRemappingPending: false },
      ],
    },
    health: {
      problems: [],
      unknown: [
        'xids',
        'uncorrectedEccErrors of GPU 0',
        'throttleBits of GPU 0',
        'uncorrectedEccErrors of GPU 1',
        'throttleBits of GPU 1',
      ],
    },
  });
});

it('finds what is wrong with a machine, and cordons it', async () => {
  record({
    ecc: '0, 2\n1, 0\n',
    throttle: '0, 0x00000000000000E8\n1, 0x0000000000000017\n',
    remapping: '0, Yes, No\n1, No, Yes\n',
    dmesg:
      '[1] NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.\n[2] NVRM: Xid (0000:3c:00): 31, x\n',
  });

  const [report] = await pool.readReports();
  const [node] = await pool.listNodes();

  expect(report).toMatchObject({
    health: {
      problems: [
        { kind: 'xid', xid: 79, busId: '0000:3b:00', meaning: 'the GPU has fallen off the bus' },
        { kind: 'uncorrected-ecc', gpuIndex: 0, count: 2 },
        { kind: 'row-remapping', gpuIndex: 0, state: 'pending' },
        {
          kind: 'throttled',
          gpuIndex: 0,
          reasons: [
            'hardware slowdown',
            'software thermal slowdown',
            'hardware thermal slowdown',
            'hardware power brake',
          ],
        },
        { kind: 'row-remapping', gpuIndex: 1, state: 'failed' },
      ],
      unknown: [],
    },
  });
  expect(node!.isCordoned).toBe(true);
});

it('cordons a machine whose driver does not answer', async () => {
  record({
    gpus: null,
    name: null,
    ecc: null,
    throttle: null,
    remapping: null,
    mig: null,
    bus: null,
    devices: null,
    list: null,
  });

  const [report] = await pool.readReports();
  const [node] = await pool.listNodes();

  expect(report).toMatchObject({ health: { problems: [{ kind: 'driver' }] } });
  expect(node).toMatchObject({ gpus: [], isCordoned: true });
});

it('tells the UUID of an instance, and offers none that has several compute instances or no UUID', async () => {
  const [whole] = await pool.readReports();
  const instances = (report: typeof whole) => (report as { inventory: SshInventory }).inventory.gpus[1]!.migInstances;
  expect(instances(whole)).toEqual([
    { profile: '1g.10gb', start: 0, id: 7, uuid: 'MIG-one', memoryMib: 9_728 },
    { profile: '3g.40gb', start: 4, id: 2, uuid: 'MIG-three', memoryMib: 40_448 },
  ]);

  const twoOf3g = HEALTHY.devices.replace(
    /^\| {2}1 {4}7 {3}0 {3}1 /m,
    '|  1    2   1   2  | 1MiB / 20000MiB | 1 0 |\n$&',
  );
  record({ devices: twoOf3g, list: HEALTHY.list.replace(/.*MIG-one.*\n/, '') });

  const [cut] = await pool.readReports();
  expect(instances(cut)!.map(({ uuid, memoryMib }) => [uuid, memoryMib])).toEqual([
    [null, 9_728],
    [null, null],
  ]);
  expect((await pool.listNodes())[0]!.gpus[1]!.migInstances).toEqual([]);
});

it.each([
  ['fewer GPUs in one answer', { ecc: '0, 0\n' }, 'tells of 2 GPUs, and of 1 when asked for ecc'],
  ['two orders', { ecc: '1, 0\n0, 0\n' }, 'lists its GPUs in two orders'],
  ['another form', { remapping: '0, No\n1, No\n' }, 'answers remapping in another form'],
])('refuses to guess at %s', async (_, files, message) => {
  record(files);

  const [report] = await pool.readReports();

  expect(report).toMatchObject({ error: { providerCode: 'bad-response' } });
  expect((report as { error: Error }).error.message).toContain(message);
});

it('reads the GPUs of all machines that answer, and has a gap for what is not known', async () => {
  record({
    gpus: HEALTHY.gpus.replace('31, 70.20', '31, [N/A]').replace('87, [N/A]', '87, 42'),
    ecc: '0, 2\n1, 0\n',
    dmesg:
      '[1] NVRM: Xid (PCI:0000:3b:00): 79, x\n[2] NVRM: Xid (PCI:0000:3b:00): 79, x\n[3] NVRM: Xid (PCI:0000:99:00): 31, x\n',
  });
  const twoCards = {
    hosts: [servers.host('a', line.port)],
    knownHosts: `[127.0.0.1]:${line.port} ${servers.publicKeys[0]}`,
  };
  const source = sshMetrics({ pool: sshPool({ ...twoCards, backoff: { firstMs: 10, tries: 2 } }) });

  const { gpus, gaps, health } = await source.gpus.read();

  expect(gpus.map(({ gpuId, nodeName, index, values }) => [gpuId, nodeName, index, values.powerWatts])).toEqual([
    ['GPU-aaaa', 'a', 0, null],
    ['GPU-bbbb', 'a', 1, 68.91],
  ]);
  expect(gpus[1]!.values).toMatchObject({
    utilizationRatio: 0.42,
    memoryUsedMib: 87,
    temperatureCelsius: 30,
    engineActiveRatio: null,
  });
  expect(gaps).toContainEqual(expect.objectContaining({ reason: 'absent', gpuId: 'GPU-aaaa', metric: 'powerWatts' }));
  expect(gaps.filter(({ metric }) => metric === null).map(({ detail }) => detail)).toEqual([
    'Xid 31 of 0000:99:00, which is no known card',
  ]);
  expect(health.map(({ gpuId, kind, value, fault }) => [gpuId, kind, value, fault])).toEqual([
    ['GPU-aaaa', 'ecc-uncorrectable', 2, 'hardware'],
    ['GPU-aaaa', 'xid', 79, 'hardware'],
  ]);
  await line.close();
  const after = await source.gpus.read();
  expect([after.gpus, after.gaps.map(({ reason, nodeName }) => [reason, nodeName])]).toEqual([
    [],
    [['unreachable', 'a']],
  ]);
});

it('keeps a machine that does not answer as last seen, cordoned', async () => {
  const [seen] = await pool.listNodes();
  await line.close();

  const nodes = await pool.listNodes();

  expect(nodes[0]).toEqual({ ...seen, isCordoned: true });
  expect(nodes[1]).not.toHaveProperty('isCordoned');
});

it('rejects when no machine answers', async () => {
  const unpinned = sshPool({ hosts: [servers.host('a', servers.ports[0])], knownHosts: '' });

  expect((await rejection(unpinned.listNodes())).providerCode).toBe('auth');
});
