import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInputError } from '@spillway/core';

/** Load of two language models. */
export interface Demand {
  /** Requests in each ten seconds, about an hour. */
  readonly conversations: readonly number[];
  /** Mean requests a second in each ten minutes, 14 days. */
  readonly dayCycle: readonly number[];
}

/**
 * Reads `azure-llm-2023-conv.json` (`{ requests }`) and `servegen-m-small.json` (`{ requestsPerSec }`) from a folder.
 *
 * @throws InvalidInputError when a file is missing or malformed.
 */
export function readDemand(directory: string): Demand {
  return {
    conversations: readColumn(join(directory, 'azure-llm-2023-conv.json'), 'requests'),
    dayCycle: readColumn(join(directory, 'servegen-m-small.json'), 'requestsPerSec'),
  };
}

function readColumn(path: string, column: string): readonly number[] {
  let file: Record<string, unknown>;
  try {
    file = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new InvalidInputError(path, 'must be a readable JSON file', String(cause), {
      hint: 'Pass the folder of the demand traces with --data; see docs/benchmarks.md.',
      cause,
    });
  }
  const values = file[column];
  if (Array.isArray(values) && values.length > 0 && values.every((value) => typeof value === 'number' && value >= 0)) {
    return values as readonly number[];
  }
  throw new InvalidInputError(`${path}: ${column}`, 'must be a list of numbers >= 0', values);
}
