import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createPlanSpotState,
  planSpot,
  type PlanSpotConfig,
  type PlanSpotObservation,
  type PlanSpotState,
} from '../src/spot/index.ts';
import { cheapestPlan, chanceOfShortfall, type PlanTerms, type PlanZone } from '../src/spot/spot-plans.ts';
import { deepFreeze } from './autoscale-arbitraries.ts';

const base: PlanSpotConfig = { coldStartMs: 120_000, spotPriceUsdPerHour: 1, onDemandPriceUsdPerHour: 3 };
const idle: PlanSpotObservation = {
  nowMs: 0,
  target: 2,
  zones: ['a', 'b', 'c'].map((id) => ({ id, running: 0, ready: 0 })),
  onDemand: { running: 0, ready: 0 },
};

const zoneSights = fc
  .array(fc.tuple(fc.nat(4), fc.nat(4)), { minLength: 1, maxLength: 4 })
  .map((rows) =>
    rows.map(([running, ready], index) => ({ id: `z${index}`, running, ready: Math.min(running, ready) })),
  );
const looks = fc.record({
  gapMs: fc.constantFrom(0, 30_000, 60_000, 900_000),
  target: fc.integer({ min: 0, max: 4 }),
  zones: zoneSights,
  onDemand: fc.tuple(fc.nat(4), fc.nat(4)).map(([running, ready]) => ({ running, ready: Math.min(running, ready) })),
});
const configs = fc
  .record({
    cap: fc.option(fc.integer({ min: 1, max: 3 })),
    shortfallWeight: fc.integer({ min: 0, max: 400 }),
    maxSpare: fc.nat(2),
  })
  .map(({ cap, ...config }): PlanSpotConfig => ({ ...base, ...config, ...(cap !== null && { maxPerZone: cap }) }));

const situations = fc
  .record({ config: configs, trace: fc.array(looks, { minLength: 1, maxLength: 8 }) })
  .map(({ config, trace }) => {
    let [state, nowMs]: [PlanSpotState, number] = [createPlanSpotState(), 0];
    const seen = trace.map(({ gapMs, ...look }) => ({ ...look, nowMs: (nowMs += gapMs) }));
    for (const look of seen.slice(0, -1)) state = planSpot(config, state, look).state;
    return { config: deepFreeze(config), state: deepFreeze(state), observation: deepFreeze(seen.at(-1)!) };
  });
const runs = { numRuns: 150 };

describe('planSpot', () => {
  test('keeps to the limit of a zone, and always orders enough', () => {
    fc.assert(
      fc.property(situations, ({ config, state, observation }) => {
        const { decision } = planSpot(config, state, observation);

        const spot = decision.spot.map(({ replicas }) => replicas);
        for (const replicas of spot) expect(replicas).toBeLessThanOrEqual(config.maxPerZone ?? Infinity);
        // Spot that runs and stays, and on-demand: no ask that may be refused is counted on.
        const held = spot.reduce((sum, count, zone) => sum + Math.min(count, observation.zones[zone]!.running), 0);
        expect(held + decision.onDemand).toBeGreaterThanOrEqual(observation.target);
        expect(decision.onDemand).toBeLessThanOrEqual(observation.target);
      }),
      runs,
    );
  });

  test('decides the same again: same call, same instant, state through JSON', () => {
    fc.assert(
      fc.property(situations, ({ config, state, observation }) => {
        const first = planSpot(config, state, observation);

        expect(planSpot(config, state, observation)).toEqual(first);
        expect(planSpot(config, JSON.parse(JSON.stringify(state)) as PlanSpotState, observation)).toEqual(first);
        expect(JSON.parse(JSON.stringify(first))).toEqual(first);
        const odds = first.state.zones.map((zone) => zone.odds.flat().reduce((sum, p) => sum + p, 0));
        for (const sum of odds) expect(sum).toBeCloseTo(1, 6);
      }),
      runs,
    );
  });

  test('orders on demand at once what spot has not given yet, and asks spot too', () => {
    const { decision, reasons } = planSpot(base, createPlanSpotState(), idle);

    expect(decision.onDemand).toBe(2);
    expect(decision.spot.reduce((sum, { replicas }) => sum + replicas, 0)).toBeGreaterThanOrEqual(2);
    expect(reasons.map(({ kind }) => kind)).toContain('spot-short');
  });

  test('lets on-demand go once spot serves, and not before', () => {
    const started = planSpot(base, createPlanSpotState(), idle);
    const running = (nowMs: number, ready: number): PlanSpotObservation => ({
      nowMs,
      target: 2,
      zones: idle.zones.map(({ id }) => (id === 'a' ? { id, running: 2, ready } : { id, running: 0, ready: 0 })),
      onDemand: { running: 2, ready: 2 },
    });
    let { state } = started;
    const orders: number[] = [];
    for (let tick = 1; tick <= 60; tick++) {
      const result = planSpot(base, state, running(tick * 30_000, tick < 5 ? 0 : 2));
      state = result.state;
      orders.push(result.decision.onDemand);
    }

    expect(orders.slice(0, 4)).toEqual([2, 2, 2, 2]);
    expect(orders.at(-1)).toBe(0);
  });

  test('remembers that a zone refused', () => {
    const { state } = planSpot(base, createPlanSpotState(), idle);
    const asked = state.zones.find((zone) => zone.asked > 0)!;

    const { reasons } = planSpot(base, state, { ...idle, nowMs: 30_000 });

    expect(reasons).toContainEqual({ kind: 'zone-refused', zoneId: asked.id, given: 0, asked: asked.asked });
  });

  test.each<[object, object, string]>([
    [{ coldStartMs: 0 }, {}, 'coldStartMs'],
    [{ spotPriceUsdPerHour: NaN }, {}, 'spotPriceUsdPerHour'],
    [{ maxPerZone: 0 }, {}, 'maxPerZone'],
    [{ maxSpare: 9 }, {}, 'maxSpare'],
    [{ shortfallWeight: -1 }, {}, 'shortfallWeight'],
    [{}, { nowMs: -1 }, 'nowMs'],
    [{}, { target: 17 }, 'target'],
    [{}, { onDemand: { running: 0, ready: 1 } }, 'onDemand.ready'],
    [{}, { zones: [idle.zones[0], idle.zones[0]] }, 'zones[1].id'],
    [{}, { zones: [{ id: 'a', running: -1, ready: 0 }] }, 'zones[0].running'],
  ])('refuses %o with %o', (change, sight, field) => {
    const call = () => planSpot({ ...base, ...change }, { ...createPlanSpotState(), lastMs: 0 }, { ...idle, ...sight });

    expect(call).toThrow(expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field }) as Error);
  });
});

const chances = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100);
const planZones: fc.Arbitrary<readonly PlanZone[]> = fc.array(
  fc.record({ most: fc.nat(4), running: fc.nat(3), up: chances, lost: chances }),
  { maxLength: 3 },
);

describe('cheapestPlan', () => {
  const terms = (target: number, weight: number): PlanTerms => ({
    target,
    maxSpare: 2,
    onDemandPrice: 3,
    onDemandReady: 0,
    shortfallWeight: weight,
    startPrice: 0,
  });

  test('knows the chance of falling short, by counting every set of zones lost', () => {
    fc.assert(
      fc.property(planZones, fc.nat(3), fc.integer({ min: 1, max: 4 }), (zones, onDemand, target) => {
        const counts = zones.map(({ most }) => most);

        let exact = 0;
        for (let set = 0; set < 2 ** zones.length; set++) {
          const isLost = zones.map((_, zone) => Math.floor(set / 2 ** zone) % 2 === 1);
          const left = counts.reduce((sum, count, zone) => (isLost[zone]! ? sum : sum + count), onDemand);
          const chance = zones.reduce((p, { lost }, zone) => p * (isLost[zone]! ? lost : 1 - lost), 1);
          if (left < target) exact += chance;
        }

        expect(chanceOfShortfall(zones, counts, onDemand, target)).toBeCloseTo(exact, 9);
      }),
      { numRuns: 200 },
    );
  });

  test('takes spot where it is safe, on demand where it is not, and spares in between', () => {
    const zone = (lost: number): PlanZone => ({ most: 9, running: 2, up: 1, lost });

    expect(cheapestPlan([zone(0), zone(0)], terms(2, 100))).toMatchObject({ onDemand: 0, shortfall: 0 });
    // 100 x 0.9 for the risk against 4 more for two on demand.
    expect(cheapestPlan([zone(0.9)], terms(2, 100))).toMatchObject({ counts: [0], onDemand: 2, price: 6 });
    // Two and two for one more each: 100 x 0.1 x 0.1 and 4, against 100 x 0.1 and 2.
    expect(cheapestPlan([zone(0.1), zone(0.1)], terms(2, 100)).counts).toEqual([2, 2]);
  });
});
