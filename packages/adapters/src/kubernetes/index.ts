export { kubeTransport } from './node-transport.ts';
export type { KubeTransportOptions } from './node-transport.ts';
export type { KubeConfigLike } from './client-node.ts';
export type { KubeReply, KubeRequest, KubeTransport } from './transport.ts';
export { kubeApi } from './api.ts';
export type { ApplyOptions, KubeApi, KubeApiOptions, KubeCall, PatchType, RemoveOptions } from './api.ts';
export { KubeError } from './error.ts';
export { kubePath } from './path.ts';
export type { KubeResource } from './path.ts';
export { kubeInformer } from './informer.ts';
export type { KubeInformer, KubeInformerOptions, KubeInformerStatus, KubeWatchGap } from './informer.ts';
export type { KubeChange } from './object-cache.ts';
export { kubernetesCapacity } from './capacity.ts';
export type { KubernetesCapacity, KubernetesCapacityOptions } from './capacity.ts';
export { readInventory } from './inventory.ts';
export type { KubeGap, KubeGapReason } from './gaps.ts';
export type { InventoryOptions, KubeInventory, KubeState } from './inventory.ts';
export type { ListOptions } from './list.ts';
export type { KubeWatchEvent, WatchOptions } from './watch.ts';
export type {
  KubeAmounts,
  KubeCondition,
  KubeContainer,
  KubeContainerStatus,
  KubeDevice,
  KubeList,
  KubeNode,
  KubeObject,
  KubePod,
  KubeResourceClaim,
  KubeResourceSlice,
  KubeStatus,
  KubeStatusDetails,
  ObjectMeta,
} from './objects.ts';
export { bindPod, isWaitingFor } from './binding.ts';
export type { PodBinding } from './binding.ts';
export { createExtender } from './extender.ts';
export type { Extender, ExtenderFilterResult, ExtenderFleet, ExtenderOptions } from './extender.ts';
export { isHeldBy, openGate } from './gates.ts';
export { electLeader, runAsLeader } from './lease.ts';
export type { Election, ElectionOptions, Leadership } from './lease.ts';
export type { Json } from './json-patch.ts';
export { podJob } from './pod-job.ts';
export type { PodChanges, StringChanges } from './pod-changes.ts';
export { runScheduler } from './scheduler.ts';
export type { PodDecision, SchedulerOptions } from './scheduler.ts';
export { nodeListener } from './serve-json.ts';
export type { RequestHandler } from './serve-json.ts';
export { podWebhook } from './webhook.ts';
export type { AdmissionContext, AdmissionDecision, PodWebhook, PodWebhookOptions } from './webhook.ts';
export { kubernetesDrain } from './drain.ts';
export type { DrainOfNode, DrainResult, KubernetesDrain, KubernetesDrainOptions, PodOutcome } from './drain-types.ts';
export { planDrain } from './drain-plan.ts';
export type { DrainInput, DrainRules, LeaveReason, PodReference, PodVerdict, RefuseReason } from './drain-plan.ts';
export type { BlockingBudget } from './disruption-budgets.ts';
export type { DrainState } from './drain-state.ts';
