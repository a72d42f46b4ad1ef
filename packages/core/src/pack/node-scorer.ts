import type { Demand } from './demand.ts';

/** How one node compares with the others for a demand that fits it. */
export interface NodeScorer {
  /** Finite, >= 0, larger is better; depends on this node alone. Of equal nodes the one with the smallest id is taken. */
  readonly score: (node: number, demand: Demand) => number;
  /** Row of the GPU that a share takes. */
  readonly shareGpu: (node: number, demand: Demand) => number;
  /** The node's amounts have changed. */
  readonly changed: (node: number) => void;
}
