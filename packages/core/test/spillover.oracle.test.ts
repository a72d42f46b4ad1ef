import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeReplicas } from '../src/spillover/index.ts';
import { replicaLists, tierLists } from './autoscale-arbitraries.ts';
import { leastCostOfEveryFilling, roomOf } from './oracles/spillover-every-filling.ts';

describe('placeReplicas against every filling', () => {
  test('costs the least from an empty start when tiers go by price', () => {
    fc.assert(
      fc.property(tierLists({ hasPriority: false }), fc.integer({ min: 0, max: 10 }), (tiers, target) => {
        const { add, unplaced } = placeReplicas({ target }, tiers, []);

        const cost = add.reduce((sum, { tierId, count }) => {
          return sum + count * tiers.find(({ id }) => id === tierId)!.priceUsdPerHour;
        }, 0);
        expect(cost).toBe(leastCostOfEveryFilling(tiers, target - unplaced));
        expect(unplaced).toBe(Math.max(0, target - roomOf(tiers)));
      }),
      { numRuns: 500 },
    );
  });

  test('leaves unplaced what exceeds the room of all tiers, whatever runs now', () => {
    fc.assert(
      fc.property(tierLists({ hasPriority: true }), replicaLists, fc.nat(15), (tiers, current, target) => {
        expect(placeReplicas({ target }, tiers, current).unplaced).toBe(Math.max(0, target - roomOf(tiers)));
      }),
      { numRuns: 500 },
    );
  });

  test('removes the least that can be: what must go, and the surplus that remains', () => {
    fc.assert(
      fc.property(tierLists({ hasPriority: true }), replicaLists, fc.nat(15), (tiers, current, target) => {
        const { remove } = placeReplicas({ target }, tiers, current);

        const stayable = tiers.reduce((sum, { id, capacity }) => {
          return sum + Math.min(capacity ?? Infinity, current.filter(({ tierId }) => tierId === id).length);
        }, 0);
        expect(remove.length).toBe(current.length - Math.min(stayable, target));
      }),
      { numRuns: 500 },
    );
  });
});
