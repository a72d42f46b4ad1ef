/** Billionths in one. */
export const NANO = 1_000_000_000n;

/** What the suffixes stand for, in billionths. */
const UNITS: Readonly<Record<string, bigint>> = {
  n: 1n,
  u: 1_000n,
  m: 1_000_000n,
  '': NANO,
  k: NANO * 10n ** 3n,
  M: NANO * 10n ** 6n,
  G: NANO * 10n ** 9n,
  T: NANO * 10n ** 12n,
  P: NANO * 10n ** 15n,
  E: NANO * 10n ** 18n,
  Ki: NANO * 2n ** 10n,
  Mi: NANO * 2n ** 20n,
  Gi: NANO * 2n ** 30n,
  Ti: NANO * 2n ** 40n,
  Pi: NANO * 2n ** 50n,
  Ei: NANO * 2n ** 60n,
};
const MAX_BINARY = (2n ** 63n - 1n) * NANO;
const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:([numkMGTPE]?|[KMGTPE]i)|[eE]([+-]?)0*(\d{1,3}))$/;

/**
 * Reads an amount as Kubernetes writes them: `0.5`, `500m`, `64Gi`, `1e3`.
 *
 * @returns exact billionths; what is finer is rounded away from zero, and binary amounts are at most 2⁶³−1, both as the server
 * does. `undefined` for any other text, and for exponents of more than three digits.
 *
 * Source: kubernetes/apimachinery, pkg/api/resource/quantity.go.
 */
export function parseQuantity(text: unknown): bigint | undefined {
  const [, sign, whole, fraction = '', suffix = '', exponentSign, exponentDigits] =
    FORM.exec(typeof text === 'string' ? text : '') ?? [];
  if (whole === undefined || whole + fraction === '') return undefined;
  const exponent = Number(`${exponentSign ?? ''}${exponentDigits ?? '0'}`) - fraction.length;
  const digits = BigInt(whole + fraction) * UNITS[suffix]!;
  const size = exponent >= 0 ? digits * 10n ** BigInt(exponent) : divideUp(digits, 10n ** BigInt(-exponent));
  const capped = suffix.endsWith('i') && size > MAX_BINARY ? MAX_BINARY : size;
  return sign === '-' ? -capped : capped;
}

function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}
