export { createCapacityState, planCapacity } from './plan-capacity.ts';
export { explainCapacity } from './explain.ts';
export type {
  BlockOffer,
  CapacityConfig,
  CapacityObservation,
  CapacityOrder,
  CapacityPlan,
  CapacityReason,
  CapacityScenario,
  CapacitySizing,
  CapacityState,
  FlexWork,
  Holding,
} from './types.ts';
