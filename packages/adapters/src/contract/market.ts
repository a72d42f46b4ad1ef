import type { Adapter, CallOptions, TimeRange } from './types.ts';

/** One price at which a whole block can be bought or sold now. */
export interface MarketQuote {
  readonly side: 'buy' | 'sell';
  readonly gpuCount: number;
  readonly startAtMs: number;
  readonly endAtMs: number;
  /** For the whole block, in millionths of a US dollar, a whole number. */
  readonly costMicroUsd: number;
}

/** An order for a block of capacity. */
export interface MarketOrderRequest extends Omit<MarketQuote, 'costMicroUsd'> {
  /** Makes the order happen once. The same token for another order is refused with `conflict`. */
  readonly token: string;
  /**
   * Pay at most, or accept at least, this for the whole block, in millionths of a US dollar, whole; for a part of it the
   * same share.
   */
  readonly limitMicroUsd: number;
  /** Whether what is not filled at once waits for somebody, until the block starts. @defaultValue false */
  readonly allowStanding?: boolean;
  /** Whether some of the GPUs are better than none. @defaultValue false */
  readonly allowPartial?: boolean;
}

/** What became of an order. What was filled never gets less. */
export interface MarketOrder extends MarketOrderRequest {
  /** The market's own, never used again. */
  readonly id: string;
  /**
   * `pending`: not matched yet; `standing`: waits for somebody, also when a part is filled. The others have ended: `filled`,
   * `partially-filled` and `cancelled` with all, a part and nothing of it filled, whoever ended it; `rejected`: never matched.
   */
  readonly status: 'pending' | 'standing' | 'partially-filled' | 'filled' | 'cancelled' | 'rejected';
  /** Whole, 0 to `gpuCount`. */
  readonly filledGpuCount: number;
  /** Paid or received for what is filled, in millionths of a US dollar, whole, without fees. */
  readonly filledMicroUsd: number;
}

/** A part of an order that met another. */
export interface MarketFill extends MarketQuote {
  readonly id: string;
  readonly orderId: string;
  readonly atMs: number;
}

/** GPUs that are ours for a stretch of time. */
export interface MarketPosition {
  readonly startAtMs: number;
  readonly endAtMs: number;
  /** Whole, > 0. */
  readonly gpuCount: number;
}

/** A market where blocks of capacity are bought and sold. */
export interface MarketProvider<Name extends string = string> extends Adapter<Name> {
  readonly quote: (
    request: Omit<MarketQuote, 'costMicroUsd'>,
    options?: CallOptions,
  ) => Promise<MarketQuote | { readonly unavailable: string }>;
  readonly orders: {
    /**
     * Places an order, once a token: the same token returns what became of it, also when it has ended. Refused with
     * `invalid-request`: a block that has started or that the market does not trade, and selling more than is owned and
     * not for sale already. Refused with `unavailable`: the market is halted.
     */
    readonly place: (request: MarketOrderRequest, options?: CallOptions) => Promise<MarketOrder>;
    /** Every order of this account, also those that have ended. Sees what `place` returned. */
    readonly list: (options?: CallOptions) => Promise<readonly MarketOrder[]>;
    /** Asks for cancellation; succeeds when the order has ended already or is not known. */
    readonly cancel: (orderId: string, options?: CallOptions) => Promise<void>;
  };
  /** Present when the market tells of each trade. Those of the time asked for, oldest first. */
  readonly fills?: {
    readonly list: (range: TimeRange, options?: CallOptions) => Promise<readonly MarketFill[]>;
  };
  /** Present when the market tells what is owned, from now on: in order of time, none overlapping. */
  readonly positions?: {
    readonly list: (options?: CallOptions) => Promise<readonly MarketPosition[]>;
  };
}
