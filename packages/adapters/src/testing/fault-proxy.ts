import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { systemClock } from '../contract/system-clock.ts';
import { checkUrl } from '../http/request.ts';
import { faultyWire, type FaultControl, type WireReply } from './faults.ts';

/** A proxy that passes requests on to one server, and fails when told. */
export interface FaultProxy {
  /** Where to send the adapter in place of the server. */
  readonly url: string;
  readonly faults: FaultControl;
  /** Closes it with all its connections. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a proxy on loopback before a real server, to see what an adapter makes of a wire that fails. It passes on method,
 * path, query, body and the headers that adapters use.
 *
 * @param target - address of the server, http or https.
 * @throws InvalidInputError when the address is not valid.
 *
 * @example
 * ```ts
 * const proxy = await faultProxy('http://prometheus:9090');
 * const source = prometheus({ url: proxy.url });
 * proxy.faults.set({ kind: 'reset' });
 * await proxy.stop();
 * ```
 */
export async function faultProxy(target: string): Promise<FaultProxy> {
  const origin = checkUrl('target', target);
  const wire = faultyWire(systemClock);
  const server = createServer((request, response) => {
    void serve(request, response).catch(() => request.socket.destroy());
  });

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const fate = await wire.exchange(() => forward(origin, request, Buffer.concat(chunks)));
    if (fate === 'silence') return;
    const reply = fate === 'reset' ? { status: 200, contentType: 'text/plain', retryAfter: null, body: 'x' } : fate;
    const length = Buffer.byteLength(reply.body) + (fate === 'reset' ? 1_000 : 0);
    response.writeHead(reply.status, {
      'content-type': reply.contentType,
      'content-length': length,
      ...(reply.retryAfter !== null && { 'retry-after': reply.retryAfter }),
    });
    if (fate === 'reset') response.write(reply.body, () => response.socket?.destroy());
    else response.end(reply.body);
  };

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: { set: wire.set, arrived: wire.arrived },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

const PASSED_ON = ['accept', 'authorization', 'content-type', 'idempotency-key', 'x-scope-orgid'];

async function forward(origin: string, request: IncomingMessage, body: Buffer): Promise<WireReply> {
  const headers: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  const method = request.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const response = await fetch(`${origin}${request.url ?? ''}`, {
    method,
    headers,
    ...(hasBody && { body: new Uint8Array(body) }),
  });
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    retryAfter: response.headers.get('retry-after'),
    body: await response.text(),
  };
}
