import type { GpuGap, GpuHealthSignal, GpuIdentity, GpuMetric, GpuOwner, GpuReading } from '../contract/gpu-metrics.ts';
import type { ExpositionSample } from '../prometheus/exposition-types.ts';
import { DCGM_FIELDS, isBlank, valueOf } from './fields.ts';
import { HEALTH_FIELDS, healthSignal } from './health.ts';
import { cardOf, identityOf, keyOf, labelledOwner } from './labels.ts';
import type { OwnerLookup } from './owners.ts';

type GapReason = 'blank' | 'out-of-range' | 'conflict';

interface Entry {
  identity: GpuIdentity;
  owner: GpuOwner | undefined;
  atMs: number;
  readonly values: Map<GpuMetric, number | GapReason>;
}

const RULES = new Map(DCGM_FIELDS.map((rule) => [rule.field, rule]));
const HEALTH: ReadonlySet<string> = new Set(HEALTH_FIELDS);

/** What the samples of one look say. */
export interface SampleReadings {
  readonly gpus: readonly GpuReading[];
  readonly gaps: readonly GpuGap[];
  readonly health: readonly GpuHealthSignal[];
}

/**
 * Makes readings of the samples of one exporter, or of an instant query. What DCGM measures for the card (power, energy,
 * temperature, utilisation) is put to the card, not to the instance beside which it is reported: summed over instances
 * it would count as often as there are instances. `O(samples)`.
 */
export function readingsOf(
  samples: readonly ExpositionSample[],
  atMs: number,
  ownerOf: OwnerLookup,
  honorsLabels = true,
): SampleReadings {
  const isExported = !honorsLabels || samples.some(({ labels }) => Object.hasOwn(labels, 'exported_pod'));
  const entries = new Map<string, Entry>();
  const gaps: GpuGap[] = [];
  const health = new Map<string, GpuHealthSignal>();
  const entryOf = (identity: GpuIdentity): Entry => {
    const key = keyOf(identity);
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = { identity, owner: undefined, atMs, values: new Map() };
    entries.set(key, entry);
    return entry;
  };

  for (const { name, labels, value: raw, timestampMs } of samples) {
    const rule = RULES.get(name);
    // Also fields that are not read tell that a card is there.
    if (!name.startsWith('DCGM_')) continue;
    const identity = identityOf(labels);
    if (identity === undefined) {
      gaps.push(gap('unreadable', null, rule?.metric ?? null, `${name} has no UUID`));
      continue;
    }
    const holder = entryOf(identity);
    holder.owner ??= labelledOwner(labels, isExported);
    if (rule === undefined) {
      const { gpuId, nodeName } = identity;
      const signal =
        !HEALTH.has(name) || isBlank(raw)
          ? undefined
          : healthSignal(name, raw, gpuId, nodeName, labels['err_msg'] ?? '');
      if (signal !== undefined) health.set(`${gpuId}\u0000${name}\u0000${raw}`, signal);
      continue;
    }
    const entry = rule.isOfCard ? entryOf(cardOf(identity)) : holder;
    entry.atMs = Math.min(entry.atMs, timestampMs ?? atMs);
    const value = valueOf(rule, raw);
    const before = entry.values.get(rule.metric);
    entry.values.set(rule.metric, before === undefined || before === value ? value : 'conflict');
  }

  const gpus = [...entries]
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([, entry]): GpuReading => {
      const { identity, values } = entry;
      const { owner, gap: disagreement } = ownerOf(identity, entry.owner);
      if (disagreement !== undefined) gaps.push(disagreement);
      const value = (metric: GpuMetric, isExpected: boolean): number | null => {
        const found = values.get(metric);
        if (typeof found === 'number') return found;
        if (isExpected || found !== undefined) gaps.push(gap(found ?? 'absent', identity, metric, ''));
        return null;
      };
      const isInstance = identity.migInstanceId !== null;
      return {
        ...identity,
        atMs: entry.atMs,
        values: Object.fromEntries(
          DCGM_FIELDS.map(({ metric, isOfCard }) => [metric, value(metric, !(isInstance && isOfCard))]),
        ) as Record<GpuMetric, number | null>,
        owner,
      };
    });
  return { gpus, gaps, health: [...health].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, signal]) => signal) };
}

function gap(reason: GpuGap['reason'], of: GpuIdentity | null, metric: GpuMetric | null, detail: string): GpuGap {
  return {
    reason,
    nodeName: of?.nodeName ?? null,
    gpuId: of?.gpuId ?? null,
    migInstanceId: of?.migInstanceId ?? null,
    metric,
    detail,
  };
}
