import type { RunningJob } from './types.ts';

/**
 * When the time that a running job is guaranteed ends, ms since the Unix epoch. Infinity: it has some, and its start is not known;
 * -Infinity: it has none.
 */
export function guaranteedUntilMs({ job, startedAtMs = Infinity }: Pick<RunningJob, 'job' | 'startedAtMs'>): number {
  const { minRuntimeMs = 0 } = job;
  return minRuntimeMs === 0 ? -Infinity : startedAtMs + minRuntimeMs;
}

/** True while a running job must not be disturbed, as far as is known: without a present no guaranteed time has ended. */
export function isGuaranteed(entry: Pick<RunningJob, 'job' | 'startedAtMs'>, nowMs = -Infinity): boolean {
  return guaranteedUntilMs(entry) > nowMs;
}
