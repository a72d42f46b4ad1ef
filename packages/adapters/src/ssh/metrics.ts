import { defineSource } from '../contract/define.ts';
import type { GpuGap, GpuHealthSignal, GpuMetric, GpuReading, GpuReadings } from '../contract/gpu-metrics.ts';
import { ProviderError } from '../contract/provider-error.ts';
import type { CallOptions, MetricsSource } from '../contract/types.ts';
import { healthSignal, XID_FIELD } from '../dcgm/health.ts';
import type { SshHealth } from './health.ts';
import type { SshGpu, SshInventory } from './inventory.ts';
import type { SshPool, SshReport } from './pool.ts';

/** What a source on a pool needs. */
export interface SshMetricsOptions<Name extends string = string> {
  readonly pool: SshPool;
  /** @defaultValue 'ssh-metrics' */
  readonly name?: Name;
}

/** A source that reads GPUs over SSH. */
export type SshMetrics<Name extends string = string> = MetricsSource<Name> & Required<Pick<MetricsSource, 'gpus'>>;

/**
 * Creates a source of readings and health of the GPUs of a pool, by `nvidia-smi`, where no exporter runs.
 *
 * A look is an answer also when machines fail: each that does not answer is a gap `unreachable`. What `nvidia-smi` does not
 * tell (shares of the engine, of tensor cores and memory, energy) is `null` with a gap `absent`. Readings are of cards;
 * of MIG instances nothing is measured. Clocks that are held down are told by `readReports` alone. A card that two machines tell of is
 * given once, with a gap `conflict`. An Xid that cannot be put to a card is a gap `unreadable` that names it.
 *
 * @returns a {@link SshMetrics}. A look takes a command a machine, all at a time.
 *
 * @example
 * ```ts
 * const { gpus, gaps, health } = await sshMetrics({ pool }).gpus.read();
 * gpus[0].values.powerWatts; // 312.5, or null with a gap
 * ```
 */
export function sshMetrics<const Name extends string = 'ssh-metrics'>(
  options: SshMetricsOptions<Name>,
): SshMetrics<Name> {
  const { pool, name = 'ssh-metrics' as Name } = options;
  const { clock } = pool;
  const read = async (call: CallOptions = {}): Promise<GpuReadings> => {
    let reports: readonly SshReport[];
    try {
      reports = await pool.readReports(call);
    } catch (cause) {
      // The error of the pool, in the name of this source.
      if (!ProviderError.is(cause)) throw cause;
      throw new ProviderError(name, cause.providerCode, 'gpus.read was not finished', { cause, isAmbiguous: false });
    }
    const atMs = clock.nowMs();
    const parts = reports.map((report) =>
      'error' in report
        ? { gpus: [], gaps: [gapOf(report.nodeId, 'unreachable', report.error.message)], health: [] }
        : readingsOf(report.nodeId, report.inventory, report.health, atMs),
    );
    const gaps = parts.flatMap((part) => part.gaps);
    const byId = new Map<string, GpuReading>();
    for (const gpu of parts.flatMap((part) => part.gpus)) {
      const known = byId.get(gpu.gpuId);
      byId.set(gpu.gpuId, known ?? gpu);
      // One machine under two names.
      const detail = `also on '${known?.nodeName ?? ''}'`;
      if (known !== undefined) gaps.push({ ...gapOf(gpu.nodeName ?? '', 'conflict', detail), gpuId: gpu.gpuId });
    }
    return {
      atMs,
      gpus: [...byId.values()].sort((x, y) => (x.gpuId < y.gpuId ? -1 : 1)),
      gaps,
      health: parts.flatMap(({ health }) => health),
    };
  };
  return defineSource({ name, specVersion: 1, gpus: { read } } satisfies SshMetrics<Name>);
}

/** What `nvidia-smi` is asked for; the rest it does not measure. */
function valuesOf(gpu: SshGpu): GpuReading['values'] {
  return {
    engineActiveRatio: null,
    tensorActiveRatio: null,
    memoryActiveRatio: null,
    utilizationRatio: gpu.utilizationRatio,
    memoryUsedMib: gpu.memoryUsedMib,
    // What is reserved is neither used nor free.
    memoryFreeMib: null,
    powerWatts: gpu.powerWatts,
    temperatureCelsius: gpu.temperatureCelsius,
    energyWattHours: null,
  };
}

function readingsOf(
  nodeName: string,
  { driverError, gpus: cards, xids }: SshInventory,
  { problems }: SshHealth,
  atMs: number,
): Pick<GpuReadings, 'gpus' | 'gaps' | 'health'> {
  const gaps: GpuGap[] = [];
  const health: GpuHealthSignal[] = [];
  if (driverError !== null) gaps.push(gapOf(nodeName, 'unreachable', `nvidia-smi: ${driverError}`));
  const gpus = cards.flatMap((card): GpuReading[] => {
    const { uuid: gpuId, index, model } = card;
    if (gpuId === null) {
      gaps.push(gapOf(nodeName, 'unreadable', `GPU ${index} has no UUID`));
      return [];
    }
    const values = valuesOf(card);
    for (const [metric, value] of Object.entries(values) as [GpuMetric, number | null][])
      if (value === null) gaps.push({ ...gapOf(nodeName, 'absent', ''), gpuId, metric });
    const identity = { gpuId, migInstanceId: null, migProfile: null, nodeName, index, model };
    return [{ ...identity, atMs, values, owner: null }];
  });
  const signal = (gpuIndex: number, kind: GpuHealthSignal['kind'], value: number, detail: string): void => {
    const gpuId = cards.find(({ index }) => index === gpuIndex)?.uuid ?? null;
    if (gpuId === null) gaps.push(gapOf(nodeName, 'unreadable', `GPU ${gpuIndex}: ${detail}`));
    else health.push({ gpuId, nodeName, kind, value, fault: 'hardware', detail });
  };
  for (const problem of problems) {
    if (problem.kind === 'uncorrected-ecc')
      signal(problem.gpuIndex, 'ecc-uncorrectable', problem.count, `${problem.count} uncorrected memory errors`);
    else if (problem.kind === 'row-remapping' && problem.state === 'failed')
      signal(problem.gpuIndex, 'row-remap-failure', 1, 'a memory row could not be replaced');
    else if (problem.kind === 'row-remapping')
      signal(problem.gpuIndex, 'pages-pending-retirement', 1, 'a memory row waits for a reset to be replaced');
  }
  if (xids === null) gaps.push(gapOf(nodeName, 'absent', 'the log of the kernel may not be read: Xids are not known'));
  // The log tells of each time anew.
  const seen = new Set<string>();
  for (const { xid, busId } of xids ?? []) {
    const key = `${xid} ${addressOf(busId)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const gpuId = cards.find((card) => card.busId !== null && addressOf(card.busId) === addressOf(busId))?.uuid ?? null;
    if (gpuId === null) gaps.push(gapOf(nodeName, 'unreadable', `Xid ${xid} of ${busId}, which is no known card`));
    else health.push(healthSignal(XID_FIELD, xid, gpuId, nodeName, '')!);
  }
  return { gpus, gaps, health };
}

/** `00000000:3B:00.0` and `0000:3b:00` are the same card. */
function addressOf(busId: string): string {
  const [, domain = '', rest = ''] =
    /^(?:([0-9a-f]+):)?([0-9a-f]{2}:[0-9a-f]{2})(?:\.[0-9a-f])?$/.exec(busId.toLowerCase()) ?? [];
  return rest === '' ? busId : `${parseInt(domain || '0', 16)}:${rest}`;
}

function gapOf(nodeName: string, reason: GpuGap['reason'], detail: string): GpuGap {
  return { reason, nodeName, gpuId: null, migInstanceId: null, metric: null, detail };
}
