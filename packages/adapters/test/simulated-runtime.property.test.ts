import type { Job } from '@spillway/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { ProviderError } from '@spillway/adapters';
import { simulatedRuntime, virtualClock } from '@spillway/adapters/simulated';

const nodes = ['n0', 'n1'].map((id) => ({
  id,
  gpus: [{ model: 'H100' }, { model: 'H100' }],
  cpuMilli: 4_000,
  memoryMib: 4_000,
}));

const startStep = fc.record({
  kind: fc.constant('start' as const),
  token: fc.nat(12),
  job: fc.nat(8),
  node: fc.nat(1),
  first: fc.nat(1),
  gpuCount: fc.nat(2),
  gpuMilli: fc.constantFrom(250, 500, 700, 1_000),
  cpuMilli: fc.nat(2_500),
  memoryMib: fc.nat(2_500),
  runtimeMs: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
});
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: startStep },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop' as const), job: fc.nat(8) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), byMs: fc.nat(20) }) },
  ),
  { maxLength: 50 },
);

it('never lets more run than a node has, whoever asks, and refuses only what does not fit', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(0, 0.4), async (story, ambiguousRatio) => {
      const clock = virtualClock({ startAtMs: 0 });
      const runtime = simulatedRuntime({ clock, nodes, faults: { ambiguousRatio } });
      const jobs = new Map<string, Job>();

      for (const step of story) {
        if (step.kind === 'advance') await clock.advanceTo(clock.nowMs() + step.byMs);
        else if (step.kind === 'stop') await runtime.stop(`j${step.job}`).catch(() => null);
        else {
          // The token carries the job, so the sizes of a job never change under way.
          const id = `j${step.job}-${step.token}`;
          const gpuMilli = step.gpuCount === 1 ? step.gpuMilli : 1_000;
          const job: Job = {
            id,
            gpuCount: step.gpuCount,
            cpuMilli: step.cpuMilli,
            memoryMib: step.memoryMib,
            ...(step.gpuCount === 1 && { gpuMilli }),
            ...(step.runtimeMs !== undefined && { runtimeMs: step.runtimeMs }),
          };
          const known = jobs.get(id) ?? job;
          jobs.set(id, known);
          const gpus = Array.from({ length: known.gpuCount }, (_, n) => ({
            index: known.gpuCount === 1 ? step.first : n,
            milli: known.gpuMilli ?? 1_000,
          }));
          const placement = { jobId: id, nodeId: `n${step.node}`, gpus };
          const before = await use(runtime, jobs);
          try {
            await runtime.start({ token: id, job: known, placement });
          } catch (error) {
            if (!ProviderError.is(error)) throw error;
            if (error.providerCode === 'conflict') {
              const of = before.get(placement.nodeId) ?? { gpus: [0, 0], cpuMilli: 0, memoryMib: 0 };
              const isGpuShort = gpus.some(({ index, milli }) => of.gpus[index]! + milli > 1_000);
              const isShort = of.cpuMilli + known.cpuMilli > 4_000 || of.memoryMib + known.memoryMib > 4_000;
              expect(isGpuShort || isShort).toBe(true);
            }
          }
        }
        let totalMilli = 0;
        for (const { gpus, cpuMilli, memoryMib } of (await use(runtime, jobs)).values()) {
          for (const milli of gpus) expect(milli).toBeLessThanOrEqual(1_000);
          expect(cpuMilli).toBeLessThanOrEqual(4_000);
          expect(memoryMib).toBeLessThanOrEqual(4_000);
          totalMilli += gpus.reduce((sum, milli) => sum + milli, 0);
        }
        expect(runtime.busy()).toBe(totalMilli);
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);

/** What is in use on each node, added up from the list of jobs. */
async function use(runtime: ReturnType<typeof simulatedRuntime>, jobs: ReadonlyMap<string, Job>) {
  const nodes = new Map<string, { gpus: number[]; cpuMilli: number; memoryMib: number }>();
  for (const { jobId, placement, status } of await runtime.list()) {
    if (status !== 'running') continue;
    const of = nodes.get(placement.nodeId) ?? { gpus: [0, 0], cpuMilli: 0, memoryMib: 0 };
    for (const { index, milli } of placement.gpus) of.gpus[index]! += milli;
    of.cpuMilli += jobs.get(jobId)!.cpuMilli;
    of.memoryMib += jobs.get(jobId)!.memoryMib;
    nodes.set(placement.nodeId, of);
  }
  return nodes;
}
