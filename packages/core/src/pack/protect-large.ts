import type { Demand } from './demand.ts';
import type { NodeScorer } from './node-scorer.ts';

/**
 * A job may cost others so many times the milli-GPU it asks for. Chosen on OpenB with departures, seeds 42 to 44, 95 and 100 % load, from 1, 2, 4, 6, 10, 14,
 * 20 and 30: up to 6 more GPU work is turned away than without it.
 */
const MOST_TIMES = 14;

/** What a job that is turned away costs, and what it may cost, milli-GPU. */
export interface TooDear {
  readonly costMilli: number;
  readonly mostMilli: number;
}

/** Compares what a job costs others on its best node with what it asks for; `undefined`: it is worth its place. */
export function tooDear({ cost }: NodeScorer, node: number, demand: Demand): TooDear | undefined {
  const ownMilli = demand.gpuCount * demand.gpuMilli;
  if (cost === undefined || ownMilli === 0) return undefined;
  const costMilli = cost(node, demand);
  const mostMilli = MOST_TIMES * ownMilli;
  return costMilli > mostMilli ? { costMilli, mostMilli } : undefined;
}
