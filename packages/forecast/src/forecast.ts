import { checkForecast, checkModel, checkPrediction } from './check.ts';
import { backtestErrors, conformalOffsets, errorsNeeded } from './conformal.ts';
import { fill, type Filled } from './fill.ts';
import { longestSeason } from './models/seasons.ts';
import { seasonalNaive } from './models/seasonal-naive.ts';
import { keyOf } from './probability-key.ts';
import { pooledErrors, pooledFactor, pooledNeeded } from './pooled-bands.ts';
import type { ForecastModel, ForecastOptions, ForecastReason, ForecastResult } from './types.ts';
import { covariateEffects, sliceCovariates, withCovariates } from './with-covariates.ts';

/**
 * Forecasts the next values of a series, with bands that rest on the errors the model made on the series itself.
 *
 * A band is given for the whole horizon or not at all: when the history yields too few errors for a level at the
 * last step, the level is left out and `diagnostics.reasons` says how many are needed. Bands are never infinite and never
 * assume a distribution. The truth falls into a band as often as its level says, as far as the future errs
 * like the past.
 *
 * Missing values (`null`) are filled from what lies before them, and said so; errors are never measured at a filled value. Of
 * a history without any value nothing is forecast: `mean` is empty and the reason says why.
 *
 * Covariates are regressed on before the model forecasts what they leave over. Nothing of the series after an origin enters, in
 * bands neither; of the covariates, the horizon does.
 *
 * Laws: a series that moves with its covariates alone is forecast exactly; quantiles of a wider level enclose those of a narrower; a pure season is forecast exactly, with bands of no width;
 * adding a constant to the history or multiplying it by a positive one does the same to the forecast of the default model.
 *
 * @param history - one finite number a step, uniform in time, oldest first; `null` where one is missing.
 * @param options - the horizon and, where the defaults are not right, seasons, levels and the model.
 * @returns `mean` and each list of `quantiles` with `horizon` numbers, and what they rest on. See the model and the bands
 * for their cost; with the default model `O(min(history, 1000) × (history + horizon))`.
 * @throws InvalidInputError on a value that is neither finite nor `null`, a horizon or season that is not
 * whole and >= 1, a level not between 0 and 1, a covariate that does not list a finite number for each step of history and
 * horizon, a history too short for a given model, or a model that does not answer
 * with finite numbers.
 *
 * @example
 * ```ts
 * const history = [10, 20, 30, 11, 21, 31, 10, 20, 30];
 * forecast(history, { horizon: 4, seasons: [3] }).mean; // [10, 20, 30, 10]
 * ```
 */
export function forecast(history: readonly (number | null)[], options: ForecastOptions): ForecastResult {
  checkForecast(history, options);
  const { horizon, levels = [0.8, 0.95] } = options;
  const filled = fill(history, options.seasons ?? []);
  const historyCount = filled.values.length;
  if (historyCount === 0) return nothing(history.length);

  const reasons = reasonsOf(filled, history.length);
  const seasons = usable(options.seasons ?? [], historyCount, reasons);
  const inner = options.model ?? seasonalNaive({ season: longestSeason(seasons, historyCount, 2) });
  checkModel(inner, historyCount);
  const covariates = sliceCovariates(options.covariates ?? {}, history.length - historyCount);
  const model = withCovariates(inner, filled.known, covariates);
  const prediction = model.predict(filled.values, horizon, seasons);
  checkPrediction(model, prediction, horizon);

  const ask: Ask = { model, filled, horizon, seasons, levels: [...new Set(levels)], prediction };
  const { bands, errorCount } = model.conformal === undefined ? rankedBands(ask, reasons) : pooledBands(ask, reasons);
  const { nonNegative = false, maximum = Infinity } = options;
  const finish = (values: readonly number[]): number[] =>
    values.map((value) => Math.min(maximum, nonNegative ? Math.max(0, value) : value));
  bands.sort((x, y) => x.probability - y.probability);
  return {
    mean: finish(prediction),
    quantiles: Object.fromEntries(bands.map(({ probability, values }) => [keyOf(probability), finish(values)])),
    method: model.name,
    diagnostics: {
      historyCount: history.length,
      errorCount,
      ...(options.covariates !== undefined && {
        covariateEffects: covariateEffects(filled.known, seasons, covariates),
      }),
      reasons,
    },
  };
}

interface Ask {
  readonly model: ForecastModel;
  readonly filled: Filled;
  readonly horizon: number;
  readonly seasons: readonly number[];
  readonly levels: readonly number[];
  readonly prediction: readonly number[];
}

interface Bands {
  readonly bands: { readonly probability: number; readonly values: readonly number[] }[];
  readonly errorCount: number;
}

/** Bands from a list of errors of its own for each step. */
function rankedBands({ model, filled, horizon, seasons, levels, prediction }: Ask, reasons: ForecastReason[]): Bands {
  const errors = levels.length === 0 ? undefined : backtestErrors(model, filled, horizon, seasons);
  const errorCount = Math.min(...(errors ?? [[]]).map((list) => list.length));
  const bands = levels.flatMap((level) => {
    const offsets = errors!.map((list) => conformalOffsets(list, level));
    if (offsets.some((offset) => offset === undefined)) {
      reasons.push({ kind: 'too-few-errors', level, errorCount, neededCount: errorsNeeded(level) });
      return [];
    }
    const values = (side: 'low' | 'high') => prediction.map((value, step) => value + offsets[step]![side]);
    return [
      { probability: (1 - level) / 2, values: values('low') },
      { probability: (1 + level) / 2, values: values('high') },
    ];
  });
  return { bands, errorCount };
}

/** Bands from errors pooled over the horizon. */
function pooledBands({ model, filled, horizon, seasons, levels, prediction }: Ask, reasons: ForecastReason[]): Bands {
  if (levels.length === 0) return { bands: [], errorCount: 0 };
  const errors = pooledErrors(model, filled, horizon, seasons);
  const bands = levels.flatMap((level) => {
    const factor = pooledFactor(errors, level);
    if (factor === undefined) {
      reasons.push({
        kind: 'too-few-errors',
        level,
        errorCount: errors.independentCount,
        neededCount: pooledNeeded(level),
      });
      return [];
    }
    const values = (side: number) => prediction.map((value, step) => value + side * factor * errors.reach[step]!);
    return [
      { probability: (1 - level) / 2, values: values(-1) },
      { probability: (1 + level) / 2, values: values(1) },
    ];
  });
  return { bands, errorCount: errors.originCount };
}

function nothing(historyCount: number): ForecastResult {
  return {
    mean: [],
    quantiles: {},
    method: 'none',
    diagnostics: {
      historyCount,
      errorCount: 0,
      reasons: [{ kind: 'no-history', historyCount, missingCount: historyCount }],
    },
  };
}

function reasonsOf({ values, missingCount }: Filled, historyCount: number): ForecastReason[] {
  const isConstant = values.length > 1 && values.every((value) => value === values[0]);
  return [
    ...(missingCount === 0 ? [] : [{ kind: 'missing-values' as const, historyCount, missingCount }]),
    ...(isConstant ? [{ kind: 'constant-history' as const, historyCount }] : []),
  ];
}

/** The seasons with two full cycles: one to repeat, one to learn errors from. */
function usable(seasons: readonly number[], historyCount: number, reasons: ForecastReason[]): readonly number[] {
  return [...new Set(seasons)].filter((season) => {
    const neededCount = 2 * season;
    if (neededCount <= historyCount) return true;
    reasons.push({ kind: 'season-too-long', season, historyCount, neededCount });
    return false;
  });
}
