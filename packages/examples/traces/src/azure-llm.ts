import { fileURLToPath } from 'node:url';
import { InvalidInputError, SECOND_MS, type Series } from '@spillway/core';
import { readText } from './read-text.ts';

const DEFAULT_FILE = fileURLToPath(new URL('../data/azure-llm/conversation-2023.json', import.meta.url));

/**
 * Loads the request rate of a conversation LLM service: 58 minutes in 10 s slots (Azure, CC-BY-4.0; see the README beside it).
 *
 * @param options.file - JSON with `start` (date and time, UTC), `stepSec` and `requests` (counts a step).
 * @returns requests per second, mean of each slot.
 * @throws InvalidInputError when the file is missing or malformed, naming the field.
 */
export function loadAzureConversation(options: { readonly file?: string } = {}): Series<'1/s'> {
  const path = options.file ?? DEFAULT_FILE;
  const { start, stepSec, requests } = parseObject(path);
  if (typeof stepSec !== 'number' || !(stepSec > 0)) {
    throw new InvalidInputError(`${path} stepSec`, 'must be a number of seconds > 0', stepSec);
  }
  const startAtMs = typeof start === 'string' ? Date.parse(`${start.replace(' ', 'T').slice(0, 23)}Z`) : Number.NaN;
  if (Number.isNaN(startAtMs)) {
    throw new InvalidInputError(`${path} start`, 'must be a date and time', start, {
      hint: "For example '2023-11-16 18:15:46'.",
    });
  }
  if (!Array.isArray(requests) || requests.length === 0) {
    throw new InvalidInputError(`${path} requests`, 'must be a list of counts', requests);
  }
  const values = requests.map((count: unknown, index) => {
    if (typeof count === 'number' && Number.isFinite(count) && count >= 0) return count / stepSec;
    throw new InvalidInputError(`${path} requests[${index}]`, 'must be a number >= 0', count);
  });
  return { startAtMs, stepMs: stepSec * SECOND_MS, unit: '1/s', values };
}

function parseObject(path: string): Readonly<Record<string, unknown>> {
  const text = readText(path);
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch (cause) {
    throw new InvalidInputError('trace file', 'must be JSON', path, { hint: 'The file may be cut off.', cause });
  }
  throw new InvalidInputError('trace file', 'must hold a JSON object', path);
}
