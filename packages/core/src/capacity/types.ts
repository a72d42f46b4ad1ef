/** How Fast blocks are sized. */
export type CapacitySizing =
  /** The size of least expected cost over the joint scenarios of demand and price. */
  | { readonly kind: 'newsvendor' }
  /**
   * A factor times the mean or the peak of the expected demand of the block, whatever it costs: the rule of thumb that
   * most fleets start with. `impliedQuantile` says which share of the demand it covers.
   */
  | {
      readonly kind: 'safety-factor';
      /** >= 0. @defaultValue 1.5 */
      readonly factor?: number;
      /** What the factor multiplies. @defaultValue 'mean' */
      readonly of?: 'mean' | 'peak';
    };

/** What capacity is worth, and what may be spent on it. */
export interface CapacityConfig {
  /** What a GPU-hour of Fast demand costs that is not served, USD, > 0. Fast is not bought at spot above it. */
  readonly unmetUsdPerGpuHour: number;
  /** @defaultValue { kind: 'newsvendor' } */
  readonly sizing?: CapacitySizing;
  /** What idle time fetches when it is sold back: the spot price less a spread, when a buyer is found. */
  readonly resale?: {
    /** Share of the spot price that is lost, 0 to 1. @defaultValue 0.1 */
    readonly spreadRatio?: number;
    /** Share of what is offered that finds a buyer, 0 to 1. @defaultValue 0.8 */
    readonly fillRatio?: number;
  };
  /** Prices that no order crosses, USD per GPU-hour, >= 0; no limit where absent. */
  readonly limits?: {
    readonly maxFastUsdPerGpuHour?: number;
    readonly maxFlexUsdPerGpuHour?: number;
    readonly minSellUsdPerGpuHour?: number;
  };
  /** What all orders of this state may cost together, whole micro-USD, >= 0; no limit where absent. */
  readonly budgetMicroUsd?: number;
  /** Most Fast GPUs held at one time, whole, >= 0; no limit where absent. */
  readonly maxGpus?: number;
}

/** One way the future may go: demand and price together, because they often rise together. */
export interface CapacityScenario {
  /** Relative weight, > 0. @defaultValue 1 */
  readonly weight?: number;
  /** Fast demand of each step from `nowMs`, GPUs, >= 0; the same length in every scenario. */
  readonly demandGpus: readonly number[];
  /** Spot price of each step, USD per GPU-hour, >= 0; as long as `demandGpus`. */
  readonly priceUsdPerGpuHour: readonly number[];
}

/** A block on offer: time that can be bought ahead. */
export interface BlockOffer {
  /** Unique, not empty. */
  readonly id: string;
  /** Not before `nowMs`, ms since the Unix epoch. */
  readonly startAtMs: number;
  /** After `startAtMs`; blocks on offer do not overlap in time. */
  readonly endAtMs: number;
  /** USD per GPU-hour, >= 0. */
  readonly priceUsdPerGpuHour: number;
  /** GPUs are sold in multiples of this, whole, >= 1. @defaultValue 1 */
  readonly granularityGpus?: number;
  /** Most GPUs on offer, whole, >= 0; no limit where absent. */
  readonly maxGpus?: number;
}

/** Fast capacity that is already bought. */
export interface Holding {
  /** Unique, not empty. */
  readonly id: string;
  /** Whole, >= 0. */
  readonly gpus: number;
  readonly startAtMs: number;
  /** After `startAtMs`. */
  readonly endAtMs: number;
}

/** Work that can wait until a deadline. */
export interface FlexWork {
  /** Unique, not empty. */
  readonly id: string;
  /** GPU-hours left, >= 0. */
  readonly gpuHours: number;
  /** The work must be bought before it, ms since the Unix epoch. */
  readonly deadlineAtMs: number;
}

/** What is known now. */
export interface CapacityObservation {
  /** Ms since the Unix epoch; never goes back. */
  readonly nowMs: number;
  /** Length of a step of the scenarios and of a spot purchase, ms, > 0. */
  readonly stepMs: number;
  /** Fast GPUs wanted in this step, >= 0. */
  readonly demandGpus: number;
  /**
   * Spot price of this step, USD per GPU-hour, >= 0; `null` while it is not known: then only blocks are ordered and idle
   * time is given to Flex.
   */
  readonly spotUsdPerGpuHour: number | null;
  /** At least one; step 0 is the step that starts at `nowMs`. */
  readonly scenarios: readonly CapacityScenario[];
  readonly offers: readonly BlockOffer[];
  readonly holdings: readonly Holding[];
  readonly flexQueue: readonly FlexWork[];
  /**
   * Money that came back since the last call, whole micro-USD, >= 0: fills below their limit, orders that found no seller,
   * and sales. @defaultValue 0
   */
  readonly returnedMicroUsd?: number;
}

/** What the planner remembers. Plain JSON: store it, and restarts change nothing. */
export interface CapacityState {
  readonly version: 1;
  /** When it last planned; `null` before. */
  readonly lastMs: number | null;
  /** What its orders cost at most, less what came back, whole micro-USD, >= 0. */
  readonly committedMicroUsd: number;
}

/** A request to buy or sell time. */
export interface CapacityOrder {
  /** The same plan gives the same id: what was sent twice can be told. */
  readonly clientOrderId: string;
  readonly side: 'buy' | 'sell';
  readonly tier: 'fast' | 'flex';
  /** Whole, >= 1. */
  readonly gpus: number;
  readonly startAtMs: number;
  readonly endAtMs: number;
  /** Pays no more, or takes no less. */
  readonly limitUsdPerGpuHour: number;
  /** The order is void after it. */
  readonly expiresAtMs: number;
  /** What a buy costs at its limit, rounded up; 0 for a sale. */
  readonly costMicroUsd: number;
}

/** Why the plan is what it is, in the order applied. */
export type CapacityReason =
  /** Idle Fast time is given to Flex work. */
  | { readonly kind: 'backfilled'; readonly gpuHours: number }
  /** Fast demand that nothing held serves is bought at spot. */
  | { readonly kind: 'spot-bought'; readonly gpus: number; readonly priceUsdPerGpuHour: number }
  /** Fast demand is left unserved: the spot price is above the limit, which is the penalty unless set lower. */
  | {
      readonly kind: 'unmet';
      readonly gpus: number;
      readonly priceUsdPerGpuHour: number;
      readonly limitUsdPerGpuHour: number;
    }
  /** The last GPU bought is worth `valueUsdPerGpuHour`, one more would be worth less than the price. */
  | {
      readonly kind: 'block-sized';
      readonly offerId: string;
      readonly gpus: number;
      readonly priceUsdPerGpuHour: number;
      readonly valueUsdPerGpuHour: number;
      readonly impliedQuantile: number;
    }
  /** The price of a block is above the limit. */
  | {
      readonly kind: 'block-too-dear';
      readonly offerId: string;
      readonly priceUsdPerGpuHour: number;
      readonly limitUsdPerGpuHour: number;
    }
  /** The scenarios end before the block does, so its worth is not known. */
  | { readonly kind: 'block-beyond-scenarios'; readonly offerId: string; readonly knownUntilMs: number }
  /** Flex is bought now: the price is at most the expected cost of waiting, or the deadline leaves no other step. */
  | {
      readonly kind: 'flex-bought';
      readonly gpuHours: number;
      readonly priceUsdPerGpuHour: number;
      readonly why: 'cheap' | 'due';
    }
  /** Flex waits: the price is above the expected cost of waiting. */
  | {
      readonly kind: 'flex-waits';
      readonly gpuHours: number;
      readonly priceUsdPerGpuHour: number;
      readonly waitingUsdPerGpuHour: number;
    }
  /** Flex waits for idle time that is expected before its deadline. */
  | { readonly kind: 'flex-waits-for-idle'; readonly gpuHours: number }
  /** Flex is due and the price is above the limit. */
  | {
      readonly kind: 'flex-too-dear';
      readonly gpuHours: number;
      readonly priceUsdPerGpuHour: number;
      readonly limitUsdPerGpuHour: number;
    }
  /** Flex whose deadline has passed; nothing is bought for it. */
  | { readonly kind: 'flex-late'; readonly flexId: string; readonly gpuHours: number }
  /** Idle time is offered for sale. */
  | { readonly kind: 'sold-back'; readonly gpus: number; readonly limitUsdPerGpuHour: number }
  /** The budget cut an order. */
  | {
      readonly kind: 'budget-held';
      readonly tier: CapacityOrder['tier'];
      readonly wantedGpus: number;
      readonly allowedGpus: number;
      readonly leftMicroUsd: number;
    };

/** The plan, why it is so, and what to remember. */
export interface CapacityPlan {
  /** Pass it to the next call. */
  readonly state: CapacityState;
  /** Spot for Fast, due Flex, blocks, Flex at a good price, sales; the budget is spent in this order. */
  readonly orders: readonly CapacityOrder[];
  /** The same as settings of a market that buys and sells by itself. */
  readonly procurement: {
    /** GPUs to hold once the blocks ordered have started; without an offer, the GPUs that Fast needs now. */
    readonly targetGpus: number;
    /** Buy up to this price: what a GPU-hour of Fast is worth at the target. */
    readonly maxBuyUsdPerGpuHour: number;
    /** Sell idle time from this price on. */
    readonly minSellUsdPerGpuHour: number;
    /** How far ahead the plan looks. */
    readonly windowMs: number;
  };
  /** Flex work that runs on idle Fast time in this step, earliest deadline first. */
  readonly backfill: readonly { readonly flexId: string; readonly gpuHours: number }[];
  /** Expected cost of the blocks on offer and of what they leave, over their time. */
  readonly expectedCost: {
    /** The blocks ordered. */
    readonly blocksUsd: number;
    /** Fast demand above what is held: at spot or unserved, whichever is cheaper. */
    readonly shortfallUsd: number;
    /** What idle time brings by sale and by Flex that need not be bought; not negative. */
    readonly recoveredUsd: number;
    /** `blocksUsd + shortfallUsd - recoveredUsd`. */
    readonly totalUsd: number;
  };
  /** Share of the Fast demand of the blocks' time, 0 to 1, that holdings and orders cover; `null` without an offer. */
  readonly impliedQuantile: number | null;
  readonly reasons: readonly CapacityReason[];
}
