import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';

/** Answers one request of a server that speaks the web's `Request` and `Response`. */
export type RequestHandler = (request: Request) => Promise<Response>;

/** What a request body was, or the answer to give when it cannot be read. */
export type ReadBody = { readonly value: unknown } | { readonly refusal: Response };

/** Reads the JSON body of a POST, at most `maxBytes` of it. Never rejects. */
export async function readJsonBody(request: Request, maxBytes: number): Promise<ReadBody> {
  if (request.method !== 'POST') return { refusal: plain(405, 'only POST is answered here') };
  // Announced lengths may lie, so the bytes are counted too; an honest one saves reading them.
  const tooLong = (): ReadBody => ({ refusal: plain(413, `the body is longer than ${maxBytes} bytes`) });
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return tooLong();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of request.body ?? []) {
      length += (chunk as Uint8Array).length;
      if (length > maxBytes) return tooLong();
      chunks.push(chunk as Uint8Array);
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { refusal: plain(400, 'the body is not JSON, or was not sent to its end') };
  }
}

/** An answer of one line of text. */
export function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}

/** An answer in JSON. */
export function json(value: unknown): Response {
  return new Response(JSON.stringify(value), { status: 200, headers: { 'content-type': 'application/json' } });
}

/**
 * Serves a handler by `node:http` or `node:https`: `createServer(nodeListener(webhook.handle))`.
 *
 * @returns a listener for requests. A handler that rejects is answered with 500.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:https';
 * createServer({ key, cert }, nodeListener(webhook.handle)).listen(8443);
 * ```
 */
export function nodeListener(handle: RequestHandler): (request: IncomingMessage, response: ServerResponse) => void {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/', headers } = request;
    const length = headers['content-length'];
    const reply = await handle(
      new Request(new URL(url, 'http://localhost'), {
        method,
        headers: length === undefined ? {} : { 'content-length': length },
        // The body is read as it is asked for, so that one that is too long is not read to its end.
        ...(method === 'POST' && { body: Readable.toWeb(request) as ReadableStream<Uint8Array>, duplex: 'half' }),
      }),
    );
    const text = await reply.text();
    response.writeHead(reply.status, {
      'content-type': reply.headers.get('content-type') ?? 'text/plain',
      'content-length': Buffer.byteLength(text),
      // What was not read of a request must not be taken for the next one.
      ...(reply.status === 413 && { connection: 'close' }),
    });
    response.end(text);
  };
  return (request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  };
}
