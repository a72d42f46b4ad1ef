import http, { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https, { type RequestOptions } from 'node:https';

import { ProviderError } from '../contract/provider-error.ts';
import { loadKubeConfig, type KubeConfigLike } from './client-node.ts';
import type { KubeReply, KubeRequest, KubeTransport } from './transport.ts';

/** Which cluster, and as whom. */
export interface KubeTransportOptions {
  /**
   * Path of a kubeconfig, or a `KubeConfig` of `@kubernetes/client-node`.
   * @defaultValue as `kubectl`: `KUBECONFIG`, `~/.kube/config`, or the service account of the pod
   */
  readonly kubeConfig?: string | KubeConfigLike;
  /** Context of the kubeconfig that is read. @defaultValue its current one */
  readonly context?: string;
  /** For errors. @defaultValue 'kubernetes' */
  readonly name?: string;
}

/**
 * Creates the wire to the cluster of a kubeconfig. Who we are comes from the optional peer `@kubernetes/client-node` (tokens,
 * certificates, commands, token files that are replaced, proxies), asked anew for every request; the requests are sent by
 * Node.js itself, over connections that are kept.
 *
 * A read whose kept connection turns out to be closed is sent once more; nothing else is.
 *
 * @returns a {@link KubeTransport}. Nothing is read or loaded before its first request.
 *
 * @example
 * ```ts
 * const transport = kubeTransport({ kubeConfig: '/etc/spillway/kubeconfig', context: 'prod' });
 * const api = kubeApi({ transport });
 * ```
 */
export function kubeTransport(options: KubeTransportOptions = {}): KubeTransport {
  const { kubeConfig, context, name = 'kubernetes' } = options;
  const agents = { 'http:': new http.Agent({ keepAlive: true }), 'https:': new https.Agent({ keepAlive: true }) };
  let loading: Promise<KubeConfigLike> | undefined;
  const config = async (): Promise<KubeConfigLike> => {
    if (typeof kubeConfig === 'object') return kubeConfig;
    loading ??= loadKubeConfig(name, kubeConfig, context).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return await loading;
  };

  const prepare = async ({ method, path, query, body, contentType }: KubeRequest) => {
    const current = await config();
    const cluster = current.getCurrentCluster();
    if (cluster === null || !URL.canParse(cluster.server)) throw new Error('the kubeconfig names no cluster');
    const { proxyUrl } = cluster;
    const { agent, headers, ...rest }: RequestOptions = await identify(current);
    const url = new URL(cluster.server.replace(/\/+$/, '') + path);
    for (const [key, value] of Object.entries(query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const isPlain = url.protocol === 'http:';
    const settings: RequestOptions = {
      ...rest,
      method,
      headers: {
        ...(headers as OutgoingHttpHeaders | undefined),
        accept: 'application/json',
        'user-agent': 'spillway',
        ...(body !== undefined && {
          'content-type': contentType ?? 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
      },
      // Its agents are made anew for every request and keep no connection; only for a proxy there is no other.
      agent: proxyUrl === undefined ? agents[isPlain ? 'http:' : 'https:'] : agent,
    };
    return { url, settings, isPlain };
  };

  return {
    request: async (request) => {
      const { url, settings, isPlain } = await prepare(request).catch((error: unknown) => {
        if (ProviderError.is(error)) throw error;
        throw unsent(name, 'auth', `who to ask, or as whom, could not be told: ${messageOf(error)}`, error);
      });
      const send = () => exchange(name, isPlain, url, settings, request);
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        if (request.method === 'GET') return await send();
        throw error.cause;
      }
    },
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** A kept connection was closed by the server, perhaps before it read the request. */
class StaleConnection extends Error {}

async function identify(config: KubeConfigLike): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return options;
}

function exchange(
  name: string,
  isPlain: boolean,
  url: URL,
  settings: RequestOptions,
  { body, signal }: KubeRequest,
): Promise<KubeReply> {
  return new Promise((resolve, reject) => {
    const request = (isPlain ? http : https).request(url, { ...settings, signal });
    const wasSent = sentWatch(request, isPlain);
    request.once('response', (response) => {
      resolve(replyOf(response));
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      if (!wasSent()) reject(unsent(name, 'unavailable', `${url.host} cannot be reached: ${error.message}`, error));
      else if (request.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted) {
        reject(new StaleConnection(error.message, { cause: error }));
      } else reject(error);
    });
    request.end(body);
  });
}

/** Tells whether anything can have been sent: not before the connection is made and, with TLS, the server is trusted. */
function sentWatch(request: ClientRequest, isPlain: boolean): () => boolean {
  let isOpen = false;
  request.once('socket', (socket) => {
    if (request.reusedSocket || (isPlain && !socket.connecting)) {
      isOpen = true;
      return;
    }
    socket.once(isPlain ? 'connect' : 'secureConnect', () => {
      isOpen = true;
    });
  });
  return () => isOpen;
}

function replyOf(response: IncomingMessage): KubeReply {
  return {
    status: response.statusCode ?? 0,
    header: (name) => {
      const value = response.headers[name.toLowerCase()];
      return typeof value === 'string' ? value : (value?.join(', ') ?? null);
    },
    text: async () => {
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part as Buffer);
      return Buffer.concat(parts).toString('utf8');
    },
    chunks: response as AsyncIterable<Uint8Array>,
  };
}

function unsent(name: string, code: 'auth' | 'unavailable', text: string, cause: unknown): ProviderError {
  return new ProviderError(name, code, text, { isAmbiguous: false, cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown failure';
}
