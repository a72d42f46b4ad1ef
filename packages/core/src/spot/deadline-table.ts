import { InvalidInputError } from '../errors.ts';
import { checkDeadlineConfig } from './check.ts';
import { EPSILON_TICKS, slackGrid, slackRow } from './slack-grid.ts';
import { ticksOf, type JobTicks } from './job-ticks.ts';
import type { DeadlineJobConfig, DeadlineKindTable, DeadlineTable } from './types.ts';
import { STATE_COUNT, transitionsFor } from './zone-belief.ts';

/** Points of the belief "this spell is long", closer where a look changes it most. */
const BELIEFS = Float64Array.of(0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 1);
const BELIEF_COUNT = BELIEFS.length;
/** Columns of a row: beliefs with capacity, then without, each by what runs: nothing, spot, on-demand. */
const RUNNING_COUNT = 3;
const COLUMN_COUNT = 2 * BELIEF_COUNT * RUNNING_COUNT;
/** Entries of one table at most: 64 million of four bytes. */
const MOST_ENTRIES = 64_000_000;
/** More work left than the job has, in ticks beyond two launches, is no state of it: priced as on-demand. */
const WORK_MARGIN_TICKS = 6;

/** Cost of a choice that is not allowed. */
export const NOT_ALLOWED = 1e12;

/**
 * Builds the table of expected costs that {@link stepDeadlineJob} reads, once for a job.
 *
 * For each kind of zone: least expected cost to the end over ticks left, slack, the belief that the spell now is long and
 * what runs, backward from the deadline. Slack is time left - work left - restart to come: running keeps it, waiting
 * costs one tick, a launch costs one restart. A choice is allowed only if on-demand can still finish after the worst next
 * tick (for spot with one tick in hand), so no deadline that can be held is missed. Giving up a restart longer than a
 * tick half way is priced as if its time were lost. Two-valued observations of a hidden chain make the belief one number,
 * so that planning on it is exact up to the grid.
 *
 * Source: the belief form of dynamic programming, Åström, "Optimal control of Markov processes with incomplete state
 * information", J. Math. Anal. Appl. 10, 1965. `O(kinds * ticks * slack points)` time and space: about 80 MB and half
 * a second for 92 hours in ticks of ten minutes.
 *
 * @param config - as for {@link stepDeadlineJob}; `policy` and `table` are not looked at.
 * @returns the table; it is valid for this configuration and no other.
 * @throws InvalidInputError on a configuration out of range, and when the table would be larger than 64 million entries.
 *
 * @example
 * ```ts
 * const job = {
 *   startAtMs: 0, deadlineAtMs: 10_800_000, workMs: 7_200_000, restartMs: 120_000,
 *   spotPriceUsdPerHour: 1, onDemandPriceUsdPerHour: 3,
 * } as const;
 * const config = { ...job, table: createDeadlineTable(job) };
 * ```
 */
export function createDeadlineTable(config: DeadlineJobConfig): DeadlineTable {
  checkDeadlineConfig(config);
  const job = ticksOf(config);
  const layers = layersOf(job);
  const entryCount = layers.start[job.total + 1]! * job.zones.kinds.length;
  if (entryCount > MOST_ENTRIES) {
    throw new InvalidInputError('tickMs', `must be longer: the table would have ${entryCount} entries`, job.tickMs, {
      hint: 'Double tickMs; decisions every tenth of the deadline tick change little.',
    });
  }
  const steps = job.zones.kinds.map(({ transition }) => transitionsFor(transition, job.tickMs / job.zones.tickMs));
  const kinds = steps.map((step) => fill(job, layers, step));
  return { fingerprint: job.fingerprint, grid: layers.grid, steps, kinds };
}

interface Layers {
  readonly grid: Float64Array;
  /** First entry of the layer of k ticks left. */
  readonly start: Int32Array;
  /** Row of the slack grid that it begins with. */
  readonly row: Int32Array;
}

/** Which slacks can occur with k ticks left: no more than k, and no less than leaves more work than the job has. */
function layersOf({ total, work, restart }: JobTicks): Layers {
  const grid = slackGrid(Math.max(0, total - work) + 1);
  const [start, row] = [new Int32Array(total + 2), new Int32Array(total + 2)];
  for (let k = 0; k <= total; k++) {
    const low = slackRow(Math.max(0, k - work - 2 * restart - WORK_MARGIN_TICKS), grid.length);
    const high = slackRow(k, grid.length) + 1;
    row[k] = Math.min(low, high - 1);
    start[k + 1] = start[k]! + (high - row[k]! + 1) * COLUMN_COUNT;
  }
  return { grid, start, row };
}

/** A place between two rows of a layer: the entry of the lower one and the share of the upper one. */
function placeOf({ grid, start, row }: Layers, k: number, slack: number): { base: number; share: number } {
  const last = row[k]! + (start[k + 1]! - start[k]!) / COLUMN_COUNT - 2;
  const i = Math.max(row[k]!, Math.min(last, slackRow(slack, grid.length)));
  const share = Math.max(0, Math.min(1, (slack - grid[i]!) / (grid[i + 1]! - grid[i]!)));
  return { base: start[k]! + (i - row[k]!) * COLUMN_COUNT, share: share < 1e-9 ? 0 : share };
}

/** The column of a belief, and the share of the one after it. */
function beliefColumn(isAvailable: boolean, long: number): { readonly column: number; readonly share: number } {
  let i = 0;
  while (i < BELIEF_COUNT - 2 && BELIEFS[i + 1]! <= long) i++;
  const share = Math.max(0, Math.min(1, (long - BELIEFS[i]!) / (BELIEFS[i + 1]! - BELIEFS[i]!)));
  return { column: ((isAvailable ? 0 : BELIEF_COUNT) + i) * RUNNING_COUNT, share };
}

function fill(job: JobTicks, layers: Layers, step: Float64Array): DeadlineKindTable {
  const { total, work, restart, spotUsd, onDemandUsd } = job;
  const { grid, start, row } = layers;
  const costs = new Float32Array(start[total + 1]!);
  const beliefCount = 2 * BELIEF_COUNT;
  // Where a belief goes in one tick: the chance of capacity, and the place of the belief after either look.
  const up = new Float64Array(beliefCount);
  const [upColumn, downColumn] = [new Int32Array(beliefCount), new Int32Array(beliefCount)];
  const [upShare, downShare] = [new Float64Array(beliefCount), new Float64Array(beliefCount)];
  for (let x = 0; x < beliefCount; x++) {
    const long = BELIEFS[x % BELIEF_COUNT]!;
    const from = x < BELIEF_COUNT ? 0 : 2;
    const next = [0, 1, 2, 3].map(
      (to) => (1 - long) * step[from * STATE_COUNT + to]! + long * step[(from + 1) * STATE_COUNT + to]!,
    );
    up[x] = next[0]! + next[1]!;
    const whenUp = beliefColumn(true, up[x]! > 0 ? next[1]! / up[x]! : 0);
    const whenDown = beliefColumn(false, next[2]! + next[3]! > 0 ? next[3]! / (next[2]! + next[3]!) : 0);
    [upColumn[x], upShare[x], downColumn[x], downShare[x]] = [
      whenUp.column,
      whenUp.share,
      whenDown.column,
      whenDown.share,
    ];
  }
  const value = new Float64Array(COLUMN_COUNT);
  for (let k = 1; k <= total; k++) {
    const rowCount = (start[k + 1]! - start[k]!) / COLUMN_COUNT;
    for (let r = 0; r < rowCount; r++) {
      const slack = grid[row[k]! + r]!;
      const base = start[k]! + r * COLUMN_COUNT;
      if (k - slack <= EPSILON_TICKS) continue; // Finished: costs nothing more.
      if (k - slack > work + 2 * restart + WORK_MARGIN_TICKS) {
        costs.fill(onDemandUsd * (k - slack + restart), base, base + COLUMN_COUNT);
        continue;
      }
      const allowed = allowedChoices(k, slack, restart);
      const keep = placeOf(layers, k - 1, slack);
      const wait = placeOf(layers, k - 1, Math.max(0, slack - 1));
      const launch = placeOf(layers, k - 1, Math.max(0, slack - restart));
      const [keepBase, keepShare, waitBase, waitShare] = [keep.base, keep.share, wait.base, wait.share];
      const [launchBase, launchShare] = [launch.base, launch.share];
      const read = (at: number, share: number): number =>
        share === 0 ? costs[at]! : costs[at]! * (1 - share) + costs[at + COLUMN_COUNT]! * share;
      const isKeptLast = k - 1 - slack <= EPSILON_TICKS;
      const isLaunchedLast = k - 1 - (slack - restart) <= EPSILON_TICKS;
      for (let x = 0; x < beliefCount; x++) {
        const c = x * RUNNING_COUNT;
        const isUp = x < BELIEF_COUNT;
        const waiting = allowed.wait ? read(waitBase + c, waitShare) : NOT_ALLOWED;
        const staying =
          isUp && allowed.stayOnSpot ? spotUsd + (isKeptLast ? 0 : read(keepBase + c + 1, keepShare)) : NOT_ALLOWED;
        const spot =
          isUp && allowed.launchSpot
            ? spotUsd + (isLaunchedLast ? 0 : read(launchBase + c + 1, launchShare))
            : NOT_ALLOWED;
        const running = onDemandUsd + (isKeptLast ? 0 : read(keepBase + c + 2, keepShare));
        const onDemand = allowed.launchOnDemand
          ? onDemandUsd + (isLaunchedLast ? 0 : read(launchBase + c + 2, launchShare))
          : NOT_ALLOWED;
        value[c] = Math.min(waiting, spot, onDemand);
        value[c + 1] = Math.min(waiting, staying, onDemand);
        value[c + 2] = Math.min(waiting, spot, running);
      }
      // The layer holds the expectation over the next look, seen from the tick before.
      for (let x = 0; x < beliefCount; x++) {
        for (let m = 0; m < RUNNING_COUNT; m++) {
          const [y, z] = [upColumn[x]! + m, downColumn[x]! + m];
          const whenUp = value[y]! * (1 - upShare[x]!) + value[y + RUNNING_COUNT]! * upShare[x]!;
          const whenDown = value[z]! * (1 - downShare[x]!) + value[z + RUNNING_COUNT]! * downShare[x]!;
          costs[base + x * RUNNING_COUNT + m] = up[x]! * whenUp + (1 - up[x]!) * whenDown;
        }
      }
    }
  }
  return { costs, layerStart: start, layerRow: row };
}

/** What may be done with k ticks and a slack left, so that on-demand can finish whatever the next look shows. */
export function allowedChoices(
  k: number,
  slack: number,
  restart: number,
): {
  readonly wait: boolean;
  readonly stayOnSpot: boolean;
  readonly launchSpot: boolean;
  readonly launchOnDemand: boolean;
} {
  const left = k - slack; // Work and restart to come. What ends within this tick needs no second chance.
  return {
    wait: slack - 1 >= restart - EPSILON_TICKS,
    stayOnSpot: slack >= 1 + restart - EPSILON_TICKS || left <= 1 + EPSILON_TICKS,
    launchSpot: slack >= 1 + 2 * restart - EPSILON_TICKS || left + restart <= 1 + EPSILON_TICKS,
    launchOnDemand: slack >= restart - EPSILON_TICKS,
  };
}

/** Expected cost after a tick, with `k` ticks and a slack left then, and `running` (0 nothing, 1 spot, 2 on-demand). */
export function costAfter(
  table: DeadlineKindTable,
  grid: Float64Array,
  at: { readonly k: number; readonly slack: number; readonly running: number },
  belief: { readonly isAvailable: boolean; readonly long: number },
): number {
  const { k, slack, running } = at;
  if (k - slack <= EPSILON_TICKS || k <= 0) return 0;
  const { base, share } = placeOf({ grid, start: table.layerStart, row: table.layerRow }, k, slack);
  const { column, share: beliefShare } = beliefColumn(belief.isAvailable, belief.long);
  const { costs } = table;
  const read = (entry: number): number =>
    costs[entry]! * (1 - share) + (share === 0 ? 0 : costs[entry + COLUMN_COUNT]! * share);
  const entry = base + column + running;
  return read(entry) * (1 - beliefShare) + (beliefShare === 0 ? 0 : read(entry + RUNNING_COUNT) * beliefShare);
}
