import type { Job } from '../fleet/index.ts';
import { isCut } from './catalogue.ts';
import type { Demand } from './demand.ts';
import type { Fleet } from './fleet.ts';
import { hasInstance } from './instance-choice.ts';
import { instanceMiss } from './instance-miss.ts';
import { nearestShareGpu, nearestSpreadGpus, wholeGpusFree } from './shortfall.ts';
import type { ResourceMiss } from './types.ts';

/** What a node that could hold the demand if it were emptier lacks now. */
export function missesNow({ state }: Fleet, node: number, demand: Demand): readonly ResourceMiss[] {
  const misses = hostMisses(demand, state.cpuFree[node]!, state.memoryFree[node]!);
  if (demand.gpuCount === 0) return misses;
  if (demand.isMig) {
    const miss = instanceMiss(state, node, demand);
    return miss === undefined ? misses : [...misses, miss];
  }
  if (!demand.isShare && !demand.isSpread) {
    const available = wholeGpusFree(state, node, demand);
    if (available < demand.gpuCount) misses.push({ resource: 'gpu-count', needed: demand.gpuCount, available });
    return misses;
  }
  const nearest = demand.isShare
    ? [nearestShareGpu(state, node, demand)]
    : nearestSpreadGpus(state, node, demand).map(({ row }) => row);
  const gpus = nearest.sort((x, y) => x - y);
  for (const gpu of gpus) {
    const gpuIndex = gpu - state.gpuStart[node]!;
    const milli = state.gpuFree[gpu]!;
    if (milli < demand.gpuMilli) {
      misses.push({ resource: 'gpu-milli', needed: demand.gpuMilli, available: milli, gpuIndex });
    }
    const memory = state.gpuMemoryFree[gpu]!;
    if (demand.gpuMemoryMib > 0 && memory < demand.gpuMemoryMib) {
      misses.push({ resource: 'gpu-memory-mib', needed: demand.gpuMemoryMib, available: memory, gpuIndex });
    }
  }
  return misses;
}

/** What an empty node of a kind lacks for the demand; empty when it lacks nothing. */
export function missesWhenEmpty(fleet: Fleet, kind: number, demand: Demand, job: Job): readonly ResourceMiss[] {
  const { kindState, catalogue } = fleet;
  const misses = hostMisses(demand, kindState.cpuFree[kind]!, kindState.memoryFree[kind]!);
  if (demand.gpuCount === 0) return misses;
  const gpus = catalogue.kindNodes[kind]!.gpus.filter((gpu) => job.gpuModels?.includes(gpu.model) ?? true);
  if (demand.isMig) {
    if (hasInstance(kindState, kind, demand)) return misses;
    const instances = gpus.flatMap(catalogue.instancesOf).filter(({ profile }) => profile === job.migProfile);
    // Instances of the profile are there, so their memory must be what is short.
    const memories = instances.map(({ memoryMib }) => memoryMib ?? 0);
    if (memories.length === 0) misses.push({ resource: 'mig-instance', needed: 1, available: 0 });
    else misses.push(memoryMiss(demand, Math.max(...memories)));
    return misses;
  }
  const memories = gpus.filter((gpu) => !isCut(gpu)).map(({ memoryMib }) => memoryMib ?? 0);
  const available = memories.filter((memory) => memory >= demand.gpuMemoryMib).length;
  if (available >= demand.gpuCount) return misses;
  if (memories.length < demand.gpuCount) {
    misses.push({ resource: 'gpu-count', needed: demand.gpuCount, available });
  } else {
    memories.sort((x, y) => y - x);
    misses.push(memoryMiss(demand, memories[demand.gpuCount - 1]!));
  }
  return misses;
}

function memoryMiss({ gpuMemoryMib }: Demand, available: number): ResourceMiss {
  return { resource: 'gpu-memory-mib', needed: gpuMemoryMib, available };
}

function hostMisses({ cpuMilli, memoryMib }: Demand, cpu: number, memory: number): ResourceMiss[] {
  const misses: ResourceMiss[] = [];
  if (cpu < cpuMilli) misses.push({ resource: 'cpu-milli', needed: cpuMilli, available: cpu });
  if (memory < memoryMib) misses.push({ resource: 'memory-mib', needed: memoryMib, available: memory });
  return misses;
}
