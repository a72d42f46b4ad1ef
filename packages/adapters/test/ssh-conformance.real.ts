import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { sshMetrics, sshPool, sshRuntime, type SshPool } from '@spillway/adapters/ssh';
import { conformanceCases, describeProvider, type Subject } from '@spillway/adapters/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';

import { startSshServers, type SshServers } from './ssh-servers.ts';

let servers: SshServers;
let count = 0;

beforeAll(async () => {
  servers = await startSshServers();
  const record = (name: string, text: string): void => {
    writeFileSync(join(servers.gpuFolder, name), text);
  };
  record('gpus', '0, GPU-aaaa, 81559, 4, 0, 31, 70.20, 700.00, Disabled, 550.54.15\n');
  record('name', 'NVIDIA H100 80GB HBM3\n');
  record('uuids', '0, GPU-aaaa, Disabled\n');
}, 60_000);
afterAll(async () => {
  await servers.stop();
});

const job = (id: string) => ({
  job: { id, gpuCount: 1, cpuMilli: 1, memoryMib: 1 },
  placement: { jobId: id, nodeId: 'a', gpus: [{ index: 0, milli: 1_000 }] },
});

/** What is made of a pool of the two servers, with all that the case started stopped at its end. */
const on = (create: (pool: SshPool) => Subject) => (): Subject => {
  // Which rules concern it follows from its methods, before a server runs.
  const isRunning = (servers as SshServers | undefined) !== undefined;
  const hosts = isRunning ? [servers.host('a', servers.ports[0]), servers.host('b', servers.ports[1])] : [];
  const pool = sshPool({ hosts, knownHosts: isRunning ? servers.knownHosts : '' });
  const subject = create(pool);
  return {
    ...subject,
    stop: async () => {
      await subject.stop?.();
      pool.close();
    },
  };
};

const subjects = {
  sshPool: on((provider) => ({ provider })),
  sshMetrics: on((pool) => ({ provider: sshMetrics({ pool }) })),
  sshRuntime: on((pool) => {
    const stateFolder = join((servers as SshServers | undefined)?.folder ?? '', `state-${++count}`);
    const commandOf = () => ({ argv: ['sleep', '60'] });
    const provider = sshRuntime({ pool, stateFolder, stopGraceMs: 1_000, commandOf });
    const stop = async (): Promise<void> => {
      for (const { jobId } of await provider.list()) await provider.stop(jobId);
    };
    return { provider, jobs: [job('first'), job('second')], stop };
  }),
};

for (const [name, make] of Object.entries(subjects)) {
  describeProvider(
    {
      describe,
      it: (title, body) => {
        it(title, body, 60_000);
      },
    },
    `${name}, on real servers,`,
    await conformanceCases(make),
  );
}
