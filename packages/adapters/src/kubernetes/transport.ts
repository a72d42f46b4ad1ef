/** One request to an API server. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root of the server, for example `/api/v1/nodes`. */
  readonly path: string;
  /** What is `undefined` is left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: string;
  /** Of the body. */
  readonly contentType?: string;
  /** Ends the request, also while the reply is being read. */
  readonly signal: AbortSignal;
}

/** The head of a reply, and its body as text or as it arrives; only one of the two can be read, once. */
export interface KubeReply {
  readonly status: number;
  /** `null` when it is absent. Names are compared without case. */
  readonly header: (name: string) => string | null;
  readonly text: () => Promise<string>;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * The wire to one API server: who is asked, as whom, and how. `kubeTransport` is one.
 *
 * `request` resolves when the head of the reply is there, whatever the status. It rejects with a `ProviderError` that is not
 * ambiguous when it knows that nothing was sent, and with any other error when that is not known.
 */
export interface KubeTransport {
  readonly request: (request: KubeRequest) => Promise<KubeReply>;
  /** Ends idle connections. */
  readonly close?: () => void;
}
