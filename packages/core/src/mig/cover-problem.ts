/** One way to use a card: what it costs and what it adds to the demand met, by profile; negative where it takes away. */
export interface CoverOption {
  readonly cost: number;
  readonly net: readonly number[];
}

/** Cards that are alike. */
export interface CoverClass {
  readonly options: readonly CoverOption[];
}

/** Meet a demand at least cost: each card takes one option or none; what is missed costs `missCost` an instance. */
export interface CoverProblem {
  readonly classes: readonly CoverClass[];
  /** More than all options of any answer cost together, so that missing less always comes first. */
  readonly missCost: number;
}

/** What is left to meet by profile (negative: more than enough), and cards left by class. */
export interface CoverState {
  readonly demand: readonly number[];
  readonly available: readonly number[];
}
