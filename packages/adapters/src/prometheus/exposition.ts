import { isFault, parseSampleLine } from './sample-line.ts';

/** What a metric is, as its `# TYPE` line says. */
export type ExpositionType =
  'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped' | 'unknown' | 'info' | 'stateset' | 'gaugehistogram';

/** An example that a sample came with; OpenMetrics only. */
export interface ExpositionExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Ms since the Unix epoch, rounded to whole ms. */
  readonly timestampMs?: number;
}

/** One line with a number. */
export interface ExpositionSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As written; may be NaN or infinite. */
  readonly value: number;
  /** Ms since the Unix epoch, rounded to whole ms. Absent: the time of the scrape. */
  readonly timestampMs?: number;
  readonly exemplar?: ExpositionExemplar;
}

/** What is known of all samples of a name. */
export interface ExpositionFamily {
  readonly name: string;
  readonly type?: ExpositionType;
  readonly help?: string;
  readonly unit?: string;
}

/**
 * What is wrong with a line. `unterminated`: the text ends in the middle of it, so its number may have been cut.
 * `no-end`: OpenMetrics without its `# EOF`, so lines are missing. `after-end`: text behind it.
 */
export type ExpositionProblemKind =
  | 'name'
  | 'labels'
  | 'duplicate-label'
  | 'value'
  | 'timestamp'
  | 'exemplar'
  | 'metadata'
  | 'unterminated'
  | 'no-end'
  | 'after-end';

/** A line that gave nothing, and why. */
export interface ExpositionProblem {
  readonly kind: ExpositionProblemKind;
  /** From 1. */
  readonly line: number;
  /** Name of the metric as far as it could be read. */
  readonly metric: string | null;
  /** The line, cut at 120 characters. */
  readonly text: string;
}

/** What a scrape says. */
export interface Exposition {
  /** In the order of the text. */
  readonly samples: readonly ExpositionSample[];
  /** By name, in the order of the text. */
  readonly families: ReadonlyMap<string, ExpositionFamily>;
  /** Empty when every line was read and nothing is missing. */
  readonly problems: readonly ExpositionProblem[];
}

/** How a scrape is written. */
export interface ExpositionOptions {
  /** `text`: Prometheus 0.0.4; `openmetrics`: OpenMetrics 1.0. @defaultValue 'text' */
  readonly format?: 'text' | 'openmetrics';
}

const TYPES: ReadonlySet<string> = new Set<ExpositionType>([
  'counter',
  'gauge',
  'histogram',
  'summary',
  'untyped',
  'unknown',
  'info',
  'stateset',
  'gaugehistogram',
]);
const METADATA = /^#[ \t]+(HELP|TYPE|UNIT)[ \t]+([a-zA-Z_:][a-zA-Z0-9_:]*)(?:[ \t](.*))?$/s;

/**
 * Reads the text that an exporter of metrics answers with. Line by line: a line that cannot be read is among the problems and
 * takes nothing else with it, so one unescaped quote in a label does not hide a node. No number is made up: a line that was
 * cut, a number that overflows and an empty value give a problem, not a sample. Never throws.
 *
 * Left out: names in quotes (UTF-8 names), and the check that the samples of a histogram belong together.
 *
 * @returns an {@link Exposition}. `O(length)`.
 *
 * Source: "Exposition formats", prometheus.io/docs/instrumenting/exposition_formats; OpenMetrics 1.0.0.
 *
 * @example
 * ```ts
 * const { samples, problems } = parseExposition('up{job="dcgm"} 1\nbroken{ 2\n');
 * samples[0]; // { name: 'up', labels: { job: 'dcgm' }, value: 1 }
 * problems[0]; // { kind: 'labels', line: 2, metric: 'broken', text: 'broken{ 2' }
 * ```
 */
export function parseExposition(text: string, options: ExpositionOptions = {}): Exposition {
  const isOpenMetrics = options.format === 'openmetrics';
  const samples: ExpositionSample[] = [];
  const families = new Map<string, ExpositionFamily>();
  const problems: ExpositionProblem[] = [];
  let line = 0;
  let isEnded = false;
  for (let start = 0; start < text.length;) {
    line++;
    const stop = text.indexOf('\n', start);
    const row = text.slice(start, stop < 0 ? undefined : stop);
    const report = (kind: ExpositionProblemKind, metric: string | null = null): void => {
      problems.push({ kind, line, metric, text: row.slice(0, 120) });
    };
    start = stop < 0 ? text.length : stop + 1;
    if (isEnded) report('after-end');
    else if (isOpenMetrics && row === '# EOF') isEnded = true;
    else if (stop < 0) report('unterminated');
    else if (row.startsWith('#')) readMetadata(row, families, report);
    else if (/[^ \t]/.test(row)) {
      const read = parseSampleLine(row, isOpenMetrics);
      if (isFault(read)) report(read.kind, read.metric);
      else samples.push(read);
    }
  }
  if (isOpenMetrics && !isEnded) problems.push({ kind: 'no-end', line, metric: null, text: '' });
  return { samples, families, problems };
}

/** Takes in `# HELP`, `# TYPE` and `# UNIT`; any other line that begins with `#` is a comment. */
function readMetadata(
  row: string,
  families: Map<string, ExpositionFamily>,
  report: (kind: ExpositionProblemKind, metric: string) => void,
): void {
  const found = METADATA.exec(row);
  if (found === null) return;
  const [, keyword, name = '', rest = ''] = found;
  const family = families.get(name) ?? { name };
  const key = keyword === 'HELP' ? 'help' : keyword === 'UNIT' ? 'unit' : 'type';
  const value =
    key === 'help' ? rest.replace(/\\([\\n"])/g, (_, sign) => (sign === 'n' ? '\n' : String(sign))) : rest.trim();
  // Said twice or not a type: what was said first stands.
  if (family[key] !== undefined || (key === 'type' && !TYPES.has(value))) report('metadata', name);
  else families.set(name, { ...family, [key]: value });
}
