import type { IncomingMessage } from 'node:http';

import { matches, Refusal, type Place, type Stored } from './kube-store.ts';

/** What a request asked. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly contentType: string;
}

export async function receive(request: IncomingMessage): Promise<Asked> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) text += part as string;
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  return {
    method: request.method ?? '',
    path: pathname,
    query: searchParams,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
    contentType: request.headers['content-type'] ?? '',
  };
}

export function parsePath(path: string): { place: Place; name: string | undefined; subresource: string | undefined } {
  const [, root, namespace, rest] =
    /^(\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+)(?=\/.))?\/(.+)$/.exec(path) ?? [];
  if (root === undefined || rest === undefined)
    throw new Refusal(404, 'NotFound', 'the server could not find the requested resource');
  const [resource, name, subresource] = rest.split('/');
  return { place: { collection: `${root}/${resource}`, namespace }, name, subresource };
}

/** A subresource changes nothing but itself, and the object nothing of it. */
export function keepOthers(present: Stored, next: Stored, subresource: string | undefined): Stored {
  if (subresource === 'status')
    return { ...present, metadata: { ...present.metadata, ...pick(next.metadata) }, status: next['status'] };
  return { ...next, metadata: { ...next.metadata, creationTimestamp: present.metadata['creationTimestamp'] } };
}

function pick({ resourceVersion, uid }: Partial<Stored['metadata']>): Partial<Stored['metadata']> {
  return { ...(resourceVersion !== undefined && { resourceVersion }), ...(uid !== undefined && { uid }) };
}

export function isWanted(object: Stored, query: URLSearchParams): boolean {
  const labels = (object.metadata['labels'] ?? {}) as Record<string, string>;
  const field = (path: string): string | undefined =>
    path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object) as
      string | undefined;
  return (
    matches(query.get('labelSelector') ?? undefined, (key) => labels[key]) &&
    matches(query.get('fieldSelector') ?? undefined, (path) => field(path) ?? '')
  );
}

export function statusBody({ code, reason, message, details }: Refusal): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, details, code };
}
