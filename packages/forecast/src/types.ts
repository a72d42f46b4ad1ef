/** Predicts the next values of a series from its past, and from nothing else. */
export interface ForecastModel {
  /** What it is called in a result, for example `seasonal-naive(24)`. */
  readonly name: string;
  /** The fewest values it can predict from, whole, >= 1. */
  readonly minHistory: number;
  /**
   * One finite number for each of the next `horizon` steps. Pure: the same history gives the same answer, and the
   * history is not changed. `seasons` are those of the caller's options; a model with seasons of its own ignores them.
   */
  readonly predict: (history: readonly number[], horizon: number, seasons?: readonly number[]) => readonly number[];
  /**
   * What {@link ForecastModel.predict} would answer, up to rounding, for the history before each origin: the first
   * `origin` values. A model that can share work between origins has it, and gets its bands nearly for free. Origins ascend.
   */
  readonly predictFrom?: PredictFrom;
  /** How its bands are made. Absent: from every origin, one list of errors for each step. */
  readonly conformal?: ConformalOptions;
}

/** Predictions from several origins of one history, one list an origin. */
export type PredictFrom = (
  history: readonly number[],
  origins: readonly number[],
  horizon: number,
  seasons?: readonly number[],
) => readonly (readonly number[])[];

/** How {@link withConformal} takes errors from the history. */
export interface ConformalOptions {
  /** Origins to forecast from, the latest ones, whole, >= 2. @defaultValue as many as span ten cycles of the shortest season, at most 60 */
  readonly origins?: number;
  /** Steps between origins, whole, >= 1. @defaultValue the shortest season, at most the horizon */
  readonly stride?: number;
}

/** Series that are known in advance, by name. The first value of each is of the same step as the first of the history. */
export type Covariates = Readonly<Record<string, readonly number[]>>;

/** What to forecast, and how. */
export interface ForecastOptions {
  /** Steps ahead, whole, >= 1. */
  readonly horizon: number;
  /**
   * Lengths of seasons, in steps, whole, >= 1: 24 and 168 for hours with a daily and a weekly pattern. The default model
   * uses the longest of which the history holds two full cycles; a model with seasons of its own uses those.
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
  /**
   * What moves the series and is known in advance: weather, a calendar, a provider's own forecast. Finite numbers, one for each step
   * of the history (where the series is missing, too) and then of the horizon. Use for the past what was known then: forecasts, as far
   * ahead as those of the horizon.
   * @defaultValue none
   */
  readonly covariates?: Covariates;
  /** Cuts mean and quantiles off at zero, for counts and rates. @defaultValue false */
  readonly nonNegative?: boolean;
  /** Cuts mean and quantiles off above, for what has a capacity, in the unit of the series. @defaultValue no limit */
  readonly maximum?: number;
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
  /** Too few errors at the far end of the horizon for a band of this level, so the band is left out. */
  | {
      readonly kind: 'too-few-errors';
      readonly level: number;
      readonly errorCount: number;
      readonly neededCount: number;
    }
  /** The history holds no value at all, so nothing is forecast: `mean` is empty. */
  | { readonly kind: 'no-history'; readonly historyCount: number; readonly missingCount: number }
  /** Values were missing and were filled by their phase before forecasting; those at the start were dropped. */
  | { readonly kind: 'missing-values'; readonly historyCount: number; readonly missingCount: number }
  /** Every value is the same: the bands have no width because nothing ever changed, not because the future is sure. */
  | { readonly kind: 'constant-history'; readonly historyCount: number };

/** What the forecast rests on. */
export interface ForecastDiagnostics {
  /** Values in the history, the missing ones included. */
  readonly historyCount: number;
  /** Errors of the model on the history that the bands rest on, at the last step of the horizon, where they are fewest. */
  readonly errorCount: number;
  /**
   * How much the series moves with one unit of each covariate, in its own unit; 0 where nothing beyond chance shows. Absent without covariates.
   */
  readonly covariateEffects?: Readonly<Record<string, number>>;
  /** What was missing, seasons that were not used, and levels that were left out. */
  readonly reasons: readonly ForecastReason[];
}

/** A forecast: one number a step ahead, and bands around it. */
export interface ForecastResult {
  /**
   * The model's own forecast, one a step; empty when there is no history. Not corrected: when the model errs to one side,
   * the bands lie to that side of it.
   */
  readonly mean: number[];
  /** Quantiles by probability, ascending, one number a step. A level that cannot be backed by errors is not here. */
  readonly quantiles: Record<string, number[]>;
  /** Name of the model; `none` when there is no history. */
  readonly method: string;
  readonly diagnostics: ForecastDiagnostics;
}
