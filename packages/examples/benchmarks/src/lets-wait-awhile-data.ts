import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError, MINUTE_MS } from '@spillway/core';
import type { CarbonSeries } from '@spillway/core';

/** Length of a slot of the series and of the job set, ms. */
export const HALF_HOUR_MS = 30 * MINUTE_MS;

const ROW_HINT = 'Rows count from 1, the header included.';

/** One job of the set, in slots of half an hour from the start of the series. */
export interface MachineLearningJob {
  readonly id: string;
  readonly startSlot: number;
  readonly slotCount: number;
}

/**
 * Reads the carbon intensity of a region from `<region>_2020_30min.csv`: a header, then `time,gco2_per_kwh` with UTC
 * times without a zone, half an hour apart.
 *
 * @throws InvalidInputError when the file is missing, or a row is malformed or out of step; `cause` has the details.
 */
export function readCarbonSeries(dataDirectory: string, region: string): CarbonSeries {
  const path = join(dataDirectory, `${region}_2020_30min.csv`);
  const rows = readRows(path, 'dataDirectory', 2);
  const values = rows.map(([, value], index) => parseCell(path, 'gco2_per_kwh', index, value));
  const times = rows.map(([time], index) => parseCell(path, 'time', index, time, (text) => Date.parse(`${text}Z`)));
  const startAtMs = times[0]!;
  const outOfStep = times.findIndex((time, index) => time !== startAtMs + index * HALF_HOUR_MS);
  if (outOfStep >= 0) {
    throw new InvalidInputError(
      `time in row ${outOfStep + 2} of ${path}`,
      'must be half an hour after the row before',
      rows[outOfStep]![0],
      {
        hint: 'Fill gaps and sort the rows; times are UTC.',
      },
    );
  }
  return { startAtMs, stepMs: HALF_HOUR_MS, unit: 'gCO2e/kWh', kind: 'average', scope: 'life-cycle', values };
}

/**
 * Reads the job set: a header, then `id,startSlot,slots`, in half-hour slots from the start of the series.
 *
 * @throws InvalidInputError when the file is missing or a row is malformed.
 */
export function readMachineLearningJobs(path: string): readonly MachineLearningJob[] {
  return readRows(path, 'jobsFile', 3).map(([id, start, slots], index) => ({
    id: `ml-${id!}`,
    startSlot: parseSlots(path, 'startSlot', index, start, 0),
    slotCount: parseSlots(path, 'slots', index, slots, 1),
  }));
}

function readRows(path: string, field: string, columnCount: number): readonly (readonly string[])[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new InvalidInputError(field, 'must lead to a readable file', path, {
      hint: 'Pass the folder of the series with --data and the file of the jobs with --jobs.',
      cause,
    });
  }
  const rows = text.trim().split(/\r?\n/).slice(1);
  if (rows.length === 0) {
    throw new InvalidInputError(path, 'must have rows after its header', text, { hint: 'Is it the right file?' });
  }
  return rows.map((row, index) => {
    const cells = row.split(',');
    if (cells.length === columnCount) return cells;
    throw new InvalidInputError(`row ${index + 2} of ${path}`, `must have ${columnCount} columns`, row, {
      hint: 'Columns are separated by commas.',
    });
  });
}

function parseCell(
  path: string,
  column: string,
  index: number,
  cell: string | undefined,
  parse: (text: string) => number = Number,
): number {
  const value = cell === undefined || cell.trim() === '' ? NaN : parse(cell);
  if (Number.isFinite(value) && (value >= 0 || column === 'time')) return value;
  throw new InvalidInputError(`${column} in row ${index + 2} of ${path}`, 'must be a value >= 0', cell, {
    hint: ROW_HINT,
  });
}

function parseSlots(path: string, column: string, index: number, cell: string | undefined, min: number): number {
  const value = parseCell(path, column, index, cell);
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new InvalidInputError(`${column} in row ${index + 2} of ${path}`, `must be a whole number >= ${min}`, cell, {
    hint: ROW_HINT,
  });
}
