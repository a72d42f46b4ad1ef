import { checkNumber } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';
import { defineSource } from '../contract/define.ts';
import type { GpuGap, GpuHistory, GpuReadings } from '../contract/gpu-metrics.ts';
import { ProviderError } from '../contract/provider-error.ts';
import { systemClock } from '../contract/system-clock.ts';
import type { CallOptions, GpuRangeRequest, MetricsSource, TimeRange } from '../contract/types.ts';
import { DCGM_FIELDS } from '../dcgm/fields.ts';
import { HEALTH_FIELDS } from '../dcgm/health.ts';
import { ownerLookup, type GpuOwnerSources } from '../dcgm/owners.ts';
import { readingsOf } from '../dcgm/readings.ts';
import { checkUrl, type Fetch } from '../http/request.ts';
import { ask, TooManySamples, type PrometheusAnswer } from './api.ts';
import { historyOf } from './gpu-history.ts';
import { readRange, type PrometheusRange } from './range.ts';

/** Which server to ask, and how much of it. */
export interface PrometheusOptions<Name extends string = string> {
  /** @defaultValue 'prometheus' */
  readonly name?: Name;
  /** Address without `/api/v1`, for example `http://prometheus:9090`. */
  readonly url: string;
  /** @defaultValue `globalThis.fetch` */
  readonly fetch?: Fetch;
  /** @defaultValue the clock of the machine */
  readonly clock?: Clock;
  /** Sent with every request, for example `authorization` or `x-scope-orgid`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long one request may take, ms, > 0. @defaultValue 30_000 */
  readonly timeoutMs?: number;
  /** Labels of the targets that are GPU exporters, as in PromQL, without braces. @defaultValue 'job="dcgm-exporter"' */
  readonly selector?: string;
  /** Nodes that should have GPUs; each without any makes a gap. @defaultValue none */
  readonly expectedNodes?: readonly string[];
  /** `honor_labels` of the scrape job. When `false`, only `exported_pod` names who holds a GPU. @defaultValue true */
  readonly honorsLabels?: boolean;
  /** Who holds which GPU. @defaultValue the labels alone */
  readonly owners?: GpuOwnerSources;
  /** Instants one request may ask for, whole, >= 1. @defaultValue 11_000, the limit of Prometheus */
  readonly maxPointsPerSeries?: number;
  /** Values one answer should hold at most, whole, >= 1: a limit of memory. @defaultValue 1_000_000 */
  readonly maxSamplesPerRequest?: number;
}

/** A range and its resolution. */
export interface PrometheusRangeRequest extends TimeRange {
  /** Whole, > 0. */
  readonly stepMs: number;
}

/** GPUs as a Prometheus remembers them, and PromQL of your own. */
export interface Prometheus<Name extends string = string> extends MetricsSource<Name> {
  readonly gpus: Required<NonNullable<MetricsSource['gpus']>>;
  /** Evaluates an expression now, or at `atMs`. */
  readonly query: (expression: string, options?: CallOptions & { readonly atMs?: number }) => Promise<PrometheusAnswer>;
  /** Evaluates an expression at `fromMs`, `fromMs + stepMs`, … before `toMs`, in as many requests as the limits ask for. */
  readonly queryRange: (
    expression: string,
    range: PrometheusRangeRequest,
    options?: CallOptions,
  ) => Promise<PrometheusRange>;
}

/**
 * Creates a source on the HTTP API of a Prometheus (or Thanos, Mimir, VictoriaMetrics) that scrapes dcgm-exporter.
 *
 * Nothing is retried within: an error says whether and when to (`isRetryable`, `retryAfterMs`), and is never ambiguous. An
 * answer that has not the form of the API, holds an instant that was not asked for or a series twice is refused with
 * `bad-response`; it is not repaired. Warnings are passed on: they can mean that an answer is partial.
 *
 * In `gpus`, an exporter that is down, or was not scraped, is a gap for that time. `gpus.read` sees values as old as
 * the look-back of the server (5 minutes) when a target vanished without a trace.
 *
 * @returns a {@link Prometheus}.
 * @throws InvalidInputError when the address or a number is not valid.
 *
 * @example
 * ```ts
 * const source = prometheus({ url: 'http://prometheus:9090', selector: 'job="dcgm-exporter"' });
 * const day = { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 2), stepMs: 60_000 };
 * const { gpus, gaps } = await source.gpus.readRange({ ...day, metrics: ['engineActiveRatio'] });
 * gpus[0].series.engineActiveRatio; // 1440 numbers, null where there is a gap
 * ```
 */
export function prometheus<const Name extends string = 'prometheus'>(
  options: PrometheusOptions<Name>,
): Prometheus<Name> {
  const {
    name = 'prometheus' as Name,
    clock = systemClock,
    headers = {},
    timeoutMs = 30_000,
    selector = 'job="dcgm-exporter"',
  } = options;
  const { fetch = globalThis.fetch, owners = {}, honorsLabels = true } = options;
  const { maxPointsPerSeries = 11_000, maxSamplesPerRequest = 1_000_000 } = options;
  const expectedNodes = [...(options.expectedNodes ?? [])];
  checkNumber('timeoutMs', timeoutMs, { above: 0 });
  checkNumber('maxPointsPerSeries', maxPointsPerSeries, { min: 1, isWhole: true });
  checkNumber('maxSamplesPerRequest', maxSamplesPerRequest, { min: 1, isWhole: true });
  const wire = { fetch, clock };
  const api = { provider: name, url: checkUrl('url', options.url), headers: { ...headers }, timeoutMs };
  const limits = { maxPointsPerSeries, maxSamplesPerRequest };
  const refuse = (text: string, hint?: string): ProviderError =>
    new ProviderError(name, 'invalid-request', text, { isAmbiguous: false, ...(hint !== undefined && { hint }) });

  const query: Prometheus['query'] = async (expression, call = {}) => {
    const { atMs = clock.nowMs() } = call;
    if (!Number.isFinite(atMs)) throw refuse(`atMs must be finite, got ${atMs}`);
    try {
      return await ask(wire, api, 'query', { query: expression, time: (atMs / 1000).toFixed(3) }, call);
    } catch (error) {
      throw error instanceof TooManySamples ? refuse(error.message, 'Narrow the selector.') : error;
    }
  };

  const queryRange: Prometheus['queryRange'] = async (expression, { fromMs, toMs, stepMs }, call = {}) => {
    const isValid = Number.isSafeInteger(fromMs) && Number.isSafeInteger(toMs) && fromMs <= toMs;
    if (!isValid) throw refuse(`range must be whole ms and in order, got ${fromMs}..${toMs}`);
    if (!Number.isSafeInteger(stepMs) || stepMs <= 0) throw refuse(`stepMs must be whole and > 0, got ${stepMs}`);
    const grid = { startAtMs: fromMs, stepMs, count: Math.ceil((toMs - fromMs) / stepMs) };
    return readRange(wire, api, expression, grid, limits, call);
  };

  const readGpus = async (call: CallOptions = {}): Promise<GpuReadings> => {
    const ownerOf = await ownerLookup(owners);
    const atMs = clock.nowMs();
    const fields = [...DCGM_FIELDS.map(({ field }) => field), ...HEALTH_FIELDS].join('|');
    const { series } = await query(`{__name__=~"${fields}|up",${selector}}`, { ...call, atMs });
    const samples = series.map(({ labels, points }) => ({
      name: labels['__name__'] ?? '',
      labels,
      value: points[0]![1],
    }));
    const { gpus, gaps, health } = readingsOf(samples, atMs, ownerOf, honorsLabels);
    const nobody = { gpuId: null, migInstanceId: null, metric: null };
    const ups = samples.filter((sample) => sample.name === 'up');
    const down = ups
      .filter(({ value }) => value !== 1)
      .map(({ labels }): GpuGap => {
        const detail = `exporter ${labels['instance'] ?? '?'} is down`;
        return { reason: 'unreachable', nodeName: labels['node'] ?? null, ...nobody, detail };
      });
    const none: GpuGap = { reason: 'unreachable', nodeName: null, ...nobody, detail: 'no exporter is known' };
    const present = new Set(gpus.map(({ nodeName }) => nodeName));
    const missing = expectedNodes
      .filter((nodeName) => !present.has(nodeName))
      .map((nodeName): GpuGap => ({ reason: 'gpu-missing', nodeName, ...nobody, detail: 'no GPU of this node' }));
    return { atMs, gpus, gaps: [...(ups.length === 0 ? [none] : []), ...down, ...missing, ...gaps], health };
  };

  const readGpuRange = async (request: GpuRangeRequest, call: CallOptions = {}): Promise<GpuHistory> => {
    const { metrics } = request;
    const rules = DCGM_FIELDS.filter(({ metric }) => metrics?.includes(metric) ?? true);
    const up = await queryRange(`up{${selector}}`, request, call);
    const answers = [];
    for (const rule of rules)
      answers.push({ rule, range: await queryRange(`${rule.field}{${selector}}`, request, call) });
    return historyOf(answers, up, expectedNodes);
  };

  return defineSource({
    name,
    specVersion: 1,
    query,
    queryRange,
    gpus: { read: readGpus, readRange: readGpuRange },
  } satisfies Prometheus<Name>);
}
