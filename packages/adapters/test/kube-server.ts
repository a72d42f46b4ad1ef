import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { KubeConfigLike } from '@spillway/adapters/kubernetes';

import { isWanted, keepOthers, parsePath, receive, statusBody, type Asked } from './kube-requests.ts';
import { jsonPatch, KubeStore, mergePatch, Refusal, type Change, type Place, type Stored } from './kube-store.ts';

/** What becomes of a request instead of an answer. */
type KubeFault =
  /** It never arrives, and the connection stays open. */
  | { readonly kind: 'hang' }
  /** It takes effect, and the connection breaks before the answer. */
  | { readonly kind: 'lose-reply' }
  /** It takes no effect, and the connection breaks. */
  | { readonly kind: 'reset' }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Record<string, string>;
    };

/** A small API server in this process that keeps the protocol: versions, pages, watches, conflicts. */
export interface KubeServer {
  readonly url: string;
  readonly token: string;
  /** For `kubeTransport`. */
  readonly kubeConfig: KubeConfigLike;
  readonly store: KubeStore;
  /** Every request so far. */
  readonly asked: Asked[];
  /** Puts an object there: `put('/api/v1/nodes', node)`; `put('/api/v1/pods', pod)` into the namespace of its metadata. */
  readonly put: (collection: string, object: object) => Stored;
  readonly remove: (collection: string, name: string, namespace?: string) => void;
  /** Decides what becomes of requests, until replaced; `undefined` answers. */
  fault: ((asked: Asked) => KubeFault | undefined) | undefined;
  /** Pods, by name, whose eviction a budget forbids. */
  readonly protectedPods: Set<string>;
  /** How a version that is too old is told to a watch. */
  goneAs: 'status' | 'event';
  /** Breaks the connections of all watches. */
  readonly disconnect: () => void;
  /** Watches stay open from now on, and say nothing more: half-open sockets. New watches speak. */
  readonly silence: () => void;
  readonly openWatches: () => number;
  readonly sendBookmarks: () => void;
  readonly stop: () => Promise<void>;
}

interface Watch {
  readonly response: ServerResponse;
  readonly bookmark: () => void;
  isSilent: boolean;
}

/** Starts one on loopback, empty. */
export async function kubeServer({ bookmarkMs = 60_000 } = {}): Promise<KubeServer> {
  const token = 's3cret-token';
  const store = new KubeStore();
  const watches = new Set<Watch>();
  const asked: Asked[] = [];

  const answer = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

  const serve = (request: Asked, response: ServerResponse, isAllowed: boolean): void => {
    try {
      if (!isAllowed) throw new Refusal(401, 'Unauthorized', 'Unauthorized');
      if (store.offers(request.path)) {
        answer(response, 200, { kind: 'APIResourceList', resources: [] });
        return;
      }
      const { place, name, subresource } = parsePath(request.path);
      if (request.method === 'GET' && name === undefined && ['true', '1'].includes(request.query.get('watch') ?? '')) {
        watch(place, request, response);
      } else {
        const [status, body] = handle(request, place, name, subresource);
        answer(response, status, body);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer(response, error.code, statusBody(error), error.headers);
    }
  };

  const handle = (
    request: Asked,
    place: Place,
    name: string | undefined,
    subresource: string | undefined,
  ): [number, unknown] => {
    const { method, query, contentType } = request;
    const body = request.body as Stored;
    if (name === undefined) {
      if (method === 'GET') return [200, list(place, query)];
      if (method === 'POST') return [201, store.create(place, body)];
      throw new Refusal(405, 'MethodNotAllowed', 'the server does not allow this method');
    }
    if (method === 'POST' && subresource === 'eviction') return evict(place, name, body);
    if (method === 'POST' && subresource === 'binding') {
      store.change(place, name, (pod) => {
        const spec = pod['spec'] as { nodeName?: string } | undefined;
        if (spec?.nodeName) throw new Refusal(409, 'Conflict', `pod ${name} is already assigned to node`);
        return { ...pod, spec: { ...spec, nodeName: (body['target'] as { name: string }).name } };
      });
      return [201, { kind: 'Status', status: 'Success', code: 201 }];
    }
    switch (method) {
      case 'GET':
        return [200, store.get(place, name)];
      case 'PUT':
        return [200, store.change(place, name, (present) => keepOthers(present, body, subresource))];
      case 'PATCH': {
        const isApply = contentType === 'application/apply-patch+yaml';
        if (isApply && !query.get('fieldManager')) throw new Refusal(422, 'Invalid', 'fieldManager is required');
        if (isApply && !store.list(place).some(({ metadata }) => metadata.name === name)) {
          return [201, store.create(place, body)];
        }
        const edit = (present: Stored): Stored =>
          contentType === 'application/json-patch+json'
            ? jsonPatch(present, request.body as { op: string; path: string }[])
            : (mergePatch(present, body) as Stored);
        return [200, store.change(place, name, (present) => keepOthers(present, edit(present), subresource))];
      }
      case 'DELETE': {
        const wanted = (body as { preconditions?: { uid?: string; resourceVersion?: string } } | undefined)
          ?.preconditions;
        const { metadata } = store.get(place, name);
        if (
          (wanted?.uid ?? metadata.uid) !== metadata.uid ||
          (wanted?.resourceVersion ?? metadata.resourceVersion) !== metadata.resourceVersion
        ) {
          throw new Refusal(409, 'Conflict', 'Precondition failed');
        }
        return [200, store.remove(place, name)];
      }
      default:
        throw new Refusal(405, 'MethodNotAllowed', 'the server does not allow this method');
    }
  };

  const evict = (place: Place, name: string, body: Stored): [number, unknown] => {
    const pod = store.get(place, name);
    const { deleteOptions } = body as { deleteOptions?: { dryRun?: string[]; preconditions?: { uid?: string } } };
    if ((deleteOptions?.preconditions?.uid ?? pod.metadata.uid) !== pod.metadata.uid) {
      throw new Refusal(409, 'Conflict', 'Precondition failed: UID in precondition');
    }
    if (server.protectedPods.has(name)) {
      const cause = {
        reason: 'DisruptionBudget',
        message: 'The disruption budget web needs 2 healthy pods and has 2 currently',
      };
      const message = "Cannot evict pod as it would violate the pod's disruption budget.";
      throw new Refusal(429, 'TooManyRequests', message, { causes: [cause] });
    }
    if (!deleteOptions?.dryRun?.length) store.remove(place, name);
    return [201, { kind: 'Status', status: 'Success', code: 201 }];
  };

  const list = (place: Place, query: URLSearchParams): unknown => {
    const limit = Number(query.get('limit') ?? 0);
    const token = query.get('continue');
    if (token && query.get('resourceVersion'))
      throw new Refusal(400, 'BadRequest', 'specifying resource version is not allowed when using continue');
    const { version, from } = token
      ? (JSON.parse(Buffer.from(token, 'base64').toString()) as { version: number; from: number })
      : { version: store.version, from: 0 };
    const all = store.list(place, token ? version : undefined).filter((object) => isWanted(object, query));
    if (limit === 0 || from + limit >= all.length) {
      return { kind: 'List', metadata: { resourceVersion: String(version) }, items: all.slice(from) };
    }
    store.hold();
    const next = Buffer.from(JSON.stringify({ version, from: from + limit })).toString('base64');
    const metadata = {
      resourceVersion: String(version),
      continue: next,
      remainingItemCount: all.length - from - limit,
    };
    return { kind: 'List', metadata, items: all.slice(from, from + limit) };
  };

  const watch = (place: Place, { query }: Asked, response: ServerResponse): void => {
    const wanted = query.get('resourceVersion') ?? '';
    const isFromNow = wanted === '' || wanted === '0';
    const isGone = !isFromNow && Number(wanted) < store.oldest;
    const gone = new Refusal(410, 'Expired', `too old resource version: ${wanted} (${store.oldest})`);
    if (isGone && server.goneAs === 'status') throw gone;
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    const send = (type: string, object: unknown): void => {
      if (!entry.isSilent) response.write(`${JSON.stringify({ type, object })}\n`);
    };
    const bookmark = (): void => {
      if (query.get('allowWatchBookmarks') === 'true')
        send('BOOKMARK', { metadata: { resourceVersion: String(store.version) } });
    };
    const entry: Watch = { response, bookmark, isSilent: false };
    if (isGone) {
      send('ERROR', statusBody(gone));
      response.end();
      return;
    }
    const tell = ({ collection, before, after }: Change): void => {
      if (collection !== place.collection) return;
      const [was, is] = [before, after].map(
        (object) =>
          object &&
          (place.namespace ?? object.metadata.namespace) === object.metadata.namespace &&
          isWanted(object, query),
      );
      if (is) send(was ? 'MODIFIED' : 'ADDED', after);
      else if (was)
        send(
          'DELETED',
          after
            ? { ...before, metadata: { ...before!.metadata, resourceVersion: after.metadata.resourceVersion } }
            : before,
        );
    };
    if (isFromNow) for (const object of store.list(place)) if (isWanted(object, query)) send('ADDED', object);
    if (!isFromNow) for (const change of store.log) if (change.version > Number(wanted)) tell(change);
    const leave = store.listen(tell);
    const seconds = Number(query.get('timeoutSeconds') ?? 0);
    const timers = [
      setInterval(bookmark, bookmarkMs),
      ...(seconds > 0 ? [setTimeout(() => response.end(), seconds * 1000)] : []),
    ];
    watches.add(entry);
    response.once('close', () => {
      watches.delete(entry);
      leave();
      for (const timer of timers) clearTimeout(timer);
    });
  };

  const http = createServer((request, response) => {
    void receive(request)
      .then((what) => {
        asked.push(what);
        const fault = server.fault?.(what);
        if (fault?.kind === 'hang') return;
        if (fault?.kind === 'reset') request.socket.destroy();
        else if (fault?.kind === 'answer') response.writeHead(fault.status, fault.headers).end(fault.body);
        else {
          if (fault?.kind === 'lose-reply') response.end = () => (request.socket.destroy(), response);
          serve(what, response, request.headers.authorization === `Bearer ${token}`);
        }
      })
      .catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  const server: KubeServer = {
    url,
    token,
    kubeConfig: configOf(url, token),
    store,
    asked,
    put: (collection, object) => {
      const stored = structuredClone(object) as Stored;
      const { name, namespace } = stored.metadata;
      const place = { collection, namespace };
      const exists = store.list(place).some(({ metadata }) => metadata.name === name);
      if (!exists) return store.create(place, stored);
      return store.change(place, name, ({ metadata }) => ({
        ...stored,
        metadata: { ...stored.metadata, ...identityOf(metadata) },
      }));
    },
    remove: (collection, name, namespace) => void store.remove({ collection, namespace }, name),
    fault: undefined,
    protectedPods: new Set(),
    goneAs: 'event',
    disconnect: () => {
      for (const { response } of watches) response.destroy();
    },
    silence: () => {
      for (const entry of watches) entry.isSilent = true;
    },
    openWatches: () => watches.size,
    sendBookmarks: () => {
      for (const { bookmark } of watches) bookmark();
    },
    stop: () =>
      new Promise((resolve) => {
        http.close(() => {
          resolve();
        });
        http.closeAllConnections();
      }),
  };
  return server;
}

/** What the server gives, and keeps. */
function identityOf(metadata: Stored['metadata']): object {
  const { uid, resourceVersion, creationTimestamp } = metadata;
  return { uid, resourceVersion, creationTimestamp };
}

/** A configuration that sends a token to one server. */
export function configOf(url: string, token: string): KubeConfigLike {
  return {
    getCurrentCluster: () => ({ server: url }),
    applyToHTTPSOptions: (options) => {
      options.headers = { Authorization: `Bearer ${token}` };
      return Promise.resolve();
    },
  };
}
