import type * as z from 'zod';
import type { CarbonSeries, Series, SeriesUnit } from '../time-series.ts';
import { finite, list, oneOf, record } from './primitives.ts';

/** The fields of a series whose unit is one of `units`. */
function shapeOf<const Units extends readonly [SeriesUnit, ...SeriesUnit[]]>(...units: Units) {
  return { startAtMs: finite(), stepMs: finite({ min: 1 }), unit: oneOf(...units), values: list(finite()) };
}

/** Schema of a {@link Series} of any unit. */
export const seriesSchema = record(
  shapeOf('gCO2e/kWh', 'USD/kWh', 'USD/GPU-hour', '1/s', 'ratio', '1'),
) satisfies z.ZodType<Series>;

/** Schema of the price of electricity over time. */
export const energyPriceSchema = record(shapeOf('USD/kWh')) satisfies z.ZodType<Series<'USD/kWh'>>;

/** Schema of power usage effectiveness over time. */
export const pueSeriesSchema = record({
  ...shapeOf('ratio'),
  values: list(finite({ min: 1 })),
}) satisfies z.ZodType<Series<'ratio'>>;

/** Schema of a {@link CarbonSeries}. */
export const carbonSeriesSchema = record({
  ...shapeOf('gCO2e/kWh'),
  values: list(finite({ min: 0 })),
  kind: oneOf('average', 'marginal'),
  scope: oneOf('direct', 'life-cycle'),
}) satisfies z.ZodType<CarbonSeries>;
