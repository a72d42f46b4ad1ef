import { describe, expect, it } from 'vitest';
import { createCapacityState, InvalidInputError, planCapacity } from '../src/index.ts';
import { parseCapacityConfig, parseCapacityObservation, parseCapacityState } from '../src/schema/index.ts';

const config = {
  unmetUsdPerGpuHour: 12,
  sizing: { kind: 'safety-factor', factor: 1.5, of: 'peak' },
  resale: { spreadRatio: 0.1, fillRatio: 0.8 },
  limits: { maxFastUsdPerGpuHour: 4, maxFlexUsdPerGpuHour: 3, minSellUsdPerGpuHour: 1 },
  budgetMicroUsd: 5_000_000,
  maxGpus: 64,
};
const observation = {
  nowMs: 0,
  stepMs: 3_600_000,
  demandGpus: 3,
  spotUsdPerGpuHour: null,
  scenarios: [{ weight: 1, demandGpus: [3, 4], priceUsdPerGpuHour: [2, 2.5] }],
  offers: [{ id: 'b', startAtMs: 0, endAtMs: 7_200_000, priceUsdPerGpuHour: 2, granularityGpus: 1, maxGpus: 8 }],
  holdings: [{ id: 'h', gpus: 1, startAtMs: 0, endAtMs: 3_600_000 }],
  flexQueue: [{ id: 'f', gpuHours: 2, deadlineAtMs: 7_200_000 }],
  returnedMicroUsd: 0,
};

describe('schemas of planCapacity', () => {
  it('pass what the planner takes, unchanged', () => {
    const state = planCapacity(
      parseCapacityConfig(config),
      createCapacityState(),
      parseCapacityObservation(observation),
    ).state;

    expect(parseCapacityConfig(config)).toStrictEqual(config);
    expect(parseCapacityConfig({ unmetUsdPerGpuHour: 1, sizing: { kind: 'newsvendor' } })).toBeDefined();
    expect(parseCapacityObservation(observation)).toStrictEqual(observation);
    expect(parseCapacityState(JSON.parse(JSON.stringify(state)))).toStrictEqual(state);
  });

  it.each([
    [parseCapacityConfig, { ...config, unmetUsdPerGpuHour: 0 }, 'unmetUsdPerGpuHour'],
    [parseCapacityConfig, { ...config, sizing: { kind: 'max' } }, 'sizing.kind'],
    [parseCapacityConfig, { ...config, budgetMicroUsd: 0.5 }, 'budgetMicroUsd'],
    [parseCapacityConfig, { ...config, budget: 1 }, 'budget'],
    [parseCapacityObservation, { ...observation, scenarios: [] }, 'scenarios'],
    [parseCapacityObservation, { ...observation, spotUsdPerGpuHour: -1 }, 'spotUsdPerGpuHour'],
    [parseCapacityObservation, { ...observation, offers: [{ ...observation.offers[0], id: '' }] }, 'offers[0].id'],
    [parseCapacityState, { version: 2, lastMs: null, committedMicroUsd: 0 }, 'version'],
    [parseCapacityState, undefined, 'state'],
  ] as const)('refuse %o: %o by %s', (parse, value, field) => {
    expect.assertions(2);
    try {
      parse(value);
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidInputError);
      expect((error as InvalidInputError).field).toBe(field);
    }
  });
});
