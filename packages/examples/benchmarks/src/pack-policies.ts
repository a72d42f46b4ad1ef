import { createPacker, type GpuNode, type Job, type Scorer, type WorkloadShape } from '@spillway/core';
import { openbWorkload } from '@spillway/traces';
import type { PackPolicy } from './pack-replay.ts';

/** What a policy may know of the work to come. */
export interface Mixes {
  /** The shapes that cover 95 % of the tasks, as FGD's authors cut them. */
  readonly typical: readonly WorkloadShape[];
  /** Every shape: the rare ones are those that need protection. */
  readonly whole: readonly WorkloadShape[];
}

/** A policy for a fleet and what is known of the work. */
export type CreatePolicy = (nodes: readonly GpuNode[], mixes: Mixes) => PackPolicy;

/** Both views of the mix of a list of tasks. */
export function mixesOf(tasks: readonly Job[]): Mixes {
  return { typical: openbWorkload(tasks), whole: openbWorkload(tasks, { coverageRatio: 1 }) };
}

/** Spillway's packer with a scorer. @param mix - `learned`: from nothing, of the jobs that come. */
export function packerWith(scorer: Scorer, mix: keyof Mixes | 'learned' = 'typical'): CreatePolicy {
  return (nodes, mixes) => {
    const packer = createPacker({ nodes, workload: mix === 'learned' ? [] : mixes[mix] }, { scorer });
    return (job) => {
      const result = packer.place(job);
      return 'placement' in result ? result.placement : undefined;
    };
  };
}
