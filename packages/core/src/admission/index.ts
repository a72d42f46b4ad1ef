export { admit } from './admit.ts';
export { planGangPreemption } from './plan-gang-preemption.ts';
export { planPreemption } from './plan-preemption.ts';
export type {
  AdmitInput,
  AdmitOptions,
  AdmitResult,
  AdmittedJobs,
  DominantShare,
  Loan,
  PendingJob,
  QuotaMiss,
  ResourceAmounts,
  TenantQuota,
  WaitingJobs,
  WaitingReason,
} from './admit-types.ts';
export type {
  EvictionCost,
  EvictionPlan,
  GangPreemptionResult,
  PlanGangPreemptionInput,
  PlanGangPreemptionOptions,
  PlanPreemptionInput,
  PlanPreemptionOptions,
  PreemptionResult,
  Victim,
} from './preemption-types.ts';
