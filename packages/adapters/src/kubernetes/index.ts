export { kubeTransport } from './node-transport.ts';
export type { KubeTransportOptions } from './node-transport.ts';
export type { KubeConfigLike } from './client-node.ts';
export type { KubeReply, KubeRequest, KubeTransport } from './transport.ts';
export { kubeApi } from './api.ts';
export type { ApplyOptions, KubeApi, KubeApiOptions, KubeCall, PatchType, RemoveOptions } from './api.ts';
export { KubeError } from './error.ts';
export { kubePath } from './path.ts';
export type { KubeResource } from './path.ts';
export type { ListOptions } from './list.ts';
export type { KubeWatchEvent, WatchOptions } from './watch.ts';
export type {
  KubeAmounts,
  KubeContainer,
  KubeList,
  KubeNode,
  KubeObject,
  KubePod,
  KubeStatus,
  KubeStatusDetails,
  ObjectMeta,
} from './objects.ts';
