import { ProviderError } from '../contract/provider-error.ts';
import type { CallOptions } from '../contract/types.ts';
import type { KubeApi } from './api.ts';
import { KubeError } from './error.ts';
import type { KubePod } from './objects.ts';

/** Lines of a log. */
export interface KubernetesLogChunk {
  readonly text: string;
  /** Where it ends: go on with `after: cursor`. */
  readonly cursor: string;
}

/** What a log is followed with. */
export interface LogFollowing {
  readonly api: KubeApi;
  readonly podsPath: string;
  readonly after: string | undefined;
  readonly call: CallOptions;
  readonly pause: () => Promise<void>;
  /** The pod that writes, and whether it has ended. */
  readonly find: () => Promise<{ readonly pod: KubePod | undefined; readonly isEnded: boolean }>;
}

/** The last line given: when it was written, and how many lines of that instant were given. */
interface Position {
  readonly at: bigint;
  readonly count: number;
}

const MAX_BYTES = 4 * 1024 * 1024;
const TRIES = 8;

/**
 * Reads a log piece by piece, as the server does not say when a stream of it has died. The server only takes whole seconds to go
 * on from: lines of that second that were given are left out by their time stamps, of nanoseconds, and by number where those
 * are the same.
 */
export async function* followLog(following: LogFollowing): AsyncGenerator<KubernetesLogChunk> {
  const { api, podsPath, call, pause, find } = following;
  let position = following.after === undefined ? undefined : parseCursor(api.name, following.after);
  for (let failures = 0; ;) {
    let isLast: boolean;
    let lines: readonly Line[] = [];
    let isCut = false;
    try {
      const { pod, isEnded } = await find();
      isLast = isEnded || (pod?.status?.phase !== undefined && ['Succeeded', 'Failed'].includes(pod.status.phase));
      if (pod !== undefined) {
        const text = await read(api, `${podsPath}/${pod.metadata.name}/log`, position, call);
        isCut = Buffer.byteLength(text) >= MAX_BYTES;
        lines = linesOf(text, isCut || !isLast);
      }
      failures = 0;
    } catch (error) {
      if (!ProviderError.is(error) || !error.isRetryable || ++failures >= TRIES) throw error;
      await pause();
      continue;
    }
    const { fresh, next } = skip(lines, position);
    if (next !== undefined && fresh.length > 0) {
      position = next;
      yield { text: fresh.map(({ text }) => text).join(''), cursor: `${next.at}.${next.count}` };
    }
    if (isCut && fresh.length === 0)
      throw new ProviderError(api.name, 'bad-response', `more than ${MAX_BYTES} bytes of log in one second`);
    if (isCut) continue;
    if (isLast) return;
    await pause();
  }
}

async function read(api: KubeApi, path: string, position: Position | undefined, call: CallOptions): Promise<string> {
  const since = position && new Date(Number(position.at / 1_000_000n)).toISOString().replace(/\.\d+Z$/, 'Z');
  const query = { timestamps: true, limitBytes: MAX_BYTES, ...(since !== undefined && { sinceTime: since }) };
  try {
    return await api.request({ method: 'GET', path, query }, call);
  } catch (error) {
    // It has not begun to write, or is gone.
    if (KubeError.is(error) && (error.status === 400 || error.status === 404)) return '';
    throw error;
  }
}

interface Line {
  readonly at: bigint;
  readonly text: string;
}

/** Lines with their time in ns; one without an end is left for the next time. Lines without a time are of the line before. */
function linesOf(text: string, isMoreToCome: boolean): readonly Line[] {
  const lines: Line[] = [];
  for (const [line] of text.matchAll(/[^\n]*\n|[^\n]+$/g)) {
    if (isMoreToCome && !line.endsWith('\n')) break;
    const [, seconds, fraction = '', zone, rest = ''] =
      /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?([^]*)$/.exec(line) ?? [];
    const ms = Date.parse(`${seconds ?? ''}${zone ?? ''}`);
    const at = seconds === undefined || Number.isNaN(ms) ? (lines.at(-1)?.at ?? 0n) : undefined;
    lines.push(
      at === undefined
        ? { at: BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0')), text: rest }
        : { at, text: line },
    );
  }
  return lines;
}

/** Leaves out what was given, and says where the rest ends. */
function skip(lines: readonly Line[], position: Position | undefined) {
  let seen = 0;
  const fresh = lines.filter(
    ({ at }) => position === undefined || at > position.at || (at === position.at && ++seen > position.count),
  );
  const at = fresh.at(-1)?.at;
  if (at === undefined) return { fresh, next: position };
  const given = position?.at === at ? position.count : 0;
  return { fresh, next: { at, count: given + fresh.filter((line) => line.at === at).length } };
}

function parseCursor(provider: string, cursor: string): Position {
  const [, at, count] = /^(\d{1,19})\.(\d{1,9})$/.exec(cursor) ?? [];
  if (at === undefined) throw new ProviderError(provider, 'invalid-request', `'${cursor}' is no cursor of a log`);
  return { at: BigInt(at), count: Number(count) };
}
