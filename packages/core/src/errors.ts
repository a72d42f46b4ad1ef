const MARK = Symbol.for('spillway.error');

/** What can accompany an error: the next step, and what caused it. */
export interface SpillwayErrorOptions {
  /** What the caller can do about it. */
  readonly hint?: string;
  /** The error underneath, when there is one. */
  readonly cause?: unknown;
}

/** Base of every error that Spillway throws on purpose. */
export class SpillwayError extends Error {
  readonly [MARK] = true;
  /** Stable machine-readable code, for example `SPILLWAY_INVALID_INPUT`. */
  readonly code: string;
  /** What the caller can do about it. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: SpillwayErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }

  /** True for errors of any copy of the library, whichever module format loaded it; `instanceof` is not. */
  static is(value: unknown): value is SpillwayError {
    return typeof value === 'object' && value !== null && MARK in value;
  }
}

/** The caller broke a documented precondition. Thrown before any work is done, so nothing is lost. */
export class InvalidInputError extends SpillwayError {
  /** Path of the offending field, for example `nodes[3].cpuMilli`. */
  readonly field: string;
  /** The value that was refused. */
  readonly value: unknown;

  /**
   * @param field - path of the offending field; ids help the reader more than indices.
   * @param requirement - what the field must be, as a phrase that follows its name: `must be a whole number >= 0`.
   * @param value - the value that was refused.
   */
  constructor(field: string, requirement: string, value: unknown, options: SpillwayErrorOptions = {}) {
    super('SPILLWAY_INVALID_INPUT', `${field} ${requirement}, got ${render(value)}`, options);
    this.field = field;
    this.value = value;
  }

  /** True for input errors of any copy of the library, whichever module format loaded it; `instanceof` is not. */
  static override is(value: unknown): value is InvalidInputError {
    return SpillwayError.is(value) && value.code === 'SPILLWAY_INVALID_INPUT';
  }
}

/** A short, unambiguous text of a value: strings are quoted, long texts are cut. */
function render(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}'`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
