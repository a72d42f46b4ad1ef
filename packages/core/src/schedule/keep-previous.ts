import { bestReply } from './best-reply.ts';
import { setTerms } from './congestion.ts';
import { createGame, install, isOver, remove } from './game.ts';
import type { Game } from './game.ts';
import { isInOrder } from './links.ts';
import { slotOf } from './moves.ts';
import { CONTIGUOUS, EPSILON, MIGRATABLE, RUNS } from './problem-table.ts';
import type { Competitor, ProblemTable } from './problem-table.ts';
import { dropOrphans } from './keep-order.ts';
import type { Site } from './site.ts';
import type { Assignment, PreviousPlan, SlotGrid } from './types.ts';

/**
 * The previous plan as far as it still holds, and every other job in the best place that is left. A stretch that a job can
 * no longer have, or that there is no room for any more, takes the whole job out of its place.
 *
 * `O(jobs × answer + assignments)`.
 */
export function keepPrevious(
  table: ProblemTable,
  competitors: readonly Competitor[],
  sites: readonly Site[],
  slots: SlotGrid,
  { assignments }: PreviousPlan,
): Game {
  const game = createGame(table);
  setTerms(table, game.congestion, { isHard: true });
  const stretchesOf = new Map<string, Assignment[]>();
  for (const stretch of assignments) {
    const list = stretchesOf.get(stretch.jobId);
    if (list === undefined) stretchesOf.set(stretch.jobId, [stretch]);
    else list.push(stretch);
  }
  const siteOf = new Map(sites.map(({ location }, index) => [location.id, index]));
  competitors.forEach(({ job }, j) => {
    const amounts = new Map<number, number>();
    for (const stretch of stretchesOf.get(job.id) ?? []) {
      const slot = slotOf(stretch, slots);
      const site = slot >= 0 && slot < slots.count ? siteOf.get(stretch.locationId) : undefined;
      const cell = site === undefined ? -1 : site * slots.count + slot;
      const amount = (table.width[j]! * (stretch.replicaCount ?? 1) * stretch.durationMs) / slots.stepMs;
      amounts.set(cell, (amounts.get(cell) ?? 0) + amount);
    }
    const cells = [...amounts.keys()].sort((x, y) => (x % slots.count) - (y % slots.count) || x - y);
    if (!isAnswer(table, j, cells, amounts)) return;
    const { reply } = game;
    reply.count = cells.length;
    cells.forEach((cell, x) => {
      reply.cells[x] = cell;
      reply.amounts[x] = amounts.get(cell)!;
    });
    install(game, j);
    const { times } = reply;
    const isBroken = times !== undefined && !isInOrder(times, j);
    if (isBroken || cells.some((cell) => isOver(game, cell))) remove(game, j);
  });
  for (let j = 0; j < table.jobCount; j++) {
    if (game.plan.count[j] === 0 && bestReply(table, game.congestion, game.reply, j, Infinity, -1) < Infinity) {
      install(game, j);
    }
  }
  dropOrphans(game);
  return game;
}

/** True when amounts in cells, ascending by slot, are a way to run a job. */
function isAnswer(
  table: ProblemTable,
  job: number,
  cells: readonly number[],
  amounts: ReadonlyMap<number, number>,
): boolean {
  const { slotCount, mode, allowed } = table;
  const width = table.width[job]!;
  const curve = table.curve[job]!;
  const last = table.end[job]! - 1;
  const places = new Set(allowed.subarray(table.allowedFrom[job], table.allowedTo[job]));
  const most = (slot: number) => (slot === last ? table.tail[job]! : 1);
  let work = 0;
  for (const [x, cell] of cells.entries()) {
    const slot = cell % slotCount;
    const share = amounts.get(cell)! / width;
    if (cell < 0 || slot < table.first[job]! || slot > last || !places.has(Math.floor(cell / slotCount))) return false;
    if (table.closed?.[cell] === 1) return false;
    if (!(share > 0) || share > most(slot) * curve.length + EPSILON) return false;
    const replicas = share / most(slot);
    const whole = Math.floor(replicas + EPSILON);
    for (let q = 0; q < Math.min(curve.length, whole + 1); q++) {
      work += curve[q]! * most(slot) * Math.min(1, Math.max(0, replicas - q));
    }
    const room = table.capacity[cell]! + EPSILON;
    if (Math.ceil(replicas - EPSILON) * width * table.gpus[job]! > room) return false;
    const power = Math.ceil(replicas - EPSILON) * width * table.draw[job]!;
    if (power > 0 && power > table.capacity[table.cellCount + cell]! + EPSILON) return false;
    if (x === 0) continue;
    const before = cells[x - 1]!;
    if (slot === before % slotCount) return false;
    if (mode[job] !== MIGRATABLE && Math.floor(before / slotCount) !== Math.floor(cell / slotCount)) return false;
    if (mode[job] !== CONTIGUOUS) continue;
    if (cell !== before + 1 || amounts.get(before)! < width * (1 - EPSILON)) return false;
  }
  if (mode[job] === RUNS) return isInRuns(table, job, cells, (cell) => amounts.get(cell)! / width);
  return cells.length > 0 && Math.abs(work - table.work[job]!) <= 1e-6;
}

/** True when cells of one location are runs that are long enough, all whole but for the end, and do the work. */
function isInRuns(
  { work, minRun, resume }: ProblemTable,
  job: number,
  cells: readonly number[],
  shareOf: (cell: number) => number,
): boolean {
  const lengths: number[] = [];
  cells.forEach((cell, x) => {
    if (x > 0 && cell === cells[x - 1]! + 1) lengths[lengths.length - 1]! += shareOf(cell);
    else lengths.push(shareOf(cell));
  });
  const least = Math.max(minRun[job]!, resume[job]!) - EPSILON;
  const total = lengths.reduce((sum, length) => sum + length, 0);
  return (
    lengths.length > 0 &&
    cells.slice(0, -1).every((cell) => shareOf(cell) >= 1 - EPSILON) &&
    (lengths.length === 1 || lengths.every((length) => length >= least)) &&
    Math.abs(total - work[job]! - (lengths.length - 1) * resume[job]!) <= 1e-6
  );
}
