import type { KubeObject, KubePod } from './objects.ts';

/** Which objects are meant, by their labels. */
interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    /** `In`, `NotIn`, `Exists` or `DoesNotExist`. */
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** How many pods of a kind must stay. */
export interface KubeDisruptionBudget extends KubeObject {
  readonly spec?: { readonly selector?: LabelSelector | null };
  readonly status?: {
    readonly disruptionsAllowed?: number;
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
  };
}

/** A budget that forbids an eviction, as it stood when it was looked at. */
export interface BlockingBudget {
  readonly name: string;
  /** Pods that may go now. */
  readonly disruptionsAllowed: number;
  readonly healthyPods: number;
  readonly neededPods: number;
}

/** The budgets that cover a pod, by name. Two or more let nobody evict it. */
export function budgetsOf(pod: KubePod, budgets: readonly KubeDisruptionBudget[]): readonly BlockingBudget[] {
  const { namespace, labels = {} } = pod.metadata;
  return budgets
    .filter(({ metadata, spec }) => metadata.namespace === namespace && isSelected(labels, spec?.selector))
    .map(({ metadata, status }) => ({
      name: metadata.name,
      disruptionsAllowed: status?.disruptionsAllowed ?? 0,
      healthyPods: status?.currentHealthy ?? 0,
      neededPods: status?.desiredHealthy ?? 0,
    }))
    .sort((x, y) => (x.name < y.name ? -1 : 1));
}

/**
 * Whether labels are selected. A selector that is absent selects nothing, one that is empty everything; an operator that is not
 * known selects nothing. `NotIn` and `DoesNotExist` hold for a label that is absent.
 *
 * Source: k8s.io/apimachinery v0.36.3, pkg/apis/meta/v1/helpers.go and pkg/labels/selector.go.
 */
function isSelected(labels: Readonly<Record<string, string>>, selector: LabelSelector | null | undefined): boolean {
  if (selector === undefined || selector === null) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'In') return value !== undefined && values.includes(value);
      if (operator === 'NotIn') return value === undefined || !values.includes(value);
      if (operator === 'Exists') return value !== undefined;
      return operator === 'DoesNotExist' && value === undefined;
    })
  );
}
