import { readFileSync } from 'node:fs';
import { InvalidInputError } from '@spillway/core';

/** Reads a trace file as text. @throws InvalidInputError naming the file when it cannot be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new InvalidInputError('trace file', 'must be readable', path, {
      hint: 'Check the path; the traces of the repository lie in packages/examples/traces/data.',
      cause,
    });
  }
}
