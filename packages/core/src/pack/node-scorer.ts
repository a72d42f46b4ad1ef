import type { Demand } from './demand.ts';

/** How one node compares with the others for a demand that fits it. */
export interface NodeScorer {
  /** Finite, >= 0, whole but for what breaks ties (below 1), larger is better; follows from what is free now. Of equal nodes the one with the smallest id is taken. */
  readonly score: (node: number, demand: Demand) => number;
  /** What the demand costs others on a node that holds it, whole milli-GPU. Absent for scorers without prices. */
  readonly cost?: (node: number, demand: Demand) => number;
  /** True: empty nodes of one kind may differ in score. */
  readonly tellsTwinsApart?: boolean;
  /** Row of the GPU that a share takes. */
  readonly shareGpu: (node: number, demand: Demand) => number;
  /** The node's amounts or its cordon have changed. Calls `mark` for every other node whose scores changed with it. */
  readonly changed: (node: number, mark: (node: number) => void) => void;
}
