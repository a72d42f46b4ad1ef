import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCapacityState, explainCapacity, planCapacity } from '../src/capacity/index.ts';
import type { CapacityConfig, CapacityObservation, CapacityPlan, CapacityState } from '../src/index.ts';
import { configs, deepFreeze, HOUR, observations } from './capacity-arbitraries.ts';

const runs = { numRuns: 400 };
const state = createCapacityState();
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const costOf = (plan: CapacityPlan) => sum(plan.orders.map(({ costMicroUsd }) => costMicroUsd));
const heldNow = ({ holdings, nowMs }: CapacityObservation) =>
  sum(holdings.filter(({ startAtMs, endAtMs }) => startAtMs <= nowMs && nowMs < endAtMs).map(({ gpus }) => gpus));

describe('planCapacity', () => {
  test('orders whole GPUs within the time, the granularity, the size and the limit prices', () => {
    fc.assert(
      fc.property(configs, observations(), (config, observation) => {
        const plan = planCapacity(config, state, observation);

        for (const order of plan.orders) {
          const offer = observation.offers.find(({ id }) => order.clientOrderId === `0-block-${id}`);
          expect(order.gpus).toBeGreaterThanOrEqual(1);
          expect(Number.isInteger(order.gpus)).toBe(true);
          expect([order.startAtMs, order.endAtMs]).toEqual(offer ? [offer.startAtMs, offer.endAtMs] : [0, HOUR]);
          expect(order.gpus % (offer?.granularityGpus ?? 1)).toBe(0);
          expect(order.gpus).toBeLessThanOrEqual(offer?.maxGpus ?? Infinity);
          const { maxFastUsdPerGpuHour = Infinity, maxFlexUsdPerGpuHour = Infinity } = config.limits ?? {};
          if (order.side === 'sell') {
            expect(order.limitUsdPerGpuHour).toBeGreaterThanOrEqual(config.limits?.minSellUsdPerGpuHour ?? 0);
          } else {
            const most = order.tier === 'flex' ? maxFlexUsdPerGpuHour : maxFastUsdPerGpuHour;
            expect(order.limitUsdPerGpuHour).toBeLessThanOrEqual(most);
            expect(order.limitUsdPerGpuHour).toBe(offer?.priceUsdPerGpuHour ?? observation.spotUsdPerGpuHour);
          }
        }
        expect(new Set(plan.orders.map(({ clientOrderId }) => clientOrderId)).size).toBe(plan.orders.length);
      }),
      runs,
    );
  });

  test('holds no more Fast GPUs than allowed', () => {
    fc.assert(
      fc.property(configs, observations(), (config, observation) => {
        const { maxGpus = Infinity } = config;
        const plan = planCapacity(config, state, observation);

        for (const { side, tier, gpus, startAtMs, endAtMs } of plan.orders) {
          if (side === 'sell' || tier === 'flex') continue;
          const beside = observation.holdings.filter((held) => held.startAtMs < endAtMs && startAtMs < held.endAtMs);
          const most = Math.max(
            0,
            ...beside
              .map(({ startAtMs: at }) => Math.max(at, startAtMs))
              .map((at) =>
                sum(beside.filter((held) => held.startAtMs <= at && at < held.endAtMs).map((held) => held.gpus)),
              ),
          );
          expect(gpus + most).toBeLessThanOrEqual(maxGpus);
        }
      }),
      runs,
    );
  });

  test('never spends more than the budget, over many calls and with money coming back', () => {
    const trace = fc.array(fc.tuple(observations(), fc.nat(20)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(configs, fc.integer({ min: 0, max: 300 }), trace, (config, usd, calls) => {
        const budgetMicroUsd = usd * 1_000_000 + 1;
        let memory: CapacityState = state;
        let [spent, back] = [0, 0];
        calls.forEach(([seen, returnedUsd]) => {
          const returnedMicroUsd = Math.min(spent - back, returnedUsd * 1_000_000);
          back += returnedMicroUsd;
          const plan = planCapacity({ ...config, budgetMicroUsd }, memory, {
            ...seen,
            returnedMicroUsd,
          });
          spent += costOf(plan);
          memory = plan.state;

          expect(spent - back).toBeLessThanOrEqual(budgetMicroUsd);
          expect(memory.committedMicroUsd).toBe(spent - back);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('never makes a block smaller when demand is higher in every scenario', () => {
    const more = fc.array(fc.array(fc.nat(6), { minLength: 10, maxLength: 10 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(configs, observations(), more, (config, observation, extra) => {
        const unlimited = { ...config, budgetMicroUsd: Number.MAX_SAFE_INTEGER };
        const busier = {
          ...observation,
          scenarios: observation.scenarios.map((scenario, s) => ({
            ...scenario,
            demandGpus: scenario.demandGpus.map((gpus, k) => gpus + extra[s]![k]! / 2),
          })),
        };
        const blocks = (seen: CapacityObservation) => {
          const { orders } = planCapacity(unlimited, state, seen);
          return seen.offers.map(
            ({ id }) => orders.find((order) => order.clientOrderId === `0-block-${id}`)?.gpus ?? 0,
          );
        };

        const [few, many] = [blocks(observation), blocks(busier)];

        few.forEach((gpus, i) => {
          expect(many[i]).toBeGreaterThanOrEqual(gpus);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  test('gives all idle Fast time to Flex before any Flex is bought', () => {
    fc.assert(
      fc.property(configs, observations(), (config, observation) => {
        const { backfill, orders } = planCapacity(config, state, observation);

        const open = observation.flexQueue.filter(({ deadlineAtMs }) => deadlineAtMs > observation.nowMs);
        const idle = Math.max(0, heldNow(observation) - observation.demandGpus);
        const given = sum(backfill.map(({ gpuHours }) => gpuHours));
        expect(given).toBeCloseTo(Math.min(idle, sum(open.map(({ gpuHours }) => gpuHours))), 9);
        for (const { flexId, gpuHours } of backfill) {
          expect(gpuHours).toBeLessThanOrEqual(open.find(({ id }) => id === flexId)!.gpuHours);
        }
        const bought = sum(orders.filter(({ tier }) => tier === 'flex').map(({ gpus }) => gpus));
        expect(bought).toBeLessThanOrEqual(sum(open.map(({ gpuHours }) => gpuHours)) - given);
        if (bought > 0) expect(given).toBe(idle);
      }),
      runs,
    );
  });

  test('changes nothing but the money when all money is scaled', () => {
    fc.assert(
      fc.property(configs, observations(), fc.constantFrom(2, 4, 0.5), (config, observation, factor) => {
        const { limits, budgetMicroUsd } = config;
        const scaledConfig: CapacityConfig = {
          ...config,
          unmetUsdPerGpuHour: config.unmetUsdPerGpuHour * factor,
          ...(budgetMicroUsd === undefined ? {} : { budgetMicroUsd: budgetMicroUsd * factor }),
          ...(limits === undefined
            ? {}
            : { limits: Object.fromEntries(Object.entries(limits).map(([key, usd]) => [key, usd * factor])) }),
        };
        const scaled: CapacityObservation = {
          ...observation,
          spotUsdPerGpuHour: observation.spotUsdPerGpuHour === null ? null : observation.spotUsdPerGpuHour * factor,
          offers: observation.offers.map((offer) => ({
            ...offer,
            priceUsdPerGpuHour: offer.priceUsdPerGpuHour * factor,
          })),
          scenarios: observation.scenarios.map((scenario) => ({
            ...scenario,
            priceUsdPerGpuHour: scenario.priceUsdPerGpuHour.map((usd) => usd * factor),
          })),
        };

        const [plain, other] = [planCapacity(config, state, observation), planCapacity(scaledConfig, state, scaled)];

        expect(other.orders).toEqual(
          plain.orders.map((order) => ({
            ...order,
            limitUsdPerGpuHour: order.limitUsdPerGpuHour * factor,
            costMicroUsd: order.costMicroUsd * factor,
          })),
        );
        expect(other.backfill).toEqual(plain.backfill);
        expect(other.impliedQuantile).toBe(plain.impliedQuantile);
        expect(other.expectedCost.totalUsd).toBe(plain.expectedCost.totalUsd * factor);
        expect(other.procurement.targetGpus).toBe(plain.procurement.targetGpus);
        expect(other.reasons.map(({ kind }) => kind)).toEqual(plain.reasons.map(({ kind }) => kind));
      }),
      runs,
    );
  });

  test('depends on nothing but its arguments, keeps them as they are, and goes on from a stored state', () => {
    fc.assert(
      fc.property(configs, observations(), observations(5 * HOUR), (config, first, second) => {
        const frozen = [config, first, second].map(deepFreeze) as [
          CapacityConfig,
          CapacityObservation,
          CapacityObservation,
        ];
        const before = planCapacity(frozen[0], deepFreeze(createCapacityState()), frozen[1]);
        const stored = JSON.parse(JSON.stringify(before.state)) as CapacityState;

        expect(planCapacity(frozen[0], createCapacityState(), frozen[1])).toEqual(before);
        expect(stored).toEqual(before.state);
        expect(planCapacity(frozen[0], stored, frozen[2])).toEqual(planCapacity(frozen[0], before.state, frozen[2]));
        const turned = { ...first, offers: first.offers.toReversed(), flexQueue: first.flexQueue.toReversed() };
        expect(planCapacity(config, state, turned)).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });

  test('says numbers that add up, and reasons that read', () => {
    fc.assert(
      fc.property(configs, observations(), (config, observation) => {
        const { expectedCost, impliedQuantile, reasons, procurement } = planCapacity(config, state, observation);

        const { blocksUsd, shortfallUsd, recoveredUsd, totalUsd } = expectedCost;
        expect(Math.min(blocksUsd, shortfallUsd, recoveredUsd)).toBeGreaterThanOrEqual(-1e-9);
        expect(totalUsd).toBeCloseTo(blocksUsd + shortfallUsd - recoveredUsd, 9);
        if (impliedQuantile !== null) {
          expect(impliedQuantile).toBeGreaterThanOrEqual(0);
          expect(impliedQuantile).toBeLessThanOrEqual(1);
        }
        expect(Number.isInteger(procurement.targetGpus)).toBe(true);
        for (const reason of reasons) expect(explainCapacity(reason)).not.toMatch(/undefined|NaN/);
      }),
      runs,
    );
  });
});
