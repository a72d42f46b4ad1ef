import { createHash } from 'node:crypto';

import type { Job, Placement } from '@spillway/core';

import { ProviderError } from '../contract/provider-error.ts';
import type { CallOptions, RuntimeJob } from '../contract/types.ts';
import type { SshPool } from './pool.ts';
import { encodeArgument } from './remote-command.ts';
import type { CommandResult, RunOptions } from './run-command.ts';
import { SUPERVISOR, SUPERVISOR_HASH } from './supervisor-script.ts';

/** One start of a job, as its machine tells of it. */
export interface RemoteJob extends RuntimeJob {
  readonly token: string;
  /** Name of its folder on the machine. */
  readonly id: string;
  readonly nodeId: string;
  readonly logBytes: number;
  /** `null` while it runs, and when it was lost: killed with its keeper, or the machine restarted. */
  readonly exitCode: number | null;
}

/** What a program is run as. */
export interface SshCommand {
  /** Program and arguments. They arrive byte for byte; no shell interprets them. */
  readonly argv: readonly string[];
  /** Added to what the machine sets. Readable by the same user there. `CUDA_VISIBLE_DEVICES` is set from the placement. */
  readonly env?: Readonly<Record<string, string>>;
  /** @defaultValue the home directory */
  readonly folder?: string;
}

/** One piece of a log. */
interface LogPiece {
  readonly isEnded: boolean;
  /** Of the whole log. */
  readonly logBytes: number;
  readonly bytes: Buffer;
}

/** What can be asked of the supervisor on one machine. */
export interface RemoteJobs {
  readonly start: (
    nodeId: string,
    request: {
      readonly token: string;
      readonly job: Pick<Job, 'id' | 'cpuMilli' | 'memoryMib'>;
      readonly placement: Placement;
      readonly command: SshCommand;
    },
    options: CallOptions,
  ) => Promise<RemoteJob>;
  readonly list: (nodeId: string, options: CallOptions) => Promise<readonly RemoteJob[]>;
  readonly readLog: (job: RemoteJob, fromByte: number, maxBytes: number, options: CallOptions) => Promise<LogPiece>;
  /** False when it has ended. */
  readonly signal: (job: RemoteJob, name: string, options: CallOptions) => Promise<boolean>;
  /** TERM now, KILL after the grace, also when the connection is lost. False when it has ended. */
  readonly stop: (job: RemoteJob, graceMs: number, options: CallOptions) => Promise<boolean>;
}

const UPLOAD = `umask 077; f=$1/bin/$2.sh; [ -f "$f" ] && exit 0
mkdir -p "$1/bin" && cat >"$f.$$" && [ "$(wc -c <"$f.$$")" -eq "$3" ] && mv "$f.$$" "$f"`;

/** Speaks to the supervisors of a pool. `folder`: where they keep their state, from the home directory or absolute. */
export function createRemoteJobs(provider: string, pool: SshPool, folder: string): RemoteJobs {
  const uploaded = new Set<string>();

  const upload = async (nodeId: string, options: CallOptions): Promise<void> => {
    const argv = ['sh', '-c', UPLOAD, 'sh', folder, SUPERVISOR_HASH, String(Buffer.byteLength(SUPERVISOR))];
    const { exitCode, stderr } = await pool.run(nodeId, argv, { ...options, stdin: SUPERVISOR });
    if (exitCode === 0) return;
    const message = `cannot put the supervisor into '${folder}' on '${nodeId}': ${stderr.trim()}`;
    throw new ProviderError(provider, 'unavailable', message, { isAmbiguous: false });
  };

  const call = async (nodeId: string, words: readonly string[], options: RunOptions): Promise<CommandResult> => {
    const { signal } = options;
    for (let attempt = 1; ; attempt++) {
      // Several callers may upload at the same time: each under a name of its own, and the last move changes nothing.
      if (!uploaded.has(nodeId)) {
        await lookOnly(upload(nodeId, { ...(signal && { signal }) }));
        uploaded.add(nodeId);
      }
      const result = await pool.run(nodeId, ['sh', `${folder}/bin/${SUPERVISOR_HASH}.sh`, folder, ...words], options);
      // The shell did not find its program: the machine was set up anew since.
      const isMissing = result.stdout.length === 0 && (result.exitCode === 127 || result.exitCode === 2);
      if (!isMissing || attempt > 1) return result;
      uploaded.delete(nodeId);
    }
  };
  const ask = async (nodeId: string, words: readonly string[], options: RunOptions): Promise<string> => {
    const { exitCode, stdout, stderr } = await call(nodeId, words, options);
    if (exitCode === 0) return stdout.toString('utf8');
    throw badResponse(provider, nodeId, `exit ${exitCode ?? 'by a signal'}: ${stderr.trim()}`);
  };

  return {
    start: async (nodeId, { token, job: wanted, placement, command }, options) => {
      const id = hash(token);
      const jobId = wanted.id;
      const { mig } = placement;
      const gpus = placement.gpus.map(({ index, milli }) => `${index}:${milli}`);
      if (mig) gpus.push(`${mig.gpuIndex}/${mig.start}:1000:${mig.profile}`);
      const env = Object.entries(command.env ?? {}).map(([key, value]) => `${key}=${value}`);
      const argv = [...(env.length > 0 ? ['env', ...env] : []), ...command.argv];
      const stdin = [
        Buffer.from(JSON.stringify({ token, jobId, placement })).toString('base64'),
        hash(jobId),
        encodeArgument('folder', command.folder ?? '.'),
        gpus.join(','),
        `${wanted.cpuMilli} ${wanted.memoryMib}`,
        ...argv.map((text, index) => `.${encodeArgument(`argv[${index}]`, text)}`),
        'end',
        '',
      ].join('\n');
      const { exitCode, stdout, stderr } = await call(nodeId, ['start', id], { ...options, stdin });
      const answer = stdout.toString('utf8').trim();
      const refuse = (
        code: 'conflict' | 'invalid-request' | 'no-capacity' | 'unavailable',
        message: string,
      ): ProviderError => new ProviderError(provider, code, message, { isAmbiguous: false });
      if (exitCode === 71) throw refuse('invalid-request', `'${nodeId}' has no ${deviceOf(answer)}`);
      if (exitCode === 72) throw refuse('conflict', `${deviceOf(answer)} of '${nodeId}' is taken, '${jobId}' needs it`);
      if (exitCode === 76)
        throw refuse('no-capacity', `'${nodeId}' has ${answer.slice('short '.length)} left, '${jobId}' needs more`);
      if (exitCode === 73) throw refuse('conflict', `job '${jobId}' runs already under another token`);
      if (exitCode === 75) throw refuse('unavailable', `another start on '${nodeId}' takes too long`);
      const job = exitCode === 0 ? readJob(nodeId, id, answer) : undefined;
      if (job === undefined)
        throw badResponse(provider, nodeId, `exit ${exitCode ?? 'by a signal'}: ${answer} ${stderr.trim()}`, true);
      return job;
    },
    list: async (nodeId, options) => {
      const lines = (await lookOnly(ask(nodeId, ['list', '-'], options))).split('\n');
      const last = lines.indexOf('end');
      const jobs = lines.slice(0, Math.max(0, last)).map((line) => readJob(nodeId, undefined, line));
      if (last < 0 || jobs.includes(undefined)) throw badResponse(provider, nodeId, 'its list of jobs cannot be read');
      return jobs as RemoteJob[];
    },
    readLog: async ({ nodeId, id }, fromByte, maxBytes, options) => {
      const { stdout, exitCode } = await lookOnly(
        call(nodeId, ['log', id, String(fromByte), String(maxBytes)], options),
      );
      const headEnd = stdout.indexOf('\n');
      const [, state, size, length] =
        /^log (\w+) ([0-9]+) ([0-9]+)$/.exec(stdout.subarray(0, headEnd).toString('latin1')) ?? [];
      const bytes = stdout.subarray(headEnd + 1);
      if (exitCode !== 0 || state === undefined || bytes.length !== Number(length)) {
        throw badResponse(provider, nodeId, `its log cannot be read from byte ${fromByte}`);
      }
      return { isEnded: state === 'ended' || state === 'lost', logBytes: Number(size), bytes };
    },
    signal: async ({ nodeId, id }, name, options) =>
      (await ask(nodeId, ['signal', id, name], options)).trim() === 'sent',
    stop: async ({ nodeId, id }, graceMs, options) =>
      (await ask(nodeId, ['stop', id, String(graceMs / 1000)], options)).trim() === 'asked',
  };
}

/** Nothing is changed by looking: however it fails, it is not ambiguous. */
async function lookOnly<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!ProviderError.is(error) || !error.isAmbiguous) throw error;
    const message = error.message.replace(`${error.provider}: `, '');
    const { providerCode, isRetryable } = error;
    throw new ProviderError(error.provider, providerCode, message, { cause: error, isRetryable, isAmbiguous: false });
  }
}

/** Reads `job <state> <started> <asked to stop> <meta> <bytes of log> <exit code, lost or -> [ended]`. */
function readJob(nodeId: string, id: string | undefined, line: string): RemoteJob | undefined {
  const [, state, started, asked, meta, bytes, code, ended] =
    /^job (ready|running|ended) ([0-9]+) (yes|no) ([A-Za-z0-9+/=]+) ([0-9]+) ([0-9]+|lost|-)(?: ([0-9]+))?$/.exec(
      line,
    ) ?? [];
  if (meta === undefined) return undefined;
  const { token, jobId, placement } = JSON.parse(Buffer.from(meta, 'base64').toString('utf8')) as {
    readonly token: string;
    readonly jobId: string;
    readonly placement: Placement;
  };
  const isEnded = state === 'ended';
  const outcome = asked === 'yes' ? 'stopped' : code === '0' ? 'succeeded' : 'failed';
  return {
    token,
    id: id ?? hash(token),
    nodeId,
    jobId,
    placement,
    status: isEnded ? outcome : 'running',
    startedAtMs: Number(started),
    ...(isEnded && { endedAtMs: Number(ended) }),
    logBytes: Number(bytes),
    exitCode: code === undefined || code === '-' || code === 'lost' ? null : Number(code),
  };
}

/** What `absent` or `taken <index>` or `<index>/<start> <profile>` is about. */
function deviceOf(answer: string): string {
  const [, device = '', profile = ''] = answer.split(' ');
  const [index, start] = device.split('/');
  if (start === undefined) return `GPU ${index} that is whole`;
  return `MIG instance${profile && ` ${profile}`} at ${start} of GPU ${index}`;
}

function badResponse(provider: string, nodeId: string, what: string, isAmbiguous = false): ProviderError {
  return new ProviderError(provider, 'bad-response', `'${nodeId}': ${what}`, { isAmbiguous });
}

/** Names that are safe as file names, whatever the caller's ids hold. */
function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}
