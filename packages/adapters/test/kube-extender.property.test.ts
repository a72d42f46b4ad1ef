import type { GpuNode } from '@spillway/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { createExtender } from '../src/kubernetes/extender.ts';

const nodes = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[a-z]{1,3}$/),
    gpuCount: fc.nat(8),
    cpuMilli: fc.constantFrom(1_000, 4_000),
    memoryMib: fc.constantFrom(1_024, 8_192),
    isCordoned: fc.boolean(),
  }),
  { selector: ({ id }) => id, maxLength: 14 },
);
const gpuNode = ({ gpuCount, ...rest }: { readonly gpuCount: number } & Omit<GpuNode, 'gpus'>): GpuNode => ({
  ...rest,
  gpus: Array.from({ length: gpuCount }, () => ({ model: 'H100' })),
});
const amounts = fc.record({
  gpus: fc.integer({ min: 1, max: 8 }),
  cpuMilli: fc.constantFrom(0, 2_500),
  memoryMib: fc.constantFrom(0, 2_000),
});
const podOf = ({ gpus, cpuMilli, memoryMib }: { gpus: number; cpuMilli: number; memoryMib: number }) => ({
  metadata: { name: 'p', namespace: 'd' },
  spec: {
    containers: [
      {
        name: 'c',
        resources: { requests: { 'nvidia.com/gpu': `${gpus}`, cpu: `${cpuMilli}m`, memory: `${memoryMib}Mi` } },
      },
    ],
  },
});

it('keeps exactly the nodes with enough of everything, and says why of every other', async () => {
  await fc.assert(
    fc.asyncProperty(nodes, amounts, async (fleet, wanted) => {
      const extender = createExtender({ fleet: () => ({ nodes: fleet.map(gpuNode) }) });
      const names = fleet.map(({ id }) => id);

      const result = await extender.filter({ Pod: podOf(wanted), NodeNames: names });

      const fit = fleet.filter(
        (one) =>
          !one.isCordoned &&
          one.gpuCount >= wanted.gpus &&
          one.cpuMilli >= wanted.cpuMilli &&
          one.memoryMib >= wanted.memoryMib,
      );
      expect(result.NodeNames).toEqual(fit.map(({ id }) => id));
      const out = { ...result.FailedNodes, ...result.FailedAndUnresolvableNodes };
      expect([...(result.NodeNames ?? []), ...Object.keys(out)].sort()).toEqual([...names].sort());
      for (const [name, reason] of Object.entries(out)) expect(reason).not.toContain(`'${name}'`);
    }),
    { numRuns: 150 },
  );
});

it('scores by what is left over, whatever the order of the nodes', async () => {
  await fc.assert(
    fc.asyncProperty(nodes, fc.integer({ min: 1, max: 8 }), fc.gen(), async (fleet, gpus, gen) => {
      const alike = fleet.map((one) => gpuNode({ ...one, cpuMilli: 1_000, memoryMib: 1_024, isCordoned: false }));
      const extender = createExtender({ fleet: () => ({ nodes: alike }), pack: { scorer: 'best-fit' } });
      const Pod = podOf({ gpus, cpuMilli: 0, memoryMib: 0 });
      const names = alike.map(({ id }) => id);
      const shuffled = gen(fc.shuffledSubarray, names, { minLength: names.length });

      const scores = await extender.prioritize({ Pod, NodeNames: names });
      const again = await extender.prioritize({ Pod, NodeNames: shuffled });

      expect(new Map(again.map(({ Host, Score }) => [Host, Score]))).toEqual(
        new Map(scores.map(({ Host, Score }) => [Host, Score])),
      );
      expect(scores.map(({ Host }) => Host)).toEqual(names);
      const freeOf = new Map(alike.map(({ id, gpus: all }) => [id, all.length]));
      const chosen = scores.filter(({ Score }) => Score > 0).sort((x, y) => y.Score - x.Score);
      const fitting = [...freeOf.values()].filter((free) => free >= gpus).sort((x, y) => x - y);
      expect(chosen.map(({ Score }) => Score)).toEqual(chosen.map((_, index) => 10 - index));
      expect(chosen.map(({ Host }) => freeOf.get(Host))).toEqual(fitting.slice(0, 10));
    }),
    { numRuns: 150 },
  );
});
