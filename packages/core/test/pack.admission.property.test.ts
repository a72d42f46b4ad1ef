import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacker, explainUnplaced, type GpuNode, type Job, type PackOptions } from '../src/index.ts';
import { demand, fleet, NOW_MS, workload } from './arbitraries.ts';
import { A, job, node, reasonOf } from './pack-builders.ts';

const PRICED: PackOptions = { scorer: 'priced' };
const PROTECTING: PackOptions = { scorer: 'priced', admission: 'protect-large' };
const stream = fc.tuple(
  fleet(5),
  fc.array(demand, { maxLength: 24 }).map((list) => list.map((each, index): Job => ({ ...each, id: `j${index}` }))),
  workload,
);

describe('admission', () => {
  it('refuses only jobs with GPUs that fit, at a price above what they may cost; the next job finds what the one before found', () => {
    fc.assert(
      fc.property(stream, ([nodes, jobs, mix]) => {
        const packer = createPacker({ nodes, workload: mix, nowMs: NOW_MS }, PROTECTING);
        for (const each of jobs) {
          const before = packer.snapshot();
          const reason = reasonOf(packer.place(each));
          if (reason?.kind !== 'refused-by-admission') continue;

          expect(each.gpuCount).toBeGreaterThan(0);
          expect(reason.costMilli).toBeGreaterThan(reason.mostMilli);
          expect(reason.mostMilli).toBe(14 * each.gpuCount * (each.gpuMilli ?? 1_000));
          expect(packer.snapshot().running).toEqual(before.running);
          // The same fleet, work-conserving, places it on the node named.
          const other = createPacker({ ...before, nowMs: NOW_MS }, PRICED).place(each);
          expect(other).toMatchObject({ placement: { nodeId: reason.nodeId } });
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is work-conserving unless asked for', () => {
    fc.assert(
      fc.property(stream, ([nodes, jobs, mix]) => {
        const placeAll = (options: PackOptions) => {
          const packer = createPacker({ nodes, workload: mix, nowMs: NOW_MS }, options);
          return jobs.map((each) => packer.place(each));
        };

        expect(placeAll({ ...PRICED, admission: 'work-conserving' })).toEqual(placeAll(PRICED));
      }),
      { numRuns: 50 },
    );
  });

  describe('where whole nodes are scarce', () => {
    const gpus = Array.from({ length: 8 }, () => A);
    const nodes: readonly GpuNode[] = Array.from({ length: 12 }, (_, index) =>
      node(`n${index}`, gpus, { cpuMilli: 64_000 }),
    );
    const share = (id: string) => job(id, 1, { gpuMilli: 100 });
    const asks = { cpuMilli: 1_000, memoryMib: 1_024 };
    const mix = [
      { job: { gpuCount: 8, ...asks }, weight: 30 },
      { job: { gpuCount: 1, gpuMilli: 100, ...asks }, weight: 1 },
    ];

    it('turns a small share away that would break up an empty node, and says at what price; takes whole nodes and jobs without GPUs', () => {
      const packer = createPacker({ nodes, workload: mix }, PROTECTING);
      const reason = reasonOf(packer.place(share('small')));

      expect(reason).toMatchObject({ kind: 'refused-by-admission', mostMilli: 1_400 });
      expect(explainUnplaced(reason!)).toMatch(
        /^Refused by admission: the best place, on node 'n0', costs other jobs \d+ milli-GPU, and the job may cost 1400\./,
      );
      expect(packer.place(job('large', 8))).toHaveProperty('placement');
      expect(packer.place(job('none', 0))).toHaveProperty('placement');
      expect(createPacker({ nodes, workload: mix }, PRICED).place(share('small'))).toHaveProperty('placement');
    });

    it('does not turn away a gang', () => {
      const packer = createPacker({ nodes, workload: mix }, PROTECTING);

      for (const result of packer.placeGang([{ ...share('x'), gang: 'g' }])) expect(result).toHaveProperty('placement');
    });
  });

  it.each([
    [{ admission: 'protect-large' }, /admission must be 'work-conserving' unless scorer is 'priced'/],
    [{ admission: 'all', scorer: 'priced' }, /admission must be one of work-conserving, protect-large/],
  ] as const)('refuses %o', (options, message) => {
    expect(() => createPacker({ nodes: [] }, options as PackOptions)).toThrow(message);
  });
});
