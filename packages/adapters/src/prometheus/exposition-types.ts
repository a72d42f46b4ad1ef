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
