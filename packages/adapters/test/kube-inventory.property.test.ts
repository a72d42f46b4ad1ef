import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { checkNodes } from '@spillway/core/fleet';
import { isLegalLayout } from '@spillway/core/mig';
import { readInventory, type KubeNode, type KubePod } from '@spillway/adapters/kubernetes';

import { kubeNode, kubePod } from './kube-objects.ts';

const A100 = 'NVIDIA-A100-SXM4-80GB';
const PROFILES = ['1g.10gb', '1g.20gb', '2g.20gb', '3g.40gb', '4g.40gb', '7g.80gb'];
const amounts = (max: number) =>
  fc
    .record({
      cpu: fc.nat({ max: max * 1000 }),
      memory: fc.nat({ max: max * 1024 }),
      gpu: fc.nat({ max }),
      mig: fc.array(fc.nat({ max }), { minLength: 6, maxLength: 6 }),
    })
    .map(({ cpu, memory, gpu, mig }) => ({
      cpu: `${cpu}m`,
      memory: `${memory}Mi`,
      'nvidia.com/gpu': String(gpu),
      ...Object.fromEntries(mig.map((count, index) => [`nvidia.com/mig-${PROFILES[index]!}`, String(count)])),
    }));
const cluster = fc
  .record({
    nodes: fc.array(amounts(8), { minLength: 1, maxLength: 4 }),
    pods: fc.array(fc.tuple(fc.nat({ max: 4 }), amounts(2)), { maxLength: 8 }),
  })
  .map(({ nodes, pods }) => ({
    nodes: nodes.map((offer, index) => kubeNode(`n${index}`, offer, { 'nvidia.com/gpu.product': A100 })),
    pods: pods.map(([index, requests], n) =>
      kubePod(`p${n}`, index < nodes.length ? `n${index}` : undefined, requests),
    ),
  }));
const runs = { numRuns: 150 };

/** What is free, in the words of the resources. */
function freeOf(state: { nodes: KubeNode[]; pods: KubePod[] }): Map<string, Record<string, number>> {
  return new Map(
    readInventory(state).nodes.map(({ id, cpuMilli, memoryMib, gpus }) => {
      const instances = gpus.flatMap(({ migInstances }) => migInstances ?? []);
      const count = (profile: string) => instances.filter((instance) => instance.profile === profile).length;
      return [
        id,
        {
          cpu: cpuMilli,
          memory: memoryMib,
          'nvidia.com/gpu': gpus.filter(({ migInstances }) => migInstances === undefined).length,
          ...Object.fromEntries(PROFILES.map((profile) => [`nvidia.com/mig-${profile}`, count(profile)])),
        },
      ];
    }),
  );
}

describe('readInventory', () => {
  it('lists of every resource what is offered less what is taken, and never less than nothing', () => {
    fc.assert(
      fc.property(cluster, (state) => {
        for (const [name, free] of freeOf(state)) {
          const offered = state.nodes.find(({ metadata }) => metadata.name === name)!.status!.allocatable!;
          const pods = state.pods.filter(({ spec }) => spec?.nodeName === name);
          for (const [resource, rest] of Object.entries(free)) {
            const taken = pods.map(({ spec }) => parseInt(spec!.containers![0]!.resources!.requests![resource]!));
            expect(rest).toBe(Math.max(0, parseInt(offered[resource]!) - taken.reduce((x, y) => x + y, 0)));
          }
        }
      }),
      runs,
    );
  });

  it('lists nodes that are valid, with instances where they can be, each name once', () => {
    fc.assert(
      fc.property(cluster, (state) => {
        const { nodes } = readInventory(state);

        checkNodes(nodes);
        for (const { model, migInstances } of nodes.flatMap(({ gpus }) => gpus)) {
          if (migInstances !== undefined) expect(isLegalLayout(model, migInstances)).toBe(true);
        }
      }),
      runs,
    );
  });

  it('gives the same for the same objects in any order, and changes none of them', () => {
    fc.assert(
      fc.property(cluster, (state) => {
        const before = structuredClone(state);
        const inventory = readInventory(state);

        expect(readInventory({ nodes: [...state.nodes].reverse(), pods: [...state.pods].reverse() })).toEqual(
          inventory,
        );
        expect(state).toEqual(before);
      }),
      runs,
    );
  });
});
