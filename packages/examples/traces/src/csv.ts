import { InvalidInputError } from '@spillway/core';
import { readText } from './read-text.ts';

/** A table with a header line, cells by column name. */
export interface CsvTable {
  readonly path: string;
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/**
 * Reads a plain CSV file: a header line, comma-separated cells, no quoting (the traces have none).
 *
 * @param columns - columns that must be there; others are kept.
 * @throws InvalidInputError naming file and line when the file is missing or empty, a column is missing, or a row has
 * another number of cells than the header.
 */
export function readCsv(path: string, columns: readonly string[]): CsvTable {
  const lines = readText(path)
    .split(/\r?\n/)
    .filter((line) => line.length > 0);
  const header = lines[0]?.split(',') ?? [];
  for (const column of columns) {
    if (header.includes(column)) continue;
    throw new InvalidInputError(`${path} line 1`, `must have a column '${column}'`, header.join(','), {
      hint: `The header must name ${columns.join(', ')}.`,
    });
  }
  const rows = lines.slice(1).map((line, index) => {
    const cells = line.split(',');
    if (cells.length !== header.length) {
      throw new InvalidInputError(`${path} line ${index + 2}`, `must have ${header.length} cells`, line, {
        hint: 'The file may be cut off; fetch it again.',
      });
    }
    return Object.fromEntries(header.map((name, at) => [name, cells[at]!]));
  });
  return { path, rows };
}

/**
 * The number in a cell.
 *
 * @throws InvalidInputError naming file, line and column when the cell is not a finite number within the rule.
 */
export function numberIn(
  table: CsvTable,
  row: number,
  column: string,
  rule: { readonly min?: number; readonly isWhole?: boolean } = {},
): number {
  const text = table.rows[row]?.[column] ?? '';
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const { min = -Infinity, isWhole = false } = rule;
  if (Number.isFinite(value) && value >= min && (!isWhole || Number.isInteger(value))) return value;
  const range = min === -Infinity ? '' : ` >= ${min}`;
  throw new InvalidInputError(
    `${table.path} line ${row + 2}, column '${column}'`,
    `must be a ${isWhole ? 'whole' : 'finite'} number${range}`,
    text,
    { hint: 'Correct the cell or remove the row.' },
  );
}
