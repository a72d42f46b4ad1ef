import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacker, type GpuNode } from '../src/index.ts';
import { createChangeOrder } from '../src/pack/change-order.ts';
import { createFleet } from '../src/pack/fleet.ts';
import { createTwins } from '../src/pack/twins.ts';
import { A } from './pack-builders.ts';

const B = { model: 'B' };

const node = fc.record({
  gpus: fc.constantFrom([A], [B], [A, A]),
  expiresAtMs: fc.constantFrom(undefined, 500),
  zone: fc.constantFrom(undefined, 'east'),
  isCordoned: fc.constantFrom(undefined, true),
});
const fleetOf = (sizes: readonly object[]) =>
  sizes.map((size, k) => ({ cpuMilli: 1_000, memoryMib: 1, ...size, id: `n${String(k).padStart(3, '0')}` }) as GpuNode);

describe('twins', () => {
  it('are the open empty nodes that no job can tell apart, the smallest id first', () => {
    fc.assert(
      fc.property(
        fc.array(node, { minLength: 1, maxLength: 80 }),
        fc.array(fc.tuple(fc.nat(79), fc.constantFrom('job', 'no job', 'cordon', 'open')), { maxLength: 120 }),
        (sizes, steps) => {
          const fleet = createFleet(fleetOf(sizes));
          const { nodes, state, isCordoned } = fleet;
          const twins = createTwins(fleet, true);
          const nameOf = ({ gpus, expiresAtMs, zone }: GpuNode) => JSON.stringify([gpus, expiresAtMs, zone]);
          const isTwin = (k: number) => state.jobCount[k] === 0 && isCordoned[k] === 0;
          for (const [pick, change] of [[0, ''] as const, ...steps]) {
            const k = pick % nodes.length;
            const groupHad = nodes.some((other, n) => isTwin(n) && nameOf(other) === nameOf(nodes[k]!));
            if (change === 'job') state.jobCount[k]!++;
            else if (change === 'no job') state.jobCount[k] = 0;
            else if (change !== '') isCordoned[k] = change === 'cordon' ? 1 : 0;

            expect(twins.changed(k)).toBe(!groupHad && isTwin(k));

            nodes.forEach((one, n) => {
              const first = nodes.findIndex((other, m) => isTwin(m) && nameOf(other) === nameOf(one));

              expect(twins.first(twins.groupOf[n]!)).toBe(first);
              expect(twins.isTwin[n] === 1).toBe(isTwin(n));
            });
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('are not looked for in a fleet of many kinds of nodes, which is packed all the same', () => {
    const nodes = Array.from({ length: 200 }, (_, k) => ({
      id: `n${String(k).padStart(3, '0')}`,
      gpus: [A],
      cpuMilli: 10_000 + k,
      memoryMib: 1_024,
    }));

    expect(createTwins(createFleet(nodes), true).groupCount).toBe(0);

    const packer = createPacker({ nodes }, { scorer: 'best-fit' });
    // Two nodes are within a point of the best fit.
    const takenBy = Array.from({ length: 200 }, (_, k) => {
      const result = packer.place({ id: `j${k}`, gpuCount: 1, cpuMilli: 10_000, memoryMib: 1 });
      return 'placement' in result ? result.placement.nodeId : undefined;
    });

    expect(new Set(takenBy).size).toBe(200);
  });
});

describe('the order of changes', () => {
  it('is that of a list that is sorted anew after every change', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(fc.nat(99), { maxLength: 60 }), (size, changes) => {
        const { older, changedAt, newest, count, note } = createChangeOrder(size);
        const last = new Map<number, number>();
        changes.forEach((pick, index) => {
          note(pick % size);
          last.delete(pick % size);
          last.set(pick % size, index + 1);
          const listed: [number, number][] = [];
          for (let k = newest(); k >= 0; k = older[k]!) listed.push([k, changedAt[k]!]);

          expect(listed).toEqual([...last].reverse());
          expect(count()).toBe(index + 1);
        });
      }),
    );
  });
});
