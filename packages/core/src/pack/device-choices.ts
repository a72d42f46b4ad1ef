import type { Demand } from './demand.ts';
import type { FleetState, Holding } from './fleet-state.ts';
import { shortfall } from './shortfall.ts';

/**
 * Every way a demand can sit on a node, but for ways that take devices in the same state: those do not differ in what else fits.
 * Empty: it does not fit now. Exponential in the GPUs of the node that differ, at most `limit`.
 */
export function deviceChoices(state: FleetState, node: number, demand: Demand, limit: number): readonly Holding[] {
  if (shortfall(state, node, demand) > 0) return [];
  const { cpuMilli, memoryMib, gpuMilli, gpuMemoryMib, gpuCount } = demand;
  const held = { cpuMilli, memoryMib, gpuMilli, gpuMemoryMib };
  if (demand.isMig) return instances(state, node, demand).map((instance) => ({ ...held, gpus: [], instance }));
  const choices: Holding[] = [];
  const classes = gpuClasses(state, node, demand);
  const take = (at: number, rows: readonly number[]): void => {
    if (choices.length >= limit) return;
    if (rows.length === gpuCount) choices.push({ ...held, gpus: [...rows].sort((x, y) => x - y), instance: -1 });
    else if (at < classes.length) {
      const alike = classes[at]!;
      for (let k = Math.min(alike.length, gpuCount - rows.length); k >= 0; k--) {
        take(at + 1, [...rows, ...alike.slice(0, k)]);
      }
    }
  };
  take(0, []);
  return choices;
}

/** Rows of the GPUs that could take one of the demand, those in the same state together, the fullest first. */
function gpuClasses(state: FleetState, node: number, demand: Demand): readonly (readonly number[])[] {
  const { gpuStart, gpuType, gpuFree, gpuMemoryFree } = state;
  const classes = new Map<string, number[]>();
  for (let g = gpuStart[node]!; g < gpuStart[node + 1]!; g++) {
    if (demand.isGpuEligible[gpuType[g]!] === 0 || gpuFree[g]! < demand.gpuMilli) continue;
    if (demand.gpuMemoryMib > 0 && gpuMemoryFree[g]! < demand.gpuMemoryMib) continue;
    const key = `${gpuType[g]}/${gpuFree[g]}/${gpuMemoryFree[g]}`;
    const alike = classes.get(key);
    if (alike === undefined) classes.set(key, [g]);
    else alike.push(g);
  }
  return [...classes.values()].sort((x, y) => state.gpuFree[x[0]!]! - state.gpuFree[y[0]!]! || x[0]! - y[0]!);
}

/** One free instance of each kind that serves the demand; every place of cards in different states. */
function instances(state: FleetState, node: number, demand: Demand): readonly number[] {
  const { gpuStart, gpuType, instanceStart, instanceType, isInstanceFree, cardState } = state;
  const found = new Map<string, number>();
  for (let g = gpuStart[node]!; g < gpuStart[node + 1]!; g++) {
    if (demand.isGpuEligible[gpuType[g]!] === 0) continue;
    for (let i = instanceStart[g]!; i < instanceStart[g + 1]!; i++) {
      if (isInstanceFree[i] === 0 || demand.isInstanceEligible[instanceType[i]!] === 0) continue;
      const isAlike = state.cards[gpuType[g]!] === undefined;
      const key = `${gpuType[g]}/${isAlike ? instanceType[i] : `${cardState[g]}/${i - instanceStart[g]!}`}`;
      if (!found.has(key)) found.set(key, i);
    }
  }
  return [...found.values()];
}
