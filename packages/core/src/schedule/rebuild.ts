import type { Random } from '../random.ts';
import { bestReply } from './best-reply.ts';
import { setTerms } from './congestion.ts';
import { copyPlace, install, jobValue, putBack, remove } from './game.ts';
import type { Game, Place } from './game.ts';

/** Shares of the prices by which jobs are put back: none is greedy, all is what the bound thinks capacity is worth. */
const SHARES = [0, 0.5, 0.8, 1, 1.15];
/** Setting prices costs as much as many steps, so a share serves for some. */
const STEPS_BETWEEN_SHARES = 40;
const MAX_GROUP = 10;

/** How long to rebuild, and what for. */
export interface RebuildTerms {
  /** Looks to spend. */
  readonly looks: number;
  /** Temperature at the start, as a share of the mean value of a job. */
  readonly warmth: number;
  /** Jobs that are worst off, worst first: half of the groups start with one of them. */
  readonly worst: readonly number[];
  /** Asked after every improvement: true ends the search. */
  readonly onBest: (value: number) => boolean;
}

/**
 * Takes a few jobs that share time out of the plan and puts them back in random order inside capacity, guided by a share
 * of the prices; worse plans are accepted with a probability that falls to nothing.
 *
 * Source: Shaw, "Using constraint programming and local search methods to solve vehicle routing problems", CP 1998, with
 * the acceptance rule of Kirkpatrick et al., "Optimization by simulated annealing", Science 220, 1983.
 */
export function rebuild(game: Game, prices: Float64Array, random: Random, value: number, terms: RebuildTerms): void {
  const { table, congestion, reply, plan } = game;
  const end = reply.looks + terms.looks;
  const start = reply.looks;
  const heat = (value / Math.max(1, table.jobCount)) * terms.warmth;
  const least = 1e-9 * table.scale;
  let now = value;
  let best = value;
  for (let step = 0; reply.looks < end; step++) {
    if (step % STEPS_BETWEEN_SHARES === 0) {
      setTerms(table, congestion, { prices, share: SHARES[random.integer(SHARES.length)]!, isHard: true });
    }
    const temperature = heat * (1 - (reply.looks - start) / terms.looks) ** 2;
    const group = drawGroup(game, random, terms.worst);
    const places: Place[] = [];
    let before = 0;
    let after = 0;
    for (const job of group) {
      places.push(copyPlace(game, job));
      before += jobValue(game, job);
      remove(game, job);
    }
    let isPlaced = true;
    for (const job of random.shuffle(group)) {
      if (bestReply(table, congestion, reply, job, Infinity, -1) === Infinity) {
        isPlaced = false;
        break;
      }
      install(game, job);
      after += jobValue(game, job);
      if (after > before + 4 * temperature) {
        isPlaced = false;
        break;
      }
    }
    const gain = before - after;
    const isKept = isPlaced && (gain > least || random.next() < Math.exp(gain / Math.max(least, temperature)));
    if (!isKept) {
      for (const job of group) if (plan.count[job]! > 0) remove(game, job);
      for (const place of places) putBack(game, place);
      // Steps that look at nothing must end too.
      reply.looks++;
      continue;
    }
    // Steps that move nobody must end too.
    if (group.length === 0) reply.looks++;
    now -= gain;
    if (now >= best - 1e-9 * Math.abs(best)) continue;
    best = now;
    if (terms.onBest(best)) return;
  }
}

/** Jobs that have a place and share time with the first of them. */
function drawGroup({ table, plan }: Game, random: Random, worst: readonly number[]): number[] {
  const { links } = table;
  const isWorst = worst.length > 0 && random.next() < 0.5;
  const first = isWorst ? worst[random.integer(worst.length)]! : random.integer(table.jobCount);
  const group = plan.count[first]! > 0 ? [first] : [];
  const size = 2 + random.integer(MAX_GROUP);
  // Jobs that wait for each other move together or not at all.
  if (links !== undefined && random.next() < 0.5) {
    for (const job of group) {
      for (const { job: other } of [...links.before[job]!, ...links.after[job]!]) {
        if (group.length < size && plan.count[other]! > 0 && !group.includes(other)) group.push(other);
      }
    }
  }
  for (let tries = 0; group.length < size && tries < 8 * size; tries++) {
    const job = random.integer(table.jobCount);
    const sharesTime = table.first[job]! < table.end[first]! && table.first[first]! < table.end[job]!;
    if (sharesTime && plan.count[job]! > 0 && !group.includes(job)) group.push(job);
  }
  return group;
}
