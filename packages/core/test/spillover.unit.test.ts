import { describe, expect, test } from 'vitest';
import { explainPlaceReplicas, placeReplicas } from '../src/spillover/index.ts';
import type { Replica, Tier } from '../src/index.ts';

const own: Tier = { id: 'own', kind: 'fixed', capacity: 2, priceUsdPerHour: 1 };
const cluster: Tier = { id: 'cluster', kind: 'hourly', capacity: 3, priceUsdPerHour: 2 };
const spot: Tier = { id: 'spot', kind: 'spot', capacity: null, priceUsdPerHour: 4 };
const tiers = [spot, own, cluster];

const replica = (id: string, tierId: string, startedAtMs: number, isReady?: boolean): Replica => ({
  id,
  tierId,
  startedAtMs,
  ...(isReady === undefined ? {} : { isReady }),
});
const idsOf = ({ remove }: ReturnType<typeof placeReplicas>) => remove.map(({ replicaId }) => replicaId);

describe('placeReplicas, filling', () => {
  test('fills the cheapest tier first and spills the rest over', () => {
    const result = placeReplicas({ target: 7 }, tiers, []);

    expect(result).toEqual({
      add: [
        { tierId: 'own', count: 2 },
        { tierId: 'cluster', count: 3 },
        { tierId: 'spot', count: 2 },
      ],
      remove: [],
      unplaced: 0,
      reasons: [
        { kind: 'filled', tierId: 'own', count: 2, priceUsdPerHour: 1 },
        { kind: 'tier-full', tierId: 'own', capacity: 2 },
        { kind: 'filled', tierId: 'cluster', count: 3, priceUsdPerHour: 2 },
        { kind: 'tier-full', tierId: 'cluster', capacity: 3 },
        { kind: 'filled', tierId: 'spot', count: 2, priceUsdPerHour: 4 },
      ],
    });
  });

  test('takes priorities before prices, and tiers without a priority last', () => {
    const ranked = [{ ...spot, capacity: 1, priority: 2 }, own, { ...cluster, capacity: 1, priority: 1 }];

    const result = placeReplicas({ target: 3 }, ranked, []);

    expect(result.add.map(({ tierId }) => tierId)).toEqual(['cluster', 'spot', 'own']);
  });

  test('breaks ties of price by id', () => {
    const result = placeReplicas(
      { target: 1 },
      [
        { ...own, id: 'b' },
        { ...own, id: 'a' },
      ],
      [],
    );

    expect(result.add).toEqual([{ tierId: 'a', count: 1 }]);
  });

  test('says what finds no room', () => {
    const result = placeReplicas({ target: 9 }, [own, cluster], [replica('r1', 'own', 0)]);

    expect(result.add).toEqual([
      { tierId: 'own', count: 1 },
      { tierId: 'cluster', count: 3 },
    ]);
    expect(result.unplaced).toBe(4);
    expect(result.reasons.at(-1)).toEqual({ kind: 'no-capacity', missing: 4, capacity: 5 });
    expect(explainPlaceReplicas(result.reasons.at(-1)!)).toBe('All tiers together hold 5: 4 found no room.');
  });

  test('has no room without tiers, and nothing to do without replicas', () => {
    expect(placeReplicas({ target: 2 }, [], []).unplaced).toBe(2);
    expect(placeReplicas({ target: 0 }, [], [])).toEqual({ add: [], remove: [], unplaced: 0, reasons: [] });
  });
});

describe('placeReplicas, draining', () => {
  test('drains the dearest tier first', () => {
    const current = [replica('s1', 'spot', 0), replica('o1', 'own', 5), replica('c1', 'cluster', 5)];

    expect(idsOf(placeReplicas({ target: 1 }, tiers, current))).toEqual(['s1', 'c1']);
  });

  test('inside a tier removes what is not ready, then the newest, then by id', () => {
    const current = [
      replica('old', 'spot', 1),
      replica('loading', 'spot', 2, false),
      replica('new-b', 'spot', 9),
      replica('new-a', 'spot', 9, true),
      replica('middle', 'spot', 5),
    ];

    expect(idsOf(placeReplicas({ target: 0 }, tiers, current))).toEqual(['loading', 'new-a', 'new-b', 'middle', 'old']);
  });

  test('does not move a replica to a cheaper tier that has room', () => {
    const result = placeReplicas({ target: 1 }, tiers, [replica('s1', 'spot', 0)]);

    expect(result).toEqual({ add: [], remove: [], unplaced: 0, reasons: [] });
  });

  test('removes what a shrunken tier cannot hold and replaces it where there is room', () => {
    const current = [replica('o1', 'own', 1), replica('o2', 'own', 3), replica('o3', 'own', 2)];

    const result = placeReplicas({ target: 3 }, [{ ...own, capacity: 1 }, cluster], current);

    expect(result.remove).toEqual([
      { replicaId: 'o2', tierId: 'own', reason: 'tier-over-capacity' },
      { replicaId: 'o3', tierId: 'own', reason: 'tier-over-capacity' },
    ]);
    expect(result.add).toEqual([{ tierId: 'cluster', count: 2 }]);
  });

  test('counts forced removals towards the target before it drains', () => {
    const current = [replica('o1', 'own', 1), replica('o2', 'own', 2), replica('c1', 'cluster', 1)];

    const result = placeReplicas({ target: 2 }, [{ ...own, capacity: 1 }, cluster], current);

    expect(result.remove).toEqual([{ replicaId: 'o2', tierId: 'own', reason: 'tier-over-capacity' }]);
    expect(result.add).toEqual([]);
  });

  test('removes and replaces replicas of a tier that is gone', () => {
    const result = placeReplicas({ target: 1 }, [own], [replica('x1', 'gone', 1)]);

    expect(result.remove).toEqual([{ replicaId: 'x1', tierId: 'gone', reason: 'unknown-tier' }]);
    expect(result.add).toEqual([{ tierId: 'own', count: 1 }]);
  });

  test('handles two hundred thousand replicas', () => {
    const current = Array.from({ length: 200_000 }, (_, index) => replica(`r${index}`, 'spot', index));

    expect(placeReplicas({ target: 1 }, tiers, current).remove.length).toBe(199_999);
  });
});

describe('placeReplicas, refusals', () => {
  test.each([
    ['target', { target: -1 }, tiers, []],
    ['target', { target: NaN }, tiers, []],
    ['target', { target: 1.5 }, tiers, []],
    ['tiers[1].id', { target: 1 }, [own, own], []],
    ["priceUsdPerHour of tier 'own'", { target: 1 }, [{ ...own, priceUsdPerHour: -1 }], []],
    ["capacity of tier 'own'", { target: 1 }, [{ ...own, capacity: -1 }], []],
    ['current[1].id', { target: 1 }, tiers, [replica('r', 'own', 0), replica('r', 'spot', 0)]],
  ])('refuses by the %s', (field, request, tierList, current) => {
    expect(() => placeReplicas(request, tierList, current)).toThrow(
      expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field, hint: expect.any(String) as string }) as Error,
    );
  });

  test.each([
    ["priority of tier 'own'", [{ ...own, priority: NaN }], []],
    ["startedAtMs of replica 'r'", tiers, [replica('r', 'own', NaN)]],
    ["tierId of replica 'r'", tiers, [replica('r', undefined as never, 0)]],
  ])('refuses by the %s too', (field, tierList, current) => {
    expect(() => placeReplicas({ target: 1 }, tierList, current)).toThrow(expect.objectContaining({ field }) as Error);
  });
});
