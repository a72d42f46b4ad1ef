import type { Gpu, MigInstance } from '@spillway/core';

import type { KubeGap } from './gaps.ts';
import type { KubeDevice, KubeResourceClaim, KubeResourceSlice } from './objects.ts';
import { NANO, parseQuantity } from './quantity.ts';

/** Drivers whose devices are GPUs. Source: kubernetes-sigs/dra-driver-nvidia-gpu, cmd/gpu-kubelet-plugin. */
const GPU_DRIVERS: ReadonlySet<string> = new Set(['gpu.nvidia.com']);
const MIB = 2n ** 20n * NANO;

/** Devices of dynamic resource allocation, by node. */
export interface DraGpus {
  /** Free devices, in the order of pools and names, by node. A node whose devices are all taken has an empty list. */
  readonly byNode: ReadonlyMap<string, readonly Gpu[]>;
  readonly gaps: readonly KubeGap[];
}

type Slice = Required<Pick<KubeResourceSlice, 'spec'>>['spec'];

/**
 * The GPUs that drivers of dynamic resource allocation offer and no claim holds. Of a pool only the latest generation counts,
 * and only when all its slices are there. MIG instances come with their place. A card of which a partition is held is left out
 * and reported: what more can be cut from it is the driver's to tell. `O(devices + claims)`.
 */
export function draGpus(slices: readonly KubeResourceSlice[], claims: readonly KubeResourceClaim[]): DraGpus {
  const gaps: KubeGap[] = [];
  const held = new Set<string>();
  for (const { status } of claims) {
    for (const { driver, pool, device, adminAccess } of status?.allocation?.devices?.results ?? []) {
      if (adminAccess !== true) held.add(`${driver}/${pool}/${device}`);
    }
  }
  const byNode = new Map<string, Gpu[]>();
  for (const [poolId, parts] of latestPools(slices)) {
    const nodeName = parts[0]!.nodeName ?? null;
    if (nodeName === null) {
      gaps.push({ reason: 'unknown-device', nodeName, detail: `pool ${poolId} belongs to no single node` });
      continue;
    }
    if (parts.length !== parts[0]!.pool.resourceSliceCount) {
      const detail = `${parts.length} of ${parts[0]!.pool.resourceSliceCount} slices of pool ${poolId}`;
      gaps.push({ reason: 'incomplete-pool', nodeName, detail });
      continue;
    }
    const devices = parts.flatMap((part) => part.devices ?? []);
    const { gpus, problems } = freeOf(devices, (device) => held.has(`${poolId}/${device.name}`));
    byNode.set(nodeName, [...(byNode.get(nodeName) ?? []), ...gpus]);
    for (const problem of problems) gaps.push({ ...problem, nodeName });
  }
  return { byNode, gaps };
}

/** The slices of the latest generation of each pool of GPUs. */
function latestPools(slices: readonly KubeResourceSlice[]): readonly (readonly [string, readonly Slice[]])[] {
  const pools = new Map<string, Slice[]>();
  for (const { spec } of slices) {
    if (spec === undefined || !GPU_DRIVERS.has(spec.driver)) continue;
    const id = `${spec.driver}/${spec.pool.name}`;
    const present = pools.get(id);
    const generation = present?.[0]?.pool.generation ?? -1;
    if (present === undefined || spec.pool.generation > generation) pools.set(id, [spec]);
    else if (spec.pool.generation === generation) present.push(spec);
  }
  return [...pools].sort(([x], [y]) => (x < y ? -1 : 1));
}

type Problem = Pick<KubeGap, 'reason' | 'detail'>;

function freeOf(
  devices: readonly KubeDevice[],
  isHeld: (device: KubeDevice) => boolean,
): { readonly gpus: readonly Gpu[]; readonly problems: readonly Problem[] } {
  const gpus: Gpu[] = [];
  const problems: Problem[] = [];
  // Counters that a held device consumes are not there for others. All of a card's are consumed by the card as a whole.
  const touched = new Set(devices.filter(isHeld).flatMap((device) => device.consumesCounters?.map(counterSetOf) ?? []));
  const partly = new Set<string>();
  const cut = new Map<string, { model: string; instances: MigInstance[] }>();
  const modelOf = new Map(devices.flatMap((device) => pairOf(text(device, 'uuid'), text(device, 'productName'))));
  const sorted = [...devices].sort((x, y) => order(x.name, y.name));
  for (const device of sorted) {
    const type = text(device, 'type');
    const counterSet = device.consumesCounters?.map(counterSetOf)[0];
    if (isHeld(device)) {
      if (type === 'mig' && counterSet !== undefined) partly.add(counterSet);
      continue;
    }
    if (type === 'vfio') continue;
    const taint = device.taints?.find(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
    if (taint !== undefined) {
      problems.push({ reason: 'unhealthy', detail: `device ${device.name} has the taint ${taint.key}` });
    } else if (device.allowMultipleAllocations === true) {
      problems.push({ reason: 'unknown-device', detail: `device ${device.name} can be given to several` });
    } else if (counterSet !== undefined && type === 'mig') {
      // One of the ways to cut a card that is listed as a whole as well.
      continue;
    } else if (counterSet !== undefined && touched.has(counterSet)) {
      continue;
    } else if (type === 'gpu') {
      const model = modelName(text(device, 'productName'));
      if (model === undefined) problems.push({ reason: 'no-model', detail: `device ${device.name} names no product` });
      else gpus.push({ model, ...memoryOf(device) });
    } else if (type === 'mig') {
      const instance = instanceOf(device);
      const parent = text(device, 'parentUUID');
      const model = modelName(text(device, 'productName') ?? (parent === undefined ? undefined : modelOf.get(parent)));
      if (instance === undefined || parent === undefined || model === undefined) {
        problems.push({ reason: 'unknown-device', detail: `device ${device.name} does not tell its place` });
        continue;
      }
      const card = cut.get(parent) ?? { model, instances: [] };
      cut.set(parent, card);
      card.instances.push(instance);
    } else {
      problems.push({ reason: 'unknown-device', detail: `device ${device.name} is of type ${type ?? 'unknown'}` });
    }
  }
  for (const { model, instances } of cut.values()) {
    gpus.push({ model, migInstances: instances.sort((x, y) => x.start - y.start) });
  }
  for (const counterSet of partly) {
    problems.push({ reason: 'partly-cut', detail: `a partition of ${counterSet} is held; its rest is not listed` });
  }
  return { gpus, problems };
}

function instanceOf(device: KubeDevice): MigInstance | undefined {
  const profile = text(device, 'profile');
  const slices = Object.keys(device.capacity ?? {}).flatMap((key) => {
    const index = /^(?:.*\/)?memorySlice(\d{1,2})$/.exec(key)?.[1];
    return index === undefined ? [] : [Number(index)];
  });
  if (profile === undefined || slices.length === 0) return undefined;
  return { profile: profile.replace(/\.me$/, '+me'), start: Math.min(...slices), ...memoryOf(device) };
}

/** Attributes have their short name, or that of the driver before it. */
function text({ attributes = {} }: KubeDevice, name: string): string | undefined {
  return Object.entries(attributes).find(([key]) => key === name || key === `gpu.nvidia.com/${name}`)?.[1].string;
}

function memoryOf({ capacity = {} }: KubeDevice): { readonly memoryMib?: number } {
  const entry = Object.entries(capacity).find(([key]) => key === 'memory' || key === 'gpu.nvidia.com/memory');
  const bytes = parseQuantity(entry?.[1].value);
  return bytes === undefined ? {} : { memoryMib: Number(bytes / MIB) };
}

/** As the labels of GPU feature discovery spell it, so that both ways name one model alike. */
function modelName(product: string | undefined): string | undefined {
  return product === undefined || product === '' ? undefined : product.replaceAll(' ', '-');
}

function counterSetOf({ counterSet }: { readonly counterSet: string }): string {
  return counterSet;
}

function pairOf(key: string | undefined, value: string | undefined): [string, string][] {
  return key === undefined || value === undefined ? [] : [[key, value]];
}

/** `gpu-2` before `gpu-10`, as the numbers of devices go. */
function order(x: string, y: string): number {
  const [a, b] = [x, y].map((name) => name.replace(/\d+/g, (digits) => digits.padStart(8, '0')));
  return a! < b! ? -1 : a! > b! ? 1 : 0;
}
