import { InvalidInputError } from '../errors.ts';
import { checkDeadlineConfig, checkDeadlineObservation, checkZones } from './check.ts';
import { allowedChoices, costAfter, createDeadlineTable, NOT_ALLOWED } from './deadline-table.ts';
import { greedy, uniformProgress } from './deadline-rules.ts';
import { ticksOf, type JobTicks } from './job-ticks.ts';
import { EPSILON_TICKS } from './slack-grid.ts';
import type {
  DeadlineJobConfig,
  DeadlineJobResult,
  DeadlineJobState,
  DeadlineObservation,
  DeadlineReason,
  DeadlineTable,
  SpotAction,
  SpotZoneBelief,
} from './types.ts';
import { firstBelief, nextBelief, transitionsFor } from './zone-belief.ts';

/**
 * Creates the state of a job that has seen nothing of its zone.
 *
 * @example
 * ```ts
 * createDeadlineJobState(); // { version: 1, lastMs: null, zone: null }
 * ```
 */
export function createDeadlineJobState(): DeadlineJobState {
  return { version: 1, lastMs: null, zone: null };
}

/**
 * Decides what a job with a deadline does for the next tick: wait, run on spot or run on-demand.
 *
 * `learned` takes the choice with the least expected cost to the end of the job. What it expects comes from
 * `config.zones`, weighed by how well each kind of zone foresaw what this zone has shown so far. A choice is allowed only
 * if on-demand can still finish after the worst next tick, so a deadline that can be held is held. Ties go to waiting,
 * then to spot. Time since the call before may be any: the belief moves on by as much.
 *
 * Laws: no miss while decisions come every tick; the same call twice is the same answer; prices scaled together change
 * nothing; the state survives JSON.
 *
 * Sources: for `uniform-progress` and `greedy` Wu et al., "Can't Be Late: Optimizing Spot Instance Savings under
 * Deadlines", NSDI 2024. `learned` is our own, see docs/explanation/autoscaling.md.
 *
 * @param config - the job; pass `table` from {@link createDeadlineTable}, or every call builds it anew.
 * @param state - from {@link createDeadlineJobState} or the call before; neither changed nor kept.
 * @param observation - what is known now.
 * @returns the action, its reasons and the state for the next call. `O(kinds)` with a table.
 * @throws InvalidInputError on numbers out of range, a table of another job, a foreign state, and when time goes back.
 *
 * @example
 * ```ts
 * const config = {
 *   startAtMs: 0, deadlineAtMs: 36_000_000, workMs: 7_200_000, restartMs: 120_000,
 *   spotPriceUsdPerHour: 1, onDemandPriceUsdPerHour: 3, policy: 'greedy',
 * } as const;
 * const seen = { nowMs: 0, workLeftMs: 7_200_000, isSpotAvailable: true, running: 'none' } as const;
 * stepDeadlineJob(config, createDeadlineJobState(), seen).decision.action; // 'spot'
 * ```
 */
export function stepDeadlineJob(
  config: DeadlineJobConfig,
  state: DeadlineJobState,
  observation: DeadlineObservation,
): DeadlineJobResult {
  checkDeadlineConfig(config);
  if (config.zones !== undefined) checkZones(config.zones);
  checkDeadlineObservation(observation, state);
  const job = ticksOf(config);
  const isLearned = config.policy === undefined || config.policy === 'learned';
  const zone = isLearned ? look(job, config.table, state, observation) : null;
  const reasons: DeadlineReason[] = [];
  const action = decide(config, job, zone, observation, reasons);
  return {
    state: { version: 1, lastMs: observation.nowMs, zone },
    decision: { action },
    reasons,
    nextEvalAtMs: observation.nowMs + job.tickMs,
  };
}

/** The belief after this look. A second look at the same instant with the same result tells nothing new. */
function look(
  job: JobTicks,
  table: DeadlineTable | undefined,
  state: DeadlineJobState,
  { nowMs, isSpotAvailable }: DeadlineObservation,
): SpotZoneBelief {
  const { zone, lastMs } = state;
  if (zone === null || lastMs === null || zone.kinds.length !== job.zones.kinds.length) {
    return firstBelief(job.zones, isSpotAvailable);
  }
  const isSameLook = nowMs === lastMs && zone.isAvailable === isSpotAvailable;
  if (isSameLook) return { isAvailable: zone.isAvailable, kinds: [...zone.kinds], long: [...zone.long] };
  const sinceMs = nowMs === lastMs ? job.tickMs : nowMs - lastMs;
  const steps =
    sinceMs === job.tickMs && table !== undefined
      ? table.steps
      : job.zones.kinds.map(({ transition }) => transitionsFor(transition, sinceMs / job.zones.tickMs));
  return nextBelief(zone, steps, isSpotAvailable);
}

function decide(
  config: DeadlineJobConfig,
  job: JobTicks,
  zone: SpotZoneBelief | null,
  observation: DeadlineObservation,
  reasons: DeadlineReason[],
): SpotAction {
  const { nowMs, workLeftMs, isSpotAvailable } = observation;
  if (workLeftMs <= EPSILON_TICKS * job.tickMs) {
    reasons.push({ kind: 'finished' });
    return 'wait';
  }
  const runs = observation.running === 'spot' && !isSpotAvailable ? 'none' : observation.running;
  const restartLeftMs = runs === 'none' ? 0 : (observation.restartLeftMs ?? 0);
  const onDemandMs = workLeftMs + (runs === 'on-demand' ? restartLeftMs : config.restartMs);
  const lateMs = onDemandMs - Math.max(0, config.deadlineAtMs - nowMs);
  const isSpotSafe = runs === 'spot' && workLeftMs + restartLeftMs <= Math.min(job.tickMs, config.deadlineAtMs - nowMs);
  if (lateMs > EPSILON_TICKS * job.tickMs && !isSpotSafe) {
    reasons.push({ kind: 'deadline-out-of-reach', lateMs });
    return 'on-demand';
  }
  if (!isSpotAvailable) reasons.push({ kind: 'spot-not-available' });
  if (config.policy === 'greedy') return greedy(config, job, observation, runs, reasons);
  if (zone === null) return uniformProgress(config, job, observation, runs, reasons);
  return cheapest(config, job, zone, { ...observation, running: runs, restartLeftMs }, reasons);
}

function cheapest(
  config: DeadlineJobConfig,
  job: JobTicks,
  zone: SpotZoneBelief,
  observation: DeadlineObservation & { readonly restartLeftMs: number },
  reasons: DeadlineReason[],
): SpotAction {
  const { restart, spotUsd, onDemandUsd } = job;
  const { running, isSpotAvailable } = observation;
  const work = observation.workLeftMs / job.tickMs;
  const k = Math.floor((config.deadlineAtMs - observation.nowMs) / job.tickMs + EPSILON_TICKS);
  const fresh = k - work; // A launch or a wait drops the restart still to come.
  const kept = fresh - observation.restartLeftMs / job.tickMs;
  const ifIdle = allowedChoices(k, fresh, restart);
  const ifKept = allowedChoices(k, kept, restart);
  const mayWait = ifIdle.wait;
  const maySpot = isSpotAvailable && (running === 'spot' ? ifKept.stayOnSpot : ifIdle.launchSpot);
  const mayOnDemand = running === 'on-demand' || ifIdle.launchOnDemand;
  if (!mayWait && !maySpot) {
    const slackMs = Math.max(0, fresh) * job.tickMs;
    reasons.push({ kind: 'no-slack-left', slackMs, restartMs: config.restartMs });
    return 'on-demand';
  }
  const table = tableOf(config, job);
  const expected = (slack: number, runs: number): number =>
    zone.kinds.reduce((sum, weight, kind) => {
      const belief = { isAvailable: zone.isAvailable, long: zone.long[kind]! };
      return (
        sum +
        weight *
          costAfter(table.kinds[kind]!, table.grid, { k: Math.min(k, job.total) - 1, slack, running: runs }, belief)
      );
    }, 0);
  const waitUsd = mayWait ? expected(fresh - 1, 0) : NOT_ALLOWED;
  const spotUsdToEnd = maySpot ? spotUsd + expected(running === 'spot' ? kept : fresh - restart, 1) : NOT_ALLOWED;
  const onDemandUsdToEnd = mayOnDemand
    ? onDemandUsd + expected(running === 'on-demand' ? kept : fresh - restart, 2)
    : NOT_ALLOWED;
  const shown = (costUsd: number): number | null => (costUsd === NOT_ALLOWED ? null : costUsd);
  reasons.push({
    kind: 'expected-cost',
    waitUsd: shown(waitUsd),
    spotUsd: shown(spotUsdToEnd),
    onDemandUsd: shown(onDemandUsdToEnd),
  });
  if (waitUsd <= spotUsdToEnd && waitUsd <= onDemandUsdToEnd) return 'wait';
  return spotUsdToEnd <= onDemandUsdToEnd ? 'spot' : 'on-demand';
}

function tableOf(config: DeadlineJobConfig, job: JobTicks): DeadlineTable {
  if (config.table === undefined) return createDeadlineTable(config);
  if (config.table.fingerprint === job.fingerprint) return config.table;
  throw new InvalidInputError('table', 'must be of this job', config.table, {
    hint: 'Build it with createDeadlineTable from the same configuration.',
  });
}
