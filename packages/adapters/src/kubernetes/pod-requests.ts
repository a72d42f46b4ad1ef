import type { KubeAmounts, KubeContainer, KubePod } from './objects.ts';
import { parseQuantity } from './quantity.ts';

/** Amounts by resource, in billionths. */
export type Amounts = ReadonlyMap<string, bigint>;

/** Reads amounts; `undefined` when one is no quantity. */
export function amountsOf(amounts: KubeAmounts | undefined): Map<string, bigint> | undefined {
  const read = new Map<string, bigint>();
  for (const [resource, text] of Object.entries(amounts ?? {})) {
    const amount = parseQuantity(text);
    if (amount === undefined) return undefined;
    read.set(resource, amount);
  }
  return read;
}

/** Whether a pod has ended, and takes nothing any more. */
export function hasEnded({ status }: KubePod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/**
 * What a pod takes of its node, as the scheduler counts it: containers and sidecars together, or more where an init container
 * with the sidecars started before it needs more; requests of the pod as a whole in place of that; overhead on top. While a
 * pod is resized the larger of what is wanted and what is given counts.
 *
 * @returns billionths by resource; `undefined` when an amount is no quantity. `O(containers × resources)`.
 *
 * Source: kubernetes/component-helpers, resource/helpers.go, `PodRequests`, with the options of the scheduler.
 */
export function podRequests({ spec = {}, status = {} }: KubePod): Amounts | undefined {
  const unreadable: KubeAmounts[] = [];
  const read = (amounts: KubeAmounts | undefined): Map<string, bigint> => {
    const result = amountsOf(amounts);
    if (result === undefined) unreadable.push(amounts ?? {});
    return result ?? new Map<string, bigint>();
  };
  const given = new Map(
    [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].map((one) => [one.name, one]),
  );
  const isInfeasible = status.conditions?.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible';
  const requestsOf = (container: KubeContainer, canBeResized: boolean): Map<string, bigint> => {
    const wanted = read(container.resources?.requests);
    const now = canBeResized ? given.get(container.name) : undefined;
    if (now?.resources === undefined) return wanted;
    const result = isInfeasible ? new Map<string, bigint>() : wanted;
    raise(result, read(now.resources.requests));
    raise(result, read(now.allocatedResources));
    return result;
  };

  const total = new Map<string, bigint>();
  for (const container of spec.containers ?? []) add(total, requestsOf(container, true));
  const sidecars = new Map<string, bigint>();
  const starting = new Map<string, bigint>();
  for (const container of spec.initContainers ?? []) {
    const isSidecar = container.restartPolicy === 'Always';
    const requests = requestsOf(container, isSidecar);
    if (isSidecar) {
      add(total, requests);
      add(sidecars, requests);
      raise(starting, sidecars);
    } else {
      add(requests, sidecars);
      raise(starting, requests);
    }
  }
  raise(total, starting);
  for (const [resource, amount] of read(spec.resources?.requests)) {
    if (resource === 'cpu' || resource === 'memory' || resource.startsWith('hugepages-')) total.set(resource, amount);
  }
  add(total, read(spec.overhead));
  return unreadable.length === 0 ? total : undefined;
}

/** Adds amounts to a sum. */
export function add(sum: Map<string, bigint>, amounts: Amounts): void {
  for (const [resource, amount] of amounts) sum.set(resource, (sum.get(resource) ?? 0n) + amount);
}

function raise(least: Map<string, bigint>, amounts: Amounts): void {
  for (const [resource, amount] of amounts) {
    const present = least.get(resource);
    if (present === undefined || amount > present) least.set(resource, amount);
  }
}
