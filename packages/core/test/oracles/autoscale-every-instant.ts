import type { AutoscaleConfig, AutoscaleObservation } from '../../src/index.ts';

/**
 * The target after a whole trace, with the full history kept and the wish looked up at every millisecond of a window.
 * Loads and targets are tenths, so the wishes are computed in whole numbers. Shares no code with the library.
 */
export function targetByEveryInstant(
  config: AutoscaleConfig & Required<Pick<AutoscaleConfig, 'tolerance' | 'window'>>,
  trace: readonly AutoscaleObservation[],
): number {
  const now = trace.at(-1)!;
  const current = now.readyReplicas + (now.pendingReplicas ?? 0);
  const upMs = config.window.upMs!;
  const downMs = config.window.downMs!;

  /** The wish in force at an instant: that of the last observation up to it. */
  const wishAt = (atMs: number): number | undefined => {
    const seen = trace.filter(({ nowMs }) => nowMs <= atMs);
    return seen.length === 0 ? undefined : wishOf(config, seen.at(-1)!);
  };
  const during = (windowMs: number): (number | undefined)[] =>
    Array.from({ length: windowMs + 1 }, (_, backMs) => wishAt(now.nowMs - backMs));

  let target = current;
  const ups = during(upMs);
  const downs = during(downMs);
  // Up while every instant asked for more, down while every instant asked for less.
  if (!ups.includes(undefined)) while (ups.every((wish) => wish! > target)) target++;
  if (!downs.includes(undefined)) while (downs.every((wish) => wish! < target)) target--;
  if (current === 0 && target === 0 && wishOf(config, now) > 0) target = 1;

  const tenths = Math.round((target > current ? config.tolerance.up! : config.tolerance.down!) * 10);
  if (10 * Math.abs(target - current) <= tenths * current) target = current;
  if (target > config.maxReplicas) return config.maxReplicas;
  if (target < config.minReplicas) return config.minReplicas;
  return target;
}

function wishOf(config: AutoscaleConfig, seen: AutoscaleObservation): number {
  const ready = seen.readyReplicas;
  const current = ready + (seen.pendingReplicas ?? 0);
  const hasRate = config.targets.some(({ signal }) => signal === 'rate');
  return Math.max(
    ...config.targets.map((target) => {
      if (target.signal === 'rate') {
        return typeof seen.ratePerSecond === 'number'
          ? fewestCarrying(seen.ratePerSecond * 10, target.perReplica * 10)
          : current;
      }
      if (ready === 0 || typeof seen.utilizationRatio !== 'number') return current;
      const wish = fewestCarrying(ready * Math.round(seen.utilizationRatio * 10), target.ratio * 10);
      const isOverloaded = seen.utilizationRatio > target.ratio;
      return Math.max(wish, isOverloaded ? current : 0, hasRate ? 0 : 1);
    }),
  );
}

/** The smallest count of replicas that together carry the work, by counting. */
function fewestCarrying(work: number, perReplica: number): number {
  let count = 0;
  while (count * Math.round(perReplica) < Math.round(work)) count++;
  return count;
}
