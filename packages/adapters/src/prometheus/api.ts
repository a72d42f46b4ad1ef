import { ProviderError, type ProviderErrorCode } from '../contract/provider-error.ts';
import type { CallOptions } from '../contract/types.ts';
import { read, statusError, type Wire } from '../http/request.ts';
import { parseNumber } from './number-text.ts';

/** One series of an answer: instants (ms since the Unix epoch, rounded) and the values at them. */
export interface PrometheusPoints {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [atMs: number, value: number])[];
}

/** What the HTTP API answered. */
export interface PrometheusAnswer {
  readonly series: readonly PrometheusPoints[];
  readonly warnings: readonly string[];
}

/** Where and how to ask. */
export interface ApiOptions {
  readonly provider: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** The server would have to load more samples than it may. */
export class TooManySamples extends Error {}

/** Error types of the API. Source: prometheus/prometheus, web/api/v1/api.go. */
const CODES: Readonly<Record<string, ProviderErrorCode>> = {
  bad_data: 'invalid-request',
  execution: 'invalid-request',
  timeout: 'timeout',
  canceled: 'unavailable',
  unavailable: 'unavailable',
  internal: 'unavailable',
  not_found: 'not-found',
};

/** Asks `/api/v1/<path>` and checks every part of the answer before any of it is believed. */
export async function ask(
  wire: Wire,
  api: ApiOptions,
  path: 'query' | 'query_range',
  parameters: Readonly<Record<string, string>>,
  call: CallOptions,
): Promise<PrometheusAnswer> {
  const { provider, headers, timeoutMs } = api;
  const url = `${api.url}/api/v1/${path}`;
  const form = new URLSearchParams(parameters).toString();
  const reply = await read(wire, { provider, url, form, headers, timeoutMs }, call);
  const body = jsonOf(reply.body);
  const bad = (text: string): ProviderError =>
    new ProviderError(provider, 'bad-response', `${path}: ${text}`, { isAmbiguous: false });
  if (isRecord(body) && body['status'] === 'error') {
    const type = String(body['errorType']);
    const text = String(body['error']).slice(0, 300);
    if (text.includes('too many samples')) throw new TooManySamples(text);
    const code = reply.status === 429 ? 'rate-limited' : Object.hasOwn(CODES, type) ? CODES[type]! : undefined;
    if (code === undefined) throw statusError(provider, url, reply, text);
    throw new ProviderError(provider, code, `${path}: ${type}: ${text}`, {
      isAmbiguous: false,
      ...(reply.retryAfterMs !== undefined && { retryAfterMs: reply.retryAfterMs }),
    });
  }
  if (reply.status !== 200) throw statusError(provider, url, reply);
  const data = isRecord(body) && body['status'] === 'success' ? body['data'] : undefined;
  if (!isRecord(body) || !isRecord(data) || !Array.isArray(data['result']))
    throw bad('the answer has not the form of the API');
  const expected = path === 'query' ? 'vector' : 'matrix';
  if (data['resultType'] !== expected) throw bad(`expected a ${expected}, got ${String(data['resultType'])}`);
  const warnings = ['warnings', 'infos'].flatMap((key) => (Array.isArray(body[key]) ? body[key].map(String) : []));
  return { series: (data['result'] as unknown[]).map((item) => seriesOf(item, path === 'query', bad)), warnings };
}

function seriesOf(item: unknown, isInstant: boolean, bad: (text: string) => ProviderError): PrometheusPoints {
  const labels = isRecord(item) ? item['metric'] : undefined;
  if (!isRecord(item) || !isRecord(labels) || Object.values(labels).some((value) => typeof value !== 'string')) {
    throw bad('a series has no labels');
  }
  if ('histogram' in item || 'histograms' in item) throw bad('native histograms are not read; ask for a number');
  const points = isInstant ? [item['value']] : item['values'];
  if (!Array.isArray(points)) throw bad('a series has no values');
  return {
    labels: labels as Readonly<Record<string, string>>,
    points: points.map((point: unknown) => pointOf(point, bad)),
  };
}

function pointOf(point: unknown, bad: (text: string) => ProviderError): readonly [number, number] {
  const [seconds, text] = Array.isArray(point) && point.length === 2 ? (point as unknown[]) : [];
  const value = typeof text === 'string' ? parseNumber(text) : undefined;
  if (typeof seconds !== 'number' || value === undefined)
    throw bad(`a point is no time and number: ${JSON.stringify(point)}`);
  return [Math.round(seconds * 1000), value];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
