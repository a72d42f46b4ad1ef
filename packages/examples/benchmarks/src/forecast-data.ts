import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError } from '@spillway/core';

/** One M4 series: what a forecaster sees, and what came. */
export interface M4Series {
  readonly id: string;
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/**
 * Reads M4 Hourly from a folder: the two files of the competition, `Hourly-train.csv` and `Hourly-test.csv`
 * (github.com/Mcompetitions/M4-methods), or `m4-hourly-odd.json` with `{ series: { id, train, test }[] }`. The data
 * carry no licence and are not in this repository.
 *
 * @throws InvalidInputError when the folder holds neither, or a file is malformed.
 */
export function readM4(directory: string): readonly M4Series[] {
  const json = join(directory, 'm4-hourly-odd.json');
  if (!existsSync(join(directory, 'Hourly-train.csv'))) {
    const { series } = readJson(json) as { readonly series: readonly M4Series[] };
    series.forEach(({ train, test }, k) => {
      checkNumbers(json, `series[${k}].train`, train);
      checkNumbers(json, `series[${k}].test`, test);
    });
    return series;
  }
  const train = readM4Csv(join(directory, 'Hourly-train.csv'));
  const test = readM4Csv(join(directory, 'Hourly-test.csv'));
  return [...train].map(([id, values]) => {
    const future = test.get(id);
    if (future !== undefined) return { id, train: values, test: future };
    throw new InvalidInputError(directory, 'must have the same series in both files', id, {
      hint: 'Take both files from the same place.',
    });
  });
}

/** A series of the rolling-origin benchmark. */
export interface DomainSeries {
  readonly id: string;
  /** Lengths of seasons, in steps, shortest first. */
  readonly seasons: readonly number[];
  readonly horizon: number;
  /** `null` where a value is missing. */
  readonly values: readonly (number | null)[];
}

/**
 * Reads `domain-first60.json` from a folder: `{ series: { id, seasons, horizon, values }[] }`.
 *
 * @throws InvalidInputError when the file is missing or malformed.
 */
export function readDomainSeries(directory: string): readonly DomainSeries[] {
  const path = join(directory, 'domain-first60.json');
  const { series } = readJson(path) as { readonly series: readonly DomainSeries[] };
  series.forEach(({ values }, k) => {
    checkNumbers(
      path,
      `series[${k}].values`,
      values.filter((value) => value !== null),
    );
  });
  return series;
}

/** Hourly carbon intensity of a grid, from the start of a UTC day. */
export interface CarbonGrid {
  readonly id: string;
  readonly startAtMs: number;
  /** gCO2e/kWh, one value an hour. */
  readonly values: readonly number[];
}

/** File and column of each grid. */
const GRIDS = [
  { id: 'DE', file: 'DE_2020_30min.csv', column: 1 },
  { id: 'GB', file: 'GB_2020_30min.csv', column: 1 },
  { id: 'FR', file: 'FR_2020_30min.csv', column: 1 },
  { id: 'ES', file: 'ES_2021_60min.csv', column: 2 },
];

/**
 * Reads the grids from a folder: `DE_2020_30min.csv`, `GB_2020_30min.csv`, `FR_2020_30min.csv` (time, gCO2e/kWh) and
 * `ES_2021_60min.csv` (time, direct, life cycle). Half hours are averaged to hours.
 *
 * @throws InvalidInputError when a file is missing or malformed.
 */
export function readCarbonGrids(directory: string): readonly CarbonGrid[] {
  return GRIDS.map(({ id, file, column }) => {
    const path = join(directory, file);
    const hours = new Map<string, number[]>();
    for (const row of readText(path).trim().split(/\r?\n/).slice(1)) {
      const cells = row.split(',');
      const hour = cells[0]!.slice(0, 13);
      hours.set(hour, [...(hours.get(hour) ?? []), Number(cells[column])]);
    }
    const values = [...hours.values()].map((list) => list.reduce((sum, value) => sum + value, 0) / list.length);
    checkNumbers(path, `column ${column + 1}`, values);
    return { id, startAtMs: Date.parse(`${[...hours.keys()][0]!}:00Z`), values };
  });
}

/**
 * Reads the hourly prices of the day-ahead auction of a grid from a folder, `DE_dayahead_2019-2020_60min.csv` (time, EUR/MWh): EUR/MWh, one
 * value an hour.
 *
 * @throws InvalidInputError when the file is missing or malformed.
 */
export function readDayAheadPrices(
  directory: string,
  id: string,
): { readonly startAtMs: number; readonly values: readonly number[] } {
  const path = join(directory, `${id}_dayahead_2019-2020_60min.csv`);
  const rows = readText(path).trim().split(/\r?\n/).slice(1);
  const values = rows.map((row) => Number(row.split(',')[1]));
  checkNumbers(path, 'column 2', values);
  return { startAtMs: Date.parse(`${rows[0]!.slice(0, 13)}:00Z`), values };
}

/**
 * Reads requests in bins of ten seconds from `azure-llm-2023-conv.json` in a folder: `{ requests: number[] }`.
 *
 * @throws InvalidInputError when the file is missing or malformed.
 */
export function readRequests(directory: string): readonly number[] {
  const path = join(directory, 'azure-llm-2023-conv.json');
  const { requests } = readJson(path) as { readonly requests: readonly number[] };
  checkNumbers(path, 'requests', requests);
  return requests;
}

function readM4Csv(path: string): ReadonlyMap<string, readonly number[]> {
  const rows = readText(path).trim().split(/\r?\n/).slice(1);
  return new Map(
    rows.map((row) => {
      const [id, ...cells] = row.replaceAll('"', '').split(',');
      const values = cells.filter((cell) => cell !== '' && cell !== 'NA').map(Number);
      checkNumbers(path, id!, values);
      return [id!, values] as const;
    }),
  );
}

function readJson(path: string): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidInputError(path, 'must be JSON', text.slice(0, 40), { hint: 'Is it the right file?', cause });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new InvalidInputError('--data', 'must be a folder with the series', path, {
      hint: 'docs/benchmarks.md says which files, and where they come from.',
      cause,
    });
  }
}

function checkNumbers(path: string, field: string, values: readonly unknown[] | undefined): void {
  if (Array.isArray(values) && values.length > 0 && values.every(Number.isFinite)) return;
  throw new InvalidInputError(`${field} of ${path}`, 'must list finite numbers', values, {
    hint: 'Is it the right file?',
  });
}
