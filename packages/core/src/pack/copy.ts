import type { GpuNode, Job, MigGeometry, Placement, Taint, Toleration } from '../fleet/index.ts';

// What callers pass in is theirs to change afterwards, so whatever is kept or handed out is a copy.

/** A copy of a node that shares nothing with it. */
export function copyNode(node: GpuNode): GpuNode {
  const gpus = node.gpus.map((gpu) => ({
    ...gpu,
    ...(gpu.migInstances === undefined ? {} : { migInstances: gpu.migInstances.map((instance) => ({ ...instance })) }),
    ...(typeof gpu.migGeometry === 'object' ? { migGeometry: copyGeometry(gpu.migGeometry) } : {}),
  }));
  const { labels, taints, reservedFor } = node;
  return {
    ...node,
    gpus,
    ...(labels === undefined ? {} : { labels: { ...labels } }),
    ...(taints === undefined ? {} : { taints: copyMarks(taints) }),
    ...(reservedFor === undefined ? {} : { reservedFor: copyLists(reservedFor) }),
  };
}

function copyGeometry(geometry: MigGeometry): MigGeometry {
  return {
    ...geometry,
    profiles: geometry.profiles.map((profile) => ({ ...profile, starts: [...profile.starts] })),
  };
}

/** A copy of a job that shares nothing with it. */
export function copyJob(job: Job): Job {
  const { gpuModels, zones, nodeLabels, tolerations, topology } = job;
  // Most jobs have none of them, and a copy is made for every job placed.
  if (!gpuModels && !zones && !nodeLabels && !tolerations && !topology) return { ...job };
  return {
    ...job,
    ...(gpuModels === undefined ? {} : { gpuModels: [...gpuModels] }),
    ...(zones === undefined ? {} : { zones: [...zones] }),
    ...(nodeLabels === undefined ? {} : { nodeLabels: copyLists(nodeLabels) }),
    ...(tolerations === undefined ? {} : { tolerations: copyMarks(tolerations) }),
    ...(topology === undefined ? {} : { topology: { ...topology } }),
  };
}

function copyMarks<Mark extends Taint | Toleration>(marks: readonly Mark[]): readonly Mark[] {
  return marks.map((mark) => ({ ...mark }));
}

/** A copy of an object of texts and lists of texts. */
function copyLists<T extends object>(lists: T): T {
  const entries = Object.entries(lists) as [string, string | readonly string[]][];
  return Object.fromEntries(entries.map(([key, list]) => [key, typeof list === 'string' ? list : [...list]])) as T;
}

/** A copy of a placement that shares nothing with it. */
export function copyPlacement({ jobId, nodeId, gpus, mig }: Placement): Placement {
  const copy = { jobId, nodeId, gpus: gpus.map(({ index, milli }) => ({ index, milli })) };
  return mig === undefined ? copy : { ...copy, mig: { ...mig } };
}
