import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Job, Placement } from '@spillway/core';
import {
  sshPool,
  sshRuntime,
  type SshCommand,
  type SshHost,
  type SshPool,
  type SshRuntime,
} from '@spillway/adapters/ssh';

import type { SshServers } from './ssh-servers.ts';

/** Runs until it is stopped. */
export const WAIT = ['sh', '-c', 'echo begun; sleep 60'];

/** Runtimes on two servers, and what to end when a test is over. */
export interface SshRuntimes {
  /** A runtime as a new process would have it: nothing is shared with another of the test but the machine. */
  readonly create: (changes?: {
    readonly hosts?: readonly SshHost[];
    readonly knownHosts?: string;
    readonly stopGraceMs?: number;
  }) => SshRuntime;
  readonly request: (
    id: string,
    command: readonly string[] | SshCommand,
    changes?: {
      readonly gpus?: Placement['gpus'];
      readonly mig?: NonNullable<Placement['mig']>;
      readonly nodeId?: string;
      readonly token?: string;
      readonly needs?: Partial<Pick<Job, 'cpuMilli' | 'memoryMib'>>;
    },
  ) => { readonly token: string; readonly job: Job; readonly placement: Placement };
  /** Files that the fake nvidia-smi answers from. */
  readonly record: (files: Readonly<Record<string, string>>) => void;
  readonly pools: readonly SshPool[];
  readonly stateFolder: string;
  /** Stops every job that was started, then closes the pools. */
  readonly stop: () => Promise<void>;
}

let count = 0;

/** Sets up runtimes for one test, with a state folder of its own. */
export function sshRuntimes(servers: SshServers): SshRuntimes {
  const stateFolder = join(servers.folder, `state ${++count}`);
  const commands = new Map<string, SshCommand>();
  const pools: SshPool[] = [];
  const started: { readonly runtime: SshRuntime; readonly id: string }[] = [];
  return {
    stateFolder,
    pools,
    create: (changes = {}) => {
      const {
        hosts = [servers.host('a', servers.ports[0])],
        knownHosts = servers.knownHosts,
        stopGraceMs = 1_000,
      } = changes;
      const pool = sshPool({ hosts, knownHosts, backoff: { firstMs: 20, tries: 4 } });
      pools.push(pool);
      const runtime = sshRuntime({ pool, stateFolder, stopGraceMs, commandOf: ({ id }) => commands.get(id)! });
      return {
        ...runtime,
        start: async (request, options) => {
          started.push({ runtime, id: request.job.id });
          return await runtime.start(request, options);
        },
      };
    },
    request: (id, command, changes = {}) => {
      const { gpus = [], mig, nodeId = 'a', token = `token of ${id}`, needs } = changes;
      commands.set(id, 'argv' in command ? command : { argv: command });
      const job: Job = {
        id,
        gpuCount: mig ? 1 : gpus.length,
        cpuMilli: 1,
        memoryMib: 1,
        ...needs,
        ...(gpus[0] && { gpuMilli: gpus[0].milli }),
        ...(mig && { migProfile: mig.profile }),
      };
      return { token, job, placement: { jobId: id, nodeId, gpus, ...(mig && { mig }) } };
    },
    record: (files) => {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(servers.gpuFolder, name), text);
    },
    stop: async () => {
      const jobs = new Map(started.map((one) => [one.id, one]));
      await Promise.all([...jobs.values()].map(({ runtime, id }) => runtime.stop(id)));
      for (const pool of pools) pool.close();
    },
  };
}

/** All of the log of a job. */
export async function logOf(runtime: SshRuntime, jobId: string): Promise<string> {
  let text = '';
  for await (const chunk of runtime.logs(jobId)) text += chunk.text;
  return text;
}
