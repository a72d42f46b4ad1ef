/** Predicts the next values of a series from its past, and from nothing else. */
export interface ForecastModel {
  /** What it is called in a result, for example `seasonal-naive(24)`. */
  readonly name: string;
  /** The fewest values it can predict from, whole, >= 1. */
  readonly minHistory: number;
  /**
   * One finite number for each of the next `horizon` steps. Pure: the same history gives the same answer, and the
   * history is not changed.
   */
  readonly predict: (history: readonly number[], horizon: number) => readonly number[];
}

/** What to forecast, and how. */
export interface ForecastOptions {
  /** Steps ahead, whole, >= 1. */
  readonly horizon: number;
  /**
   * Lengths of seasons, in steps, whole, >= 1: 24 and 168 for hours with a daily and a weekly pattern. The default model
   * uses the longest of which the history holds two full cycles; a given `model` knows its own.
   * @defaultValue []
   */
  readonly seasons?: readonly number[];
  /**
   * Central bands, each above 0 and below 1: 0.95 gives the quantiles `'0.025'` and `'0.975'`.
   * @defaultValue [0.8, 0.95]
   */
  readonly levels?: readonly number[];
  /** @defaultValue `seasonalNaive` of the longest usable season, of season 1 when there is none */
  readonly model?: ForecastModel;
  /** Cuts mean and quantiles off at zero, for counts and rates. @defaultValue false */
  readonly nonNegative?: boolean;
}

/** Why a forecast is less than what was asked for. */
export type ForecastReason =
  /** The history has fewer than two cycles of this season, so the season was not used. */
  | {
      readonly kind: 'season-too-long';
      readonly season: number;
      readonly historyCount: number;
      readonly neededCount: number;
    }
  /** At the far end of the horizon there are too few errors for a band of this level, so the band is left out. */
  | {
      readonly kind: 'too-few-errors';
      readonly level: number;
      readonly errorCount: number;
      readonly neededCount: number;
    };

/** What the forecast rests on. */
export interface ForecastDiagnostics {
  /** Values in the history. */
  readonly historyCount: number;
  /** Errors of the model on the history that the bands rest on, at the last step of the horizon, where they are fewest. */
  readonly errorCount: number;
  /** Seasons that were not used, and levels that were left out. */
  readonly reasons: readonly ForecastReason[];
}

/** A forecast: one number a step ahead, and bands around it. */
export interface ForecastResult {
  /** The model's own forecast, one a step. Not corrected: when the model errs to one side, the bands lie to that side of it. */
  readonly mean: number[];
  /** Quantiles by probability, ascending, one number a step. A level that cannot be backed by errors is not here. */
  readonly quantiles: Record<string, number[]>;
  /** Name of the model. */
  readonly method: string;
  readonly diagnostics: ForecastDiagnostics;
}
