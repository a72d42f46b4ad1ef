import { checkNumber, InvalidInputError } from '@spillway/core';

import type { Clock } from '../contract/clock.ts';
import { defineSource } from '../contract/define.ts';
import type { GpuGap, GpuReadings } from '../contract/gpu-metrics.ts';
import { ProviderError } from '../contract/provider-error.ts';
import { refuseLate } from '../contract/refuse-late.ts';
import { systemClock } from '../contract/system-clock.ts';
import type { CallOptions, MetricsSource } from '../contract/types.ts';
import { checkUrl, read, statusError, type Fetch } from '../http/request.ts';
import { parseExposition } from '../prometheus/exposition.ts';
import { ownerLookup, type GpuOwnerSources } from './owners.ts';
import { readingsOf, type SampleReadings } from './readings.ts';

/** One exporter. */
export interface DcgmTarget {
  /** Address of its metrics, for example `http://10.0.0.7:9400/metrics`. */
  readonly url: string;
  /** Node it stands for, for gaps when it does not answer. */
  readonly nodeName?: string;
  /** How many cards it should report, whole, >= 0. Fewer make a gap. */
  readonly gpuCount?: number;
}

/** What is scraped, and with what. */
export interface DcgmOptions<Name extends string = string> {
  /** @defaultValue 'dcgm' */
  readonly name?: Name;
  readonly targets: readonly DcgmTarget[];
  /** @defaultValue `globalThis.fetch` */
  readonly fetch?: Fetch;
  /** @defaultValue the clock of the machine */
  readonly clock?: Clock;
  /** Sent with every request, for example `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long one exporter may take, ms, > 0. @defaultValue 10_000 */
  readonly timeoutMs?: number;
  /** How many exporters are asked at once, whole, >= 1. @defaultValue 16 */
  readonly concurrency?: number;
  /** Who holds which GPU. @defaultValue the labels of the exporter alone */
  readonly owners?: GpuOwnerSources;
}

/** A source that reads GPUs from their exporters, without a Prometheus. */
export type Dcgm<Name extends string = string> = MetricsSource<Name> & Required<Pick<MetricsSource, 'gpus'>>;

/**
 * Creates a source that scrapes dcgm-exporter on every node.
 *
 * A look is an answer also when exporters fail: each that does not answer, answers with something else, has broken lines or
 * fewer cards than it should is among the gaps; what the others said stands. A value that an exporter does not give
 * is `null`, with a gap that says why (absent, a sentinel, out of range, two values), and never 0.
 *
 * `gpus.read` rejects only with `aborted`, and with `timeout` when the deadline has passed before it began.
 *
 * @returns a {@link Dcgm}.
 * @throws InvalidInputError when an address, number or target is not valid.
 *
 * @example
 * ```ts
 * const source = dcgm({ targets: [{ url: 'http://gpu-node-1:9400/metrics', nodeName: 'gpu-node-1', gpuCount: 8 }] });
 * const { gpus, gaps, health } = await source.gpus.read();
 * gpus[0].values.engineActiveRatio; // 0.87, or null with a gap
 * ```
 */
export function dcgm<const Name extends string = 'dcgm'>(options: DcgmOptions<Name>): Dcgm<Name> {
  const { name = 'dcgm' as Name, clock = systemClock, headers = {}, timeoutMs = 10_000, concurrency = 16 } = options;
  const { fetch = globalThis.fetch, owners = {} } = options;
  checkNumber('timeoutMs', timeoutMs, { above: 0 });
  checkNumber('concurrency', concurrency, { min: 1, isWhole: true });
  const targets = options.targets.map((target, index) => {
    checkUrl(`targets[${index}].url`, target.url);
    if (target.gpuCount !== undefined)
      checkNumber(`targets[${index}].gpuCount`, target.gpuCount, { min: 0, isWhole: true });
    return { ...target };
  });
  if (new Set(targets.map(({ url }) => url)).size < targets.length) {
    throw new InvalidInputError('targets', 'must not name an address twice', targets.length);
  }

  const readTarget = async (target: DcgmTarget, ownerOf: Lookup, call: CallOptions): Promise<SampleReadings> => {
    const { url, nodeName = null, gpuCount } = target;
    const missing = (reason: GpuGap['reason'], detail: string): GpuGap => ({
      reason,
      nodeName,
      gpuId: null,
      migInstanceId: null,
      metric: null,
      detail,
    });
    try {
      const accept = 'text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0;q=0.5';
      const reply = await read(
        { fetch, clock },
        { provider: name, url, headers: { accept, ...headers }, timeoutMs },
        call,
      );
      if (reply.status !== 200) throw statusError(name, url, reply);
      const format = reply.contentType.includes('openmetrics') ? 'openmetrics' : 'text';
      const { samples, problems } = parseExposition(reply.body, { format });
      if (samples.length === 0 && problems.length > 0) {
        throw new ProviderError(
          name,
          'bad-response',
          `${new URL(url).host} answered with something other than metrics`,
        );
      }
      const { gpus, gaps, health } = readingsOf(samples, clock.nowMs(), ownerOf);
      const unread = problems.map(({ kind, line, metric }) =>
        missing('unreadable', `line ${line}${metric === null ? '' : ` (${metric})`}: ${kind}`),
      );
      const cards = new Set(gpus.map(({ gpuId }) => gpuId)).size;
      const isShort = cards < (gpuCount ?? 1) && gpuCount !== 0;
      const short = isShort ? [missing('gpu-missing', `${cards} of ${gpuCount ?? 'at least 1'} cards reported`)] : [];
      return { gpus, gaps: [...short, ...unread, ...gaps], health };
    } catch (error) {
      if (!ProviderError.is(error) || error.providerCode === 'aborted') throw error;
      return { gpus: [], gaps: [missing('unreachable', error.message)], health: [] };
    }
  };

  const readAll = async (call: CallOptions = {}): Promise<GpuReadings> => {
    refuseLate(name, clock, 'gpus.read', call);
    const ownerOf = await ownerLookup(owners);
    const results = new Array<SampleReadings>(targets.length);
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < targets.length; index = next++) {
        results[index] = await readTarget(targets[index]!, ownerOf, call);
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, targets.length) }, work));
    return {
      atMs: clock.nowMs(),
      gpus: results.flatMap(({ gpus }) => gpus),
      gaps: results.flatMap(({ gaps }) => gaps),
      health: results.flatMap(({ health }) => health),
    };
  };

  return defineSource({ name, specVersion: 1, gpus: { read: readAll } } satisfies Dcgm<Name>);
}

type Lookup = Awaited<ReturnType<typeof ownerLookup>>;
