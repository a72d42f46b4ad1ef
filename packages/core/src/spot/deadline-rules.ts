import type { JobTicks } from './job-ticks.ts';
import type { DeadlineJobConfig, DeadlineObservation, DeadlineReason, SpotAction } from './types.ts';

type Running = DeadlineObservation['running'];

/**
 * What the published rules share: on-demand when a restart could cost the deadline, and no new launch on spot when two
 * could. Ticks are counted as the authors' benchmark counts them. `undefined` where there is time.
 *
 * Source: Wu et al., "Can't Be Late", NSDI 2024, and its published simulator.
 */
function whenTimeRunsOut(
  config: DeadlineJobConfig,
  job: JobTicks,
  observation: DeadlineObservation,
  running: Running,
  reasons: DeadlineReason[],
): SpotAction | undefined {
  const ticksLeft = Math.max(0, Math.floor((config.deadlineAtMs - observation.nowMs) / job.tickMs));
  const needed = (launches: number): number =>
    Math.ceil((observation.workLeftMs + launches * config.restartMs) / job.tickMs);
  if (needed(2) < ticksLeft) return undefined;
  const slackMs = Math.max(0, config.deadlineAtMs - observation.nowMs - observation.workLeftMs);
  reasons.push({ kind: 'no-slack-left', slackMs, restartMs: config.restartMs });
  return needed(1) < ticksLeft && running === 'spot' ? 'spot' : 'on-demand';
}

/** Spot whenever there is some, and waits otherwise, until time runs out. */
export function greedy(
  config: DeadlineJobConfig,
  job: JobTicks,
  observation: DeadlineObservation,
  running: Running,
  reasons: DeadlineReason[],
): SpotAction {
  const late = whenTimeRunsOut(config, job, observation, running, reasons);
  if (late !== undefined) return late;
  const slackMs = config.deadlineAtMs - observation.nowMs - observation.workLeftMs;
  reasons.push({ kind: 'slack-left', slackMs });
  return observation.isSpotAvailable ? 'spot' : 'wait';
}

/**
 * Keeps the work done at or above the straight line from start to deadline: on-demand while below it without spot, and
 * off on-demand only with two restarts in hand.
 */
export function uniformProgress(
  config: DeadlineJobConfig,
  job: JobTicks,
  observation: DeadlineObservation,
  running: Running,
  reasons: DeadlineReason[],
): SpotAction {
  const late = whenTimeRunsOut(config, job, observation, running, reasons);
  if (late !== undefined) return late;
  const { nowMs, isSpotAvailable } = observation;
  const doneMs = config.workMs - observation.workLeftMs;
  const lineMs = (aheadMs: number): number =>
    ((nowMs + aheadMs - config.startAtMs) * config.workMs) / (config.deadlineAtMs - config.startAtMs);
  reasons.push({ kind: 'progress', doneMs, lineMs: lineMs(0) });
  const isTooEarlyToLeave = !isSpotAvailable || lineMs(2 * config.restartMs) >= doneMs;
  if (running === 'on-demand' && isTooEarlyToLeave) return 'on-demand';
  if (isSpotAvailable) return 'spot';
  return lineMs(0) > doneMs ? 'on-demand' : 'wait';
}
