import { checkNumber, InvalidInputError, type Job, type Placement } from '@spillway/core';
import { checkJob } from '@spillway/core/fleet';

import { defineRuntime } from '../contract/define.ts';
import { ProviderError } from '../contract/provider-error.ts';
import { refuseLate } from '../contract/refuse-late.ts';
import type { CallOptions, RuntimeJob, WorkloadRuntime } from '../contract/types.ts';
import { backoffMs } from './backoff.ts';
import { cutAtLine } from './cut-at-line.ts';
import type { SshPool } from './pool.ts';
import { createRemoteJobs, type RemoteJob, type SshCommand } from './remote-jobs.ts';

/** What a runtime on machines reached by SSH needs. */
export interface SshRuntimeOptions<Name extends string = string> {
  readonly pool: SshPool;
  /** What to run for a job. Called once a start. */
  readonly commandOf: (job: Job, placement: Placement) => SshCommand;
  /** @defaultValue 'ssh-runtime' */
  readonly name?: Name;
  /** Where the state of jobs and their logs are kept on each machine, absolute or from the home directory. @defaultValue '.spillway' */
  readonly stateFolder?: string;
  /** Between TERM and KILL in `stop`, ms, >= 0. @defaultValue 30_000 */
  readonly stopGraceMs?: number;
  /** What `checkpoint` sends to the program. @defaultValue 'USR1' */
  readonly checkpointSignal?: 'HUP' | 'INT' | 'TERM' | 'USR1' | 'USR2';
}

/** Whole lines of a log. The last piece of a log that has ended, and lines of more than 256 KiB, may be parts of lines. */
export interface SshLogChunk {
  readonly text: string;
  /** Bytes of the log before and at the end of this piece: go on with `fromByte: toByte`. */
  readonly fromByte: number;
  readonly toByte: number;
}

/** A runtime whose jobs run on machines reached by SSH, and go on when nobody is connected. */
export interface SshRuntime<Name extends string = string> extends WorkloadRuntime<Name> {
  /**
   * Output of the last start of a job, standard output and error in the order written, until it has ended. Goes on after
   * a lost connection with the byte after the last one given.
   *
   * @throws ProviderError `not-found` for an unknown job.
   */
  readonly logs: (jobId: string, options?: CallOptions & { readonly fromByte?: number }) => AsyncIterable<SshLogChunk>;
  /** Tells the program of a job to save its state. @returns false when it does not run any more. */
  readonly checkpoint: (jobId: string, options?: CallOptions) => Promise<boolean>;
}

const MAX_PIECE_BYTES = 256 * 1024;
const LOG_TRIES = 8;
const POLL = { firstMs: 100, maxMs: 2_000 };

/**
 * Creates a runtime on the machines of a pool.
 *
 * Each job has a keeper on its machine, in a session of its own: it starts the program with the GPUs or the MIG instance of
 * its placement (`CUDA_VISIBLE_DEVICES` by UUID), writes its output to a file, waits for it and writes down how it ended. Nothing is
 * remembered here, so a new process knows every job of the one before (`list`) and a token of an earlier start returns
 * that start.
 *
 * - `start` refuses, under a lock on the machine: a GPU share or MIG instance that is taken, and a job that runs already,
 *   with `conflict`; a job whose processors or main memory are not left by the others, with `no-capacity`; a GPU or instance
 *   that is not there, a whole GPU that is cut into instances, and an instance that is cut into several compute instances, with
 *   `invalid-request`. Nothing keeps a job from using more than it asked for. A machine other than the one placed on that
 *   does not answer is not asked whether the job runs there.
 * - `list` tells of a machine that does not answer what was last seen; it rejects when that machine was never seen.
 * - A job whose keeper and program are both gone without a word (the machine restarted) has failed.
 *
 * @returns a {@link SshRuntime}. `start` and `stop` take a command a machine, `list` one each.
 * @throws InvalidInputError when a time or folder is not valid.
 *
 * @example
 * ```ts
 * const runtime = sshRuntime({ pool, commandOf: (job) => ({ argv: ['python3', 'train.py', job.id] }) });
 * await runtime.start({ token: 'start-1', job, placement });
 * for await (const { text } of runtime.logs(job.id)) process.stdout.write(text);
 * ```
 */
export function sshRuntime<const Name extends string = 'ssh-runtime'>(
  options: SshRuntimeOptions<Name>,
): SshRuntime<Name> {
  const { pool, commandOf, name = 'ssh-runtime' as Name, stateFolder = '.spillway', stopGraceMs = 30_000 } = options;
  const { checkpointSignal = 'USR1' } = options;
  checkNumber('stopGraceMs', stopGraceMs, { min: 0, isWhole: true });
  if (stateFolder === '' || stateFolder.startsWith('-')) {
    throw new InvalidInputError('stateFolder', 'must be a path that does not start with -', stateFolder);
  }
  const { clock } = pool;
  const remote = createRemoteJobs(name, pool, stateFolder);
  const lastSeen = new Map<string, readonly RemoteJob[]>();
  const pause = async (attempt: number, { signal }: CallOptions): Promise<void> => {
    try {
      await clock.sleep(backoffMs(POLL, attempt, 0), signal && { signal });
    } catch (cause) {
      throw new ProviderError(name, 'aborted', 'the call was given up', { cause });
    }
  };

  const listHost = async (nodeId: string, callOptions: CallOptions): Promise<readonly RemoteJob[]> => {
    const jobs = await remote.list(nodeId, callOptions);
    lastSeen.set(nodeId, jobs);
    return jobs;
  };

  /** Every start on every machine, in order of time; what was last seen stands for machines that do not answer. */
  const listAll = async (
    callOptions: CallOptions,
    isNeeded: (nodeId: string) => boolean,
  ): Promise<readonly RemoteJob[]> => {
    const lists = await Promise.all(
      pool.hosts.map(async ({ id }) => {
        try {
          return await listHost(id, callOptions);
        } catch (error) {
          const seen = lastSeen.get(id);
          if (callOptions.signal?.aborted === true || (seen === undefined && isNeeded(id))) throw error;
          return seen ?? [];
        }
      }),
    );
    return lists.flat().sort((x, y) => x.startedAtMs - y.startedAtMs || (x.id < y.id ? -1 : 1));
  };
  const find = async (jobId: string, callOptions: CallOptions): Promise<RemoteJob | undefined> =>
    (await listAll(callOptions, () => true)).findLast((job) => job.jobId === jobId);

  const start = async (
    token: string,
    job: Job,
    placement: Placement,
    callOptions: CallOptions,
  ): Promise<RuntimeJob> => {
    const { nodeId } = placement;
    const command = checkStart(name, token, job, placement, commandOf);
    if (!pool.hosts.some(({ id }) => id === nodeId)) {
      throw new ProviderError(name, 'not-found', `there is no node '${nodeId}'`);
    }
    const elsewhere = pool.hosts.length === 1 ? [] : await listAll(callOptions, (id) => id === nodeId);
    const known =
      elsewhere.find((one) => one.token === token) ??
      elsewhere.find((one) => one.jobId === job.id && one.status === 'running');
    if (known !== undefined && known.token !== token) {
      throw new ProviderError(
        name,
        'conflict',
        `job '${job.id}' runs already under another token on '${known.nodeId}'`,
      );
    }
    const request = { token, job, placement, command };
    const started = known ?? (await remote.start(nodeId, request, callOptions));
    if (started.jobId === job.id) return runtimeJob(started);
    throw new ProviderError(name, 'conflict', `token '${token}' was used for job '${started.jobId}', not '${job.id}'`);
  };

  const stop = async (jobId: string, callOptions: CallOptions): Promise<void> => {
    const job = await find(jobId, callOptions);
    if (job?.status !== 'running') return;
    if (!(await remote.stop(job, stopGraceMs, callOptions))) return;
    const giveUpAtMs = clock.nowMs() + stopGraceMs + 15_000;
    for (let attempt = 1; clock.nowMs() < giveUpAtMs; attempt++) {
      const now = (await listHost(job.nodeId, callOptions)).find(({ id }) => id === job.id);
      if (now?.status !== 'running') return;
      await pause(attempt, callOptions);
    }
    throw new ProviderError(name, 'timeout', `job '${jobId}' on '${job.nodeId}' is still there after KILL`);
  };

  async function* logs(
    jobId: string,
    logOptions: CallOptions & { readonly fromByte?: number } = {},
  ): AsyncGenerator<SshLogChunk> {
    const { fromByte = 0, ...callOptions } = logOptions;
    checkNumber('fromByte', fromByte, { min: 0, isWhole: true });
    let job: RemoteJob | undefined;
    let at = fromByte;
    let idle = 0;
    let failures = 0;
    for (;;) {
      let piece;
      try {
        job ??= await find(jobId, callOptions);
        if (job === undefined) throw new ProviderError(name, 'not-found', `there is no job '${jobId}'`);
        piece = await remote.readLog(job, at, MAX_PIECE_BYTES, callOptions);
        failures = 0;
      } catch (error) {
        if (!ProviderError.is(error) || !error.isRetryable || ++failures >= LOG_TRIES) throw error;
        await pause(failures, callOptions);
        continue;
      }
      const isAll = piece.isEnded && at + piece.bytes.length === piece.logBytes;
      const length = isAll ? piece.bytes.length : cutAtLine(piece.bytes, MAX_PIECE_BYTES);
      if (length > 0) {
        const fromHere = at;
        at += length;
        idle = 0;
        yield { text: piece.bytes.subarray(0, length).toString('utf8'), fromByte: fromHere, toByte: at };
      }
      if (isAll) return;
      if (length === 0) await pause(++idle, callOptions);
    }
  }

  return defineRuntime({
    name,
    specVersion: 1,
    start: async (request, callOptions = {}) => {
      // Copied now: what the caller does to its objects meanwhile must not be seen.
      const { token, job, placement } = structuredClone(request);
      refuseLate(name, clock, 'start', callOptions);
      return await start(token, job, placement, callOptions);
    },
    stop: async (jobId, callOptions = {}) => {
      refuseLate(name, clock, 'stop', callOptions);
      await stop(jobId, callOptions);
    },
    list: async (callOptions = {}) => {
      refuseLate(name, clock, 'list', callOptions);
      const last = new Map<string, RemoteJob>();
      for (const job of await listAll(callOptions, () => true)) {
        last.delete(job.jobId);
        last.set(job.jobId, job);
      }
      return [...last.values()].map(runtimeJob);
    },
    logs,
    checkpoint: async (jobId, callOptions = {}) => {
      const job = await find(jobId, callOptions);
      return job?.status === 'running' && (await remote.signal(job, checkpointSignal, callOptions));
    },
  } satisfies SshRuntime<Name>);
}

/** Checks all that can be checked before anything is sent. @throws ProviderError `invalid-request` */
function checkStart(
  provider: string,
  token: string,
  job: Job,
  placement: Placement,
  commandOf: SshRuntimeOptions['commandOf'],
): SshCommand {
  const invalid = (message: string, cause?: unknown): ProviderError =>
    new ProviderError(provider, 'invalid-request', message, { cause });
  if (token === '') throw invalid('token must not be empty');
  try {
    checkJob(job);
  } catch (cause) {
    throw invalid((cause as Error).message, cause);
  }
  const of = `placement of '${job.id}'`;
  if (placement.jobId !== job.id) throw invalid(`${of} names job '${placement.jobId}'`);
  const { mig } = placement;
  if (mig?.profile !== job.migProfile) throw invalid(`${of} does not give the MIG profile asked for`);
  if (mig !== undefined) {
    checkGpu(mig.gpuIndex, 0, Infinity, invalid, `${of}: mig.gpuIndex`);
    checkGpu(mig.start, 0, Infinity, invalid, `${of}: mig.start`);
    // Travels as a word.
    if (!/^[A-Za-z0-9.+-]+$/.test(mig.profile)) throw invalid(`${of}: '${mig.profile}' is no MIG profile`);
  }
  const gpuCount = mig === undefined ? job.gpuCount : 0;
  if (placement.gpus.length !== gpuCount) throw invalid(`${of} gives ${placement.gpus.length} of ${gpuCount} GPUs`);
  const indices = new Set<number>();
  for (const { index, milli } of placement.gpus) {
    checkGpu(index, 0, Infinity, invalid, `${of}: index`);
    checkGpu(milli, 1, 1000, invalid, `${of}: milli`);
    if (indices.has(index)) throw invalid(`${of} names a GPU twice`);
    indices.add(index);
    if (milli !== (job.gpuMilli ?? 1000)) throw invalid(`${of} gives ${milli} milli-GPU on GPU ${index}`);
  }
  const { argv, env = {}, folder, ...rest } = commandOf(job, placement);
  const wrongName = Object.keys(env).find((key) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(key));
  if (wrongName !== undefined) throw invalid(`'${wrongName}' is no name of an environment variable`);
  const program = argv[0];
  if (program === undefined || program === '' || program.includes('=') || program.startsWith('-')) {
    throw invalid('argv must start with a program, without = and a leading -');
  }
  return { argv, env, ...(folder !== undefined && { folder }), ...rest };
}

function checkGpu(
  value: number,
  min: number,
  max: number,
  invalid: (message: string) => ProviderError,
  what: string,
): void {
  if (!Number.isSafeInteger(value) || value < min || value > max)
    throw invalid(`${what} must be a whole number from ${min}`);
}

/** What the contract tells of a start. */
function runtimeJob({ jobId, placement, status, startedAtMs, endedAtMs }: RemoteJob): RuntimeJob {
  return { jobId, placement, status, startedAtMs, ...(endedAtMs !== undefined && { endedAtMs }) };
}
