/** A second reader of the exposition formats, written from the grammar as one regular expression a line, for short lines only. */
export interface OracleSample {
  readonly name: string;
  readonly labels: readonly (readonly [string, string])[];
  readonly value: number;
  readonly timestampMs: number | null;
  readonly exemplarValue: number | null;
}

const B = '[ \\t]*';
const QUOTED = '"((?:[^"\\\\]|\\\\["n\\\\])*)"';
const LABEL = `([a-zA-Z_][a-zA-Z0-9_]*)${B}=${B}${QUOTED}`;
const PLAIN_LABEL = LABEL.replaceAll(/\((?!\?)/g, '(?:');
const BLOCK = `\\{${B}(?:${PLAIN_LABEL}(?:${B},${B}${PLAIN_LABEL})*${B},?)?${B}\\}`;
const VALUE =
  '([+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])';
const HEAD = `^${B}([a-zA-Z_:][a-zA-Z0-9_:]*)(?:${B}(${BLOCK})${B}|[ \\t]+)${VALUE}`;
const TEXT = new RegExp(`${HEAD}(?:[ \\t]+(-?[0-9]+))?${B}$`);
const OPEN = new RegExp(`${HEAD}(?:[ \\t]+${VALUE})?(?:${B}#${B}(${BLOCK})${B}${VALUE}(?:[ \\t]+${VALUE})?)?${B}$`);

function numberOf(text: string): number {
  if (/inf/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return /nan/i.test(text) ? NaN : Number(text);
}

const overflows = (text: string): boolean => !/inf|nan/i.test(text) && Math.abs(Number(text)) === Infinity;

/** The sample on a line, or `null` when the line is none. */
function oracleSample(row: string, isOpenMetrics: boolean): OracleSample | null {
  const found = (isOpenMetrics ? OPEN : TEXT).exec(row);
  if (found === null) return null;
  const [, name, block, value, stamp, , exemplarValue, exemplarStamp] = found;
  const labels = [...(block ?? '').matchAll(new RegExp(LABEL, 'g'))].map(
    ([, key, raw]) => [key!, raw!.replaceAll(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign))] as const,
  );
  if (new Set(labels.map(([key]) => key)).size < labels.length) return null;
  if ([value, exemplarValue].some((text) => text !== undefined && overflows(text))) return null;
  const timestamps = [stamp, exemplarStamp].map((text) =>
    text === undefined ? null : isOpenMetrics ? Math.round(numberOf(text) * 1000) : numberOf(text),
  );
  if (timestamps.some((ms) => ms !== null && !Number.isSafeInteger(ms))) return null;
  return {
    name: name!,
    labels,
    value: numberOf(value!),
    timestampMs: timestamps[0]!,
    exemplarValue: exemplarValue === undefined ? null : numberOf(exemplarValue),
  };
}

/** All samples of a text, lines that are not samples left out. */
export function oracleSamples(text: string, isOpenMetrics: boolean): OracleSample[] {
  const rows = text.split('\n').slice(0, -1);
  const end = isOpenMetrics ? rows.indexOf('# EOF') : -1;
  return (end < 0 ? rows : rows.slice(0, end))
    .filter((row) => !row.startsWith('#'))
    .map((row) => oracleSample(row, isOpenMetrics))
    .filter((sample) => sample !== null);
}
