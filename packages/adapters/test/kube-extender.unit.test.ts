import type { GpuNode } from '@spillway/core';
import { describe, expect, it } from 'vitest';

import { createExtender, type ExtenderOptions } from '../src/kubernetes/extender.ts';

const node = (id: string, gpuCount: number, changes: Partial<GpuNode> = {}): GpuNode => ({
  id,
  gpus: Array.from({ length: gpuCount }, () => ({ model: 'H100', memoryMib: 81_559 })),
  cpuMilli: 64_000,
  memoryMib: 524_288,
  ...changes,
});
const pod = (gpus: string, changes: Record<string, string> = {}) => ({
  metadata: { name: 'train', namespace: 'ml', uid: 'u1' },
  spec: { containers: [{ name: 'main', resources: { requests: { 'nvidia.com/gpu': gpus, ...changes } } }] },
});
const ask = (options: Partial<ExtenderOptions> & { readonly nodes: readonly GpuNode[] }) =>
  createExtender({ fleet: () => ({ nodes: options.nodes }), ...options });

describe('a scheduler extender', () => {
  it('sorts out nodes by name with the reason, and leaves the question in its form', async () => {
    const { filter } = ask({
      nodes: [
        node('full', 0),
        node('four', 4),
        node('busy', 8, { cpuMilli: 1_000 }),
        node('free', 8),
        node('off', 8, { isCordoned: true }),
      ],
    });

    const names = ['full', 'four', 'busy', 'free', 'off', 'new'];
    const result = await filter({ Pod: pod('8', { cpu: '2' }), NodeNames: names, Nodes: null });

    expect(result).toEqual({
      NodeNames: ['free'],
      FailedNodes: {
        full: 'Spillway: gpu-count 0 of 8',
        four: 'Spillway: gpu-count 4 of 8',
        busy: 'Spillway: cpu-milli 1000 of 2000',
      },
      FailedAndUnresolvableNodes: {
        off: 'Spillway: the node takes nothing new',
        new: 'Spillway: the node is not known yet',
      },
    });
  });

  it('answers with whole nodes when it was asked with whole nodes', async () => {
    const { filter } = ask({ nodes: [node('a', 8), node('b', 1)] });
    const items = [{ metadata: { name: 'b' }, spec: {} }, { metadata: { name: 'a', labels: { x: 'y' } } }];

    const result = await filter({ Pod: pod('2'), Nodes: { metadata: {}, items }, NodeNames: null });

    expect(result.Nodes).toEqual({ items: [items[1]] });
    expect(result.NodeNames).toBeUndefined();
    expect(Object.keys(result.FailedNodes ?? {})).toEqual(['b']);
  });

  it('knows what stopping pods can give only where it is told what runs', async () => {
    const job = { id: 'ml/other', gpuCount: 3, cpuMilli: 0, memoryMib: 0 };
    const placement = { jobId: 'ml/other', nodeId: 'four', gpus: [0, 1, 2].map((index) => ({ index, milli: 1_000 })) };
    const nodes = [node('four', 4), node('two', 2)];
    const { filter } = createExtender({ fleet: () => ({ nodes, running: [{ job, placement }] }) });

    expect(await filter({ Pod: pod('4'), NodeNames: ['four', 'two'] })).toEqual({
      NodeNames: [],
      FailedNodes: { four: 'Spillway: gpu-count 1 of 4' },
      FailedAndUnresolvableNodes: { two: 'Spillway: gpu-count 2 of 4' },
    });
  });

  it('keeps nothing of one question for the next', async () => {
    const fleet = { nodes: [node('a', 8)] };
    const extender = createExtender({ fleet: () => fleet });
    const question = { Pod: pod('8'), NodeNames: ['a'] };

    for (let times = 0; times < 3; times++) {
      expect((await extender.filter(question)).NodeNames).toEqual(['a']);
      expect(await extender.prioritize(question)).toEqual([{ Host: 'a', Score: 10 }]);
    }
    const other = { ...question, Pod: { ...pod('5'), metadata: { name: 'other' } } };
    expect((await extender.filter(other)).NodeNames).toEqual(['a']);
  });

  it('sees a node that has changed, and one that changed back', async () => {
    let nodes = [node('a', 8)];
    const extender = createExtender({ fleet: () => ({ nodes }) });
    const isFit = async () => (await extender.filter({ Pod: pod('6'), NodeNames: ['a'] })).NodeNames!.length === 1;

    const seen = [];
    for (const gpuCount of [8, 2, 8, 5, 6]) {
      nodes = [node('a', gpuCount)];
      seen.push(await isFit());
    }
    expect(seen).toEqual([true, false, true, false, true]);
  });

  it('leaves taints and cordons of others to kube-scheduler', async () => {
    const nodes = [node('a', 8, { taints: [{ key: 'nvidia.com/gpu' }] })];

    expect((await ask({ nodes }).filter({ Pod: pod('1'), NodeNames: ['a'] })).NodeNames).toEqual(['a']);
  });

  it('lets pods without GPUs pass, and scores nothing for them', async () => {
    const extender = ask({ nodes: [] });
    const question = { Pod: { metadata: { name: 'web' }, spec: { containers: [{ name: 'c' }] } }, NodeNames: ['x'] };

    expect(await extender.filter(question)).toEqual({ NodeNames: ['x'] });
    expect(await extender.prioritize(question)).toEqual([{ Host: 'x', Score: 0 }]);
  });

  it('scores the node best that the packer takes, then the next', async () => {
    const { prioritize } = ask({
      pack: { scorer: 'best-fit' },
      nodes: [node('eight', 8), node('three', 3), node('five', 5), node('one', 1)],
    });

    const scores = await prioritize({ Pod: pod('2'), NodeNames: ['one', 'eight', 'five', 'three'] });

    expect(scores).toEqual([
      { Host: 'one', Score: 0 },
      { Host: 'eight', Score: 8 },
      { Host: 'five', Score: 9 },
      { Host: 'three', Score: 10 },
    ]);
  });

  it('binds by the function given, and passes its failure on', async () => {
    const bound: unknown[] = [];
    const args = { PodName: 'train', PodNamespace: 'ml', PodUID: 'u1', Node: 'a' };
    const bind = (binding: unknown) => {
      bound.push(binding);
      return bound.length > 1 ? Promise.reject(new Error('bound to another')) : Promise.resolve();
    };
    const extender = ask({ nodes: [], bind });

    expect(await extender.bind(args)).toEqual({ Error: '' });
    expect(await extender.bind(args)).toEqual({ Error: 'Spillway: bound to another' });
    expect(bound[0]).toEqual({ podName: 'train', podNamespace: 'ml', podUid: 'u1', nodeName: 'a' });
    expect((await ask({ nodes: [] }).bind(args)).Error).toContain('bindVerb');
    expect((await extender.bind({ PodName: 'train' })).Error).toContain('PodNamespace');
  });

  it('tells what went wrong in the field for it', async () => {
    const errors: unknown[] = [];
    const extender = createExtender({
      fleet: () => Promise.reject(new Error('no list yet')),
      onError: (error) => errors.push(error),
    });

    expect(await extender.filter({ Pod: pod('1'), NodeNames: ['a'] })).toEqual({ Error: 'Spillway: no list yet' });
    expect((await extender.filter({ NodeNames: ['a'] })).Error).toContain('Pod');
    expect((await extender.filter({ Pod: pod('1') })).Error).toContain('Nodes');
    expect(errors).toHaveLength(3);
  });

  it('answers over HTTP as kube-scheduler asks', async () => {
    const { handle } = ask({ nodes: [node('a', 8)], maxBodyBytes: 2_000 });
    const post = (verb: string, body: string) =>
      handle(new Request(`http://extender/spillway/${verb}`, { method: 'POST', body }));
    const question = JSON.stringify({ Pod: pod('1'), Nodes: null, NodeNames: ['a'] });

    const filtered = await post('filter', question);
    expect([filtered.status, await filtered.json()]).toEqual([
      200,
      { NodeNames: ['a'], FailedNodes: {}, FailedAndUnresolvableNodes: {} },
    ]);
    expect(await (await post('prioritize', question)).json()).toEqual([{ Host: 'a', Score: 10 }]);
    const unread = await post('filter', '{}');
    expect([unread.status, await unread.json()]).toEqual([200, { Error: expect.stringContaining('Pod') as unknown }]);
    expect((await post('prioritize', '{}')).status).toBe(500);
    expect((await post('filter', '{')).status).toBe(400);
    expect((await post('filter', `"${'x'.repeat(2_000)}"`)).status).toBe(413);
    expect((await post('toString', '{}')).status).toBe(404);
  });
});
