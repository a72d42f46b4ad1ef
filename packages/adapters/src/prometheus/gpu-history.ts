import type { GpuHistory, GpuHistoryGap, GpuIdentity, GpuMetric } from '../contract/gpu-metrics.ts';
import { valueOf, type DcgmField } from '../dcgm/fields.ts';
import { cardOf, identityOf, keyOf } from '../dcgm/labels.ts';
import type { PrometheusRange } from './range.ts';

type Cell = number | 'absent' | 'blank' | 'out-of-range' | 'conflict';

interface Track {
  readonly identity: GpuIdentity;
  readonly cells: Map<GpuMetric, Cell[]>;
}

/**
 * Puts the answers for some fields together to one track for every GPU and instance. A card has a series for every pod that
 * held it; they are joined instant by instant, and two that differ at the same instant are both not believed.
 * `O(series × instants)`.
 */
export function historyOf(
  answers: readonly { readonly rule: DcgmField; readonly range: PrometheusRange }[],
  up: PrometheusRange,
  expectedNodes: readonly string[],
): GpuHistory {
  const { startAtMs, stepMs, count } = up;
  const tracks = new Map<string, Track>();
  const gaps: GpuHistoryGap[] = [];
  const span = (from: number, to: number) => ({ fromMs: startAtMs + from * stepMs, toMs: startAtMs + to * stepMs });
  const nobody = { gpuId: null, migInstanceId: null, metric: null };

  for (const { rule, range } of answers) {
    for (const { labels, values } of range.series) {
      const named = identityOf(labels);
      if (named === undefined) {
        const detail = `${rule.field} has no UUID`;
        gaps.push({ reason: 'unreadable', nodeName: null, ...nobody, metric: rule.metric, detail, ...span(0, count) });
        continue;
      }
      const identity = rule.isOfCard ? cardOf(named) : named;
      const key = keyOf(identity);
      const track = tracks.get(key) ?? { identity, cells: new Map<GpuMetric, Cell[]>() };
      tracks.set(key, track);
      const cells = track.cells.get(rule.metric) ?? new Array<Cell>(count).fill('absent');
      track.cells.set(rule.metric, cells);
      values.forEach((raw, slot) => {
        if (raw === null) return;
        const value = valueOf(rule, raw);
        const before = cells[slot]!;
        cells[slot] = before === 'absent' || before === value ? value : 'conflict';
      });
    }
  }

  const gpus = [...tracks]
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([, { identity, cells }]) => {
      const series: Partial<Record<GpuMetric, (number | null)[]>> = {};
      const { gpuId, migInstanceId, nodeName } = identity;
      for (const { rule } of answers) {
        const { metric } = rule;
        const known = cells.get(metric);
        if (known === undefined && rule.isOfCard && migInstanceId !== null) continue;
        const row = known ?? new Array<Cell>(count).fill('absent');
        series[metric] = row.map((cell) => (typeof cell === 'number' ? cell : null));
        for (const [from, to, reason] of runsOf(row)) {
          if (typeof reason === 'number') continue;
          gaps.push({ reason, nodeName, gpuId, migInstanceId, metric, detail: '', ...span(from, to) });
        }
        if (!rule.isCounter) continue;
        for (const [from, to] of resetsOf(row)) {
          const detail = 'the counter began anew';
          gaps.push({ reason: 'reset', nodeName, gpuId, migInstanceId, metric, detail, ...span(from, to) });
        }
      }
      return { ...identity, series };
    });

  for (const { labels, values } of up.series) {
    const row = values.map((value) => (value === 1 ? 1 : value === null ? 'absent' : 'blank'));
    for (const [from, to, state] of runsOf<Cell>(row)) {
      if (state === 1) continue;
      const detail = `exporter ${labels['instance'] ?? '?'} ${state === 'absent' ? 'was not scraped' : 'was down'}`;
      const nodeName = labels['node'] ?? null;
      gaps.push({ reason: 'unreachable', nodeName, ...nobody, detail, ...span(from, to) });
    }
  }
  if (up.series.length === 0 && count > 0) {
    gaps.push({ reason: 'unreachable', nodeName: null, ...nobody, detail: 'no exporter is known', ...span(0, count) });
  }
  const present = new Set(gpus.map(({ nodeName }) => nodeName));
  for (const nodeName of expectedNodes) {
    if (present.has(nodeName)) continue;
    gaps.push({ reason: 'gpu-missing', nodeName, ...nobody, detail: 'no GPU of this node', ...span(0, count) });
  }
  const warnings = [...new Set([...answers.map(({ range }) => range), up].flatMap((range) => range.warnings))];
  return { startAtMs, stepMs, count, gpus, gaps, warnings };
}

/** Pairs of slots, the second the first known one after the other, with a smaller value. */
function resetsOf(row: readonly Cell[]): [from: number, to: number][] {
  const resets: [number, number][] = [];
  let last = -1;
  row.forEach((cell, slot) => {
    if (typeof cell !== 'number') return;
    if (last >= 0 && cell < (row[last] as number)) resets.push([last, slot]);
    last = slot;
  });
  return resets;
}

/** Stretches of equal cells that are not numbers, and of any numbers, half-open. */
function runsOf<T extends Cell>(row: readonly T[]): [from: number, to: number, state: T][] {
  const runs: [number, number, T][] = [];
  row.forEach((cell, slot) => {
    const last = runs.at(-1);
    const isSame =
      last !== undefined && (last[2] === cell || (typeof last[2] === 'number' && typeof cell === 'number'));
    if (isSame) last[1] = slot + 1;
    else runs.push([slot, slot + 1, cell]);
  });
  return runs;
}
