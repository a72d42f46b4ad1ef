import { ProviderError } from '../contract/provider-error.ts';
import { KubeError } from './error.ts';
import { isRecord } from './json.ts';
import type { KubeList, KubeObject } from './objects.ts';

/** Which objects, and how many at a time. */
export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects in one page, whole, >= 1. @defaultValue 500 */
  readonly limit?: number;
  /** `'0'`: what the server has in its memory, which may be old, and in one piece. @defaultValue the latest */
  readonly resourceVersion?: string;
}

type Query = Readonly<Record<string, string | number | undefined>>;

/**
 * Reads a list to its end. All pages are of one version; when that is compacted between two of them the list is read anew, in
 * one piece, as client-go does.
 */
export async function listAll<T extends KubeObject>(
  provider: string,
  ask: (query: Query) => Promise<unknown>,
  path: string,
  { limit = 500, ...options }: ListOptions = {},
): Promise<KubeList<T>> {
  const bad = (text: string): ProviderError =>
    new ProviderError(provider, 'bad-response', `GET ${path} ${text}`, { isAmbiguous: false });
  const read = async (query: Query) => {
    const page = await ask({ ...options, ...query });
    const { metadata, items } = isRecord(page) ? page : {};
    // A list of nothing is written as null by some.
    if (!isRecord(metadata) || !(items === null || Array.isArray(items))) throw bad('answered with no list');
    const { resourceVersion, continue: next } = metadata;
    if (typeof resourceVersion !== 'string') throw bad('answered with a list of no version');
    const objects: unknown[] = items ?? [];
    if (!objects.every((item) => isRecord(item) && isRecord(item['metadata']))) throw bad('lists what is no object');
    return { resourceVersion, items: objects as T[], next: typeof next === 'string' && next !== '' ? next : undefined };
  };

  const first = await read({ limit });
  const items = first.items;
  const seen = new Set<string>();
  for (let { next } = first; next !== undefined;) {
    if (seen.has(next)) throw bad('gives a page again');
    seen.add(next);
    try {
      // The token holds the version; a version beside it is refused.
      const page = await read({ limit, continue: next, resourceVersion: undefined });
      for (const item of page.items) items.push(item);
      next = page.next;
    } catch (error) {
      if (!KubeError.is(error) || error.status !== 410) throw error;
      return await read({});
    }
  }
  return { items, resourceVersion: first.resourceVersion };
}
