import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';

import type { Clock } from '../contract/clock.ts';
import { ProviderError } from '../contract/provider-error.ts';
import { backoffMs, type Backoff } from './backoff.ts';
import { readLogins, type CredentialSource } from './credentials.ts';
import type { KnownHosts } from './known-hosts.ts';
import { createLimiter, type Limiter } from './limiter.ts';
import type { HostKeyAlgorithm, Ssh2, Ssh2Client } from './ssh2.ts';
import type { SshTarget } from './types.ts';

/** What all connections of a pool share. */
export interface ConnectionContext {
  readonly provider: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly knownHosts: KnownHosts;
  readonly credentials: CredentialSource;
  readonly backoff: Backoff;
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
  /** Connections being made at a time: servers drop logins above `MaxStartups` at random. */
  readonly connecting: Limiter;
  readonly load: () => Promise<Ssh2>;
}

/** The one connection to a machine, made when it is first needed and again when it was lost. */
export interface Connection {
  readonly target: SshTarget;
  /** Commands at a time. */
  readonly sessions: Limiter;
  /** The live connection; makes one if need be. Callers share it, and one that gives up does not end it. */
  readonly open: (signal: AbortSignal) => Promise<Ssh2Client>;
  readonly close: () => void;
}

/** What a pinned key of each type can be asked for with. */
const ALGORITHMS: ReadonlyMap<string, readonly HostKeyAlgorithm[]> = new Map([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
]);

/** Creates the connection to a machine, through `via` if it is given. Nothing is sent before `open`. */
export function createConnection(
  context: ConnectionContext,
  target: SshTarget,
  maxSessions: number,
  via?: Connection,
): Connection {
  let opening: Promise<Ssh2Client> | undefined;
  let client: Ssh2Client | undefined;
  let closing = new AbortController();

  const drop = (lost: Ssh2Client): void => {
    if (client !== lost) return;
    client = undefined;
    opening = undefined;
  };

  const connect = async (signal: AbortSignal): Promise<Ssh2Client> => {
    const { tries = 4 } = context.backoff;
    for (let attempt = 1; ; attempt++) {
      try {
        // Before taking a place: the jump host may need one itself.
        const jump = await via?.open(signal);
        const leave = await context.connecting.enter(signal);
        try {
          return (client = await connectOnce(context, target, jump, signal, drop));
        } finally {
          leave();
        }
      } catch (error) {
        if (!ProviderError.is(error) || !error.isRetryable || attempt >= tries) throw error;
      }
      await context.clock.sleep(backoffMs(context.backoff, attempt, context.random()), { signal });
    }
  };

  return {
    target,
    sessions: createLimiter(maxSessions),
    open: async (signal) => {
      if (opening === undefined) {
        const started = connect(closing.signal);
        opening = started;
        // A failure is told to those who wait now, and forgotten: the next caller tries again.
        started.catch(() => {
          if (opening === started) opening = undefined;
        });
      }
      return await untilAborted(opening, signal);
    },
    close: () => {
      closing.abort(new ProviderError(context.provider, 'aborted', 'the pool was closed', { isAmbiguous: false }));
      closing = new AbortController();
      client?.destroy();
    },
  };
}

/** One try. Rejects with a {@link ProviderError}; nothing was asked of the server but to let us in. */
async function connectOnce(
  context: ConnectionContext,
  target: SshTarget,
  jump: Ssh2Client | undefined,
  signal: AbortSignal,
  drop: (client: Ssh2Client) => void,
): Promise<Ssh2Client> {
  const { provider, connectTimeoutMs, keepAliveMs } = context;
  const where = `${target.hostName}:${target.port}`;
  const authHandler = await readLogins(provider, target, context.credentials);
  const { Client } = await context.load();
  const sock = jump && (await forward(provider, jump, target, signal));
  const pinned = context.knownHosts.keyTypesOf(target.hostName, target.port);
  const wanted = pinned.flatMap((type) => ALGORITHMS.get(type) ?? []);
  const client = new Client();
  let refusal: ProviderError | undefined;
  const ready = new Promise<Ssh2Client>((resolve, reject) => {
    const fail = (error: Error & { readonly level?: string }): void => {
      reject(refusal ?? connectError(provider, where, error));
    };
    client.on('ready', () => {
      // Requests are small and wait for each other: held back for the sake of fuller packets, each costs 40 ms.
      client.setNoDelay(true);
      resolve(client);
    });
    client.on('error', fail);
    client.on('close', () => {
      drop(client);
      fail(new Error('the server closed the connection'));
    });
    try {
      client.connect({
        host: target.hostName,
        port: target.port,
        username: target.user,
        ...(sock && { sock }),
        readyTimeout: connectTimeoutMs,
        keepaliveInterval: keepAliveMs,
        keepaliveCountMax: 3,
        authHandler,
        algorithms: { serverHostKey: { remove: wanted, prepend: wanted, append: [] } },
        hostVerifier: (key) => {
          refusal = refuseKey(context, target, key);
          return refusal === undefined;
        },
      });
    } catch (cause) {
      // Settings that ssh2 cannot use, such as a key file that is none.
      reject(
        new ProviderError(provider, 'auth', `cannot log in to ${where}: ${(cause as Error).message}`, {
          cause,
          isAmbiguous: false,
        }),
      );
    }
  });
  try {
    return await untilAborted(ready, signal);
  } catch (error) {
    client.destroy();
    sock?.destroy();
    throw error;
  }
}

/** Why the key that a server showed is not accepted, or `undefined` when it is. */
function refuseKey(context: ConnectionContext, target: SshTarget, key: Buffer): ProviderError | undefined {
  const verdict = context.knownHosts.judge(target.hostName, target.port, key);
  if (verdict.kind === 'trusted') return undefined;
  const where = `${target.hostName}:${target.port}`;
  const print = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
  const refuse = (what: string, hint: string): ProviderError =>
    new ProviderError(context.provider, 'auth', `${where} showed a host key that ${what} (${print})`, {
      hint,
      isAmbiguous: false,
    });
  if (verdict.kind === 'revoked')
    return refuse(`line ${verdict.line} of known_hosts revokes`, 'Do not connect to this machine.');
  if (verdict.kind === 'changed') {
    return refuse(
      `is not the one pinned in line ${verdict.lines.join(', ')} of known_hosts`,
      'Find out why before you replace the line.',
    );
  }
  if (verdict.isAuthorityKnown)
    return refuse('is not pinned; certificates of an authority are not read', 'Pin the key itself.');
  return refuse(
    'is not pinned in known_hosts',
    `Check the fingerprint on the machine, then: ssh-keyscan -p ${target.port} ${target.hostName}`,
  );
}

async function forward(provider: string, jump: Ssh2Client, target: SshTarget, signal: AbortSignal): Promise<Duplex> {
  const opened = new Promise<Duplex>((resolve, reject) => {
    const fail = (cause: Error): void => {
      const message = `the jump host does not reach ${target.hostName}:${target.port}: ${cause.message}`;
      reject(new ProviderError(provider, 'unavailable', message, { cause, isAmbiguous: false }));
    };
    try {
      jump.forwardOut('127.0.0.1', 0, target.hostName, target.port, (error, channel) => {
        if (error === undefined) resolve(channel);
        else fail(error);
      });
    } catch (error) {
      fail(error as Error);
    }
  });
  return await untilAborted(opened, signal);
}

function connectError(provider: string, where: string, cause: Error & { readonly level?: string }): ProviderError {
  const options = { cause, isAmbiguous: false };
  if (cause.level === 'client-authentication') {
    return new ProviderError(provider, 'auth', `${where} let none of the logins in`, options);
  }
  // Both ends are healthy and have no key type or cipher in common: the next try would end the same.
  if (cause.level === 'handshake') return new ProviderError(provider, 'auth', `${where}: ${cause.message}`, options);
  if (cause.level === 'client-timeout')
    return new ProviderError(provider, 'timeout', `${where} did not answer in time`, options);
  return new ProviderError(provider, 'unavailable', `cannot reach ${where}: ${cause.message}`, options);
}

/** Settles as the promise does, or rejects with the signal's reason when it is aborted first. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let giveUp: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    signal.throwIfAborted();
    giveUp = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (giveUp) signal.removeEventListener('abort', giveUp);
  }
}
