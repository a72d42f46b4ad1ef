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
