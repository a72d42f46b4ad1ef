import fc from 'fast-check';

const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/);
const labelName = fc.oneof(fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/), fc.constant('__proto__'));
const labelValue = fc
  .string({ unit: fc.constantFrom(...'ab ,={}"\\\n#é😀\t'.split(/(?:)/u)), maxLength: 10 })
  .map((text) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n'));
const blanks = fc.constantFrom('', '', ' ', '\t', '  ');
const gap = fc.constantFrom(' ', ' ', '\t', '  ');

/** A number as an exporter may write it. */
const numberText = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? '-0' : String(value))),
  fc.integer().map((value) => value.toFixed(6)),
  fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String),
  fc.constantFrom('NaN', '+Inf', '-Inf', 'Inf', '.5', '5.', '+1', '1e3', '1E-3', '9223372036854775794'),
);
const labels = fc.uniqueArray(fc.tuple(labelName, labelValue, blanks), { maxLength: 5, selector: ([key]) => key });

const block = fc
  .tuple(labels, fc.boolean())
  .map(([entries, isTrailing]) =>
    entries.length === 0
      ? '{}'
      : `{${entries.map(([key, value, blank]) => `${blank}${key}${blank}=${blank}"${value}"`).join(',')}${isTrailing ? ',' : ''}}`,
  );
const head = fc.oneof(
  fc.tuple(blanks, name, blanks, block, blanks).map((parts) => parts.join('')),
  fc.tuple(name, gap).map((parts) => parts.join('')),
);
const comment = fc.oneof(
  name.map((metric) => `# HELP ${metric} some \\\\ text`),
  fc
    .tuple(name, fc.constantFrom('counter', 'gauge', 'histogram', 'bogus'))
    .map(([metric, type]) => `# TYPE ${metric} ${type}`),
  fc.constantFrom('# a comment', '#', ''),
);
const textTime = fc.option(
  fc.integer().map((ms) => ` ${ms}`),
  { nil: '' },
);
const openTime = fc.option(
  fc.integer({ min: -1e9, max: 2e9 }).map((ms) => ` ${(ms / 1000).toFixed(3)}`),
  { nil: '' },
);
const exemplar = fc.option(
  fc.tuple(block, numberText, openTime).map(([labelBlock, value, time]) => ` # ${labelBlock} ${value}${time}`),
  { nil: '' },
);

/** Whole scrapes, valid but for a bogus type here and there. */
export const expositions = fc.boolean().chain((isOpenMetrics) => {
  const sample = isOpenMetrics
    ? fc.tuple(head, numberText, openTime, exemplar).map((parts) => parts.join(''))
    : fc.tuple(head, numberText, textTime, blanks).map((parts) => parts.join(''));
  return fc
    .array(fc.oneof({ weight: 4, arbitrary: sample }, { weight: 1, arbitrary: comment }), { maxLength: 12 })
    .map((rows) => ({
      isOpenMetrics,
      text: [...rows, ...(isOpenMetrics ? ['# EOF'] : [])].map((row) => `${row}\n`).join(''),
    }));
});

/** What happens to a text on its way: bytes lost, doubled, swapped for others, or the end cut off. */
export const mutations = fc.array(
  fc.record({
    kind: fc.constantFrom('cut', 'delete', 'insert', 'replace', 'double'),
    at: fc.nat(5_000),
    length: fc.integer({ min: 1, max: 8 }),
    sign: fc.constantFrom(...'{}",=\\\n #0eE.+-NIx_\u0000\r\u{1f600}'.split(/(?:)/u)),
  }),
  { minLength: 1, maxLength: 3 },
);

/** The text after its accidents. */
export function mutate(
  text: string,
  accidents: readonly { kind: string; at: number; length: number; sign: string }[],
): string {
  return accidents.reduce((now, { kind, at, length, sign }) => {
    const from = now.length === 0 ? 0 : at % now.length;
    const before = now.slice(0, from);
    if (kind === 'cut') return before;
    if (kind === 'delete') return before + now.slice(from + length);
    if (kind === 'insert') return before + sign + now.slice(from);
    if (kind === 'replace') return before + sign + now.slice(from + 1);
    return before + now.slice(from, from + length) + now.slice(from);
  }, text);
}
