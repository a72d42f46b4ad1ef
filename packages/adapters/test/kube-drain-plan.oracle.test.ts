import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { planDrain, type KubePod, type PodVerdict } from '@spillway/adapters/kubernetes';

/** Letters of fixtures/kubernetes/drain-filters.go, which asks kubectl itself. */
const LETTERS: Readonly<Record<string, string>> = {
  evict: 'E',
  leave: '-',
  'daemon-set': 'd',
  'daemon-set-is-gone': 'o',
  'empty-dir': 'l',
  unmanaged: 'u',
};
const NOW_MS = Date.UTC(2026, 0, 1);

const owner = (apiVersion: string, kind: string, name: string, controller?: boolean) => [
  { apiVersion, kind, name, uid: 'x', ...(controller !== undefined && { controller }) },
];
const OWNERS = [
  undefined,
  owner('apps/v1', 'ReplicaSet', 'web', true),
  owner('apps/v1', 'DaemonSet', 'there', true),
  owner('apps/v1', 'DaemonSet', 'missing', true),
  owner('apps/v1', 'DaemonSet', 'there'),
  owner('extensions/v1beta1', 'DaemonSet', 'there', true),
];

/** The pods of the Go program, in its order. */
function* manyPods(): Generator<KubePod> {
  let index = 0;
  for (const ownerReferences of OWNERS)
    for (const phase of ['Pending', 'Running', 'Succeeded', 'Failed'])
      for (const hasEmptyDir of [false, true])
        for (const isMirror of [false, true])
          for (const ageMs of [0, 5_000, 100_000])
            yield {
              metadata: {
                name: `pod-${String(index++).padStart(4, '0')}`,
                namespace: 'ml',
                ...(ownerReferences && { ownerReferences }),
                ...(isMirror && { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
                ...(ageMs > 0 && { deletionTimestamp: new Date(NOW_MS - ageMs).toISOString() }),
              },
              spec: hasEmptyDir ? { volumes: [{ name: 'scratch', emptyDir: {} }] } : {},
              status: { phase },
            };
}

const letterOf = (one: PodVerdict) => LETTERS[one.verdict === 'refuse' ? one.reason : one.verdict]!;

it('judges every pod as kubectl does, under all rules', () => {
  const url = new URL('fixtures/kubernetes/drain-filters.json', import.meta.url);
  const rows = Object.entries(JSON.parse(readFileSync(url, 'utf8')) as Record<string, string>);
  const pods = [...manyPods()];

  const own = rows.map(([bits]) => {
    const isSet = (index: number) => bits[index] === '1';
    const rules = {
      ...(isSet(0) && { skipEndingForMs: 20_000 }),
      deleteEmptyDir: isSet(1),
      leaveDaemonSets: isSet(2),
      evictUnmanaged: isSet(3),
    };
    const input = { pods, missingDaemonSets: new Set(['ml/missing']), nowMs: NOW_MS };
    return [bits, planDrain(input, rules).map(letterOf).join('')];
  });

  expect(rows).toHaveLength(16);
  expect(own).toEqual(rows);
});

it('orders by priority, then by namespace and name, whatever the order of the list', () => {
  const pod = fc.record({
    metadata: fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), namespace: fc.constantFrom('x', 'y') }),
    spec: fc.record({ priority: fc.integer({ min: -2, max: 2 }) }),
  });
  const unique = fc.uniqueArray(pod, {
    selector: ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
  });
  fc.assert(
    fc.property(
      unique.chain((pods) =>
        fc.tuple(fc.constant(pods), fc.shuffledSubarray(pods, { minLength: pods.length, maxLength: pods.length })),
      ),
      ([pods, shuffled]) => {
        const plan = planDrain({ pods, nowMs: 0 });

        expect(planDrain({ pods: shuffled, nowMs: 0 })).toEqual(plan);
        expect(plan.map(({ pod: { namespace, name } }) => `${namespace}/${name}`).sort()).toEqual(
          pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort(),
        );
        for (const [index, one] of plan.slice(1).entries()) {
          const before = plan[index]!;
          expect(
            before.priority < one.priority ||
              (before.priority === one.priority &&
                `${before.pod.namespace}/${before.pod.name}` < `${one.pod.namespace}/${one.pod.name}`),
          ).toBe(true);
        }
      },
    ),
  );
});
