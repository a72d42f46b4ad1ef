import { describe, expect, it } from 'vitest';
import { explainUnplaced, type UnplacedReason } from '../src/index.ts';

describe('explainUnplaced', () => {
  const cases: [UnplacedReason, string][] = [
    [{ kind: 'no-nodes' }, 'There is no node in the fleet. Add one.'],
    [
      {
        kind: 'no-room',
        nearest: {
          nodeId: 'a',
          misses: [
            { resource: 'cpu-milli', needed: 4_000, available: 1_500 },
            { resource: 'gpu-milli', needed: 500, available: 200, gpuIndex: 3 },
          ],
        },
      },
      "No room now: node 'a' is nearest, with 1500 of 4000 milli-cores of CPU and 200 of 500 milli-GPU on GPU 3. " +
        'Free 2500 milli-cores of CPU and 300 milli-GPU on GPU 3 there, or add a node.',
    ],
    [
      {
        kind: 'exceeds-every-node',
        limit: { nodeId: 'big', misses: [{ resource: 'gpu-count', needed: 16, available: 8 }] },
      },
      "No node could hold the job even if it were empty: 'big' comes nearest, with 8 of 16 GPUs. " +
        'Ask for less, or add a node with 8 GPUs more.',
    ],
    [
      { kind: 'no-such-model', wanted: ['H100', 'H200'], present: ['A', 'B', 'C', 'D', 'E', 'F', 'G'] },
      'No GPU in the fleet is of a model asked for (H100, H200). ' +
        'Add one, or allow one that is there: A, B, C, D, E and 2 more.',
    ],
    [
      { kind: 'no-such-profile', wanted: '1g.10gb', present: [] },
      'No MIG instance in the fleet has the profile asked for (1g.10gb). ' +
        'Cut a GPU that way, or ask for one that is there: none.',
    ],
    [
      { kind: 'node-expires', neededUntilMs: 5_000, latestExpiresAtMs: 3_500 },
      'Every node that could hold the job expires too early: it is needed until 5000 and the last expires at 3500, ' +
        '1500 ms before. Extend that node or shorten the job by 1500 ms.',
    ],
    [
      { kind: 'cordoned', nodeIds: ['a', 'b'], hasRoom: true },
      'Every node that could hold the job is cordoned: a, b. Uncordon one of them.',
    ],
    [
      { kind: 'cordoned', nodeIds: ['a'], hasRoom: false },
      'Every node that could hold the job is cordoned: a. None has room now: uncordon one and free room there, or add a node.',
    ],
    [
      { kind: 'gang-incomplete', gang: 'g', blockedBy: 'x' },
      "No place for 'x', another member of gang 'g', so none of the gang was placed. Make room for 'x' first.",
    ],
  ];
  it.each(cases)('says in one line why and what helps: %j', (reason, text) => {
    expect(explainUnplaced(reason)).toBe(text);
  });

  it('names every resource', () => {
    const misses = [
      { resource: 'memory-mib', needed: 2, available: 1 },
      { resource: 'mig-instance', needed: 1, available: 0 },
      { resource: 'gpu-memory-mib', needed: 9, available: 4 },
      { resource: 'gpu-memory-mib', needed: 9, available: 4, gpuIndex: 1 },
    ] as const;

    expect(explainUnplaced({ kind: 'no-room', nearest: { nodeId: 'a', misses } })).toBe(
      "No room now: node 'a' is nearest, with 1 of 2 MiB of memory and 0 of 1 MIG instance and 4 of 9 MiB of GPU memory " +
        'and 4 of 9 MiB of memory on GPU 1. Free 1 MiB of memory and 1 MIG instance and 5 MiB of GPU memory ' +
        'and 5 MiB of memory on GPU 1 there, or add a node.',
    );
  });

  it('counts one as one', () => {
    const misses = [{ resource: 'gpu-count', needed: 1, available: 0 }] as const;

    expect(explainUnplaced({ kind: 'no-room', nearest: { nodeId: 'a', misses } })).toBe(
      "No room now: node 'a' is nearest, with 0 of 1 GPU. Free 1 GPU there, or add a node.",
    );
  });
});
