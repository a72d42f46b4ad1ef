import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import type { SshHost } from '@spillway/adapters/ssh';

import { endChild, freePort } from './child-process.ts';

/** Two real OpenSSH servers on loopback, and what is needed to log in to them. */
export interface SshServers {
  readonly folder: string;
  readonly ports: readonly [outer: number, inner: number];
  readonly identityFile: string;
  /** Lines that pin both servers. */
  readonly knownHosts: string;
  /** A host entry for one of the servers, or for a port that leads to it. */
  readonly host: (id: string, port: number, changes?: Partial<SshHost>) => SshHost;
  /** Public key of a server, as `type base64`. */
  readonly publicKeys: readonly [string, string];
  /** What the fake nvidia-smi answers from: a folder of recorded output. */
  readonly gpuFolder: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts two servers of Debian's openssh-server, with a configuration, keys and a port of their own, as whoever runs the
 * test. Only that user can log in, only with the key made here, and only from loopback.
 */
export async function startSshServers(): Promise<SshServers> {
  const sshd = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));
  if (sshd === undefined) throw new Error('there is no sshd: run tools/ensure-openssh-server.sh');
  const folder = mkdtempSync(join(tmpdir(), 'spillway-ssh-'));
  const keygen = (name: string): void => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, name)]);
  };
  keygen('user');
  const gpuFolder = join(folder, 'gpu');
  mkdirSync(join(folder, 'bin'));
  mkdirSync(gpuFolder);
  const fake = readFileSync(new URL('./fixtures/ssh/nvidia-smi', import.meta.url), 'utf8');
  for (const name of ['nvidia-smi', 'dmesg', 'nproc']) {
    const path = join(folder, 'bin', name);
    writeFileSync(path, fake);
    chmodSync(path, 0o755);
  }
  const children: ChildProcess[] = [];
  const start = async (name: string): Promise<{ port: number; publicKey: string }> => {
    keygen(name);
    const port = await freePort();
    const config = join(folder, `${name}.conf`);
    writeFileSync(
      config,
      `ListenAddress 127.0.0.1
Port ${port}
HostKey ${folder}/${name}
PidFile none
AuthorizedKeysFile ${folder}/user.pub
AllowUsers ${userInfo().username}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
MaxStartups 100
SetEnv PATH=${folder}/bin:/usr/local/bin:/usr/bin:/bin SPILLWAY_GPUS=${gpuFolder}
`,
    );
    const child = spawn(sshd, ['-D', '-e', '-f', config], {
      stdio: ['ignore', 'ignore', openSync(join(folder, `${name}.log`), 'w')],
    });
    children.push(child);
    await answers(port, child, join(folder, `${name}.log`));
    const [type, key] = readFileSync(join(folder, `${name}.pub`), 'utf8').split(' ');
    return { port, publicKey: `${type!} ${key!.trim()}` };
  };
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(endChild));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const outer = await start('outer');
    const inner = await start('inner');
    const identityFile = join(folder, 'user');
    return {
      folder,
      ports: [outer.port, inner.port],
      publicKeys: [outer.publicKey, inner.publicKey],
      identityFile,
      gpuFolder,
      knownHosts: `[127.0.0.1]:${outer.port} ${outer.publicKey}\n[127.0.0.1]:${inner.port} ${inner.publicKey}\n`,
      host: (id, port, changes) => ({
        id,
        pool: 'test',
        hostName: '127.0.0.1',
        port,
        user: userInfo().username,
        identityFiles: [identityFile],
        maxSessions: 10,
        ...changes,
      }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(port: number, child: ChildProcess, log: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${readFileSync(log, 'utf8')}`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1');
      socket.once('data', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('sshd did not answer');
}

/** A way to a port that can be cut and held up. */
export interface Wire {
  readonly port: number;
  /** Connections made so far. */
  readonly count: () => number;
  /** Resets every connection. New ones are let through. */
  readonly cut: () => void;
  /** From now on nothing passes, and nothing is told. */
  readonly stall: () => void;
  readonly close: () => Promise<void>;
}

/** Listens on a free loopback port and passes everything on to another. */
export async function wireTo(port: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server: Server = createServer((near) => {
    count++;
    const far = createConnection(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    count: () => count,
    cut,
    stall: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
