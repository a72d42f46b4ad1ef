import { ProviderError } from '../contract/provider-error.ts';
import { refuseLate } from '../contract/refuse-late.ts';
import type { Clock } from '../contract/clock.ts';
import type { CallOptions } from '../contract/types.ts';
import { backoffMs } from './backoff.ts';
import { untilAborted, type Connection } from './connection.ts';
import { remoteCommand } from './remote-command.ts';
import type { Ssh2Client } from './ssh2.ts';

/** How a command is run. */
export interface RunOptions extends CallOptions {
  /** What the program reads. @defaultValue nothing */
  readonly stdin?: string | Uint8Array;
  /** For everything, waiting in line and connecting included, ms, > 0. @defaultValue 60_000 */
  readonly timeoutMs?: number;
  /** Output above this is refused with `bad-response`, bytes. @defaultValue 16 MiB */
  readonly maxOutputBytes?: number;
}

/** How a command ended. */
export interface CommandResult {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  /** Name of the signal that ended it, such as `SIGKILL`. */
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const MAX_OUTPUT_BYTES = 16 * 2 ** 20;
/** Tries to open a session on a server that has no more: about 4 s in all. */
const FULL_TRIES = 10;

/**
 * Runs one program and waits for its end.
 *
 * @throws ProviderError with `isAmbiguous` exactly when the request to run it had been sent.
 */
export async function runCommand(
  { provider, clock }: { readonly provider: string; readonly clock: Clock },
  connection: Connection,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const command = remoteCommand(argv);
  refuseLate(provider, clock, 'the command', options);
  const { timeoutMs: ownLimitMs = 60_000, deadlineAtMs = Infinity } = options;
  const timeoutMs = Math.min(ownLimitMs, deadlineAtMs - clock.nowMs());
  const where = connection.target.hostName;
  const state = { isSent: false };
  const finished = new AbortController();
  const late = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, late.signal]) : late.signal;
  clock.sleep(timeoutMs, { signal: finished.signal }).then(
    () => {
      late.abort(new Error('deadline'));
    },
    () => undefined,
  );
  try {
    const leave = await connection.sessions.enter(signal);
    try {
      for (let attempt = 1; ; attempt++) {
        const client = await connection.open(signal);
        try {
          return await execute(provider, where, client, command, options, signal, state);
        } catch (error) {
          // A server counts a session a moment longer than we do. Nothing was asked of it, so it may be asked again.
          const isFull = ProviderError.is(error) && error.providerCode === 'rate-limited';
          if (!isFull || attempt >= FULL_TRIES) throw error;
        }
        await clock.sleep(backoffMs({ firstMs: 25, maxMs: 1_000 }, attempt, 0), { signal });
      }
    } finally {
      leave();
    }
  } catch (error) {
    const isAmbiguous = state.isSent;
    if (options.signal?.aborted === true && error === options.signal.reason) {
      throw new ProviderError(provider, 'aborted', `the command on ${where} was given up`, {
        cause: error,
        isAmbiguous,
      });
    }
    if (late.signal.aborted && error === late.signal.reason) {
      throw new ProviderError(provider, 'timeout', `${where} took longer than ${timeoutMs} ms`, { isAmbiguous });
    }
    throw error;
  } finally {
    finished.abort();
  }
}

async function execute(
  provider: string,
  where: string,
  client: Ssh2Client,
  command: string,
  { stdin, maxOutputBytes = MAX_OUTPUT_BYTES }: RunOptions,
  signal: AbortSignal,
  state: { isSent: boolean },
): Promise<CommandResult> {
  signal.throwIfAborted();
  const stopped = new AbortController();
  const result = new Promise<CommandResult>((resolve, reject) => {
    const fail = (code: 'bad-response' | 'rate-limited' | 'unavailable', message: string, cause?: unknown): void => {
      reject(new ProviderError(provider, code, message, { cause, isAmbiguous: state.isSent }));
    };
    const lost = (cause?: unknown): void => {
      fail('unavailable', `lost the connection to ${where}`, cause);
    };
    state.isSent = true;
    const onChannel = (
      error: (Error & { readonly reason?: unknown }) | undefined,
      channel: Parameters<Parameters<Ssh2Client['exec']>[1]>[1],
    ): void => {
      if (error !== undefined) {
        // A channel that was not opened has a reason, and nothing was asked of it.
        if (typeof error.reason !== 'number') {
          lost(error);
          return;
        }
        state.isSent = false;
        fail('rate-limited', `${where} opens no further session: ${error.message}`, error);
        return;
      }
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      let bytes = 0;
      let end: { readonly exitCode: number | null; readonly signal: string | null } | undefined;
      const collect = (into: Buffer[]) => (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= maxOutputBytes) into.push(chunk);
        else {
          fail('bad-response', `the output on ${where} is longer than ${maxOutputBytes} bytes`);
          channel.destroy();
        }
      };
      channel.on('data', collect(stdout));
      channel.stderr.on('data', collect(stderr));
      channel.on('error', lost);
      channel.on('exit', (exitCode: number | null, name?: string) => {
        end = { exitCode, signal: name ?? null };
      });
      channel.on('close', () => {
        if (end === undefined) lost();
        else resolve({ ...end, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') });
      });
      stopped.signal.addEventListener('abort', () => channel.destroy(), { once: true });
      if (stopped.signal.aborted) channel.destroy();
      else channel.end(stdin);
    };
    try {
      client.exec(command, onChannel);
    } catch (error) {
      // ssh2 throws when the connection is gone already.
      state.isSent = false;
      fail('unavailable', `lost the connection to ${where}`, error);
    }
  });
  try {
    return await untilAborted(result, signal);
  } catch (error) {
    stopped.abort();
    throw error;
  }
}
