import type {
  NearestBarrier,
  NearestMigPlace,
  NearestMiss,
  NodeBarrier,
  NodeRule,
  ResourceMiss,
  UnplacedReason,
} from './types.ts';

/**
 * Says why a job was not placed, and what would help, in one line.
 *
 * @returns a sentence in English with the numbers of the reason. The wording may change in any version: count and compare
 * reasons by `kind`.
 *
 * @example
 * ```ts
 * explainUnplaced({
 *   kind: 'no-room',
 *   nearest: { nodeId: 'a', misses: [{ resource: 'gpu-count', needed: 8, available: 6 }] },
 * });
 * // "No room now: node 'a' is nearest, with 6 of 8 GPUs. Free 2 GPUs there, or add a node."
 * ```
 */
export function explainUnplaced(reason: UnplacedReason): string {
  switch (reason.kind) {
    case 'no-nodes':
      return 'There is no node in the fleet. Add one.';
    case 'no-room': {
      const { nodeId, misses } = reason.nearest;
      const remedy = misses.map((miss) => lacking(miss)).join(' and ');
      return `No room now: node '${nodeId}' is nearest, with ${had(reason.nearest)}. Free ${remedy} there, or add a node.${orAt(reason.barred)}`;
    }
    case 'exceeds-every-node': {
      const { nodeId, misses } = reason.limit;
      const remedy = misses.map((miss) => lacking(miss)).join(' and ');
      return (
        `No node could hold the job even if it were empty: '${nodeId}' comes nearest, with ${had(reason.limit)}. ` +
        `Ask for less, or add a node with ${remedy} more` +
        ('barriers' in reason.limit ? ` that admits the job: none does. There, ${lift(reason.limit.barriers)}.` : '.')
      );
    }
    case 'refused-by-admission':
      return (
        `Refused by admission: the best place, on node '${reason.nodeId}', costs other jobs ${reason.costMilli} milli-GPU, and ` +
        `the job may cost ${reason.mostMilli}. Try again when more is free, or admit all that fits.`
      );
    case 'no-such-model':
      return (
        `No GPU in the fleet is of a model asked for (${list(reason.wanted)}). ` +
        `Add one, or allow one that is there: ${list(reason.present)}.`
      );
    case 'no-such-profile':
      return (
        `No MIG instance in the fleet has the profile asked for (${reason.wanted}). ` +
        `Cut a GPU that way, or ask for one that is there: ${list(reason.present)}.`
      );
    case 'not-admitted': {
      const { nearest, nodesByRule } = reason;
      const rules = Object.entries(nodesByRule) as [NodeRule, number][];
      const counts = rules.filter(([, count]) => count > 0).map(([rule, count]) => `${rule} ${count}`);
      const room = nearest.misses.length === 0 ? '' : `, and free ${nearest.misses.map(lacking).join(' and ')} there`;
      return (
        `No node that could hold the job admits it (barred by ${counts.join(', by ')}). ` +
        `'${nearest.nodeId}' is nearest: ${lift(nearest.barriers)}${room}.`
      );
    }
    case 'node-expires': {
      const shortMs = reason.neededUntilMs - reason.latestExpiresAtMs;
      return (
        `Every node that could hold the job expires too early: it is needed until ${reason.neededUntilMs} and the last ` +
        `expires at ${reason.latestExpiresAtMs}, ${shortMs} ms before. Extend that node or shorten the job by ${shortMs} ms.${orAt(reason.barred)}`
      );
    }
    case 'cordoned':
      return (
        `Every node that could hold the job is cordoned: ${list(reason.nodeIds)}. ` +
        (reason.hasRoom
          ? 'Uncordon one of them.'
          : 'None has room now: uncordon one and free room there, or add a node.') +
        orAt(reason.barred)
      );
    case 'no-domain':
      return noDomain(reason);
    case 'gang-incomplete':
      return (
        `No place for '${reason.blockedBy}', another member of gang '${reason.gang}', so none of the gang was placed. ` +
        `Make room for '${reason.blockedBy}' first.`
      );
  }
}

function noDomain(reason: Extract<UnplacedReason, { readonly kind: 'no-domain' }>): string {
  const { gang, level, memberCount, nearest, fitsAt, isProven } = reason;
  const noun = level === 'nvlinkDomain' ? 'NVLink domain' : level;
  const loosen =
    fitsAt === undefined
      ? ''
      : fitsAt === 'anywhere'
        ? ' Without the requirement the gang fits now.'
        : ` Required to be in one ${fitsAt} only, the gang fits now.`;
  if (nearest === undefined) return `Gang '${gang}' needs one ${noun}, and no node names one. Name them.${loosen}`;
  const { name, zone, placeableCount, nodesToEmpty } = nearest;
  const remedy =
    nodesToEmpty === undefined
      ? 'Even empty it would not hold the gang.'
      : `It holds all when ${list(nodesToEmpty)} ${nodesToEmpty.length === 1 ? 'is' : 'are'} emptied.`;
  return (
    `No ${noun} ${isProven ? 'has' : 'was found that has'} room for all ${memberCount} members of gang '${gang}': ` +
    `'${name}'${zone === undefined ? '' : ` in zone '${zone}'`} is nearest, with room for ${placeableCount}. ${remedy}${loosen}`
  );
}

/** A way out that a barred node offers. */
function orAt(barred: NearestBarrier | undefined): string {
  return barred === undefined ? '' : ` Node '${barred.nodeId}' has room: to go there, ${lift(barred.barriers)}.`;
}

/** What takes all the barriers away. */
function lift(barriers: readonly NodeBarrier[]): string {
  return barriers.map(remedyOf).join(' and ');
}

function remedyOf(barrier: NodeBarrier): string {
  switch (barrier.rule) {
    case 'reservation':
      return `add the job or its tenant to those it is kept for (${list([...barrier.tenants, ...barrier.jobIds])})`;
    case 'taint':
      return `tolerate the taint ${barrier.key}${barrier.value === '' ? '' : `=${barrier.value}`}`;
    case 'label':
      return `${barrier.present === undefined ? `give it the label ${barrier.key}` : `allow ${barrier.present} for the label ${barrier.key}`} (wanted: ${list(barrier.wanted)})`;
    case 'zone':
      return `${barrier.present === undefined ? 'name its zone' : `allow zone ${barrier.present}`} (wanted: ${list(barrier.wanted)})`;
    case 'cordon':
      return 'uncordon it';
    case 'expiry':
      return `extend it by ${barrier.neededUntilMs - barrier.expiresAtMs} ms`;
  }
}

/** What the node has of what is needed: `6 of 8 GPUs and 500 of 2000 milli-cores`. */
function had({ misses }: NearestMiss): string {
  return misses.map((miss) => `${miss.available} of ${miss.needed} ${unit(miss, miss.needed)}`).join(' and ');
}

/** What is missing: `2 GPUs`. */
function lacking(miss: ResourceMiss): string {
  const amount = miss.needed - miss.available;
  return 'nearest' in miss ? blockersOf(miss.nearest) : `${amount} ${unit(miss, amount)}`;
}

function unit(miss: ResourceMiss, amount: number): string {
  switch (miss.resource) {
    case 'gpu-count':
      return amount === 1 ? 'GPU' : 'GPUs';
    case 'gpu-milli':
      return `milli-GPU on GPU ${miss.gpuIndex}`;
    case 'gpu-memory-mib':
      return miss.gpuIndex === undefined ? 'MiB of GPU memory' : `MiB of memory on GPU ${miss.gpuIndex}`;
    case 'mig-instance':
      return `MIG ${amount === 1 ? 'instance' : 'instances'}${miss.nearest === undefined ? '' : placeOf(miss.nearest)}`;
    case 'mig-slices':
      return `memory ${amount === 1 ? 'slice' : 'slices'}${placeOf(miss.nearest)}`;
    case 'cpu-milli':
      return 'milli-cores of CPU';
    case 'memory-mib':
      return 'MiB of memory';
  }
}

/** Where an instance could be cut: ` for 3g.40gb at slice 4 of GPU 2`. */
function placeOf({ gpuIndex, profile, start }: NearestMigPlace): string {
  return ` for ${profile} at slice ${start} of GPU ${gpuIndex}`;
}

/** What is in the way of an instance: `1g.10gb at slice 6 of GPU 2`. */
function blockersOf({ gpuIndex, blockers }: NearestMigPlace): string {
  return `${blockers.map(({ profile, start }) => `${profile} at slice ${start}`).join(' and ')} of GPU ${gpuIndex}`;
}

function list(names: readonly string[]): string {
  // The first few name the case; a fleet can have thousands.
  const shown = names.slice(0, 5).join(', ');
  if (names.length === 0) return 'none';
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
