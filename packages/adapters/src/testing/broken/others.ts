import type { CarbonSeries } from '@spillway/core';

import type { GpuReading, GpuReadings } from '../../contract/gpu-metrics.ts';
import { ProviderError } from '../../contract/provider-error.ts';
import type { CallOptions, MetricsSource, SignalSource, WorkloadRuntime } from '../../contract/types.ts';
import { dcgm } from '../../dcgm/dcgm.ts';
import { simulatedRuntime } from '../../simulated/runtime.ts';
import { simulatedSignals } from '../../simulated/signals.ts';
import { virtualClock } from '../../simulated/virtual-clock.ts';
import { faultyFetch } from '../faults.ts';
import type { Subject } from '../subject.ts';

const HOUR = 3_600_000;
const START_AT_MS = 1_750_000_000_000;

/** A runtime that keeps the contract. */
export function soundRuntime(): Subject & { provider: WorkloadRuntime } {
  const clock = virtualClock({ startAtMs: START_AT_MS });
  const node = { id: 'node-a', gpus: [{ model: 'H100' }], cpuMilli: 64_000, memoryMib: 262_144 };
  const provider = simulatedRuntime({ clock, name: 'broken', nodes: [node] });
  const job = (id: string) => ({
    job: { id, gpuCount: 1, cpuMilli: 1_000, memoryMib: 1_000 },
    placement: { jobId: id, nodeId: 'node-a', gpus: [{ index: 0, milli: 1_000 }] },
  });
  return { provider, nowMs: clock.nowMs, jobs: [job('first'), job('second')] };
}

/** Signals that keep the contract. */
export function soundSignals(): Subject & { provider: SignalSource } {
  const startAtMs = START_AT_MS - 10 * HOUR;
  const values = Array.from({ length: 24 }, (_, hour) => 40 + hour);
  const series: CarbonSeries = {
    startAtMs,
    stepMs: HOUR,
    unit: 'gCO2e/kWh',
    kind: 'average',
    scope: 'life-cycle',
    values,
  };
  const provider = simulatedSignals({
    clock: virtualClock({ startAtMs: START_AT_MS }),
    name: 'broken',
    carbon: { FR: series },
  });
  const range = { fromMs: startAtMs + 2 * HOUR, toMs: startAtMs + 5 * HOUR, stepMs: HOUR };
  return { provider, nowMs: () => START_AT_MS, zone: 'FR', range };
}

/** What the exporter of the sound source of metrics says. */
const EXPOSITION = ['GPU-a', 'GPU-b']
  .map((id, index) => {
    const labels = `{gpu="${index}",UUID="${id}",Hostname="node-a",modelName="NVIDIA H100 80GB HBM3"}`;
    return `DCGM_FI_PROF_GR_ENGINE_ACTIVE${labels} 0.5\nDCGM_FI_DEV_GPU_UTIL${labels} 97\nDCGM_FI_DEV_POWER_USAGE${labels} 662.418000\n`;
  })
  .join('');

/** A source of metrics that keeps the contract, on a wire in process that can be made to fail. */
export function soundMetrics(): Subject & { provider: MetricsSource } {
  const { fetch, faults } = faultyFetch(() =>
    Promise.resolve({ status: 200, headers: { get: () => null }, text: () => Promise.resolve(EXPOSITION) }),
  );
  const headers = { authorization: 'Bearer s3cret' };
  const targets = [{ url: 'http://node-a:9400/metrics', nodeName: 'node-a', gpuCount: 2 }];
  const provider = dcgm({ name: 'broken', targets, fetch, headers, timeoutMs: 20 });
  return { provider, faults, secrets: ['s3cret'] };
}

const runtime = (change: (runtime: WorkloadRuntime) => Partial<WorkloadRuntime>) => (): Subject => {
  const subject = soundRuntime();
  return { ...subject, provider: { ...subject.provider, ...change(subject.provider) } };
};

type ReadHistory = NonNullable<SignalSource['carbon']>['readHistory'];
const signals = (change: (read: ReadHistory) => ReadHistory) => (): Subject => {
  const subject = soundSignals();
  const carbon = subject.provider.carbon!;
  return {
    ...subject,
    provider: { ...subject.provider, carbon: { ...carbon, readHistory: change(carbon.readHistory) } },
  };
};

type ReadGpus = NonNullable<MetricsSource['gpus']>['read'];
const metrics = (change: (read: ReadGpus) => ReadGpus) => (): Subject => {
  const subject = soundMetrics();
  return { ...subject, provider: { ...subject.provider, gpus: { read: change(subject.provider.gpus!.read) } } };
};
const readings = (change: (readings: GpuReadings) => GpuReadings) =>
  metrics((read) => async (options) => change(await read(options)));
const values = (change: (gpu: GpuReading) => Partial<GpuReading['values']>) =>
  readings((all) => ({ ...all, gpus: all.gpus.map((gpu) => ({ ...gpu, values: { ...gpu.values, ...change(gpu) } })) }));

/** Runtimes, each broken in one way. */
export const BROKEN_RUNTIMES: Readonly<Record<string, () => Subject>> = {
  'refuses its own token': runtime(({ start }) => {
    const seen = new Set<string>();
    return {
      start: (request, options) => {
        if (seen.has(request.token)) return Promise.reject(new ProviderError('broken', 'conflict', 'seen'));
        seen.add(request.token);
        return start(request, options);
      },
    };
  }),
  'gives a GPU away twice': runtime(({ start }) => ({
    start: (request, options) =>
      start(request, options).catch((error: unknown) => {
        const isTaken = ProviderError.is(error) && error.providerCode === 'conflict';
        const { placement, job } = request;
        if (isTaken) return { jobId: job.id, placement, status: 'running', startedAtMs: START_AT_MS };
        throw error;
      }),
  })),
  'refuses to stop what never was': runtime(({ stop }) => ({
    stop: (id, options) =>
      id === 'never-started' ? Promise.reject(new ProviderError('broken', 'not-found', id)) : stop(id, options),
  })),
  'stops nothing': runtime(({ list }) => ({
    stop: async (_, options) => {
      await list(options);
    },
  })),
  'forgets what has ended': runtime(({ list }) => ({
    list: async (options) => (await list(options)).filter(({ status }) => status === 'running'),
  })),
  'says that a stopped job failed': runtime(({ list }) => ({
    list: async (options) =>
      (await list(options)).map((job) => (job.status === 'stopped' ? { ...job, status: 'failed' } : job)),
  })),
  'starts although aborted': runtime(({ start }) => ({ start: (request) => start(request) })),
};

/** Sources of signals, each broken in one way. */
export const BROKEN_SIGNALS: Readonly<Record<string, () => Subject>> = {
  'looks ahead': signals((read) => async (zone, range, options) => {
    const past = await read(zone, range, options);
    return range.toMs > START_AT_MS ? { ...past, values: [...past.values, 99] } : past;
  }),
  'has nothing to say of an unknown zone': signals(
    (read) => (zone, range, options) =>
      read(zone, range, options).catch(async (error: unknown) => {
        if (!ProviderError.is(error) || error.providerCode !== 'not-found') throw error;
        return { ...(await read('FR', range, options)), values: [] };
      }),
  ),
  'turns a range round': signals(
    (read) =>
      (zone, { fromMs, toMs }, options) =>
        read(zone, { fromMs: Math.min(fromMs, toMs), toMs: Math.max(fromMs, toMs) }, options),
  ),
  'ignores the range': signals(
    (read) =>
      (zone, { fromMs, toMs }, options) =>
        read(zone, fromMs > toMs ? { fromMs, toMs } : { fromMs: 0, toMs: START_AT_MS }, options),
  ),
  'counts in tonnes': signals((read) => async (zone, range, options) => ({
    ...(await read(zone, range, options)),
    unit: 'tCO2e/kWh' as 'gCO2e/kWh',
  })),
  'reads although late': signals((read) => (zone, range, options: CallOptions = {}) => {
    const { signal } = options;
    return read(zone, range, signal && { signal });
  }),
};

/** Sources of metrics, each broken in one way. */
export const BROKEN_METRICS: Readonly<Record<string, () => Subject>> = {
  'reads what is missing as 0': values(({ values: all }) =>
    Object.fromEntries(Object.entries(all).map(([metric, value]) => [metric, value ?? 0])),
  ),
  'reads a dead exporter as idle': readings((all) =>
    all.gpus.length > 0
      ? all
      : {
          ...all,
          gpus: [
            {
              gpuId: 'GPU-a',
              migInstanceId: null,
              migProfile: null,
              nodeName: null,
              index: 0,
              model: null,
              atMs: all.atMs,
              owner: null,
              values: ZEROS,
            },
          ],
        },
  ),
  'keeps quiet about gaps': readings((all) => ({ ...all, gaps: [] })),
  'keeps quiet about exporters': readings((all) => ({
    ...all,
    gaps: all.gaps.filter(({ metric }) => metric !== null),
  })),
  'counts in per cent': values(({ values: { utilizationRatio } }) => ({
    utilizationRatio: (utilizationRatio ?? 0) * 100,
  })),
  'gives a GPU twice': readings((all) => ({ ...all, gpus: [...all.gpus, ...all.gpus] })),
  'tells the time of GPUs in seconds': readings((all) => ({
    ...all,
    gpus: all.gpus.map((gpu) => ({ ...gpu, atMs: gpu.atMs / 1000 })),
  })),
  'fails with one exporter': metrics((read) => async (options) => {
    const all = await read(options);
    if (all.gaps.some(({ reason }) => reason === 'unreachable')) throw new Error('scrape failed');
    return all;
  }),
  'repeats a secret in a gap': readings((all) => ({
    ...all,
    gaps: all.gaps.map((gap) => (gap.metric === null ? { ...gap, detail: 'Bearer s3cret' } : gap)),
  })),
  'reads GPUs although aborted': metrics((read) => () => read()),
  'answers from memory when the wire fails': metrics((read) => {
    let last: GpuReadings | undefined;
    return async (options) => {
      const all = await read(options);
      if (all.gaps.some(({ metric }) => metric === null)) return { ...last!, gpus: last!.gpus.slice(1) };
      last = all;
      return all;
    };
  }),
};

const ZEROS: GpuReading['values'] = {
  engineActiveRatio: 0,
  tensorActiveRatio: 0,
  memoryActiveRatio: 0,
  utilizationRatio: 0,
  memoryUsedMib: 0,
  memoryFreeMib: 0,
  powerWatts: 0,
  temperatureCelsius: 0,
  energyWattHours: 0,
};
