import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacker, type Job, type Placement, type Scorer } from '../src/index.ts';
import { ledgerNode, move, type LedgerNode } from './oracles/pack-ledger.ts';
import { scanPlace } from './oracles/pack-scan.ts';
import { A } from './pack-builders.ts';

const nowMs = 1_000_000;
/** Amounts of memory that mostly have the same four leading binary digits, on nodes where memory runs out first. */
const memoryMib = fc.oneof(fc.integer({ min: 1_024, max: 1_151 }), fc.integer({ min: 0, max: 3_000 }));
const nodeArbitrary = fc.record({
  memoryMib: fc.integer({ min: 1_000, max: 9_000 }),
  expiresAtMs: fc.option(fc.integer({ min: nowMs, max: nowMs + 60 }), { nil: undefined, freq: 2 }),
});
const step = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant('place' as const),
      memoryMib,
      gpuCount: fc.constantFrom(0, 0, 1),
      gpuMilli: fc.constantFrom(300, 1_000),
      runtimeMs: fc.option(fc.integer({ min: 1, max: 70 }), { nil: undefined }),
    }),
    weight: 5,
  },
  { arbitrary: fc.record({ kind: fc.constant('release' as const), pick: fc.nat(99) }), weight: 2 },
);

describe('jobs of one shape that differ in memory and run time', () => {
  it('go where a scan over all nodes puts them', () => {
    let placedCount = 0;
    let failedCount = 0;
    fc.assert(
      fc.property(
        fc.array(nodeArbitrary, { minLength: 1, maxLength: 12 }),
        fc.array(step, { minLength: 20, maxLength: 80 }),
        fc.constantFrom<Scorer>('fgd', 'best-fit', 'first-fit'),
        (sizes, steps, scorer) => {
          const nodes = sizes.map(({ memoryMib: mib, expiresAtMs }, k) => ({
            id: `n${String(k).padStart(2, '0')}`,
            gpus: [A, A],
            cpuMilli: 64_000,
            memoryMib: mib,
            ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
          }));
          const mix = [{ job: { gpuCount: 1, gpuMilli: 300, cpuMilli: 1_000, memoryMib: 1_024 }, weight: 1 }];
          const packer = createPacker({ nodes, workload: mix, nowMs }, { scorer });
          const empty = nodes.map(ledgerNode);
          const ledger: LedgerNode[] = nodes.map(ledgerNode);
          const placed: { job: Job; placement: Placement }[] = [];
          const book = (job: Job, placement: Placement, sign: 1 | -1) => {
            move(
              ledger.find(({ id }) => id === placement.nodeId)!,
              job,
              placement,
              sign,
            );
          };
          steps.forEach((action, index) => {
            if (action.kind === 'place') {
              const { gpuCount, gpuMilli, runtimeMs } = action;
              const job = {
                id: `j${index}`,
                gpuCount,
                ...(gpuCount === 0 ? {} : { gpuMilli }),
                cpuMilli: 1_000,
                memoryMib: action.memoryMib,
                ...(runtimeMs === undefined ? {} : { runtimeMs }),
              };
              const expected = scanPlace(ledger, job, { scorer, mix, nowMs, empty });
              const result = packer.place(job);
              expect('placement' in result ? result.placement : undefined).toEqual(expected);
              if (expected === undefined) {
                failedCount++;
                return;
              }
              placedCount++;
              placed.push({ job, placement: expected });
              book(job, expected, -1);
            } else if (placed.length > 0) {
              const [{ job, placement }] = placed.splice(action.pick % placed.length, 1) as [(typeof placed)[number]];
              packer.release(job.id);
              book(job, placement, 1);
            }
          });
        },
      ),
      { numRuns: 150 },
    );

    expect(placedCount).toBeGreaterThan(1_000);
    expect(failedCount).toBeGreaterThan(300);
  });
});
