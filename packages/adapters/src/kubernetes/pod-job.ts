import type { Job } from '@spillway/core';

import { DEVICE_RESOURCES } from './gpu-rules.ts';
import type { KubePod } from './objects.ts';
import { podRequests } from './pod-requests.ts';
import { NANO } from './quantity.ts';

/**
 * What a pod asks for, as a job: whole GPUs of one node, or one MIG instance, with its CPU and memory.
 *
 * @returns a job whose id is `namespace/name`; `undefined` when the pod asks for no GPU, or for several MIG instances or kinds of
 * devices, which no one job says, or for amounts that are no quantities.
 *
 * @example
 * ```ts
 * const container = { name: 'main', resources: { requests: { 'nvidia.com/gpu': '2', cpu: '1500m', memory: '4Gi' } } };
 * podJob({ metadata: { name: 'train', namespace: 'ml' }, spec: { containers: [container] } });
 * // { id: 'ml/train', gpuCount: 2, cpuMilli: 1500, memoryMib: 4096 }
 * ```
 */
export function podJob(pod: KubePod): Job | undefined {
  const requests = podRequests(pod);
  if (requests === undefined) return undefined;
  const devices = [...requests].filter(([name, amount]) => amount > 0n && isDevice(name));
  const [device] = devices;
  if (device === undefined || devices.length > 1) return undefined;
  const [name, amount] = device;
  const gpuCount = Number(amount / NANO);
  const migProfile = MIG_RESOURCE.exec(name)?.[1]?.replace(/\.me$/, '+me');
  if (migProfile !== undefined && gpuCount !== 1) return undefined;
  const { namespace = 'default', name: podName } = pod.metadata;
  const whole = (resource: string, unit: bigint): number => Number(((requests.get(resource) ?? 0n) + unit - 1n) / unit);
  const { priority } = pod.spec ?? {};
  return {
    id: `${namespace}/${podName}`,
    gpuCount,
    ...(migProfile !== undefined && { migProfile }),
    cpuMilli: whole('cpu', NANO / 1_000n),
    memoryMib: whole('memory', 2n ** 20n * NANO),
    ...(priority !== undefined && { priority }),
  };
}

const MIG_RESOURCE = /^nvidia\.com\/mig-(.+)$/;
const isDevice = (name: string): boolean => Object.hasOwn(DEVICE_RESOURCES, name) || MIG_RESOURCE.test(name);
