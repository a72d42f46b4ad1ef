import type { MigInstance } from '../fleet/index.ts';
import type { CardStates } from './card-states.ts';
import type { Demand } from './demand.ts';
import type { FleetState } from './fleet-state.ts';
import { instanceLack } from './instance-choice.ts';
import type { ResourceMiss } from './types.ts';

/** A place of a GPU that is cut as jobs come, and the instances whose end would make room there. */
interface Blocked {
  readonly gpu: number;
  readonly place: number;
  readonly blockers: readonly number[];
  /** What is compared, in this order, before GPU and start. */
  readonly rank: readonly number[];
}

/**
 * What a node lacks of the MIG instance of a demand. Of the places to cut one those that lack least; of these the one where the fewest
 * instances, then the fewest memory slices, are in the way, then the lowest GPU, then the lowest start. `undefined`: it lacks nothing.
 * `O(places × 2^instances of a GPU)`
 */
export function instanceMiss(state: FleetState, node: number, demand: Demand): ResourceMiss | undefined {
  const lack = instanceLack(state, node, demand);
  if (lack === 0) return undefined;
  let best: Blocked | undefined;
  for (let gpu = state.gpuStart[node]!; gpu < state.gpuStart[node + 1]!; gpu++) {
    const cards = state.cards[state.gpuType[gpu]!];
    if (cards === undefined || demand.isGpuEligible[state.gpuType[gpu]!] === 0) continue;
    for (let place = 0; place < cards.places.length; place++) {
      if (demand.isInstanceEligible[state.instanceType[state.instanceStart[gpu]! + place]!] === 0) continue;
      if (cards.lack(state.cardState[gpu]!, place) > lack) continue;
      const blocked = blockedAt(state, gpu, cards, place);
      if (best === undefined || isLess(blocked.rank, best.rank)) best = blocked;
    }
  }
  if (best === undefined) return { resource: 'mig-instance', needed: 1, available: 0 };
  return missAt(state, node, best, lack);
}

function missAt(state: FleetState, node: number, { gpu, place, blockers }: Blocked, lack: number): ResourceMiss {
  const cards = state.cards[state.gpuType[gpu]!]!;
  const { profile, start, memorySlices } = cards.instances[place]!;
  const nearest = {
    gpuIndex: gpu - state.gpuStart[node]!,
    profile,
    start,
    blockers: blockers.map((blocker): MigInstance => {
      const { profile: name, start: from } = cards.instances[blocker]!;
      return { profile: name, start: from };
    }),
  };
  const isOverlapped = (cards.places[place]!.mask & cards.maskOf(state.cardState[gpu]!)) !== 0;
  return isOverlapped
    ? { resource: 'mig-slices', needed: memorySlices, available: Math.round(memorySlices * (1 - lack)), nearest }
    : { resource: 'mig-instance', needed: 1, available: 0, nearest };
}

/** The fewest instances that have to go for a place, of these those with the fewest memory slices, then the lowest. */
function blockedAt(state: FleetState, gpu: number, cards: CardStates, place: number): Blocked {
  const first = state.instanceStart[gpu]!;
  const there = cards.places.flatMap((_, at) => (state.isInstanceTaken[first + at] === 1 ? [at] : []));
  there.sort((x, y) => cards.places[x]!.start - cards.places[y]!.start);
  let best: Blocked | undefined;
  for (let set = 1; set < 2 ** there.length; set++) {
    const blockers = there.filter((_, bit) => ((set >> bit) & 1) === 1);
    const slices = blockers.reduce((sum, at) => sum + cards.instances[at]!.memorySlices, 0);
    const rank = [blockers.length, slices];
    if (best !== undefined && !isLess(rank, best.rank)) continue;
    const rest = blockers.reduce((left, at) => cards.given(left, at), state.cardState[gpu]!);
    if (cards.isFree(rest)[place] === 1) best = { gpu, place, blockers, rank };
  }
  // Without all of its instances the card is empty, and every place is free.
  return best!;
}

/** Lexicographic. */
function isLess(x: readonly number[], y: readonly number[]): boolean {
  const at = x.findIndex((value, index) => value !== y[index]);
  return at >= 0 && x[at]! < y[at]!;
}
