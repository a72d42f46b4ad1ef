import type { GpuNode, Job, Placement } from '../fleet/index.ts';
import type { MigCard } from './types.ts';

/** Nodes, and what runs on them: the snapshot of a packer is one. */
export interface MigCardsInput {
  readonly nodes: readonly GpuNode[];
  readonly running?: readonly { readonly job: Job; readonly placement: Placement }[];
}

/**
 * The cards of a fleet that are cut as jobs come, with what runs on them, for {@link repartitionMig} and {@link packMig}. An instance is
 * movable when its job is preemptible and in no gang. `O(GPUs + running)`
 *
 * A plan over these cards looks at cards alone: whether the CPU and memory of a node suffice for what moves there, and whether a rule of
 * the node keeps it away, is for the packer to say.
 *
 * @returns a card for each GPU with a `migGeometry`, in the order of the nodes; its id is that of the node, a slash and the index of the GPU.
 *
 * @example
 * ```ts
 * const nodes = [{ id: 'a', gpus: [{ model: 'A30', migGeometry: 'A30' }], cpuMilli: 8_000, memoryMib: 65_536 }];
 * const cards = migCards(createPacker({ nodes }).snapshot());
 * // [{ id: 'a/0', model: 'A30', instances: [] }]
 * ```
 */
export function migCards({ nodes, running = [] }: MigCardsInput): readonly MigCard[] {
  const onCard = new Map<string, MigCard['instances'] & object>();
  for (const { job, placement } of running) {
    const { nodeId, mig } = placement;
    if (mig === undefined) continue;
    const id = `${nodeId}/${mig.gpuIndex}`;
    const isMovable = job.isPreemptible === true && job.gang === undefined;
    onCard.set(id, [...(onCard.get(id) ?? []), { profile: mig.profile, start: mig.start, isMovable }]);
  }
  return nodes.flatMap(({ id: nodeId, gpus }) =>
    gpus.flatMap(({ migGeometry: model }, index) => {
      const id = `${nodeId}/${index}`;
      return model === undefined ? [] : [{ id, model, instances: onCard.get(id) ?? [] }];
    }),
  );
}
