import { checkNumber, InvalidInputError } from '@spillway/core';

/** The whole number >= 1 that a flag was given. @throws InvalidInputError */
export function parseCount(flag: string, text: string): number {
  const count = Number(text);
  checkNumber(flag, count, { min: 1, isWhole: true, hint: 'For example 40.' });
  return count;
}

/** The seeds of `7` or `42-51`. @throws InvalidInputError */
export function parseSeeds(text: string): readonly number[] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match !== null && first <= last) return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  throw new InvalidInputError('--seeds', 'must be a seed or a range', text, { hint: 'For example --seeds 42-51.' });
}
