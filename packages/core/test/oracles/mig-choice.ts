import type { Job, Placement, WorkloadShape } from '../../src/index.ts';
import { canBeCut, usableInstances, type LedgerNode } from './pack-ledger.ts';

/**
 * The instance that a MIG job takes on a node with room for it, and the rank of the node: the smaller, number by number, the better. By
 * the letter: an instance that stays first, else the place to cut that loses least, with every room counted anew by painting.
 *
 * @param mix - empty: every profile is as likely as any other.
 * @param empty - the fleet, for the profiles there are.
 */
export function migChoice(
  node: LedgerNode,
  job: Omit<Job, 'id'>,
  mix: readonly WorkloadShape[],
  empty: readonly LedgerNode[],
): { readonly mig: NonNullable<Placement['mig']>; readonly rank: readonly number[] } {
  const gpuAt = (index: number) => node.gpus[index]!;
  const free = (gpu: number) => gpuAt(gpu).instances.filter(({ isFree }) => isFree).length;
  const asMig = (gpu: number, start: number) => ({ gpuIndex: gpu, profile: job.migProfile!, start });
  const usable = usableInstances(node, job);
  const staying = usable.filter(({ gpu }) => gpuAt(gpu).cut === undefined);
  staying.sort((x, y) => free(x.gpu) - free(y.gpu) || x.gpu - y.gpu || x.start - y.start);
  if (staying[0] !== undefined) {
    const freeOnNode = node.gpus.reduce((sum, gpu, index) => sum + (gpu.cut === undefined ? free(index) : 0), 0);
    return { mig: asMig(staying[0].gpu, staying[0].start), rank: [0, freeOnNode] };
  }
  const lossAt = lossOf(mix, empty);
  const places = usable.map(({ gpu, start }) => ({ gpu, start, loss: lossAt(node, gpu, job.migProfile!, start) }));
  places.sort((x, y) => x.loss - y.loss || x.gpu - y.gpu || x.start - y.start);
  const { gpu, start, loss } = places[0]!;
  return { mig: asMig(gpu, start), rank: [1, loss] };
}

/** What a place loses of the room, in sixteenths of a thousandth of the room of a mix of weight 1. */
function lossOf(mix: readonly WorkloadShape[], empty: readonly LedgerNode[]) {
  const profiles = empty.flatMap(({ gpus }) => gpus.flatMap(({ cut }) => cut?.geometry.profiles ?? []));
  const plain = new Set(
    profiles.filter(({ hasMediaExtensions = false }) => !hasMediaExtensions).map(({ name }) => name),
  );
  const asked = mix.filter(({ job }) => job.migProfile !== undefined);
  const total = asked.reduce((sum, { weight }) => sum + weight, 0);
  const weightOf = (name: string) => {
    const own = asked.reduce((sum, { job, weight }) => sum + (job.migProfile === name ? weight : 0), 0);
    const each = plain.has(name) ? 1 : 0;
    return total === 0 ? each : 50 * own + each * total;
  };
  const ofAll = total === 0 ? Math.max(1, plain.size) : (50 + plain.size) * total;
  return (node: LedgerNode, gpu: number, profile: string, start: number): number => {
    const { geometry, pieces } = node.gpus[gpu]!.cut!;
    const room = (held: typeof pieces) =>
      geometry.profiles.reduce((sum, { name, memorySlices, starts }) => {
        const count = starts.filter((from) => canBeCut(geometry, [...held, { profile: name, start: from }])).length;
        return sum + weightOf(name) * Math.round(1_000 * memorySlices ** 1.5 * count ** 0.75);
      }, 0);
    const [before, after] = [room(pieces), room([...pieces, { profile, start }])];
    return Math.round((16 * (25 * (before - after) + 2 * before)) / ofAll);
  };
}
