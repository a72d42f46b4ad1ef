import type { Job, Placement } from '@spillway/core';

import type {
  CapacityProvider,
  MarketPosition,
  MarketProvider,
  MetricsSource,
  SignalSource,
  TimeRange,
  WorkloadRuntime,
} from '../contract/index.ts';
import type { FaultControl } from './faults.ts';

/** An adapter to be tested, and what the kit needs to know about the world behind it. Fresh for every case. */
export interface Subject {
  readonly provider: CapacityProvider | MarketProvider | MetricsSource | SignalSource | WorkloadRuntime;
  /** The present on the clock of the adapter, ms since the Unix epoch. @defaultValue that of the machine */
  readonly nowMs?: () => number;
  /** Capacity: a tier with room for 30 replicas. Needed when it can launch. */
  readonly tierId?: string;
  /** Capacity: a tier with a known capacity that the kit may fill. */
  readonly limitedTierId?: string;
  /** Capacity: a tier other than `tierId`, to send a token twice. */
  readonly otherTierId?: string;
  /** Capacity: lets time pass until an interruption is announced. */
  readonly untilNotice?: () => Promise<void>;
  /**
   * Market: a block in the future that nobody offers or wants but the adapter, which owns none of it, and `counterparty`;
   * with the smallest number of GPUs that is traded. Prices in the rules are multiples of 14,400 micro-USD.
   */
  readonly block?: MarketPosition;
  /** Market: another account of the same market, on a wire that works, which owns 40 times the GPUs of `block`. */
  readonly counterparty?: MarketProvider;
  /** Market: an instant before the end of `block` at which no block can start. */
  readonly misalignedAtMs?: number;
  /** Market: lets time pass until orders are matched and cancelled. Needed when that is not at once. */
  readonly untilSettled?: () => Promise<void>;
  /** Market: halts trading, and lets it go on. */
  readonly setHalted?: (isHalted: boolean) => void | Promise<void>;
  /** Metrics: an endpoint that it measures. */
  readonly endpointId?: string;
  /** Metrics and signals: a range that holds something. */
  readonly range?: TimeRange & { readonly stepMs: number };
  /** Signals: a zone it knows. */
  readonly zone?: string;
  /** Runtime: two jobs that can not run both where they are placed. */
  readonly jobs?: readonly [first: { job: Job; placement: Placement }, second: { job: Job; placement: Placement }];
  /** Makes the wire between adapter and provider fail. Without it no case on faults runs. */
  readonly faults?: FaultControl;
  /** Texts that no error may repeat: the tokens and passwords the adapter was given. */
  readonly secrets?: readonly string[];
  /** Ends what `make` began. */
  readonly stop?: () => Promise<void>;
}

/** Which contract an adapter keeps. */
export type Contract = 'capacity' | 'market' | 'metrics' | 'signals' | 'runtime';

/** What a case is about. */
export type ConformanceGroup =
  | 'shape'
  | 'paging'
  | 'idempotency'
  | 'life-cycle'
  | 'time'
  | 'money'
  | 'concurrency'
  | 'abort'
  | 'errors'
  | 'watch'
  | 'faults';

/** One rule of a contract. */
export interface ConformanceCase {
  readonly contract: Contract;
  readonly group: ConformanceGroup;
  /** A sentence about what the adapter does, unique in its contract. */
  readonly name: string;
  /** Rejects when the rule is broken. */
  readonly run: () => Promise<void>;
}

/** A rule before it is tied to an adapter. */
export interface Rule {
  readonly group: ConformanceGroup;
  readonly name: string;
  /** Whether it concerns this adapter, by the groups of methods and hints that are there. @defaultValue it does */
  readonly when?: (subject: Subject) => boolean;
  readonly check: (subject: Subject) => Promise<void>;
}
