import { fileURLToPath } from 'node:url';
import { HOUR_MS, InvalidInputError, type CarbonSeries } from '@spillway/core';
import { numberIn, readCsv } from './csv.ts';

const DEFAULT_FILE = fileURLToPath(new URL('../data/electricity-maps/carbon-2021-60min.csv', import.meta.url));

/**
 * Loads hourly carbon intensity by zone: average, life-cycle, gCO2e/kWh (Electricity Maps, ODbL; see the README beside it).
 *
 * @param options.file - a CSV with a `time` column (ISO 8601, UTC, hourly without gaps) and a column a zone.
 * @returns one series a zone, by zone id in column order.
 * @throws InvalidInputError when the file is missing or malformed, naming line and column.
 */
export function loadCarbon(options: { readonly file?: string } = {}): Readonly<Record<string, CarbonSeries>> {
  const path = options.file ?? DEFAULT_FILE;
  const table = readCsv(path, ['time']);
  const times = table.rows.map((row) => Date.parse(row['time']!));
  const startAtMs = times[0] ?? Number.NaN;
  times.forEach((time, row) => {
    if (time === startAtMs + row * HOUR_MS) return;
    throw new InvalidInputError(
      `${path} line ${row + 2}, column 'time'`,
      'must be one hour after the line before',
      table.rows[row]!['time'],
      { hint: 'Use ISO 8601 in UTC, for example 2021-01-01T00:00Z, one line an hour.' },
    );
  });
  if (times.length === 0) throw new InvalidInputError(path, 'must hold at least one hour', 0);
  const zones = Object.keys(table.rows[0]!).filter((column) => column !== 'time');
  return Object.fromEntries(
    zones.map((zone) => [
      zone,
      {
        startAtMs,
        stepMs: HOUR_MS,
        unit: 'gCO2e/kWh',
        kind: 'average',
        scope: 'life-cycle',
        values: table.rows.map((_, row) => numberIn(table, row, zone, { min: 0 })),
      } satisfies CarbonSeries,
    ]),
  );
}
