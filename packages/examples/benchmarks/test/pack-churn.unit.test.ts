import type { GpuNode, Job } from '@spillway/core';
import { describe, expect, it } from 'vitest';
import { formatPackChurn, packChurnBenchmark } from '../src/pack-churn.ts';

const nodes = Array.from({ length: 4 }, (_, index): GpuNode => {
  const gpus = Array.from({ length: 4 }, () => ({ model: 'A' }));
  return { id: `n${index}`, gpus, cpuMilli: 64_000, memoryMib: 262_144 };
});
const small: Job = { id: 'small', gpuCount: 1, cpuMilli: 1_000, memoryMib: 1_024 };
const run = (tasks: readonly Job[], loads: readonly number[]) =>
  packChurnBenchmark({ seeds: [1, 2], loads, arrivals: 2_000, trace: { nodes, tasks } });

describe('packChurnBenchmark', () => {
  it('turns nothing away at a load that always fits, and allocates what is offered', () => {
    for (const row of run([small], [0.1])) {
      expect(row.rejectedPercent).toBe(0);
      expect(row.allocatedPercent).toBeGreaterThan(8);
      expect(row.allocatedPercent).toBeLessThan(12);
    }
  });

  it('turns away what Erlang says when every job takes one of sixteen GPUs', () => {
    // Erlang's loss formula for 16 servers and an offered load of 16: 17.5 %.
    for (const row of run([small], [1])) expect(Math.abs(row.rejectedPercent - 17.5)).toBeLessThan(3);
  });

  it('counts by class: only large jobs fail when small ones are few', () => {
    const large: Job = { ...small, id: 'large', gpuCount: 4 };

    const [fgd] = run([small, large], [0.9]);

    expect(fgd!.rejected['4']).toBeGreaterThan(fgd!.rejected['1']);
    expect(formatPackChurn([fgd!])).toContain('90 %');
  });
});
