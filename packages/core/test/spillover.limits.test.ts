import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainPlaceReplicas, placeReplicas } from '../src/spillover/index.ts';
import { createRandom } from '../src/random.ts';
import type { PlaceReplicasOptions, PlaceReplicasResult, Replica, Tier } from '../src/index.ts';
import { deepFreeze, replicaLists, tierLists } from './autoscale-arbitraries.ts';

const NOW_MS = 5;
const health = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('starting', 'healthy', 'unknown', undefined) },
  { weight: 1, arbitrary: fc.constantFrom('saturated', 'sick') },
);
const situations = fc
  .record({
    tiers: tierLists({ hasPriority: true }),
    limits: fc.array(fc.record({ minCount: fc.constantFrom(0, 0, 1, 3), commitMs: fc.constantFrom(0, 0, 3) }), {
      minLength: 4,
      maxLength: 4,
    }),
    current: replicaLists,
    verdicts: fc.array(health, { minLength: 12, maxLength: 12 }),
    target: fc.nat(5),
    budgets: fc.array(fc.record({ maxCount: fc.nat(12) }), { maxLength: 2 }),
  })
  .map(({ tiers, limits, current, verdicts, target, budgets }) =>
    deepFreeze({
      tiers: tiers.map((tier, index): Tier => ({ ...tier, ...limits[index] })),
      current: current.map((replica, index): Replica => {
        const verdict = verdicts[index];
        return verdict === undefined ? replica : { ...replica, health: verdict };
      }),
      target,
      options: { nowMs: NOW_MS, budgets },
    }),
  );

const countOf = ({ reasons }: PlaceReplicasResult, kind: 'surplus-kept') =>
  reasons.reduce((sum, reason) => sum + (reason.kind === kind ? reason.count : 0), 0);
const wantedOf = ({ reasons }: PlaceReplicasResult, target: number) =>
  reasons.reduce((wanted, reason) => (reason.kind === 'relief' ? reason.wanted : wanted), target);
const runs = { numRuns: 500 };

describe('placeReplicas with floors, commitments, budgets and health', () => {
  test('adds up to what is wanted and what has to stay', () => {
    fc.assert(
      fc.property(situations, ({ tiers, current, target, options }) => {
        const plan = placeReplicas({ target }, tiers, current, options);

        const added = plan.add.reduce((sum, { count }) => sum + count, 0);
        const after = current.length - plan.remove.length + added + plan.unplaced;
        expect(after).toBe(wantedOf(plan, target) + countOf(plan, 'surplus-kept'));
        expect(wantedOf(plan, target)).toBeLessThanOrEqual(Math.max(target, 2 * target));
      }),
      runs,
    );
  });

  test('removes every sick replica, and no surplus below a floor, before its time is up or beyond a budget', () => {
    fc.assert(
      fc.property(situations, ({ tiers, current, target, options }) => {
        const { remove } = placeReplicas({ target }, tiers, current, options);

        const byId = new Map(current.map((replica) => [replica.id, replica]));
        const gone = new Set(remove.map(({ replicaId }) => replicaId));
        for (const { id, health: verdict } of current) if (verdict === 'sick') expect(gone.has(id)).toBe(true);
        const surplus = remove
          .filter(({ reason }) => reason === 'surplus')
          .map(({ replicaId }) => byId.get(replicaId)!);
        for (const tier of tiers) {
          const here = surplus.filter(({ tierId }) => tierId === tier.id);
          const left = current.filter(({ id, tierId }) => tierId === tier.id && !gone.has(id)).length;
          if (here.length > 0) expect(left).toBeGreaterThanOrEqual(tier.minCount!);
          for (const { startedAtMs } of here) expect(startedAtMs + tier.commitMs!).toBeLessThanOrEqual(NOW_MS);
        }
        const forced = remove.length - surplus.length;
        const serving = surplus.filter(({ isReady }) => isReady!).length;
        for (const { maxCount } of options.budgets) expect(serving).toBeLessThanOrEqual(Math.max(0, maxCount - forced));
      }),
      runs,
    );
  });

  test('drains nothing while replicas are saturated and the limit is not reached', () => {
    fc.assert(
      fc.property(situations, ({ tiers, current, target, options }) => {
        const plan = placeReplicas({ target, maxTarget: target + 99 }, tiers, current, options);

        if (!plan.reasons.some(({ kind }) => kind === 'relief')) return;
        expect(plan.remove.filter(({ reason }) => reason === 'surplus')).toEqual([]);
      }),
      runs,
    );
  });

  test('has nothing to do once its plan is done, in any order of the lists', () => {
    fc.assert(
      fc.property(situations, fc.integer(), ({ tiers, current, target, options }, seed) => {
        const free: PlaceReplicasOptions = { nowMs: NOW_MS };
        const plan = placeReplicas({ target }, tiers, current, free);
        const gone = new Set(plan.remove.map(({ replicaId }) => replicaId));
        const added = plan.add.flatMap(({ tierId, count }) =>
          Array.from({ length: count }, (_, k): Replica => ({
            id: `${tierId}-${k}`,
            tierId,
            startedAtMs: NOW_MS,
            isReady: false,
          })),
        );
        const after = [...current.filter(({ id }) => !gone.has(id)), ...added];

        const again = placeReplicas({ target }, tiers, after, free);

        // Above maxTarget even a saturated replica may go, and with it what it asked for.
        const isRelieved = current.some(({ id, health: verdict }) => verdict === 'saturated' && gone.has(id));
        if (!isRelieved) expect([again.add, again.remove]).toEqual([[], []]);
        const random = createRandom(seed);
        expect(placeReplicas({ target }, random.shuffle(tiers), random.shuffle(current), options)).toEqual(
          placeReplicas({ target }, tiers, current, options),
        );
        for (const reason of plan.reasons) expect(explainPlaceReplicas(reason)).toMatch(/^[A-Z].*\.$/);
      }),
      runs,
    );
  });
});

const own: Tier = { id: 'own', kind: 'fixed', capacity: 2, priceUsdPerHour: 1 };
const cloud: Tier = { id: 'cloud', kind: 'hourly', capacity: null, priceUsdPerHour: 3 };
const replica = (id: string, tierId: string, more: Partial<Replica> = {}): Replica => ({
  id,
  tierId,
  startedAtMs: 0,
  ...more,
});

describe('placeReplicas, limits', () => {
  test('spills over to the next tier while its own is saturated, once', () => {
    const full = [replica('a', 'own', { health: 'saturated' }), replica('b', 'own', { health: 'saturated' })];
    const plan = placeReplicas({ target: 2 }, [own, cloud], full);

    expect(plan.add).toEqual([{ tierId: 'cloud', count: 1 }]);
    expect(plan.reasons[0]).toEqual({ kind: 'relief', saturated: 2, starting: 0, wanted: 3 });

    const loading = [...full, replica('c', 'cloud', { isReady: false })];

    expect(placeReplicas({ target: 2 }, [own, cloud], loading)).toMatchObject({ add: [], remove: [] });
  });

  test('goes no further than maxTarget', () => {
    const full = [replica('a', 'own', { health: 'saturated' })];

    expect(placeReplicas({ target: 1, maxTarget: 1 }, [own, cloud], full)).toMatchObject({ add: [], remove: [] });
  });

  test('replaces what is sick, and nothing else', () => {
    const plan = placeReplicas(
      { target: 2 },
      [own, cloud],
      [replica('a', 'own', { health: 'sick' }), replica('b', 'own', { health: 'unknown' })],
    );

    expect(plan.remove).toEqual([{ replicaId: 'a', tierId: 'own', reason: 'sick' }]);
    expect(plan.add).toEqual([{ tierId: 'own', count: 1 }]);
  });

  test('drains at most what the budget allows, and says why the rest stays', () => {
    const current = ['a', 'b', 'c'].map((id) => replica(id, 'cloud'));
    const plan = placeReplicas({ target: 0 }, [cloud], current, { budgets: [{ maxRatio: 0.34 }] });

    // A third of three and a little more is two, rounded up.
    expect(plan.remove.map(({ replicaId }) => replicaId)).toEqual(['a', 'b']);
    expect(plan.reasons).toEqual([
      { kind: 'kept', tierId: 'cloud', count: 1, because: 'budget' },
      { kind: 'drained', tierId: 'cloud', count: 2, priceUsdPerHour: 3 },
      { kind: 'surplus-kept', count: 1 },
    ]);
    expect(plan.reasons.map(explainPlaceReplicas)[0]).toBe(
      "Keeps 1 of tier 'cloud': the disruption budgets allow no more.",
    );
  });

  test('stops nothing that loads for a budget: it serves nobody yet', () => {
    const current = [replica('a', 'cloud', { isReady: false }), replica('b', 'cloud')];

    expect(placeReplicas({ target: 1 }, [cloud], current, { budgets: [{ maxCount: 0 }] }).remove).toMatchObject([
      { replicaId: 'a' },
    ]);
  });

  test('keeps what is paid for, and drains a cheaper one in its place', () => {
    const paid = { ...cloud, commitMs: 3_600_000 };
    const current = [replica('a', 'own'), replica('b', 'cloud')];

    expect(placeReplicas({ target: 1 }, [own, paid], current, { nowMs: 60_000 }).remove).toMatchObject([
      { replicaId: 'a' },
    ]);
    expect(placeReplicas({ target: 1 }, [own, paid], current, { nowMs: 3_600_000 }).remove).toMatchObject([
      { replicaId: 'b' },
    ]);
  });

  test('fills floors first and does not drain below them', () => {
    const tiers = [own, { ...cloud, minCount: 1 }];

    expect(placeReplicas({ target: 2 }, tiers, []).add).toEqual([
      { tierId: 'own', count: 1 },
      { tierId: 'cloud', count: 1 },
    ]);
    expect(placeReplicas({ target: 0 }, tiers, [replica('a', 'cloud')]).remove).toEqual([]);
  });

  test.each([
    ['maxTarget', { target: 2, maxTarget: 1 }, [own], {}],
    ['reliefRatio', { target: 2 }, [own], { reliefRatio: 0 }],
    ['budgets[0]', { target: 2 }, [own], { budgets: [{}] }],
    ["minCount of tier 'own'", { target: 2 }, [{ ...own, minCount: -1 }], {}],
    ["commitMs of tier 'own'", { target: 2 }, [{ ...own, commitMs: NaN }], { nowMs: 1 }],
    ['nowMs', { target: 2 }, [{ ...own, commitMs: 1 }], {}],
  ])('refuses by the %s', (field, request, tiers, options) => {
    expect(() => placeReplicas(request, tiers, [], options)).toThrow(expect.objectContaining({ field }) as Error);
  });

  test('refuses a verdict that it does not know', () => {
    expect(() => placeReplicas({ target: 1 }, [own], [replica('a', 'own', { health: 'ill' as never })])).toThrow(
      expect.objectContaining({ field: "health of replica 'a'" }) as Error,
    );
  });
});
