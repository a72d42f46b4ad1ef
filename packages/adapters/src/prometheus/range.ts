import { ProviderError } from '../contract/provider-error.ts';
import type { CallOptions } from '../contract/types.ts';
import type { Wire } from '../http/request.ts';
import { ask, TooManySamples, type ApiOptions } from './api.ts';

/** Values of one series at the instants asked for; `null` where it has none. */
export interface PrometheusSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly (number | null)[];
}

/** An expression over time, at `startAtMs + n × stepMs`. */
export interface PrometheusRange {
  readonly startAtMs: number;
  readonly stepMs: number;
  readonly count: number;
  readonly series: readonly PrometheusSeries[];
  /** Each once. A warning can mean that the answer is partial. */
  readonly warnings: readonly string[];
  /** How many requests it took. */
  readonly requestCount: number;
}

/** What one request may ask for. */
export interface RangeLimits {
  readonly maxPointsPerSeries: number;
  readonly maxSamplesPerRequest: number;
}

/** How many instants the first request asks for, before the number of series is known. */
const FIRST_COUNT = 250;

/**
 * Reads a range in as many requests as its limits ask for. The server evaluates every instant by itself, so the parts put
 * together are what one request would have given. The first request is small and tells how many series there are; when the
 * server has to load too many samples all the same, the part is halved.
 */
export async function readRange(
  wire: Wire,
  api: ApiOptions,
  query: string,
  grid: { readonly startAtMs: number; readonly stepMs: number; readonly count: number },
  limits: RangeLimits,
  call: CallOptions,
): Promise<PrometheusRange> {
  const { startAtMs, stepMs, count } = grid;
  const byLabels = new Map<string, { labels: PrometheusSeries['labels']; values: (number | null)[] }>();
  const warnings = new Set<string>();
  const bad = (text: string): ProviderError =>
    new ProviderError(api.provider, 'bad-response', `query_range: ${text}`, { isAmbiguous: false });
  let size = Math.min(FIRST_COUNT, limits.maxPointsPerSeries);
  let requestCount = 0;
  for (let from = 0; from < count;) {
    const to = Math.min(count, from + size);
    const parameters = {
      query,
      start: secondsOf(startAtMs + from * stepMs),
      end: secondsOf(startAtMs + (to - 1) * stepMs),
      step: secondsOf(stepMs),
    };
    requestCount++;
    const answer = await ask(wire, api, 'query_range', parameters, call).catch((error: unknown) => {
      if (!(error instanceof TooManySamples)) throw error;
      if (to - from > 1) return undefined;
      throw new ProviderError(
        api.provider,
        'invalid-request',
        `query_range: one instant is too much: ${error.message}`,
        {
          hint: 'Narrow the selector.',
          isAmbiguous: false,
        },
      );
    });
    if (answer === undefined) {
      size = Math.ceil((to - from) / 2);
      continue;
    }
    const seen = new Set<string>();
    for (const { labels, points } of answer.series) {
      const key = JSON.stringify(Object.entries(labels).sort(([x], [y]) => (x < y ? -1 : 1)));
      if (seen.has(key)) throw bad(`a series comes twice: ${key.slice(0, 200)}`);
      seen.add(key);
      const known = byLabels.get(key) ?? { labels, values: new Array<number | null>(count).fill(null) };
      byLabels.set(key, known);
      let previous = -1;
      for (const [atMs, value] of points) {
        const slot = (atMs - startAtMs) / stepMs;
        // A page of another range, a page twice, or an older one from a cache.
        if (!Number.isInteger(slot) || slot < from || slot >= to) throw bad(`a value at ${atMs} was not asked for`);
        if (slot <= previous) throw bad(`the values of a series are not in order at ${atMs}`);
        known.values[slot] = value;
        previous = slot;
      }
    }
    for (const warning of answer.warnings) warnings.add(warning);
    const bySamples = Math.max(1, Math.floor(limits.maxSamplesPerRequest / Math.max(1, answer.series.length)));
    // Never larger again than what was too much.
    size = requestCount === 1 ? Math.min(limits.maxPointsPerSeries, bySamples) : Math.min(size, bySamples);
    from = to;
  }
  const series = [...byLabels].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, item]) => item);
  return { startAtMs, stepMs, count, series, warnings: [...warnings], requestCount };
}

function secondsOf(ms: number): string {
  return (ms / 1000).toFixed(3);
}
