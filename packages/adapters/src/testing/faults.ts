import type { Clock } from '../contract/clock.ts';
import { systemClock } from '../contract/system-clock.ts';
import type { Fetch } from '../http/request.ts';

/** What goes wrong on the wire. */
export type Fault =
  /** The reply comes late, after this many ms. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** The request never arrives, and nothing is answered. */
  | { readonly kind: 'drop-before' }
  /** The request arrives and takes effect; its reply is lost. */
  | { readonly kind: 'drop-after' }
  /** The connection breaks in the middle of the reply. */
  | { readonly kind: 'reset' }
  /** Another status in place of the reply. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** A reply that is no reply. */
  | { readonly kind: 'garbage' }
  /** The reply ends after a share of its text, 0 to 1, as if that were all. */
  | { readonly kind: 'truncated'; readonly ratio: number }
  /** The text of the reply, twice. */
  | { readonly kind: 'duplicated' }
  /** The reply to the request before. */
  | { readonly kind: 'stale' };

/** Makes the wire fail, until told otherwise. */
export interface FaultControl {
  /** From now on every exchange fails this way; `undefined` heals the wire. */
  readonly set: (fault: Fault | undefined) => void;
  /** Requests that reached the provider so far. */
  readonly arrived: () => number;
}

/** What a reply is made of, on any wire. */
export interface WireReply {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** What becomes of a reply: another one, a connection that breaks, or silence. */
export type Fate = WireReply | 'reset' | 'silence';

/** Decides the fate of exchanges; shared by the wrapped fetch and the proxy. */
export function faultyWire(clock: Clock): FaultControl & {
  readonly exchange: (forward: () => Promise<WireReply>) => Promise<Fate>;
} {
  let fault: Fault | undefined;
  let arrived = 0;
  let previous: WireReply | undefined;
  const exchange = async (forward: () => Promise<WireReply>): Promise<Fate> => {
    const now = fault;
    if (now?.kind === 'drop-before') return 'silence';
    if (now?.kind === 'status') {
      const retryAfter = now.retryAfterSeconds === undefined ? null : String(now.retryAfterSeconds);
      return { status: now.status, contentType: 'text/plain', retryAfter, body: 'a fault of the test' };
    }
    arrived++;
    const reply = await forward();
    const before = previous;
    previous = reply;
    switch (now?.kind) {
      case undefined:
        return reply;
      case 'latency':
        await clock.sleep(now.ms);
        return reply;
      case 'drop-after':
        return 'silence';
      case 'reset':
        return 'reset';
      case 'garbage':
        return { ...reply, body: '\u0000\u{fffd}{"garbage":\n<html>' };
      case 'truncated':
        return { ...reply, body: reply.body.slice(0, Math.floor(reply.body.length * now.ratio)) };
      case 'duplicated':
        return { ...reply, body: reply.body + reply.body };
      case 'stale':
        return before ?? reply;
    }
  };
  return {
    set: (next) => {
      fault = next;
    },
    arrived: () => arrived,
    exchange,
  };
}

/**
 * Wraps a fetch so that its exchanges can be made to fail.
 *
 * @example
 * ```ts
 * const { fetch, faults } = faultyFetch(globalThis.fetch);
 * faults.set({ kind: 'status', status: 429, retryAfterSeconds: 7 });
 * ```
 */
export function faultyFetch(
  fetch: Fetch,
  clock: Clock = systemClock,
): { readonly fetch: Fetch; readonly faults: FaultControl } {
  const wire = faultyWire(clock);
  return {
    faults: { set: wire.set, arrived: wire.arrived },
    fetch: async (url, init) => {
      const fate = await wire.exchange(async () => {
        const response = await fetch(url, init);
        return {
          status: response.status,
          contentType: response.headers.get('content-type') ?? '',
          retryAfter: response.headers.get('retry-after'),
          body: await response.text(),
        };
      });
      if (fate === 'silence') return new Promise(() => undefined);
      if (fate === 'reset') throw new TypeError('terminated');
      const headers = new Map([['content-type', fate.contentType]]);
      if (fate.retryAfter !== null) headers.set('retry-after', fate.retryAfter);
      return {
        status: fate.status,
        headers: { get: (name) => headers.get(name.toLowerCase()) ?? null },
        text: () => Promise.resolve(fate.body),
      };
    },
  };
}
