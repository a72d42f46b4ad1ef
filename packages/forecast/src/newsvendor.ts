import { checkNumber } from '@spillway/core';
import { forecast } from './forecast.ts';
import { keyOf } from './probability-key.ts';
import type { ForecastOptions, ForecastReason } from './types.ts';

/** What to forecast, and what it costs to be wrong. */
export interface NewsvendorOptions extends Omit<ForecastOptions, 'levels'> {
  /** Loss for each unit and step that is wanted and not there, USD, > 0. */
  readonly costUnderUsd: number;
  /** Loss for each unit and step that is there and not wanted, USD, > 0. */
  readonly costOverUsd: number;
  /** Rounds up to whole units, as GPUs come, to no more than `maximum` holds. @defaultValue false */
  readonly isWhole?: boolean;
}

/** How much to hold. */
export interface NewsvendorResult {
  /** Units, one number a step; `null` when the history cannot back the quantile. */
  readonly quantity: readonly number[] | null;
  /** The quantile of demand that is held: `costUnderUsd / (costUnderUsd + costOverUsd)`. */
  readonly probability: number;
  readonly reasons: readonly ForecastReason[];
}

/** A quantile this close to the middle is the forecast itself. */
const MIDDLE = 1e-6;

/**
 * How much to hold of what is lost when unused: the quantile of demand at which one more unit costs as much as it saves on
 * average.
 *
 * Source: Arrow, Harris and Marschak, "Optimal Inventory Policy", Econometrica 1951.
 *
 * @param history - as for {@link forecast}.
 * @returns a quantity a step; `O(1)` beside the forecast.
 * @throws InvalidInputError as {@link forecast}, and when a cost is not > 0.
 *
 * @example
 * ```ts
 * // A GPU-hour short loses 9 USD, one idle 1 USD: hold the 90 % quantile.
 * newsvendor(history, { horizon: 24, seasons: [24], costUnderUsd: 9, costOverUsd: 1, isWhole: true }).quantity;
 * ```
 */
export function newsvendor(history: readonly (number | null)[], options: NewsvendorOptions): NewsvendorResult {
  const { costUnderUsd, costOverUsd, isWhole = false, ...ask } = options;
  checkNumber('costUnderUsd', costUnderUsd, { above: 0, hint: 'It is the loss for a unit short, for one step.' });
  checkNumber('costOverUsd', costOverUsd, { above: 0, hint: 'It is the loss for a unit idle, for one step.' });
  const probability = costUnderUsd / (costUnderUsd + costOverUsd);
  const level = Math.abs(2 * probability - 1);
  const isMiddle = level < MIDDLE;
  const { mean, quantiles, diagnostics } = forecast(history, { ...ask, levels: isMiddle ? [] : [level] });
  const values = isMiddle && mean.length > 0 ? mean : quantiles[keyOf(probability)];
  const most = Math.floor(options.maximum ?? Infinity);
  const round = (value: number): number => (isWhole ? Math.min(most, Math.ceil(value)) : value);
  return { quantity: values?.map(round) ?? null, probability, reasons: diagnostics.reasons };
}
