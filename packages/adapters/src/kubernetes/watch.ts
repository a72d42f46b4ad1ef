import { ProviderError } from '../contract/provider-error.ts';
import { errorOf, statusOf } from './error.ts';
import { isRecord, jsonOf } from './json.ts';
import type { KubeObject } from './objects.ts';

/** Which events, and from when. */
export interface WatchOptions {
  /** Version after which events are wanted; of a list, an event or a bookmark. @defaultValue any: the present, then changes */
  readonly resourceVersion?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** The server ends the stream after this many seconds, whole, >= 1. @defaultValue as it likes: 30 to 60 minutes */
  readonly timeoutSeconds?: number;
  /** Called when the server has begun to answer, which may be long before the first event. */
  readonly onOpen?: () => void;
}

/** What happened to an object; of a bookmark, only the version counts. */
export interface KubeWatchEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Reads the lines of a watch. Leaving the loop ends the request. */
export async function* readEvents<T extends KubeObject>(
  provider: string,
  path: string,
  begin: (query: Query, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>,
  { onOpen, ...options }: WatchOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<KubeWatchEvent<T>, void, undefined> {
  const stop = new AbortController();
  const abort = (): void => {
    stop.abort();
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const chunks = await begin({ ...options, watch: true, allowWatchBookmarks: true }, stop.signal);
    onOpen?.();
    for await (const line of linesOf(chunks)) {
      if (line !== '') yield eventOf<T>(provider, path, line);
    }
    signal?.throwIfAborted();
  } catch (error) {
    if (ProviderError.is(error)) throw error;
    const [code, text] = signal?.aborted
      ? (['aborted', 'was watched, then aborted'] as const)
      : (['unavailable', 'was watched, and the connection lost'] as const);
    throw new ProviderError(provider, code, `GET ${path} ${text}`, { isAmbiguous: false, cause: error });
  } finally {
    signal?.removeEventListener('abort', abort);
    stop.abort();
  }
}

function eventOf<T extends KubeObject>(provider: string, path: string, line: string): KubeWatchEvent<T> {
  const event = jsonOf(line);
  const bad = (text: string): ProviderError =>
    new ProviderError(provider, 'bad-response', `GET ${path} ${text}`, { isAmbiguous: false });
  if (!isRecord(event)) throw bad('was watched and sent what is no event');
  const { type, object } = event;
  if (type === 'ERROR') {
    const status = statusOf(object)?.code ?? 500;
    throw errorOf(provider, `GET ${path} was watched and`, false, { status, header: () => null }, object, 0);
  }
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED' && type !== 'BOOKMARK') {
    throw bad(`was watched and sent an event of type ${JSON.stringify(type)}`);
  }
  if (!isRecord(object) || !isRecord(object['metadata'])) throw bad('was watched and sent an event of no object');
  return { type, object: object as unknown as T };
}

/** Lines of UTF-8, whole, however they are cut. A last line without an end is a connection that was lost in it. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  for await (const chunk of chunks) {
    const pieces = decoder.decode(chunk, { stream: true }).split('\n');
    for (const [index, piece] of pieces.entries()) {
      parts.push(piece);
      if (index === pieces.length - 1) break;
      yield parts.join('');
      parts = [];
    }
  }
  if (parts.join('').trim() !== '') throw new Error('the stream ended within a line');
}
