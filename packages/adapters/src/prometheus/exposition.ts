import type {
  Exposition,
  ExpositionFamily,
  ExpositionProblem,
  ExpositionProblemKind,
  ExpositionSample,
  ExpositionType,
} from './exposition-types.ts';
import { isFault, parseSampleLine } from './sample-line.ts';

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
