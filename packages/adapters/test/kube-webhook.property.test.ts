import fc from 'fast-check';
import { expect, it } from 'vitest';

import { diff, type Json } from '../src/kubernetes/json-patch.ts';
import { withChanges, type PodChanges } from '../src/kubernetes/pod-changes.ts';
import { applyJsonPatch } from './oracles/apply-json-patch.ts';

/** Keys as labels have them, with what JSON pointers must escape. */
const key = fc.oneof(
  fc.constantFrom('a', 'b', 'x/y', 'x~1y', '~', '/', '', 'constructor', '0', '-', 'nvidia.com/gpu'),
  fc.string({ maxLength: 4 }).filter((text) => text !== '__proto__'),
);
const value = fc.constantFrom('1', '2', '');
const strings = fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true });
const changed = fc.dictionary(key, fc.option(value), { maxKeys: 4, noNullPrototype: true });
const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc.constantFrom(null, true, 0, 'a'),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

const containers = fc.subarray(['main', 'side', 'constructor']).map((names) => names.map((name) => ({ name })));
const toleration = fc.constantFrom(
  { key: 'nvidia.com/gpu', operator: 'Exists' },
  { operator: 'Exists', key: 'nvidia.com/gpu' },
  { key: 'spot', value: 'true' },
);
const pod = fc.record(
  {
    metadata: fc.record({ name: fc.constant('p'), labels: strings, annotations: strings }, { requiredKeys: ['name'] }),
    spec: fc.record(
      {
        containers,
        initContainers: containers,
        nodeSelector: strings,
        schedulerName: fc.constant('default-scheduler'),
        schedulingGates: fc.subarray(['one', 'two']).map((names) => names.map((name) => ({ name }))),
        tolerations: fc.array(toleration, { maxLength: 2 }),
      },
      { requiredKeys: ['containers'] },
    ),
  },
  { requiredKeys: ['spec', 'metadata'] },
);
const changes: fc.Arbitrary<PodChanges> = fc.record(
  {
    labels: changed,
    annotations: changed,
    nodeSelector: changed,
    schedulerName: fc.constantFrom('spillway', 'default-scheduler'),
    schedulingGates: fc.array(fc.constantFrom('two', 'three'), { maxLength: 3 }),
    tolerations: fc.array(toleration, { maxLength: 3 }),
    resources: fc.dictionary(fc.constantFrom('main', 'side', 'absent'), changed, { noNullPrototype: true }),
  },
  { requiredKeys: [] },
);

it('makes patches that turn one document into the other', () => {
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      expect(applyJsonPatch(before, diff(before, after))).toEqual(after);
      expect(diff(before, structuredClone(before))).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

it('changes a pod by a patch as it changes the object, and nothing the second time', () => {
  fc.assert(
    fc.property(pod, changes, fc.constantFrom('all', 'labels'), (before, wanted, scope) => {
      const after = withChanges(before, wanted, scope);

      const patched = applyJsonPatch(before, diff(before, after)) as typeof before;

      expect(patched).toEqual(after);
      expect(diff(patched, withChanges(patched, wanted, scope))).toEqual([]);
      for (const [name, label] of Object.entries(wanted.labels ?? {})) {
        const there = patched.metadata.labels;
        expect(there !== undefined && Object.hasOwn(there, name) ? there[name] : null).toBe(label);
      }
      if (scope === 'labels') expect(patched.spec).toEqual(before.spec);
    }),
    { numRuns: 500 },
  );
});
