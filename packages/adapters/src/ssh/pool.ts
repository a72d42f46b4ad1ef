import { checkNumber, InvalidInputError, type GpuNode } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';
import { defineProvider } from '../contract/define.ts';
import { ProviderError } from '../contract/provider-error.ts';
import { refuseLate } from '../contract/refuse-late.ts';
import type { CallOptions, CapacityProvider } from '../contract/types.ts';
import type { Backoff } from './backoff.ts';
import { createConnection, type Connection, type ConnectionContext } from './connection.ts';
import type { CredentialSource } from './credentials.ts';
import { judgeHealth, type SshHealth } from './health.ts';
import { nodeOf, PROBE, readProbe, type SshInventory } from './inventory.ts';
import { readKnownHosts } from './known-hosts.ts';
import { createLimiter } from './limiter.ts';
import { runCommand, type CommandResult, type RunOptions } from './run-command.ts';
import { loadSsh2, type Ssh2 } from './ssh2.ts';
import { systemClock } from './system-clock.ts';
import type { SshHost, SshTarget } from './types.ts';

/** What a pool of machines is, and how it is reached. */
export interface SshPoolOptions<Name extends string = string> extends CredentialSource {
  /** The machines: of `readPools` or `parsePools`. */
  readonly hosts: readonly SshHost[];
  /** Content of a known_hosts file: machines and jump hosts whose key is not in it are not logged in to. */
  readonly knownHosts: string;
  /** @defaultValue 'ssh' */
  readonly name?: Name;
  /** The package `ssh2`, or what takes its place. @defaultValue imported when first needed */
  readonly ssh2?: Ssh2 | (() => Promise<Ssh2>);
  /** For one try to connect and log in, ms, > 0. @defaultValue 20_000 */
  readonly connectTimeoutMs?: number;
  /** A connection silent for three times as long is taken for lost, ms, > 0. @defaultValue 15_000 */
  readonly keepAliveMs?: number;
  /** Connections being made at a time, whole, >= 1. @defaultValue 8 (sshd drops some logins above 10) */
  readonly maxConnecting?: number;
  /** Waits between tries to connect. Refused logins and host keys are not tried again. */
  readonly backoff?: Backoff;
  /** @defaultValue the clock of this machine */
  readonly clock?: Clock;
  /** From 0 to 1, for the waits. @defaultValue `Math.random` */
  readonly random?: () => number;
}

/** What one machine told of itself, or why it told nothing. */
export type SshReport =
  | { readonly nodeId: string; readonly inventory: SshInventory; readonly health: SshHealth }
  | { readonly nodeId: string; readonly error: ProviderError };

/** A pool of machines reached by SSH. */
export interface SshPool<Name extends string = string> extends CapacityProvider<Name> {
  readonly hosts: readonly SshHost[];
  readonly clock: Clock;
  /** Inventory and health of every machine, in the order of the hosts; a machine that fails has its error. */
  readonly readReports: (options?: CallOptions) => Promise<readonly SshReport[]>;
  /**
   * Runs one program on a machine and waits for its end. Arguments arrive byte for byte; no shell interprets them.
   *
   * @throws ProviderError `not-found` for an unknown node; see `isAmbiguous` for whether it may have run.
   * @throws InvalidInputError for arguments that no program can be given.
   */
  readonly run: (nodeId: string, argv: readonly string[], options?: RunOptions) => Promise<CommandResult>;
  /** Ends all connections. What runs on the machines goes on; a later call connects again. */
  readonly close: () => void;
}

/**
 * Creates a provider of machines reached by SSH: one connection a machine, made when needed, kept alive, and made again
 * with growing waits when it was lost.
 *
 * `listNodes` asks every machine. A machine that does not answer is listed as it was last seen, cordoned, so that nothing
 * new is placed there; one that was never seen is left out. A machine whose GPUs or driver have a problem is cordoned
 * (`readReports` tells why). It rejects when no machine answers.
 *
 * @returns a {@link SshPool}. A call takes one command a machine, all at a time.
 * @throws InvalidInputError for known_hosts that cannot be read, a host id twice, and times that are not valid.
 *
 * @example
 * ```ts
 * const pool = sshPool({
 *   hosts: await parsePools(await readFile('ssh_node_pools.yaml', 'utf8')),
 *   knownHosts: await readFile('known_hosts', 'utf8'),
 * });
 * const nodes = await pool.listNodes();
 * pool.close();
 * ```
 */
export function sshPool<const Name extends string = 'ssh'>(options: SshPoolOptions<Name>): SshPool<Name> {
  const { name = 'ssh' as Name, clock = systemClock, connectTimeoutMs = 20_000, keepAliveMs = 15_000 } = options;
  const { maxConnecting = 8, ssh2 } = options;
  checkNumber('connectTimeoutMs', connectTimeoutMs, { above: 0 });
  checkNumber('keepAliveMs', keepAliveMs, { above: 0 });
  checkNumber('maxConnecting', maxConnecting, { min: 1, isWhole: true });
  const hosts = structuredClone(options.hosts);
  const twice = hosts.find(({ id }, index) => hosts.findIndex((host) => host.id === id) < index);
  if (twice) throw new InvalidInputError('hosts', 'must have ids of their own', twice.id);

  const context: ConnectionContext = {
    provider: name,
    clock,
    random: options.random ?? Math.random,
    knownHosts: readKnownHosts(options.knownHosts),
    credentials: {
      ...(options.readFile && { readFile: options.readFile }),
      ...(options.env && { env: options.env }),
    },
    backoff: options.backoff ?? {},
    connectTimeoutMs,
    keepAliveMs,
    connecting: createLimiter(maxConnecting),
    load: async () => (typeof ssh2 === 'function' ? await ssh2() : (ssh2 ?? (await loadSsh2(name)))),
  };
  const connections = connectAll(context, hosts);
  const lastSeen = new Map<string, GpuNode>();

  const run = async (nodeId: string, argv: readonly string[], runOptions?: RunOptions): Promise<CommandResult> => {
    const connection = connections.get(nodeId);
    if (connection === undefined) {
      throw new ProviderError(name, 'not-found', `there is no host '${nodeId}'`, { isAmbiguous: false });
    }
    return await runCommand(context, connection, argv, runOptions);
  };

  const report = async (host: SshHost, callOptions: CallOptions): Promise<SshReport> => {
    const nodeId = host.id;
    try {
      const { stdout } = await run(nodeId, ['sh', '-c', PROBE], callOptions);
      const inventory = readProbe(name, nodeId, stdout.toString('utf8'));
      return { nodeId, inventory, health: judgeHealth(inventory) };
    } catch (error) {
      if (!ProviderError.is(error) || error.providerCode === 'aborted') throw error;
      return { nodeId, error };
    }
  };
  const readReports = async (callOptions: CallOptions = {}): Promise<readonly SshReport[]> => {
    refuseLate(name, clock, 'readReports', callOptions);
    return await Promise.all(hosts.map(async (host) => await report(host, callOptions)));
  };

  return defineProvider({
    name,
    specVersion: 1,
    hosts,
    clock,
    listNodes: async (callOptions) => {
      const reports = await readReports(callOptions);
      const failed = reports.flatMap((one) => ('error' in one ? [one] : []));
      if (failed.length > 0 && failed.length === hosts.length) throw failed[0]!.error;
      return reports.flatMap((one, index) => {
        if ('error' in one) {
          const seen = lastSeen.get(one.nodeId);
          return seen === undefined ? [] : [{ ...seen, isCordoned: true }];
        }
        const node = nodeOf(hosts[index]!, one.inventory);
        if (node === undefined) return [];
        lastSeen.set(node.id, node);
        return [one.health.problems.length > 0 ? { ...node, isCordoned: true } : node];
      });
    },
    readReports,
    run,
    close: () => {
      for (const connection of new Set(connections.values())) connection.close();
    },
  } satisfies SshPool<Name>);
}

/** One connection for each way to a machine; jump hosts on the same way are shared. By host id, and by way for jumps. */
function connectAll(context: ConnectionContext, hosts: readonly SshHost[]): ReadonlyMap<string, Connection> {
  const connections = new Map<string, Connection>();
  const jumpTo = (target: SshTarget): Connection => {
    const way = `jump ${JSON.stringify(target)}`;
    const known = connections.get(way);
    if (known) return known;
    const made = createConnection(context, target, 1, target.jump && jumpTo(target.jump));
    connections.set(way, made);
    return made;
  };
  for (const host of hosts) {
    connections.set(host.id, createConnection(context, host, host.maxSessions, host.jump && jumpTo(host.jump)));
  }
  return connections;
}
