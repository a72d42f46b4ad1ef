/** A job on one spot zone, in seconds as the published benchmark counts them. */
export interface DeadlineRun {
  readonly isAvailable: readonly boolean[];
  readonly tickSec: number;
  readonly workSec: number;
  readonly deadlineSec: number;
  readonly restartSec: number;
  readonly spotUsdPerHour: number;
  readonly onDemandUsdPerHour: number;
}

/** What runs, or is asked for. */
export type Machine = 'none' | 'spot' | 'on-demand';

/** What a policy sees before a tick. */
export interface DeadlineSight {
  readonly nowSec: number;
  readonly workLeftSec: number;
  readonly restartLeftSec: number;
  readonly isAvailable: boolean;
  /** What runs: spot that has just been preempted counts as nothing. */
  readonly running: Machine;
}

/** The end of a run. */
export interface DeadlineOutcome {
  readonly costUsd: number;
  readonly isMissed: boolean;
}

const EPSILON_SEC = 1e-3;

/**
 * Runs one job by the rules of the published deadline benchmark: whole ticks are billed, availability is known before
 * deciding, every launch starts the restart anew, and the simulator itself goes on-demand when time runs out.
 *
 * Source: Wu et al., "Can't Be Late", NSDI 2024, and the benchmark of ADRS (2025) built on it.
 */
export function simulateDeadline(run: DeadlineRun, policy: (sight: DeadlineSight) => Machine): DeadlineOutcome {
  const { tickSec, workSec, deadlineSec, restartSec } = run;
  const price = {
    none: 0,
    spot: (run.spotUsdPerHour * tickSec) / 3600,
    'on-demand': (run.onDemandUsdPerHour * tickSec) / 3600,
  };
  let machine: Machine = 'none';
  let [doneSec, restartLeftSec, costUsd, tick] = [0, 0, 0, 0];
  for (; tick < run.isAvailable.length; tick++) {
    costUsd += price[machine];
    if (machine !== 'none') {
      const workedSec = Math.max(tickSec - restartLeftSec, 0);
      restartLeftSec -= tickSec - workedSec;
      if (restartLeftSec < EPSILON_SEC) restartLeftSec = 0;
      doneSec += Math.min(workedSec, workSec - doneSec);
    }
    const workLeftSec = workSec - doneSec;
    if (workLeftSec <= EPSILON_SEC) break;
    const isAvailable = run.isAvailable[tick]!;
    const running: Machine = machine === 'spot' && !isAvailable ? 'none' : machine;
    const nowSec = tick * tickSec;
    let next = policy({ nowSec, workLeftSec, restartLeftSec, isAvailable, running });
    const isLast = Math.ceil((workLeftSec + restartSec) / tickSec) >= Math.floor((deadlineSec - nowSec) / tickSec);
    if (isLast) next = machine === 'spot' && restartLeftSec < EPSILON_SEC ? 'spot' : 'on-demand';
    if (next === 'spot' && !isAvailable) next = 'none';
    if (next !== running && next !== 'none') restartLeftSec = restartSec;
    machine = next;
  }
  return { costUsd, isMissed: workSec - doneSec > EPSILON_SEC || tick * tickSec > deadlineSec + 1e-6 };
}

/**
 * Least cost of a run with every availability known: exact dynamic programme over ticks, work done, machine and restart
 * to come.
 */
export function clairvoyantDeadline(run: DeadlineRun): number {
  const { tickSec, workSec, deadlineSec, restartSec } = run;
  const unit = commonDivisor(commonDivisor(Math.round(tickSec), Math.round(restartSec)), Math.round(workSec));
  const [work, tickUnits, restart] = [workSec / unit, tickSec / unit, restartSec / unit].map(Math.round) as [
    number,
    number,
    number,
  ];
  const ticks = Math.min(Math.floor(deadlineSec / tickSec), run.isAvailable.length);
  const price = [0, (run.spotUsdPerHour * tickSec) / 3600, (run.onDemandUsdPerHour * tickSec) / 3600];
  const rests = [0]; // Restarts that a running machine can carry into a tick.
  for (let left = restart - tickUnits; left > 0; left -= tickUnits) rests.push(left);
  const stateCount = 1 + 2 * rests.length; // Idle, then spot and on-demand by restart to come.
  const fresh = (): Float64Array[] =>
    Array.from({ length: stateCount }, () => new Float64Array(work + 1).fill(Infinity));
  let current = fresh();
  current[0]![0] = 0;
  let [best, highest] = [Infinity, 0];
  for (let tick = 0; tick < ticks; tick++) {
    const next = fresh();
    const isAvailable = run.isAvailable[tick]!;
    const lowest = Math.max(0, work - (ticks - tick) * tickUnits);
    for (let state = 0; state < stateCount; state++) {
      const machine = state === 0 ? 0 : state <= rests.length ? 1 : 2;
      const left = state === 0 ? 0 : rests[(state - 1) % rests.length]!;
      const running = machine === 1 && !isAvailable ? 0 : machine;
      const costs = current[state]!;
      for (let done = lowest; done <= highest; done++) {
        const cost = costs[done]!;
        if (cost >= best) continue;
        if (cost < next[0]![done]!) next[0]![done] = cost;
        for (let choice = isAvailable ? 1 : 2; choice <= 2; choice++) {
          const rest = choice === running ? left : restart;
          const paid = cost + price[choice]!;
          const after = done + Math.max(tickUnits - rest, 0);
          if (after >= work) {
            best = Math.min(best, paid);
            continue;
          }
          const target = next[1 + (choice - 1) * rests.length + rests.indexOf(Math.max(rest - tickUnits, 0))]!;
          if (paid < target[after]!) target[after] = paid;
        }
      }
    }
    highest = Math.min(work - 1, highest + tickUnits);
    current = next;
  }
  return best;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
