import type { Gpu, GpuNode } from '@spillway/core';

import { ProviderError } from '../contract/provider-error.ts';
import type { SshHost } from './types.ts';

/** One GPU as `nvidia-smi` tells of it. What it does not tell, or calls N/A or unknown, is `null`, never 0. */
export interface SshGpu {
  readonly index: number;
  readonly uuid: string | null;
  readonly model: string | null;
  readonly memoryMib: number | null;
  readonly memoryUsedMib: number | null;
  readonly utilizationRatio: number | null;
  readonly temperatureCelsius: number | null;
  readonly powerWatts: number | null;
  readonly powerLimitWatts: number | null;
  readonly isMigEnabled: boolean | null;
  /** Since the driver was loaded. */
  readonly uncorrectedEccErrors: number | null;
  /** Why clocks are held down, as the driver's bits; see `throttleReasons` of the health. */
  readonly throttleBits: number | null;
  /** Memory rows that were replaced, and those that wait for a reset. */
  readonly isRemappingPending: boolean | null;
  readonly isRemappingFailed: boolean | null;
  /** GPU instances with their place, as `nvidia-smi mig -lgi` lists them; `null` when it could not be asked. */
  readonly migInstances: readonly SshMigInstance[] | null;
  /** Such as `00000000:3B:00.0`. */
  readonly busId: string | null;
}

/** One MIG instance of a GPU. */
export interface SshMigInstance {
  readonly profile: string;
  readonly start: number;
  readonly id: number;
  /** `null` when it was not told, or holds several compute instances or none. */
  readonly uuid: string | null;
  readonly memoryMib: number | null;
}

/** What one machine told of itself. */
export interface SshInventory {
  /** `null`: the machine did not tell. */
  readonly cpuCount: number | null;
  readonly memoryMib: number | null;
  readonly driverVersion: string | null;
  /** In the order of their index. Empty: there is no GPU, or `nvidia-smi` failed; then `driverError` says how. */
  readonly gpus: readonly SshGpu[];
  readonly driverError: string | null;
  /** Xid errors in the kernel's log since the machine started; `null`: the log may not be read by this user. */
  readonly xids: readonly { readonly busId: string; readonly xid: number }[] | null;
}

/** Asked in one query each, so that a driver that does not know the newer fields still answers the old ones. */
const QUERIES = {
  gpus: [
    'index',
    'uuid',
    'memory.total',
    'memory.used',
    'utilization.gpu',
    'temperature.gpu',
    'power.draw',
    'power.limit',
    'mig.mode.current',
    'driver_version',
  ],
  ecc: ['index', 'ecc.errors.uncorrected.volatile.total'],
  throttle: ['index', 'clocks_throttle_reasons.active'],
  remapping: ['index', 'remapped_rows.pending', 'remapped_rows.failure'],
  bus: ['index', 'pci.bus_id'],
} as const;

/**
 * Constant program of the probe. Sections start with `@spillway <name>` and end with `@end <exit code>`. The name of the
 * model, which may hold commas, is asked for alone.
 */
export const PROBE = `run() { echo "@spillway $1"; shift; "$@" 2>&1; code=$?; echo; echo "@end $code"; }
export LC_ALL=C
run cpus nproc
run memory cat /proc/meminfo
if command -v nvidia-smi >/dev/null; then
${Object.entries(QUERIES)
  .map(([key, fields]) => `run ${key} nvidia-smi --query-gpu=${fields.join(',')} --format=csv,noheader,nounits`)
  .join('\n')}
run name nvidia-smi --query-gpu=name --format=csv,noheader,nounits
run mig nvidia-smi mig -lgi
run devices nvidia-smi
run list nvidia-smi -L
fi
run kernel sh -c 'log=$(dmesg) || exit 1; printf "%s\\n" "$log" | grep "NVRM: Xid" || true'`;

/**
 * Reads what {@link PROBE} printed.
 *
 * @throws ProviderError `bad-response` when it is cut off or `nvidia-smi` answers one query for more GPUs than another.
 */
export function readProbe(provider: string, nodeId: string, output: string): SshInventory {
  const sections = new Map<string, { readonly lines: readonly string[]; readonly exitCode: number }>();
  for (const [, key, body, code] of output.matchAll(/^@spillway (\S+)\n([\s\S]*?)\n@end ([0-9]+)$/gm)) {
    sections.set(key!, {
      lines: body!
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== ''),
      exitCode: Number(code),
    });
  }
  const bad = (what: string): ProviderError =>
    new ProviderError(provider, 'bad-response', `'${nodeId}' ${what}`, { isAmbiguous: false });
  if (!sections.has('kernel')) throw bad('did not answer the whole probe');
  const linesOf = (key: string): readonly string[] | null => {
    const section = sections.get(key);
    return section?.exitCode === 0 ? section.lines : null;
  };
  const asked = sections.get('gpus');
  const columns = new Map<string, readonly string[]>();
  const rows = linesOf('gpus') ?? [];
  for (const [key, fields] of [...Object.entries(QUERIES), ['name', ['name']] as const]) {
    const lines = linesOf(key);
    if (lines === null) continue;
    if (lines.length !== rows.length)
      throw bad(`tells of ${rows.length} GPUs, and of ${lines.length} when asked for ${key}`);
    const cells = lines.map((line) => (key === 'name' ? [line] : line.split(/,\s*/)));
    if (cells.some((row) => row.length !== fields.length)) throw bad(`answers ${key} in another form`);
    fields.forEach((field, index) => {
      const column = cells.map((row) => row[index]!);
      const first = columns.get(field);
      if (first?.some((text, row) => text !== column[row]) === true) throw bad(`lists its GPUs in two orders`);
      columns.set(field, column);
    });
  }
  const mig = linesOf('mig');
  const gpus = (columns.get('index') ?? []).map((text, row): SshGpu => {
    const value = (key: string): string | null => known(columns.get(key)?.[row]);
    const number = (key: string): number | null => readNumber(value(key));
    const flag = (key: string, yes: string, no: string): boolean | null => {
      const word = value(key)?.toLowerCase();
      return word === yes ? true : word === no ? false : null;
    };
    const index = readNumber(text);
    if (index === null) throw bad(`names a GPU '${text}'`);
    const percent = number('utilization.gpu');
    const isMigEnabled = flag('mig.mode.current', 'enabled', 'disabled');
    return {
      index,
      uuid: value('uuid'),
      model: value('name'),
      memoryMib: number('memory.total'),
      memoryUsedMib: number('memory.used'),
      utilizationRatio: percent === null ? null : percent / 100,
      temperatureCelsius: number('temperature.gpu'),
      powerWatts: number('power.draw'),
      powerLimitWatts: number('power.limit'),
      isMigEnabled,
      uncorrectedEccErrors: number('ecc.errors.uncorrected.volatile.total'),
      throttleBits: number('clocks_throttle_reasons.active'),
      isRemappingPending: flag('remapped_rows.pending', 'yes', 'no'),
      isRemappingFailed: flag('remapped_rows.failure', 'yes', 'no'),
      migInstances:
        isMigEnabled === false
          ? []
          : mig === null
            ? null
            : readInstances(mig, index, linesOf('devices') ?? [], linesOf('list') ?? []),
      busId: value('pci.bus_id'),
    };
  });
  const totalKib = /^MemTotal:\s+([0-9]+) kB$/.exec(
    linesOf('memory')?.find((line) => line.startsWith('MemTotal:')) ?? '',
  )?.[1];
  return {
    cpuCount: readNumber(linesOf('cpus')?.[0] ?? null),
    memoryMib: totalKib === undefined ? null : Math.floor(Number(totalKib) / 1024),
    driverVersion: known(columns.get('driver_version')?.[0]),
    gpus: gpus.sort((x, y) => x.index - y.index),
    driverError: asked === undefined || asked.exitCode === 0 ? null : `exit ${asked.exitCode}: ${asked.lines[0] ?? ''}`,
    xids: linesOf('kernel')?.flatMap(readXid) ?? null,
  };
}

/**
 * The node that a scheduler sees. Indices of its GPUs are those of `nvidia-smi`. An instance without a
 * UUID cannot be given to a job and is left out.
 *
 * @returns `undefined` when the machine did not tell its processors or memory, or a GPU did not tell its model or how it
 * is cut: a guess would place work where it cannot run.
 */
export function nodeOf(host: SshHost, inventory: SshInventory): GpuNode | undefined {
  const { cpuCount, memoryMib } = inventory;
  if (cpuCount === null || memoryMib === null) return undefined;
  const gpus: Gpu[] = [];
  for (const [position, gpu] of inventory.gpus.entries()) {
    if (gpu.index !== position || gpu.model === null) return undefined;
    if (gpu.isMigEnabled === true && gpu.migInstances === null) return undefined;
    gpus.push({
      model: gpu.model,
      ...(gpu.memoryMib !== null && { memoryMib: gpu.memoryMib }),
      ...(gpu.isMigEnabled === true && {
        migInstances: (gpu.migInstances ?? [])
          .filter(({ uuid }) => uuid !== null)
          .map(({ profile, start, memoryMib: mib }) => ({ profile, start, ...(mib !== null && { memoryMib: mib }) })),
      }),
    });
  }
  const { zone, labels, priceUsdPerHour } = host;
  return {
    id: host.id,
    pool: host.pool,
    gpus,
    cpuMilli: cpuCount * 1000,
    memoryMib,
    ...(zone !== undefined && { zone }),
    ...(labels && { labels }),
    ...(priceUsdPerHour !== undefined && { priceUsdPerHour }),
  };
}

/** `[N/A]`, `[Not Supported]`, `[Unknown Error]`, `[GPU is lost]`, `N/A`: nothing is known. */
function known(text: string | undefined): string | null {
  if (text === undefined || text === '' || text.startsWith('[') || /^(n\/a|not supported|unknown)\b/i.test(text))
    return null;
  return text;
}

function readNumber(text: string | null): number | null {
  if (text === null || !/^(?:[0-9]+(?:\.[0-9]+)?|0x[0-9a-fA-F]+)$/.test(text)) return null;
  return Number(text);
}

/**
 * Joins what is told of instances: `|   0  MIG 1g.10gb          19        7          4:1     |` with id and place (`mig -lgi`),
 * `|  0    7   0   1  |   12MiB /  9728MiB | …` with the number of its device, and `MIG 1g.10gb     Device  1: (UUID: MIG-…)`.
 */
function readInstances(
  lines: readonly string[],
  gpu: number,
  table: readonly string[],
  list: readonly string[],
): SshMigInstance[] {
  const devices = table.flatMap((line) => {
    const [, index, id, device, memory] =
      /^\|\s+([0-9]+)\s+([0-9]+)\s+[0-9]+\s+([0-9]+)\s+\|\s+[0-9]+MiB\s*\/\s*([0-9]+)MiB\s+\|/.exec(line) ?? [];
    return Number(index) === gpu ? [{ id: Number(id), device: Number(device), memoryMib: Number(memory) }] : [];
  });
  const first = list.findIndex((line) => line.startsWith(`GPU ${gpu}: `));
  const end = list.findIndex((line, n) => n > first && line.startsWith('GPU '));
  const uuids = new Map<number, string>();
  for (const line of first < 0 ? [] : list.slice(first + 1, end < 0 ? list.length : end)) {
    const [, device, uuid] = /^MIG\s+\S+\s+Device\s+([0-9]+): \(UUID: (MIG-[^)]+)\)$/.exec(line) ?? [];
    if (uuid !== undefined) uuids.set(Number(device), uuid);
  }
  return lines
    .flatMap((line) => {
      const [, index, profile, idText, start] =
        /^\|\s+([0-9]+)\s+MIG\s+(\S+)\s+[0-9]+\s+([0-9]+)\s+([0-9]+):[0-9]+\s+\|$/.exec(line) ?? [];
      if (Number(index) !== gpu) return [];
      const id = Number(idText);
      const [device, another] = devices.filter((each) => each.id === id);
      const isOne = device !== undefined && another === undefined;
      const uuid = isOne ? (uuids.get(device.device) ?? null) : null;
      return [{ profile: profile!, start: Number(start), id, uuid, memoryMib: isOne ? device.memoryMib : null }];
    })
    .sort((x, y) => x.start - y.start);
}

/** `NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, GPU has fallen off the bus.` */
function readXid(line: string): { busId: string; xid: number }[] {
  const [, busId, xid] = /NVRM: Xid \((?:PCI:)?([^)]+)\): ([0-9]+)/.exec(line) ?? [];
  return busId === undefined ? [] : [{ busId, xid: Number(xid) }];
}
