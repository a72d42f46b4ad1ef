import { InvalidInputError } from '@spillway/core';

/** What is at a path of the server. */
export interface KubeResource {
  /** @defaultValue '' (the core: pods, nodes, events) */
  readonly group?: string;
  /** @defaultValue 'v1' */
  readonly version?: string;
  /** In the plural: `pods`. */
  readonly resource: string;
  /** Absent: of all namespaces, or of none. */
  readonly namespace?: string;
  readonly name?: string;
  /** For example `eviction`. */
  readonly subresource?: string;
}

/**
 * The path of a resource.
 *
 * @throws InvalidInputError for a part that is empty or holds what no name may: such a path would name something else.
 *
 * @example
 * ```ts
 * kubePath({ resource: 'pods', namespace: 'ml', name: 'train-0', subresource: 'eviction' });
 * // '/api/v1/namespaces/ml/pods/train-0/eviction'
 * ```
 */
export function kubePath({ group = '', version = 'v1', resource, namespace, name, subresource }: KubeResource): string {
  const parts = {
    ...(group !== '' && { group }),
    version,
    ...(namespace !== undefined && { namespace }),
    resource,
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
  };
  for (const [field, part] of Object.entries(parts)) {
    // Names of some kinds, such as roles, hold colons. Source: apimachinery, pkg/api/validation/path.
    if (!/^[A-Za-z0-9:._-]+$/.test(part) || part === '.' || part === '..') {
      throw new InvalidInputError(field, 'must be part of a path', part);
    }
  }
  const tail = [resource, name, subresource].filter((part) => part !== undefined);
  return [
    ...(group === '' ? ['/api'] : ['/apis', group]),
    version,
    ...(namespace === undefined ? [] : ['namespaces', namespace]),
    ...tail,
  ].join('/');
}
