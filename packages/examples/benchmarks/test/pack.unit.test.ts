import { createPacker, type GpuNode, type Job } from '@spillway/core';
import { loadOpenB, openbArrivals, openbShuffledNodes, openbWorkload } from '@spillway/traces';
import { describe, expect, it } from 'vitest';
import { formatPackBenchmark, packBenchmark } from '../src/pack.ts';
import { JOB_CLASSES, replay } from '../src/pack-replay.ts';
import { createScanFgd } from '../src/pack-scan-fgd.ts';

const node = (id: string, gpuCount: number): GpuNode => ({
  id,
  gpus: Array.from({ length: gpuCount }, () => ({ model: 'T4' })),
  cpuMilli: 8_000,
  memoryMib: 8_192,
});
const job = (id: string, gpuCount: number, gpuMilli = 1_000): Job => ({
  id,
  gpuCount,
  gpuMilli,
  cpuMilli: 1_000,
  memoryMib: 1_024,
});

describe('the packing benchmark', () => {
  const rows = packBenchmark({ seeds: [42, 43] });

  it('compares the packer with its scorers and a scan as published, none turning work away', () => {
    expect(rows.map(({ policy }) => policy)).toEqual([
      'spillway priced',
      'spillway priced, mix learned',
      'spillway (fgd from an index)',
      'spillway first-fit',
      'spillway best-fit',
      'FGD by scan, as published',
    ]);
    expect(rows.map(({ refused }) => refused)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('comes near the published 95.39 % with FGD, and in the published order', () => {
    const [, , fgd, firstFit, bestFit, scan] = rows.map(({ allocatedPercent }) => allocatedPercent);

    expect(fgd).toBeGreaterThan(95.3);
    expect(scan).toBeGreaterThan(95.3);
    expect(Math.abs(fgd! - scan!)).toBeLessThan(0.2);
    expect(firstFit).toBeLessThan(fgd!);
    expect(bestFit).toBeLessThan(firstFit!);
    expect(bestFit).toBeGreaterThan(92.5);
  });

  it('allocates more with priced than FGD, fails later and no class of jobs more often', () => {
    const [priced, learned, fgd] = rows;

    expect(priced!.allocatedPercent).toBeGreaterThan(96.1);
    expect(learned!.allocatedPercent).toBeGreaterThan(96);
    expect(priced!.firstFailurePercent).toBeGreaterThan(fgd!.firstFailurePercent + 0.5);
    for (const jobClass of JOB_CLASSES) {
      expect(priced!.failed[jobClass]).toBeLessThanOrEqual(fgd!.failed[jobClass]);
    }
  });

  it('prints a line a policy', () => {
    const lines = formatPackBenchmark(rows).split('\n');

    expect(lines).toHaveLength(11);
    expect(lines[4]).toContain('failed (cpu/share/1/2/4/8)');
    expect(lines.slice(5).every((line) => line.length === lines[4]!.length)).toBe(true);
    expect(lines[1]).toContain('more than 99.89 %');
  });

  it('gives the same allocation when the workload is the same, whatever the order of the list', () => {
    const { nodes, tasks } = loadOpenB();
    const arrivals = openbArrivals(tasks, nodes, { ratio: 0.3, seed: 42 });
    const fleet = openbShuffledNodes(nodes, { seed: 42 });
    const allocate = (list: readonly GpuNode[]) => {
      const packer = createPacker({ nodes: list, workload: openbWorkload(tasks) });
      return arrivals.map((each) => packer.place(each));
    };

    expect(allocate([...fleet].reverse())).toEqual(allocate(fleet));
  });
});

describe('the replay', () => {
  it('counts what was placed, what failed and what was turned away without need', () => {
    const nodes = [node('a', 1), node('b', 1)];
    const arrivals = [job('w', 1), job('x', 1, 500), job('y', 1), job('z', 1, 400)];
    // Knows only node a, and takes no share.
    const stubborn = (each: Job) =>
      each.id === 'w' ? { jobId: 'w', nodeId: 'a', gpus: [{ index: 0, milli: 1_000 }] } : undefined;

    expect(replay(nodes, arrivals, stubborn, () => 0)).toEqual({
      allocatedRatio: 0.5,
      idleGpus: 1,
      firstFailureRatio: 0.75,
      failed: { cpu: 0, share: 2, '1': 1, '2': 0, '4': 0, '8': 0 },
      refused: 3,
      jobs: 4,
      decisionMs: 0,
    });
  });

  it('stops on a placement that is not possible', () => {
    const twice = (each: Job) => ({ jobId: each.id, nodeId: 'a', gpus: [{ index: 0, milli: 1_000 }] });

    expect(() => replay([node('a', 1)], [job('x', 1), job('y', 1)], twice, () => 0)).toThrow('y is not possible');
  });
});

describe('the peer', () => {
  it('takes the first of equal nodes, and keeps whole the node that the mix needs whole', () => {
    const place = createScanFgd([node('b', 2), node('a', 2), node('c', 1)], [{ job: job('', 2), weight: 1 }]);

    expect(place(job('x', 1))?.nodeId).toBe('c');
    expect(place(job('y', 2))?.nodeId).toBe('b');
    expect(place(job('z', 2))?.nodeId).toBe('a');
    expect(place(job('w', 1, 500))).toBeUndefined();
  });
});
