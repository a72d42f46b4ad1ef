import { GPU_MILLI, type Job } from '@spillway/core';
import { loadOpenB } from '@spillway/traces';
import { describe, expect, it } from 'vitest';
import { formatPackMixes, packMixesBenchmark } from '../src/pack-mixes.ts';
import { TASK_MIXES } from '../src/pack-mix-list.ts';

const { nodes, tasks } = loadOpenB();
const make = (name: string) => TASK_MIXES.find((mix) => mix.name === name)!.make(tasks, nodes);
const milli = (list: readonly Job[]) =>
  list.reduce((sum, { gpuCount, gpuMilli = GPU_MILLI }) => sum + gpuCount * gpuMilli, 0);

describe('the mixes', () => {
  it('are nineteen, each with tasks of its own id', () => {
    expect(TASK_MIXES.map(({ name }) => name).join(' ')).toBe(
      'multi20 multi30 multi50 share40 share60 share80 share100 spec10 spec20 spec33 cpu0.5 cpu1.5 cpu2.5 only0 only2.5 ' +
        'whole multi30+spec20 share60+cpu0.5 multi20+only2.5',
    );
    for (const mix of TASK_MIXES) {
      const list = mix.make(tasks, nodes);
      expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
    }
  });

  it('have the property they are named after', () => {
    expect(make('whole').every(({ gpuMilli = 1_000 }) => gpuMilli === 1_000)).toBe(true);
    const both = make('multi30+spec20').filter(({ gpuCount }) => gpuCount > 0);
    expect(both.filter(({ gpuModels }) => gpuModels !== undefined).length / both.length).toBeCloseTo(0.2, 1);
    expect(milli(both.filter(({ gpuCount }) => gpuCount > 1)) / milli(both)).toBeCloseTo(0.3, 1);
    const multi = make('multi30');
    expect(milli(multi.filter(({ gpuCount }) => gpuCount > 1)) / milli(multi)).toBeCloseTo(0.3, 1);
    const share = make('share80');
    expect(milli(share.filter(({ gpuMilli = GPU_MILLI }) => gpuMilli < GPU_MILLI)) / milli(share)).toBeCloseTo(0.8, 1);
    const withGpu = make('spec20').filter(({ gpuCount }) => gpuCount > 0);
    expect(withGpu.filter(({ gpuModels }) => gpuModels !== undefined).length / withGpu.length).toBeCloseTo(0.2, 1);
    expect(make('only0').every(({ gpuCount }) => gpuCount > 0)).toBe(true);
    const largest = Math.max(...nodes.map(({ cpuMilli }) => cpuMilli));
    expect(make('cpu2.5').every(({ cpuMilli }) => cpuMilli <= largest)).toBe(true);
  });
});

describe('the benchmark of mixes', () => {
  it('compares priced with FGD by the same run', () => {
    const mixes = TASK_MIXES.filter(({ name }) => name === 'only0');
    // Every tenth node: a small fleet of the same make-up.
    const small = nodes.filter((_, k) => k % 10 === 0);
    const rows = packMixesBenchmark({ seeds: [42], mixes, trace: { nodes: small, tasks } });

    expect(rows).toHaveLength(1);
    expect(rows[0]!.refused).toBe(0);
    expect(rows[0]!.pricedPercent).toBeGreaterThan(rows[0]!.fgdPercent + 0.5);
    expect(rows[0]!.failedDifference.share).toBeLessThan(0);
    expect(formatPackMixes(rows)).toContain('Mean gain: ');
  });
});
