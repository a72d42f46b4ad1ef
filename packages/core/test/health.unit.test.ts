import { describe, expect, test } from 'vitest';
import { createHealthState, evaluateHealth } from '../src/autoscale/index.ts';
import type { HealthConfig, HealthObservation, HealthState } from '../src/index.ts';

type Sight = Omit<HealthObservation, 'nowMs'>;
const well: Sight = {
  httpStatus: 200,
  latencyMs: 40,
  memoryBandwidthRatio: 0.5,
  timeToFirstTokenMs: 100,
  gpuFaults: [],
};

/** Statuses and actions of looks ten seconds apart. */
function watch(looks: readonly Sight[], config: HealthConfig = {}) {
  let state: HealthState = createHealthState();
  return looks.map((look, index) => {
    const result = evaluateHealth(config, state, { nowMs: index * 10_000, ...look });
    state = result.state;
    return [result.decision.status, ...result.decision.actions].join(' ');
  });
}

describe('evaluateHealth', () => {
  test('is healthy after two passes, sick after three failures, and healthy again after two passes', () => {
    const failed = { ...well, httpStatus: 503 };

    expect(watch([well, well, failed, failed, failed, well, well])).toEqual([
      'starting',
      'healthy',
      'healthy',
      'healthy',
      'sick replace',
      'sick replace',
      'healthy',
    ]);
  });

  test('spills over at a memory bandwidth above 90 %, and never calls that sick', () => {
    const busy = { ...well, memoryBandwidthRatio: 0.97 };

    expect(watch([well, well, busy, busy, busy, busy, well, well])).toEqual([
      'starting',
      'healthy',
      'healthy',
      'healthy',
      'saturated spill-over',
      'saturated spill-over',
      'saturated spill-over',
      'healthy',
    ]);
  });

  test.each([
    ['latency above 200 ms', { latencyMs: 201 }],
    ['a card that holds its clocks down', { isThrottled: true }],
    ['refusals with status 429', { httpStatus: 429 }],
  ])('spills over at %s', (_, sign) => {
    expect(watch([well, well, well, { ...well, ...sign }, { ...well, ...sign }, { ...well, ...sign }]).at(-1)).toBe(
      'saturated spill-over',
    );
  });

  test('is not full at the limits themselves', () => {
    const edge = { ...well, latencyMs: 200, memoryBandwidthRatio: 0.9, timeToFirstTokenMs: 500 };

    expect(watch([edge, edge, edge, edge]).at(-1)).toBe('healthy');
  });

  test('lets a model load: failures before the first pass count only after the start-up time', () => {
    const loading: Sight = { httpStatus: 'no-answer' };

    expect(watch([loading, loading, loading, loading, loading], { startupMs: 20_000 })).toEqual([
      'starting',
      'starting',
      'starting',
      'starting',
      'sick replace',
    ]);
  });

  test('asks once for more replicas while first tokens are late, and again after a cold start', () => {
    const late = { ...well, timeToFirstTokenMs: 800 };

    expect(watch([well, well, late, late, late, late, late, late], { coldStartMs: 20_000 })).toEqual([
      'starting',
      'healthy',
      'healthy',
      'healthy',
      'healthy scale-up',
      'healthy',
      'healthy scale-up',
      'healthy',
    ]);
  });

  test('a missing probe is unknown and does not break a row', () => {
    const failed = { ...well, httpStatus: 500 };

    expect(watch([well, well, failed, {}, failed, { httpStatus: null }, failed])).toEqual([
      'starting',
      'healthy',
      'healthy',
      'unknown',
      'healthy',
      'unknown',
      'sick replace',
    ]);
  });

  test('an Xid of a program is told and left to the probes; one of the card is sick until it is gone', () => {
    const program = { ...well, gpuFaults: [{ kind: 'xid', value: 31, fault: 'application' as const }] };
    const card = { ...well, gpuFaults: [{ kind: 'xid', value: 79, fault: 'hardware' as const }] };

    expect(watch([well, program, card, { ...well, gpuFaults: null }, well])).toEqual([
      'starting',
      'healthy',
      'sick replace',
      'sick replace',
      'healthy',
    ]);
  });

  test.each([
    ['maxLatencyMs', { maxLatencyMs: 0 }, well],
    ['maxMemoryBandwidthRatio', { maxMemoryBandwidthRatio: NaN }, well],
    ['maxTimeToFirstTokenMs', { maxTimeToFirstTokenMs: -1 }, well],
    ['worseAfter', { worseAfter: 0 }, well],
    ['betterAfter', { betterAfter: 1.5 }, well],
    ['startupMs', { startupMs: -1 }, well],
    ['coldStartMs', { coldStartMs: -1 }, well],
    ['intervalMs', { intervalMs: 0 }, well],
    ['httpStatus', {}, { httpStatus: 0 }],
    ['latencyMs', {}, { latencyMs: NaN }],
    ['memoryBandwidthRatio', {}, { memoryBandwidthRatio: -0.1 }],
    ['timeToFirstTokenMs', {}, { timeToFirstTokenMs: -1 }],
    ['isThrottled', {}, { isThrottled: 'no' }],
    ['gpuFaults[0].fault', {}, { gpuFaults: [{ kind: 'xid', value: 1, fault: 'both' }] }],
    ['nowMs', {}, { nowMs: NaN }],
  ])('refuses by the %s', (field, config, look) => {
    expect(() => evaluateHealth(config, createHealthState(), { nowMs: 0, ...look } as HealthObservation)).toThrow(
      expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field }) as Error,
    );
  });

  test('refuses a foreign state and a time that goes back', () => {
    const { state } = evaluateHealth({}, createHealthState(), { nowMs: 5 });

    expect(() => evaluateHealth({}, state, { nowMs: 4 })).toThrow(expect.objectContaining({ field: 'nowMs' }) as Error);
    expect(() => evaluateHealth({}, {} as HealthState, { nowMs: 4 })).toThrow(
      expect.objectContaining({ field: 'state' }) as Error,
    );
  });
});
