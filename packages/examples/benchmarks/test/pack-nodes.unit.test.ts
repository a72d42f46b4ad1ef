import { fewestNodes } from '@spillway/core';
import { loadOpenB, openbArrivals } from '@spillway/traces';
import { describe, expect, it } from 'vitest';
import { formatPackNodes, packNodesBenchmark } from '../src/pack-nodes.ts';
import { TASK_MIXES } from '../src/pack-mix-list.ts';
import { formatPackNodesMixes, packNodesMixesBenchmark } from '../src/pack-nodes-mixes.ts';
import { replay } from '../src/pack-replay.ts';

describe('the benchmark of few nodes', () => {
  const rows = packNodesBenchmark({ seeds: [42], loads: [0.5], weights: ['count', 'price'] });

  it('holds half the load near the bound, and on a third fewer nodes than pack', () => {
    const [fewest, fgd] = rows;

    expect(rows.every(({ unplaced }) => unplaced === 0)).toBe(true);
    // An independent solver (HiGHS on the same relaxation) gives 437 and a fraction, so 438 whole nodes at least.
    expect(fewest!.lowerBound).toBe(438);
    expect(fewest!.ratio).toBeLessThan(1.04);
    expect(fgd!.ratio).toBeGreaterThan(1.4);
    expect(rows.find(({ weight }) => weight === 'price')!.ratio).toBeLessThan(1.06);
  });

  it('prints a line a policy', () => {
    const lines = formatPackNodes(rows).split('\n');

    expect(lines).toHaveLength(4 + rows.length);
    expect(lines.slice(3).every((line) => line.length === lines[3]!.length)).toBe(true);
  });

  it('puts the tasks where the books of the replay find room for all of them', () => {
    const { nodes, tasks } = loadOpenB();
    const jobs = openbArrivals(tasks, nodes, { ratio: 0.2, seed: 42 });
    const placements = new Map(
      fewestNodes({ nodes, jobs }).placements.map((placement) => [placement.jobId, placement]),
    );

    const { failed } = replay(
      nodes,
      jobs,
      ({ id }) => placements.get(id),
      () => 0,
    );
    expect(Object.values(failed)).toEqual([0, 0, 0, 0, 0, 0]);
    // Seconds on a busy machine.
  }, 30_000);
});

describe('the benchmark of few nodes on other mixes', () => {
  it('holds all of a mix near the bound, and prints a line a load', () => {
    const mixes = TASK_MIXES.filter(({ name }) => name === 'whole');
    const rows = packNodesMixesBenchmark({ seeds: [42], loads: [0.3, 0.5], mixes });

    expect(rows.map(({ mix, loadPercent, unplaced }) => [mix, loadPercent, unplaced])).toEqual([
      ['whole', 30, 0],
      ['whole', 50, 0],
    ]);
    for (const { nodeCount, lowerBound, ratio, worstRatio } of rows) {
      expect(nodeCount).toBeGreaterThanOrEqual(lowerBound);
      expect(ratio).toBeLessThan(1.06);
      expect(worstRatio).toBe(ratio);
    }
    // Tasks of whole GPUs alone: at half load no fewer nodes than hold half of the 6,212 GPUs by eights.
    expect(rows[1]!.nodeCount).toBeGreaterThanOrEqual(389);
    expect(formatPackNodesMixes(rows).split('\n')).toHaveLength(6);
    // Seconds on a busy machine.
  }, 30_000);
});
