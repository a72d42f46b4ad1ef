import { InvalidInputError } from './errors.ts';
import { checkNumber } from './check-number.ts';

/** Units a series can have. One series has one unit; areas check that they get the one they need. */
export type SeriesUnit = 'gCO2e/kWh' | 'USD/kWh' | 'USD/GPU-hour' | '1/s' | 'ratio' | '1';

/**
 * Values over half-open uniform slots: `values[k]` is the mean over `[startAtMs + k * stepMs, startAtMs + (k + 1) * stepMs)`.
 */
export interface Series<Unit extends SeriesUnit = SeriesUnit> {
  /** Start of the first slot, ms since the Unix epoch. */
  readonly startAtMs: number;
  /** Length of every slot, ms, > 0. */
  readonly stepMs: number;
  readonly unit: Unit;
  /** One finite number a slot. */
  readonly values: readonly number[];
}

/** Carbon intensity of electricity. Kinds and scopes are never mixed in one problem: they answer different questions. */
export interface CarbonSeries extends Series<'gCO2e/kWh'> {
  /** `average`: of all generation. `marginal`: of the plant that answers one more unit of load. */
  readonly kind: 'average' | 'marginal';
  /** `direct`: combustion alone. `life-cycle`: with building and fuelling the plant. */
  readonly scope: 'direct' | 'life-cycle';
}

/**
 * Checks a series.
 *
 * @param field - how to call it in an error, for example `locations[0].carbon`.
 * @throws {@link InvalidInputError} when the step is not positive, the unit is not `unit`, or a value is not finite.
 */
export function checkSeries(field: string, series: Series, unit: SeriesUnit): void {
  if (typeof series !== 'object' || (series as Series | null) === null) {
    throw new InvalidInputError(field, 'must be a series', series, {
      hint: 'Pass { startAtMs, stepMs, unit, values }.',
    });
  }
  checkNumber(() => `${field}.startAtMs`, series.startAtMs);
  checkNumber(() => `${field}.stepMs`, series.stepMs, { min: 1 });
  if (series.unit !== unit) {
    throw new InvalidInputError(`${field}.unit`, `must be '${unit}'`, series.unit, {
      hint: 'Convert the values first.',
    });
  }
  if (!Array.isArray(series.values)) throw new InvalidInputError(`${field}.values`, 'must be a list', series.values);
  series.values.forEach((value, index) => {
    checkNumber(() => `${field}.values[${index}]`, value, { hint: 'Fill or forecast gaps before planning on them.' });
  });
}

/** End of the last slot, ms since the Unix epoch. */
export function seriesEndAtMs(series: Series): number {
  return series.startAtMs + series.stepMs * series.values.length;
}

/** The value of the slot that contains an instant, or `undefined` outside the series. `O(1)`. */
export function valueAt(series: Series, atMs: number): number | undefined {
  return series.values[Math.floor((atMs - series.startAtMs) / series.stepMs)];
}

/**
 * The time-weighted mean over each slot of another grid, so that half-hour and hourly series can meet.
 *
 * @returns a series of the same unit and kind whose slots are all covered by the input.
 * @throws {@link InvalidInputError} when the grid reaches beyond the series. `O(input + output)`.
 */
export function resample<S extends Series>(
  series: S,
  grid: { readonly startAtMs: number; readonly stepMs: number; readonly count: number },
): S {
  checkNumber(() => 'grid.startAtMs', grid.startAtMs);
  checkNumber(() => 'grid.stepMs', grid.stepMs, { min: 1 });
  checkNumber(() => 'grid.count', grid.count, { min: 0, isWhole: true });
  const endAtMs = grid.startAtMs + grid.stepMs * grid.count;
  if (grid.count > 0 && (grid.startAtMs < series.startAtMs || endAtMs > seriesEndAtMs(series))) {
    throw new InvalidInputError('grid', 'must lie within the series', `${grid.startAtMs}..${endAtMs}`, {
      hint: `The series covers ${series.startAtMs}..${seriesEndAtMs(series)}; shorten the grid or extend the series.`,
    });
  }
  const values = Array.from({ length: grid.count }, (_, slot) => {
    const from = grid.startAtMs + slot * grid.stepMs;
    const to = from + grid.stepMs;
    const first = Math.floor((from - series.startAtMs) / series.stepMs);
    // A slot inside one slot of the input has its value to the last bit; a product and a quotient would round.
    if (series.startAtMs + (first + 1) * series.stepMs >= to) return series.values[first]!;
    let weighted = 0;
    for (let k = first; k < series.values.length; k++) {
      const start = series.startAtMs + k * series.stepMs;
      if (start >= to) break;
      weighted += series.values[k]! * (Math.min(to, start + series.stepMs) - Math.max(from, start));
    }
    return weighted / grid.stepMs;
  });
  return { ...series, startAtMs: grid.startAtMs, stepMs: grid.stepMs, values };
}
