import { explainUnplaced, type NearestMiss, type UnplacedReason } from '@spillway/core';

/** Why a job does not fit one node. */
export interface Miss {
  /** The same for all nodes that lack the same: kube-scheduler counts nodes by it. */
  readonly text: string;
  /** Whether stopping pods on the node could help. */
  readonly canBeFreed: boolean;
}

/**
 * Says why a job does not fit the only node of a fleet, in few words and without its name.
 *
 * @param isWhole - whether the node was given with all it has, and what runs there; otherwise with what is free, which does not
 * tell what stopping pods would give.
 */
export function missOf(reason: UnplacedReason, isWhole: boolean): Miss {
  switch (reason.kind) {
    case 'no-room':
      return { text: `Spillway: ${shortage(reason.nearest)}`, canBeFreed: true };
    case 'exceeds-every-node':
      return { text: `Spillway: ${shortage(reason.limit)}`, canBeFreed: !isWhole };
    case 'cordoned':
      return { text: 'Spillway: the node takes nothing new', canBeFreed: false };
    case 'no-such-model':
    case 'no-such-profile':
      return { text: `Spillway: ${explainUnplaced(reason)}`, canBeFreed: !isWhole && reason.present.length === 0 };
    case 'not-admitted':
    case 'node-expires':
    case 'refused-by-admission':
    case 'gang-incomplete':
    case 'no-domain':
    case 'no-nodes':
      return { text: `Spillway: ${explainUnplaced(reason)}`, canBeFreed: false };
  }
}

const shortage = ({ misses }: NearestMiss): string =>
  misses.map(({ resource, available, needed }) => `${resource} ${available} of ${needed}`).join(', ');
