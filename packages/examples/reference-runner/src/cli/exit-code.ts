import { InvalidInputError, SpillwayError } from '@spillway/core';

/** What the command's exit status says. */
export const EXIT_CODE = { ok: 0, failure: 1, usage: 2, notFeasible: 3 } as const;

/** The exit status for an error: the caller's mistakes are 2, everything else is 1. */
export function exitCodeOf(error: unknown): number {
  return InvalidInputError.is(error) ? EXIT_CODE.usage : EXIT_CODE.failure;
}

/** One or two lines for a person: what is wrong, and what to do. */
export function describeError(error: unknown): string {
  if (!SpillwayError.is(error))
    return `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  return error.hint === undefined ? `error: ${error.message}` : `error: ${error.message}\nhint: ${error.hint}`;
}

/** Parses the value of a numeric flag. @throws InvalidInputError naming flag, value and remedy */
export function parseNumberFlag(
  flag: string,
  text: string,
  rule: { readonly isWhole?: boolean; readonly above?: number },
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const isRight =
    Number.isFinite(value) &&
    (rule.isWhole !== true || Number.isSafeInteger(value)) &&
    (rule.above === undefined || value > rule.above);
  if (isRight) return value;
  const range = rule.above === undefined ? '' : ` > ${rule.above}`;
  throw new InvalidInputError(flag, `must be a ${rule.isWhole === true ? 'whole ' : ''}number${range}`, text, {
    hint: `For example ${flag} ${rule.isWhole === true ? '7' : '60'}.`,
  });
}
