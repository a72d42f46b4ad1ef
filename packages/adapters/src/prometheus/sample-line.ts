import { parseNumber } from './number-text.ts';
import type { ExpositionExemplar, ExpositionProblemKind, ExpositionSample } from './exposition-types.ts';

/** Why a line holds no sample. */
export interface LineFault {
  readonly kind: ExpositionProblemKind;
  /** Name of the metric as far as it could be read. */
  readonly metric: string | null;
}

type Labels = Readonly<Record<string, string>>;

const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const WHOLE = /^-?\d+$/;
const NO_LABELS: Labels = Object.freeze({});

/** Reads one line that holds a sample. `O(length)`. */
export function parseSampleLine(row: string, isOpenMetrics: boolean): ExpositionSample | LineFault {
  let at = skipBlanks(row, 0);
  const name = match(METRIC_NAME, row, at);
  if (name === undefined) return { kind: 'name', metric: null };
  const fault = (kind: ExpositionProblemKind): LineFault => ({ kind, metric: name });
  at = skipBlanks(row, at + name.length);
  let labels = NO_LABELS;
  if (row[at] === '{') {
    const block = parseLabels(row, at);
    if (typeof block === 'string') return fault(block);
    labels = block.labels;
    at = block.end;
  } else if (at === name.length + skipBlanks(row, 0)) {
    // A name that runs into something else, for example `up-1`, is no name.
    return fault(at === row.length ? 'value' : 'name');
  }
  const [numbers, exemplarText] = splitExemplar(row.slice(at), isOpenMetrics);
  const words = numbers.split(/[ \t]+/).filter((word) => word !== '');
  const value = words.length === 0 ? undefined : parseNumber(words[0]!);
  if (value === undefined) return fault('value');
  if (words.length > 2) return fault('timestamp');
  const timestampMs = words.length === 2 ? parseTimestamp(words[1]!, isOpenMetrics) : undefined;
  if (words.length === 2 && timestampMs === undefined) return fault('timestamp');
  const exemplar = exemplarText === undefined ? undefined : parseExemplar(exemplarText);
  if (exemplar === 'exemplar') return fault('exemplar');
  return {
    name,
    labels,
    value,
    ...(timestampMs !== undefined && { timestampMs }),
    ...(exemplar !== undefined && { exemplar }),
  };
}

/** Whether a line could not be read. */
export function isFault(read: ExpositionSample | LineFault): read is LineFault {
  return 'kind' in read;
}

/** An exemplar begins at the first `#` after the labels; the text format has none. */
function splitExemplar(text: string, isOpenMetrics: boolean): [string, string | undefined] {
  const mark = isOpenMetrics ? text.indexOf('#') : -1;
  return mark < 0 ? [text, undefined] : [text.slice(0, mark), text.slice(mark + 1)];
}

function parseExemplar(text: string): ExpositionExemplar | 'exemplar' {
  const start = skipBlanks(text, 0);
  const block = text[start] === '{' ? parseLabels(text, start) : 'labels';
  if (typeof block === 'string') return 'exemplar';
  const words = text
    .slice(block.end)
    .split(/[ \t]+/)
    .filter((word) => word !== '');
  const value = words.length === 1 || words.length === 2 ? parseNumber(words[0]!) : undefined;
  const timestampMs = words.length === 2 ? parseTimestamp(words[1]!, true) : undefined;
  if (value === undefined || (words.length === 2 && timestampMs === undefined)) return 'exemplar';
  return { labels: block.labels, value, ...(timestampMs !== undefined && { timestampMs }) };
}

/** Whole ms in the text format; seconds with a fraction in OpenMetrics. */
function parseTimestamp(text: string, isOpenMetrics: boolean): number | undefined {
  if (!isOpenMetrics && !WHOLE.test(text)) return undefined;
  const value = parseNumber(text);
  const timestampMs = value !== undefined && isOpenMetrics ? Math.round(value * 1000) : value;
  return Number.isSafeInteger(timestampMs) ? timestampMs : undefined;
}

/** Reads `{a="x",b="y"}` from its brace on; a comma after the last label is allowed. */
function parseLabels(row: string, brace: number): { labels: Labels; end: number } | 'labels' | 'duplicate-label' {
  const entries: [string, string][] = [];
  const names = new Set<string>();
  let at = skipBlanks(row, brace + 1);
  while (row[at] !== '}') {
    const name = match(LABEL_NAME, row, at);
    if (name === undefined) return 'labels';
    at = skipBlanks(row, at + name.length);
    if (row[at] !== '=') return 'labels';
    at = skipBlanks(row, at + 1);
    const quoted = row[at] === '"' ? parseQuoted(row, at + 1) : undefined;
    if (quoted === undefined) return 'labels';
    if (names.has(name)) return 'duplicate-label';
    names.add(name);
    entries.push([name, quoted.value]);
    at = skipBlanks(row, quoted.end);
    if (row[at] === ',') at = skipBlanks(row, at + 1);
    else if (row[at] !== '}') return 'labels';
  }
  // `fromEntries` defines own properties, so a label called __proto__ is a label.
  return { labels: Object.fromEntries(entries), end: at + 1 };
}

/** Reads up to the closing quote. Only `\\`, `\"` and `\n` are escapes. */
function parseQuoted(row: string, from: number): { value: string; end: number } | undefined {
  let value = '';
  let plain = from;
  for (let at = from; at < row.length; at++) {
    const sign = row[at];
    if (sign === '"') return { value: value + row.slice(plain, at), end: at + 1 };
    if (sign !== '\\') continue;
    const escaped = row[at + 1];
    if (escaped !== '\\' && escaped !== '"' && escaped !== 'n') return undefined;
    value += row.slice(plain, at) + (escaped === 'n' ? '\n' : escaped);
    at++;
    plain = at + 1;
  }
  return undefined;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
