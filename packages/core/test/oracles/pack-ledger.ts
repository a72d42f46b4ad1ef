import type { Gpu, GpuNode, Job, MigGeometry, Placement } from '../../src/index.ts';

/** What is left of one device. Objects and plain loops on purpose: nothing here is shared with the code under test. */
interface LedgerGpu {
  readonly model: string;
  milli: number;
  memory: number | undefined;
  instances: {
    readonly profile: string;
    readonly start: number;
    readonly memory: number | undefined;
    isFree: boolean;
  }[];
  /** How the GPU is cut as jobs come, and what it is cut into; then `instances` are all the places of its profiles. */
  readonly cut?: { readonly geometry: MigGeometry; pieces: Piece[] };
}

interface Piece {
  readonly profile: string;
  readonly start: number;
}

/** True when the GPU is not in MIG mode. */
export function isUncut({ migInstances = [], migGeometry }: Gpu): boolean {
  return migInstances.length === 0 && migGeometry === undefined;
}

/** The pieces painted on the memory slices, by the letter of the geometry. */
export function canBeCut({ profiles, memorySlices, computeSlices }: MigGeometry, pieces: readonly Piece[]): boolean {
  const painted = new Set<number>();
  let compute = 0;
  let media = 0;
  for (const { profile, start } of pieces) {
    const size = profiles.find(({ name }) => name === profile);
    if (!size?.starts.includes(start)) return false;
    for (let slice = start; slice < start + size.memorySlices; slice++) {
      if (painted.has(slice) || slice >= memorySlices) return false;
      painted.add(slice);
    }
    compute += size.computeSlices;
    if (size.hasMediaExtensions === true) media++;
    const alike = pieces.filter((piece) => piece.profile === profile).length;
    if (alike > (size.maxInstances ?? Infinity)) return false;
  }
  return compute <= computeSlices && media <= 1;
}

/** Marks the places where one more piece can be cut. */
function paint({ cut, instances }: LedgerGpu): void {
  for (const place of instances) place.isFree = canBeCut(cut!.geometry, [...cut!.pieces, place]);
}

function ledgerGpu(gpu: Gpu): LedgerGpu {
  const { model, memoryMib: memory, migInstances = [], migGeometry } = gpu;
  const instance = (profile: string, start: number, memoryMib: number | undefined) => {
    return { profile, start, memory: memoryMib, isFree: true };
  };
  if (migGeometry === undefined) {
    const instances = migInstances.map(({ profile, start, memoryMib }) => instance(profile, start, memoryMib));
    return { model, milli: 1_000, memory, instances };
  }
  if (typeof migGeometry === 'string') throw new Error('the ledger knows no names of cards');
  const instances = migGeometry.profiles.flatMap(({ name, starts, memoryMib }) =>
    starts.map((start) => instance(name, start, memoryMib)),
  );
  const cut = { model, milli: 1_000, memory, instances, cut: { geometry: migGeometry, pieces: [] } };
  paint(cut);
  return cut;
}

export interface LedgerNode {
  readonly id: string;
  cpu: number;
  memory: number;
  gpus: LedgerGpu[];
  expiresAtMs: number | undefined;
  isCordoned: boolean;
  zone: string | undefined;
  labels: Record<string, string>;
  taints: { readonly key: string; readonly value?: string }[];
  /** Who may use the node: names of tenants and jobs, `undefined` for everybody. */
  users: { readonly tenants: readonly string[]; readonly jobIds: readonly string[] } | undefined;
}

export function ledgerNode(node: GpuNode): LedgerNode {
  return {
    id: node.id,
    cpu: node.cpuMilli,
    memory: node.memoryMib,
    gpus: node.gpus.map(ledgerGpu),
    expiresAtMs: node.expiresAtMs,
    isCordoned: node.isCordoned ?? false,
    zone: node.zone,
    labels: { ...node.labels },
    taints: [...(node.taints ?? [])],
    users: node.reservedFor && { tenants: node.reservedFor.tenants ?? [], jobIds: node.reservedFor.jobIds ?? [] },
  };
}

/** GPUs on which a job of GPUs, or a share, could begin now. */
export function usableGpus(node: LedgerNode, job: Omit<Job, 'id'>): number[] {
  const milli = job.gpuMilli ?? 1_000;
  return node.gpus.flatMap((gpu, index) => {
    const isRightModel = job.gpuModels === undefined || job.gpuModels.includes(gpu.model);
    const hasMemory = !job.gpuMemoryMib || (gpu.memory !== undefined && gpu.memory >= job.gpuMemoryMib);
    return gpu.instances.length === 0 && isRightModel && hasMemory && gpu.milli >= milli ? [index] : [];
  });
}

/** Free instances a MIG job could take: pairs of GPU and start. */
export function usableInstances(node: LedgerNode, job: Omit<Job, 'id'>): { gpu: number; start: number }[] {
  return node.gpus.flatMap((gpu, index) => {
    if (job.gpuModels !== undefined && !job.gpuModels.includes(gpu.model)) return [];
    return gpu.instances.flatMap(({ profile, start, memory, isFree }) => {
      const hasMemory = memory === undefined || memory >= (job.gpuMemoryMib ?? 0);
      return isFree && profile === job.migProfile && hasMemory ? [{ gpu: index, start }] : [];
    });
  });
}

/** True when the amounts of the node suffice, whatever its cordon and expiry. */
export function hasRoom(node: LedgerNode, job: Omit<Job, 'id'>): boolean {
  if (node.cpu < job.cpuMilli || node.memory < job.memoryMib) return false;
  if (job.gpuCount === 0) return true;
  if (job.migProfile !== undefined) return usableInstances(node, job).length > 0;
  return usableGpus(node, job).length >= job.gpuCount;
}

/** True when no rule of the node keeps the job away, whatever the amounts. */
export function isWelcome(node: LedgerNode, job: Omit<Job, 'id'> & { readonly id?: string }): boolean {
  if (node.users !== undefined) {
    const names = [...node.users.tenants.map((tenant) => `t:${tenant}`), ...node.users.jobIds.map((id) => `j:${id}`)];
    if (!names.includes(`t:${job.tenant}`) && !names.includes(`j:${job.id}`)) return false;
  }
  if (job.zones !== undefined && !job.zones.some((zone) => zone === node.zone)) return false;
  for (const key of Object.keys(job.nodeLabels ?? {})) {
    const allowed = [job.nodeLabels![key]!].flat();
    if (!allowed.some((value) => value === node.labels[key])) return false;
  }
  return node.taints.every((taint) =>
    (job.tolerations ?? []).some(({ key, value }) => {
      return key === taint.key && (value === undefined || value === (taint.value ?? ''));
    }),
  );
}

/** True when the job may begin on the node now. */
export function admits(node: LedgerNode, job: Omit<Job, 'id'> & { readonly id?: string }, nowMs: number): boolean {
  const isTimely =
    node.expiresAtMs === undefined || job.runtimeMs === undefined || node.expiresAtMs >= nowMs + job.runtimeMs;
  return !node.isCordoned && isTimely && isWelcome(node, job) && hasRoom(node, job);
}

/** Books a placement. Throws when it is not what the job asks for or more than there is. */
export function book(nodes: readonly LedgerNode[], job: Job, placement: Placement, nowMs: number): void {
  const node = nodes.find(({ id }) => id === placement.nodeId);
  if (node === undefined) throw new Error(`${job.id}: no node ${placement.nodeId}`);
  if (placement.jobId !== job.id) throw new Error(`${job.id}: placement of ${placement.jobId}`);
  if (!admits(node, job, nowMs)) throw new Error(`${job.id}: node ${node.id} does not admit it`);
  const isMig = job.migProfile !== undefined;
  const usable = isMig ? [] : usableGpus(node, job);
  const indices = placement.gpus.map(({ index }) => index);
  if (indices.length !== (isMig ? 0 : job.gpuCount)) throw new Error(`${job.id}: ${indices.length} GPUs`);
  if (indices.some((index, k) => k > 0 && index <= indices[k - 1]!)) throw new Error(`${job.id}: GPUs not ascending`);
  for (const { index, milli } of placement.gpus) {
    if (!usable.includes(index) || milli !== (job.gpuMilli ?? 1_000)) throw new Error(`${job.id}: GPU ${index}`);
  }
  if (isMig) {
    const { gpuIndex, start, profile } = placement.mig!;
    const isUsable = usableInstances(node, job).some(
      (instance) => instance.gpu === gpuIndex && instance.start === start,
    );
    if (!isUsable || profile !== job.migProfile) throw new Error(`${job.id}: instance ${start} of GPU ${gpuIndex}`);
  } else if (placement.mig !== undefined) throw new Error(`${job.id}: an instance it did not ask for`);
  move(node, job, placement, -1);
}

/** Takes (-1) or gives back (1) without asking. */
export function move(node: LedgerNode, job: Job, placement: Placement, sign: 1 | -1): void {
  node.cpu += sign * job.cpuMilli;
  node.memory += sign * job.memoryMib;
  for (const { index, milli } of placement.gpus) {
    const gpu = node.gpus[index]!;
    gpu.milli += sign * milli;
    if (gpu.memory !== undefined) gpu.memory += sign * (job.gpuMemoryMib ?? 0);
  }
  if (placement.mig === undefined) return;
  const { gpuIndex, start, profile } = placement.mig;
  const gpu = node.gpus[gpuIndex]!;
  if (gpu.cut === undefined) {
    gpu.instances.find((instance) => instance.start === start)!.isFree = sign === 1;
    return;
  }
  const isIt = (piece: Piece) => piece.profile === profile && piece.start === start;
  gpu.cut.pieces =
    sign === 1 ? gpu.cut.pieces.filter((piece) => !isIt(piece)) : [...gpu.cut.pieces, { profile, start }];
  paint(gpu);
}
