/** A job in ticks, in one zone whose hidden chain is known. */
export interface DeadlineOracleJob {
  readonly restart: number;
  readonly spotUsd: number;
  readonly onDemandUsd: number;
  readonly transition: readonly (readonly number[])[];
}

/** Where the job stands: whole ticks left, work and restart to come in ticks, what runs, and the hidden states' odds. */
export interface DeadlineOracleState {
  readonly ticks: number;
  readonly work: number;
  readonly rest: number;
  readonly running: 'none' | 'spot' | 'on-demand';
  readonly odds: readonly number[];
}

type Choice = 'wait' | 'spot' | 'on-demand';

/**
 * Least expected cost of each choice, by following every history of availability to the end: no grid, no slack, the odds of
 * all four hidden states carried along. `null` where a choice is not allowed. Exponential in the ticks left.
 */
export function costOfChoices(job: DeadlineOracleJob, state: DeadlineOracleState): Record<Choice, number | null> {
  const isAvailable = state.odds[0]! + state.odds[1]! > 0.5;
  const cost = (choice: Choice): number | null => {
    if (choice === 'spot' && !isAvailable) return null;
    const isLaunch = choice !== 'wait' && choice !== state.running;
    const rest = isLaunch ? job.restart : state.rest;
    if (choice === 'wait') {
      // On-demand must still finish when launched after the wait.
      if (state.work + job.restart > state.ticks - 1 + 1e-6) return null;
      return future(job, { ...state, ticks: state.ticks - 1, rest: 0, running: 'none' });
    }
    const isLast = state.work + rest <= 1 + 1e-6;
    // Spot keeps one tick in hand beside the restart that a preemption costs.
    if (choice === 'spot' && !isLast && state.ticks - state.work - rest < 1 + job.restart - 1e-6) return null;
    if (isLaunch && state.work + job.restart > state.ticks + 1e-6) return null;
    const price = choice === 'spot' ? job.spotUsd : job.onDemandUsd;
    if (isLast) return price;
    const worked = Math.max(0, 1 - rest);
    const after = { ticks: state.ticks - 1, work: state.work - worked, rest: Math.max(0, rest - 1) };
    return price + future(job, { ...state, ...after, running: choice });
  };
  return { wait: cost('wait'), spot: cost('spot'), 'on-demand': cost('on-demand') };
}

function future(job: DeadlineOracleJob, state: DeadlineOracleState): number {
  const next = [0, 1, 2, 3].map((to) =>
    state.odds.reduce((sum, odds, from) => sum + odds * job.transition[from]![to]!, 0),
  );
  const up = next[0]! + next[1]!;
  const branch = (chance: number, odds: readonly number[]): number => {
    if (chance === 0) return 0;
    const isUp = odds[0]! + odds[1]! > 0.5;
    const isPreempted = state.running === 'spot' && !isUp;
    const seen: DeadlineOracleState = { ...state, odds, ...(isPreempted ? { running: 'none', rest: 0 } : {}) };
    const costs = Object.values(costOfChoices(job, seen)).filter((cost) => cost !== null);
    return chance * Math.min(...costs);
  };
  return (
    branch(up, [next[0]! / up, next[1]! / up, 0, 0]) + branch(1 - up, [0, 0, next[2]! / (1 - up), next[3]! / (1 - up)])
  );
}
