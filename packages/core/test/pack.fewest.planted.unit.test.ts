import { describe, expect, it } from 'vitest';
import { createRandom, fewestNodes, pack, type Gpu, type GpuNode, type Job } from '../src/index.ts';
import { A, node } from './pack-builders.ts';

const B: Gpu = { model: 'B' };

/** Nodes of two models, each cut into jobs that fill its GPUs, and its cores but one; half of those on the scarce model insist on it. */
function planted(seed: number): { readonly nodes: readonly GpuNode[]; readonly jobs: readonly Job[] } {
  const random = createRandom(seed);
  const nodes = Array.from({ length: 12 }, (_, index) =>
    node(
      `n${index}`,
      Array.from({ length: 4 }, () => (index < 4 ? B : A)),
    ),
  );
  const jobs = nodes.flatMap(({ id, gpus, cpuMilli }) => {
    const parts: Job[] = [];
    let cpuLeft = cpuMilli - 1_000;
    for (let gpuLeft = gpus.length; gpuLeft > 0;) {
      const gpuCount = 1 + random.integer(Math.min(2, gpuLeft));
      gpuLeft -= gpuCount;
      const cpu = gpuLeft === 0 ? cpuLeft : 1_000 * random.integer(Math.floor(cpuLeft / 2_000));
      cpuLeft -= cpu;
      const insists = gpus[0] === B && random.integer(2) === 0;
      parts.push({
        id: `${id}-${parts.length}`,
        gpuCount,
        cpuMilli: cpu,
        memoryMib: 0,
        ...(insists ? { gpuModels: [B.model] } : {}),
      });
    }
    return parts;
  });
  return { nodes, jobs };
}

describe('fewestNodes on fleets that jobs fill but for a core a node', () => {
  it('finds a place for all jobs in most of them, where pack and the greedy starts seldom do', () => {
    const cases = Array.from({ length: 20 }, (_, seed) => planted(seed));
    const leavesOut = (unplacedOf: (input: (typeof cases)[number]) => readonly unknown[]) =>
      cases.filter((input) => unplacedOf(input).length > 0).length;

    // Every fleet holds all its jobs: it was cut into them.
    expect(leavesOut((input) => pack(input).unplaced)).toBeGreaterThan(15);
    expect(leavesOut((input) => fewestNodes(input, { maxSteps: 0 }).unplaced)).toBeGreaterThan(15);
    expect(leavesOut((input) => fewestNodes(input).unplaced)).toBeLessThan(10);
  });
});
