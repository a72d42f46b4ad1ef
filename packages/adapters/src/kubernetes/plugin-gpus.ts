import type { Gpu } from '@spillway/core';

import type { KubeGapReason } from './gaps.ts';
import {
  DEVICE_DOMAINS,
  DEVICE_RESOURCES,
  MODEL_RULES,
  PARTITION_LABEL,
  SHARING_LABELS,
  type DeviceFamily,
} from './gpu-rules.ts';
import { layOut, type LooseInstance } from './mig-layout.ts';
import type { Amounts } from './pod-requests.ts';
import { NANO } from './quantity.ts';

type Labels = Readonly<Record<string, string>>;

/** Free devices of a node that device plugins offer. */
export interface PluginGpus {
  readonly gpus: readonly Gpu[];
  /** Whether there are any, free or not. */
  readonly isOffering: boolean;
  /** How devices are shared; `null` when each is given to one alone. */
  readonly sharing: string | null;
  readonly gaps: readonly { readonly reason: KubeGapReason; readonly detail: string }[];
}

/**
 * The free devices of a node by its extended resources and labels: what is allocatable less what pods take. Only numbers are
 * known; which of the devices are free is not. A share of a device is listed as a device of a model that ends in `-SHARED`.
 *
 * Source: NVIDIA/k8s-device-plugin internal/lm/resource.go for labels and suffixes.
 */
export function pluginGpus(labels: Labels, capacity: Amounts, allocatable: Amounts, taken: Amounts): PluginGpus {
  const gpus: Gpu[] = [];
  const gaps: { reason: KubeGapReason; detail: string }[] = [];
  const loose = new Map<string, { readonly instances: LooseInstance[]; readonly memoryMib: number | undefined }>();
  let sharing: string | null = null;
  let isOffering = false;
  const gap = (reason: KubeGapReason, detail: string): void => {
    gaps.push({ reason, detail });
  };

  const names = [...allocatable.keys()].filter((name) => DEVICE_DOMAINS.some((domain) => name.startsWith(domain)));
  for (const name of names.sort()) {
    const all = allocatable.get(name)!;
    if (all % NANO !== 0n) {
      gap('unreadable', `${name} is no whole number`);
      continue;
    }
    isOffering ||= all > 0n;
    const used = taken.get(name) ?? 0n;
    const broken = ((capacity.get(name) ?? all) - all) / NANO;
    if (broken > 0n) gap('unhealthy', `${broken} of ${name} cannot be allocated`);
    if (used > all) gap('overcommitted', `pods take ${used / NANO} of ${all / NANO} ${name}`);
    const free = Number(used > all ? 0n : (all - used) / NANO);
    if (free === 0) continue;

    const mixed = /^nvidia\.com\/mig-(.+)$/.exec(name)?.[1];
    const family = mixed === undefined ? DEVICE_RESOURCES[name] : 'nvidia';
    if (family === undefined) {
      gap('unknown-resource', `${free} of ${name}`);
      continue;
    }
    const found = modelOf(labels, family, mixed === undefined ? undefined : name);
    if (found === undefined) {
      gap('no-model', `${free} of ${name}: no label names their model`);
      continue;
    }
    const { model, memoryMib } = found;
    const profile = mixed ?? found.profile;
    const shared = mixed === undefined ? sharingOf(labels, name, found.isShared) : sharingOfMig(labels, name);
    if (profile !== undefined) {
      if (shared !== null) {
        gap('unknown-resource', `${free} of ${name}: shares of MIG instances`);
        continue;
      }
      const card = loose.get(model) ?? { instances: [], memoryMib: mixed === undefined ? undefined : memoryMib };
      loose.set(model, card);
      const own = mixed === undefined ? memoryMib : wholeOf(labels[`${name}.memory`]);
      const instance = { profile: profile.replace(/\.me$/, '+me'), ...(own !== undefined && { memoryMib: own }) };
      for (let n = 0; n < free; n++) card.instances.push(instance);
      continue;
    }
    if (shared !== null) sharing = shared.strategy;
    const memory = shared === null ? memoryMib : shared.memoryOf(memoryMib);
    const gpu = {
      model: shared === null ? model : `${model}-SHARED`,
      ...(memory !== undefined && { memoryMib: memory }),
    };
    for (let n = 0; n < free; n++) gpus.push(gpu);
  }
  for (const [model, { instances, memoryMib }] of loose) {
    const { gpus: cards, unknown } = layOut(model, instances, memoryMib);
    gpus.push(...cards);
    for (const profile of unknown) gap('unknown-profile', `${model} is not known to be cut into ${profile}`);
  }
  return { gpus, isOffering, sharing, gaps };
}

interface Model {
  /** Of the card, without what GPU feature discovery puts after it. */
  readonly model: string;
  /** Of what is asked for: the card, or the instance where all are cut alike. */
  readonly memoryMib: number | undefined;
  /** Profile into which all cards are cut. */
  readonly profile: string | undefined;
  readonly isShared: boolean;
}

/** What labels tell of a model; `resource` when it has labels of its own. */
function modelOf(labels: Labels, family: DeviceFamily, resource: string | undefined): Model | undefined {
  const own = resource === undefined ? undefined : labels[`${resource}.product`];
  const rule = MODEL_RULES.find((one) => one.family === family && (labels[one.label] ?? '') !== '');
  const text = own ?? (rule && labels[rule.label]);
  if (text === undefined) return undefined;
  const [, model, profile, suffix] = /^(.+?)(?:-MIG-(.+?))?(-SHARED)?$/.exec(text)!;
  return {
    model: model!,
    memoryMib: rule?.memoryLabel === undefined ? undefined : wholeOf(labels[rule.memoryLabel]),
    profile: profile ?? (labels[PARTITION_LABEL] === '' ? undefined : labels[PARTITION_LABEL]),
    isShared: suffix !== undefined,
  };
}

interface Sharing {
  readonly strategy: string;
  /** Memory of a share: with MPS an equal part, with time slicing not its own. */
  readonly memoryOf: (memoryMib: number | undefined) => number | undefined;
}

function sharingOf(labels: Labels, resource: string, isMarked: boolean): Sharing | null {
  const [told] = SHARING_LABELS.strategy.flatMap((label) => labels[label] ?? []);
  const replicas = Math.max(1, ...SHARING_LABELS.replicas.map((label) => wholeOf(labels[label]) ?? 1));
  const strategy = told === undefined || told === 'none' ? undefined : told;
  const isShared = isMarked || resource.endsWith('.shared') || replicas > 1 || strategy !== undefined;
  if (!isShared) return null;
  return {
    strategy: strategy ?? 'time-slicing',
    memoryOf: (memoryMib) =>
      strategy === 'mps' && replicas > 1 && memoryMib !== undefined ? Math.floor(memoryMib / replicas) : undefined,
  };
}

function sharingOfMig(labels: Labels, resource: string): Sharing | null {
  const isShared =
    resource.endsWith('.shared') ||
    (wholeOf(labels[`${resource}.replicas`]) ?? 1) > 1 ||
    labels[`${resource}.product`]?.endsWith('-SHARED') === true;
  return isShared ? { strategy: 'time-slicing', memoryOf: () => undefined } : null;
}

function wholeOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
