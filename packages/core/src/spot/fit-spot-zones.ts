import { checkNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { createRandom, type Random } from '../random.ts';
import type { SpotZoneKind, SpotZoneModel } from './types.ts';
import { STATE_COUNT } from './zone-belief.ts';
import { forwardBackward } from './zone-likelihood.ts';

/** How to fit. */
export interface FitSpotZonesOptions {
  /** Time between two looks of a history, ms, > 0. @defaultValue 600_000 */
  readonly tickMs?: number;
  /** Kinds of zone to tell apart, whole, >= 1. @defaultValue 6 */
  readonly kindCount?: number;
  /** Ticks after which a history may have become one of another kind, whole, >= 2. @defaultValue 554 */
  readonly pieceTicks?: number;
  /** Rounds of improvement from each of `startCount` starts, whole, >= 1. @defaultValue 60 */
  readonly maxSteps?: number;
  /** Random starts; the likeliest result is taken. @defaultValue 4 */
  readonly startCount?: number;
  /** Share of the losses of capacity that are counted, > 0 and <= 1. @defaultValue 0.75 */
  readonly lossRatio?: number;
  /** Seed of the starts. @defaultValue 1 */
  readonly seed?: number;
}

/** The answer of {@link fitSpotZones}. */
export interface FitSpotZonesResult {
  readonly model: SpotZoneModel;
  /** Natural logarithm of the probability of the histories under the fit, before `lossRatio`. */
  readonly logLikelihood: number;
}

/** Counts added before a row of transitions is normalised: to stay, and to each other state. Keeps every probability > 0. */
const [STAY_COUNT, MOVE_COUNT] = [0.5, 0.02];
const START_COUNT = 0.3;
const KIND_COUNT = 0.5;

interface Kind {
  readonly weight: number;
  readonly start: Float64Array;
  readonly transition: Float64Array;
}

/**
 * Fits kinds of spot zones to histories of availability: Baum-Welch for a mixture of hidden Markov chains with two
 * states for "available" and two for "not".
 *
 * Histories are cut into pieces as long as a job, and each piece belongs to one kind. The kinds are what a job can
 * recognise of its zone while it runs. Losses of capacity count less than they were (`lossRatio`): over kinds that a job
 * does not know yet, planning on the plain counts is too careful.
 *
 * Source: Rabiner, "A tutorial on hidden Markov models", Proc. IEEE 77(2), 1989, III.C; the mixture is the usual one.
 * `O(startCount * maxSteps * kindCount * ticks)` time.
 *
 * @param histories - one list a zone, one look a tick, `true` where spot capacity could be had; each of two looks or more.
 * @throws InvalidInputError on no histories, short ones, or options out of range.
 *
 * @example
 * ```ts
 * const day = Array.from({ length: 144 }, (_, tick) => tick % 36 < 24);
 * fitSpotZones([day, day], { kindCount: 1 }).model.kinds.length; // 1
 * ```
 */
export function fitSpotZones(
  histories: readonly (readonly boolean[])[],
  options: FitSpotZonesOptions = {},
): FitSpotZonesResult {
  const {
    tickMs = 600_000,
    kindCount = 6,
    pieceTicks = 554,
    maxSteps = 60,
    startCount = 4,
    lossRatio = 0.75,
  } = options;
  checkNumber('tickMs', tickMs, { above: 0 });
  checkNumber('kindCount', kindCount, { min: 1, isWhole: true });
  checkNumber('pieceTicks', pieceTicks, { min: 2, isWhole: true });
  checkNumber('maxSteps', maxSteps, { min: 1, isWhole: true });
  checkNumber('startCount', startCount, { min: 1, isWhole: true });
  checkNumber('lossRatio', lossRatio, { above: 0, max: 1 });
  if (!Array.isArray(histories) || histories.length === 0) {
    throw new InvalidInputError('histories', 'must list at least one zone', histories);
  }
  const pieces = (histories as readonly (readonly boolean[])[]).flatMap((history, index) => {
    if (history.length >= 2) return cut(history, pieceTicks);
    throw new InvalidInputError(`histories[${index}]`, 'must have two looks or more', history);
  });
  const random = createRandom(options.seed ?? 1);
  let best: { readonly kinds: readonly Kind[]; readonly logLikelihood: number } | undefined;
  for (let start = 0; start < startCount; start++) {
    const fit = improve(pieces, firstKinds(random, kindCount), firstShares(pieces, kindCount, random), maxSteps);
    if (best === undefined || fit.logLikelihood > best.logLikelihood) best = fit;
  }
  return {
    model: { tickMs, kinds: best!.kinds.map((kind) => publicKind(kind, lossRatio)) },
    logLikelihood: best!.logLikelihood,
  };
}

/** Pieces of about equal length, as 0 and 1. */
function cut(history: readonly boolean[], pieceTicks: number): Uint8Array[] {
  const count = Math.max(1, Math.round(history.length / pieceTicks));
  return Array.from({ length: count }, (_, piece) =>
    Uint8Array.from(
      history.slice(Math.floor((piece * history.length) / count), Math.floor(((piece + 1) * history.length) / count)),
      Number,
    ),
  );
}

function firstKinds(random: Random, kindCount: number): Kind[] {
  return Array.from({ length: kindCount }, () => {
    const transition = new Float64Array(STATE_COUNT * STATE_COUNT);
    for (let from = 0; from < STATE_COUNT; from++) {
      // A short spell lasts a few ticks, a long one some tens.
      const stay = 1 - 1 / (2 * 5 ** ((from % 2) + random.next() / 2));
      const rates = Array.from({ length: STATE_COUNT }, (_, to) => {
        const isSameAvailability = from < 2 === to < 2;
        return to === from ? 0 : (isSameAvailability ? 0.1 : 1) * (0.3 + random.next());
      });
      const total = rates.reduce((sum, rate) => sum + rate, 0);
      rates.forEach((rate, to) => {
        transition[from * STATE_COUNT + to] = to === from ? stay : ((1 - stay) * rate) / total;
      });
    }
    return { weight: 1 / kindCount, start: new Float64Array(STATE_COUNT).fill(1 / STATE_COUNT), transition };
  });
}

/** `shares[kind][piece]`: pieces by availability, each mostly of one kind, some thrown to another. */
function firstShares(pieces: readonly Uint8Array[], kindCount: number, random: Random): Float64Array[] {
  const availability = pieces.map((piece) => piece.reduce((sum, look) => sum + look, 0) / piece.length);
  const order = pieces.map((_, piece) => piece).sort((a, b) => availability[a]! - availability[b]! || a - b);
  const shares = Array.from({ length: kindCount }, () => new Float64Array(pieces.length).fill(0.02));
  order.forEach((piece, rank) => {
    const isThrown = random.next() < 0.25;
    const kind = isThrown ? random.integer(kindCount) : Math.floor((rank * kindCount) / pieces.length);
    shares[kind]![piece] = 1;
  });
  return shares;
}

function improve(
  pieces: readonly Uint8Array[],
  kinds: readonly Kind[],
  shares: readonly Float64Array[],
  maxSteps: number,
): { readonly kinds: readonly Kind[]; readonly logLikelihood: number } {
  let current = kinds.map((kind, index) => reestimate(kind, pieces, shares[index]!, kinds.length));
  let logLikelihood = -Infinity;
  for (let step = 1; step <= maxSteps; step++) {
    const { total, shares: posterior } = expect(current, pieces);
    logLikelihood = total;
    if (step < maxSteps) current = current.map((kind, k) => reestimate(kind, pieces, posterior[k]!, current.length));
  }
  return { kinds: current, logLikelihood };
}

/** How much of each piece belongs to each kind, and the log likelihood of all pieces. */
function expect(kinds: readonly Kind[], pieces: readonly Uint8Array[]): { total: number; shares: Float64Array[] } {
  const shares = kinds.map(() => new Float64Array(pieces.length));
  let total = 0;
  pieces.forEach((piece, index) => {
    const logs = kinds.map(({ weight, start, transition }) => {
      return Math.log(weight) + forwardBackward(piece, start, transition).logLikelihood;
    });
    const largest = Math.max(...logs);
    const sum = logs.reduce((acc, log) => acc + Math.exp(log - largest), 0);
    total += largest + Math.log(sum);
    logs.forEach((log, kind) => (shares[kind]![index] = Math.exp(log - largest) / sum));
  });
  return { total, shares };
}

function reestimate(kind: Kind, pieces: readonly Uint8Array[], shares: Float64Array, kindCount: number): Kind {
  const counts = new Float64Array(STATE_COUNT * STATE_COUNT).fill(MOVE_COUNT);
  for (let state = 0; state < STATE_COUNT; state++) counts[state * (STATE_COUNT + 1)] = STAY_COUNT;
  const starts = new Float64Array(STATE_COUNT).fill(START_COUNT);
  let weight = KIND_COUNT;
  pieces.forEach((piece, index) => {
    const share = shares[index]!;
    weight += share;
    if (share < 1e-4) return;
    const { first } = forwardBackward(piece, kind.start, kind.transition, { counts, weight: share });
    first.forEach((probability, state) => (starts[state]! += share * probability));
  });
  for (let from = 0; from < STATE_COUNT; from++) {
    const row = counts.subarray(from * STATE_COUNT, (from + 1) * STATE_COUNT);
    normalise(row);
  }
  normalise(starts);
  return { weight: weight / (pieces.length + KIND_COUNT * kindCount), start: starts, transition: counts };
}

function normalise(values: Float64Array): void {
  const sum = values.reduce((total, value) => total + value, 0);
  values.forEach((value, index) => (values[index] = value / sum));
}

function publicKind({ weight, start, transition }: Kind, lossRatio: number): SpotZoneKind {
  const rows = Array.from({ length: STATE_COUNT }, (_, from) => {
    const row = Array.from(transition.subarray(from * STATE_COUNT, (from + 1) * STATE_COUNT));
    if (from >= 2) return row;
    const kept = (row[2]! + row[3]!) * (1 - lossRatio);
    return row.map((probability, to) =>
      to >= 2 ? probability * lossRatio : to === from ? probability + kept : probability,
    );
  });
  return { weight, start: Array.from(start), transition: rows };
}
