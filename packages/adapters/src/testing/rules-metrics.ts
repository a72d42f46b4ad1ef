import type { GpuReading, GpuReadings } from '../contract/gpu-metrics.ts';
import { ProviderError } from '../contract/provider-error.ts';
import type { MetricsSource } from '../contract/types.ts';
import { check, checkError, checkInstant, checkSame, insisting, refused, refusesLate } from './check.ts';
import type { Fault } from './faults.ts';
import type { Rule, Subject } from './subject.ts';

const metricsOf = ({ provider }: Subject) => provider as MetricsSource;
const seesEndpoint = (subject: Subject): boolean =>
  metricsOf(subject).readEndpoint !== undefined && subject.endpointId !== undefined;
const seesGpus = (subject: Subject): boolean => metricsOf(subject).gpus !== undefined;
const remembers = (subject: Subject): boolean =>
  metricsOf(subject).gpus?.readRange !== undefined && subject.range !== undefined;
const nowMs = (subject: Subject): number => (subject.nowMs ?? Date.now)();
const keyOf = ({ gpuId, migInstanceId }: Pick<GpuReading, 'gpuId' | 'migInstanceId'>) =>
  `${gpuId}/${migInstanceId ?? ''}`;

/** Every kind of fault, strong enough to be felt. */
const FAULTS: readonly Fault[] = [
  { kind: 'drop-before' },
  { kind: 'drop-after' },
  { kind: 'reset' },
  { kind: 'status', status: 429, retryAfterSeconds: 7 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 401 },
  { kind: 'garbage' },
  { kind: 'truncated', ratio: 0 },
  { kind: 'truncated', ratio: 0.37 },
  { kind: 'truncated', ratio: 0.9 },
  { kind: 'duplicated' },
];

/** Values that were not in the healthy reading: numbers made up. */
function madeUp(healthy: GpuReadings, faulty: GpuReadings): string[] {
  const known = new Map(healthy.gpus.map((gpu) => [keyOf(gpu), gpu]));
  return faulty.gpus.flatMap((gpu) =>
    Object.entries(gpu.values).flatMap(([metric, value]) =>
      value === null || (known.get(keyOf(gpu))?.values as Record<string, unknown> | undefined)?.[metric] === value
        ? []
        : [`${metric} of ${keyOf(gpu)} = ${value}`],
    ),
  );
}

/** Gaps that stand for more than one value. */
function losses({ gaps }: GpuReadings): number {
  return gaps.filter(({ metric, reason }) => metric === null && reason !== 'owner-conflict').length;
}

/** What every source of metrics must keep. */
export const METRICS_RULES: readonly Rule[] = [
  {
    group: 'shape',
    name: 'measures an endpoint with numbers >= 0, or null',
    when: seesEndpoint,
    check: async (subject) => {
      const metrics = await insisting(() => metricsOf(subject).readEndpoint!(subject.endpointId!));
      checkSame(metrics.endpointId, subject.endpointId, 'endpointId');
      checkInstant(metrics.atMs, nowMs(subject), 'atMs');
      check(metrics.atMs <= nowMs(subject), `measured at ${metrics.atMs}, which is in the future`);
      for (const key of ['ratePerSecond', 'utilizationRatio', 'queueDepth'] as const) {
        const value = metrics[key];
        check(value === null || (Number.isFinite(value) && value >= 0), `${key} is ${String(value)}`);
      }
    },
  },
  {
    group: 'errors',
    name: 'refuses an endpoint that it does not know with not-found',
    when: seesEndpoint,
    check: async (subject) => {
      await refused(
        subject,
        'not-found',
        () => metricsOf(subject).readEndpoint!('no such endpoint'),
        'an unknown endpoint',
      );
    },
  },
  {
    group: 'abort',
    name: 'measures no endpoint when aborted or late',
    when: seesEndpoint,
    check: (subject) =>
      refusesLate(subject, 'readEndpoint', (options) => metricsOf(subject).readEndpoint!(subject.endpointId!, options)),
  },
  {
    group: 'shape',
    name: 'gives every GPU and instance once, with values in their ranges or null',
    when: seesGpus,
    check: async (subject) => {
      const { gpus } = await insisting(() => metricsOf(subject).gpus!.read());
      check(new Set(gpus.map(keyOf)).size === gpus.length, 'a GPU or instance comes twice');
      for (const gpu of gpus) {
        checkInstant(gpu.atMs, nowMs(subject), `atMs of ${keyOf(gpu)}`);
        for (const [metric, value] of Object.entries(gpu.values)) {
          const max = metric.endsWith('Ratio') ? 1 : Infinity;
          const min = metric === 'temperatureCelsius' ? -100 : 0;
          const isFine = value === null || (Number.isFinite(value) && value >= min && value <= max);
          check(isFine, `${metric} of ${keyOf(gpu)} is ${String(value)}`);
        }
      }
    },
  },
  {
    group: 'shape',
    name: 'has a gap for every value of a card that is null',
    when: seesGpus,
    check: async (subject) => {
      const { gpus, gaps } = await insisting(() => metricsOf(subject).gpus!.read());
      const told = new Set(gaps.map((gap) => `${gap.gpuId ?? ''}/${gap.migInstanceId ?? ''} ${gap.metric ?? ''}`));
      for (const gpu of gpus.filter(({ migInstanceId }) => migInstanceId === null)) {
        for (const [metric, value] of Object.entries(gpu.values)) {
          check(
            value !== null || told.has(`${keyOf(gpu)} ${metric}`),
            `${metric} of ${keyOf(gpu)} is null without a gap`,
          );
        }
      }
    },
  },
  {
    group: 'abort',
    name: 'reads no GPU when aborted or late',
    when: seesGpus,
    check: (subject) => refusesLate(subject, 'gpus.read', (options) => metricsOf(subject).gpus!.read(options)),
  },
  {
    group: 'time',
    name: 'gives as many values as a range has instants, and a gap for every null',
    when: remembers,
    check: async (subject) => {
      const { fromMs, toMs, stepMs } = subject.range!;
      const history = await insisting(() => metricsOf(subject).gpus!.readRange!(subject.range!));
      checkSame([history.startAtMs, history.stepMs], [fromMs, stepMs], 'start and step');
      checkSame(history.count, Math.ceil((toMs - fromMs) / stepMs), 'count');
      check(history.gpus.length > 0, 'the range was said to hold something, and no GPU came');
      for (const track of history.gpus) {
        for (const [metric, values] of Object.entries(track.series)) {
          checkSame(values.length, history.count, `values of ${metric}`);
          values.forEach((value, slot) => {
            const atMs = fromMs + slot * stepMs;
            const isTold = history.gaps.some(
              (gap) =>
                gap.metric === metric &&
                keyOf({ gpuId: gap.gpuId ?? '', migInstanceId: gap.migInstanceId }) === keyOf(track) &&
                gap.fromMs <= atMs &&
                atMs < gap.toMs,
            );
            check(value !== null || isTold, `${metric} of ${keyOf(track)} at ${atMs} is null without a gap`);
          });
        }
      }
    },
  },
  {
    group: 'errors',
    name: 'refuses a range without sense with invalid-request, and reads none when aborted or late',
    when: remembers,
    check: async (subject) => {
      const { range } = subject;
      const { readRange } = metricsOf(subject).gpus!;
      const reversed = { ...range!, fromMs: range!.toMs, toMs: range!.fromMs };
      await refused(subject, 'invalid-request', () => readRange!(reversed), 'a range out of order');
      await refused(subject, 'invalid-request', () => readRange!({ ...range!, stepMs: 0 }), 'a step of 0');
      await refusesLate(subject, 'gpus.readRange', (options) => readRange!(range!, options));
    },
  },
  ...FAULTS.map((fault): Rule => ({
    group: 'faults',
    name: `tells of ${describe(fault)}, and makes up no number`,
    when: (subject) => seesGpus(subject) && subject.faults !== undefined,
    check: async (subject) => {
      const { gpus } = metricsOf(subject);
      const healthy = await gpus!.read();
      subject.faults!.set(fault);
      let faulty: GpuReadings | undefined;
      try {
        faulty = await gpus!.read();
      } catch (error) {
        check(ProviderError.is(error), `rejected with something other than a ProviderError: ${String(error)}`);
        checkError(subject, error);
        check(!error.isAmbiguous, 'a call that only looks is never ambiguous');
        checkAdvice(fault, error);
        return;
      }
      checkSame(madeUp(healthy, faulty), [], 'numbers that the healthy reading does not have');
      const isWhole =
        JSON.stringify(faulty.gpus.map(({ values }) => values)) ===
        JSON.stringify(healthy.gpus.map(({ values }) => values));
      check(isWhole || losses(faulty) > losses(healthy), 'values are missing and no gap tells of it');
      const text = JSON.stringify(faulty);
      check(!(subject.secrets ?? []).some((secret) => text.includes(secret)), 'a gap repeats a secret');
    },
  })),
  {
    group: 'faults',
    name: 'is as it was when the wire is well again',
    when: (subject) => seesGpus(subject) && subject.faults !== undefined,
    check: async (subject) => {
      const { gpus } = metricsOf(subject);
      const before = await gpus!.read();
      subject.faults!.set({ kind: 'reset' });
      await gpus!.read().catch(() => undefined);
      subject.faults!.set(undefined);
      const after = await gpus!.read();
      checkSame(
        after.gpus.map(({ values }) => values),
        before.gpus.map(({ values }) => values),
        'values',
      );
      checkSame(after.gaps.length, before.gaps.length, 'number of gaps');
    },
  },
];

/** What an error must say of a fault that is known to have happened. */
function checkAdvice(fault: Fault, error: ProviderError): void {
  if (fault.kind !== 'status') return;
  const { providerCode, retryAfterMs, isRetryable } = error;
  if (fault.status === 429) checkSame([providerCode, retryAfterMs], ['rate-limited', 7_000], 'code and wait of a 429');
  if (fault.status === 401) checkSame([providerCode, isRetryable], ['auth', false], 'code and advice of a 401');
  if (fault.status >= 500) check(isRetryable, `a ${fault.status} is worth another try`);
}

function describe(fault: Fault): string {
  if (fault.kind === 'status') return `status ${fault.status}`;
  return fault.kind === 'truncated' ? `a reply cut at ${fault.ratio * 100} %` : `a wire with fault '${fault.kind}'`;
}
