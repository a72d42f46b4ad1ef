import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainPlaceReplicas, placeReplicas } from '../src/spillover/index.ts';
import { createRandom } from '../src/random.ts';
import type { PlaceReplicasResult, Replica } from '../src/index.ts';
import { deepFreeze, replicaLists, tierLists } from './autoscale-arbitraries.ts';

const situations = fc
  .record({ tiers: tierLists({ hasPriority: true }), current: replicaLists, target: fc.nat(15) })
  .map(deepFreeze);

/** The replicas after a plan is done; new ones are young and not ready. */
function apply(current: readonly Replica[], plan: PlaceReplicasResult): readonly Replica[] {
  const gone = new Set(plan.remove.map(({ replicaId }) => replicaId));
  const added = plan.add.flatMap(({ tierId, count }) =>
    Array.from({ length: count }, (_, k) => ({ id: `new-${tierId}-${k}`, tierId, startedAtMs: 9, isReady: false })),
  );
  return [...current.filter(({ id }) => !gone.has(id)), ...added];
}

const runs = { numRuns: 500 };

describe('placeReplicas', () => {
  test('adds up: current - removed + added + unplaced = target', () => {
    fc.assert(
      fc.property(situations, ({ tiers, current, target }) => {
        const { add, remove, unplaced } = placeReplicas({ target }, tiers, current);

        const added = add.reduce((sum, { count }) => sum + count, 0);
        expect(current.length - remove.length + added + unplaced).toBe(target);
        expect(add.every(({ count }) => count >= 1)).toBe(true);
        expect(new Set(remove.map(({ replicaId }) => replicaId)).size).toBe(remove.length);
      }),
      runs,
    );
  });

  test('leaves every replica on a known tier and no tier above its capacity', () => {
    fc.assert(
      fc.property(situations, ({ tiers, current, target }) => {
        const after = apply(current, placeReplicas({ target }, tiers, current));

        const known = new Map(tiers.map((tier) => [tier.id, tier.capacity ?? Infinity]));
        for (const { tierId } of after) expect(known.has(tierId)).toBe(true);
        for (const [id, capacity] of known) {
          expect(after.filter(({ tierId }) => tierId === id).length).toBeLessThanOrEqual(capacity);
        }
      }),
      runs,
    );
  });

  test('has nothing to do once its plan is done', () => {
    fc.assert(
      fc.property(situations, ({ tiers, current, target }) => {
        const plan = placeReplicas({ target }, tiers, current);

        const again = placeReplicas({ target }, tiers, apply(current, plan));

        expect(again.add).toEqual([]);
        expect(again.remove).toEqual([]);
        expect(again.unplaced).toBe(plan.unplaced);
      }),
      runs,
    );
  });

  test('does not depend on the order of tiers and replicas', () => {
    fc.assert(
      fc.property(situations, fc.integer(), ({ tiers, current, target }, seed) => {
        const random = createRandom(seed);

        const shuffled = placeReplicas({ target }, random.shuffle(tiers), random.shuffle(current));

        expect(shuffled).toEqual(placeReplicas({ target }, tiers, current));
      }),
      runs,
    );
  });

  test('never has more unplaced when a capacity is raised', () => {
    fc.assert(
      fc.property(situations, fc.nat(3), fc.nat(3), ({ tiers, current, target }, which, more) => {
        const raised = tiers.map((tier, index) =>
          index === which && tier.capacity !== null ? { ...tier, capacity: tier.capacity + more } : tier,
        );

        const before = placeReplicas({ target }, tiers, current).unplaced;
        expect(placeReplicas({ target }, raised, current).unplaced).toBeLessThanOrEqual(before);
      }),
      runs,
    );
  });

  test('never adds and drains at once: surplus goes only when nothing is wanted', () => {
    fc.assert(
      fc.property(situations, ({ tiers, current, target }) => {
        const { add, remove, reasons } = placeReplicas({ target }, tiers, current);

        const surplus = remove.filter(({ reason }) => reason === 'surplus').length;
        expect(add.length === 0 || surplus === 0).toBe(true);
        const drained = reasons.reduce((sum, reason) => sum + (reason.kind === 'drained' ? reason.count : 0), 0);
        expect(drained).toBe(surplus);
        for (const reason of reasons) expect(explainPlaceReplicas(reason)).toMatch(/^[A-Z].*\.$/);
      }),
      runs,
    );
  });
});
