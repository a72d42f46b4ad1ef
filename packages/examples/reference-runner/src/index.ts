export { decide, createLoopState } from './loop/decide.ts';
export { createRunner } from './loop/runner.ts';
export type { Runner, RunnerOptions } from './loop/runner.ts';
export type { RunnerEvents, TickSummary } from './loop/events.ts';
export type { Surroundings } from './loop/observe.ts';
export type { Action, LoopState, Plan, PlanNote } from './loop/plan.ts';
export type {
  DeferPolicy,
  EndpointPolicy,
  FlexibleTerms,
  Policy,
  Snapshot,
  SubmittedJob,
  ZonePolicy,
} from './loop/snapshot.ts';
export { memoryStore } from './store/memory-store.ts';
export type { Intent, Store } from './store/store.ts';
