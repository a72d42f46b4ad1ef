import { describe, expect, test } from 'vitest';
import {
  createDeadlineJobState,
  createDeadlineTable,
  fitSpotZones,
  SPOT_ZONES,
  stepDeadlineJob,
  type DeadlineJobConfig,
  type DeadlineObservation,
} from '../src/spot/index.ts';
import { forwardBackward } from '../src/spot/zone-likelihood.ts';
import { createRandom } from '../src/random.ts';
import { checkZones } from '../src/spot/check.ts';

const HOUR = 3_600_000;
const job: DeadlineJobConfig = {
  startAtMs: 0,
  deadlineAtMs: 10 * HOUR,
  workMs: 6 * HOUR,
  restartMs: 0.2 * HOUR,
  spotPriceUsdPerHour: 1,
  onDemandPriceUsdPerHour: 3,
};
const seen: DeadlineObservation = { nowMs: 0, workLeftMs: 6 * HOUR, isSpotAvailable: true, running: 'none' };
const fresh = createDeadlineJobState();
const withTable = { ...job, table: createDeadlineTable(job) };

describe('stepDeadlineJob', () => {
  test('takes spot at a third of the price while there is time', () => {
    expect(stepDeadlineJob(withTable, fresh, seen).decision.action).toBe('spot');
  });

  test('waits without spot while there is time', () => {
    const { decision, reasons } = stepDeadlineJob(withTable, fresh, { ...seen, isSpotAvailable: false });

    expect(decision.action).toBe('wait');
    expect(reasons.map(({ kind }) => kind)).toEqual(['spot-not-available', 'expected-cost']);
  });

  test('never takes spot that is dearer than on-demand', () => {
    const dear = { ...job, spotPriceUsdPerHour: 3.1 };
    const table = createDeadlineTable(dear);

    const actions = [0, 1, 2, 3, 3.5].map(
      (hours) => stepDeadlineJob({ ...dear, table }, fresh, { ...seen, nowMs: hours * HOUR }).decision.action,
    );

    expect(actions).not.toContain('spot');
  });

  test('goes on-demand when one more tick would cost the deadline', () => {
    const late = { ...seen, nowMs: 3.7 * HOUR, isSpotAvailable: false };

    const { decision, reasons } = stepDeadlineJob(withTable, fresh, late);

    expect(decision.action).toBe('on-demand');
    // 37 whole ticks are left for 36 of work.
    expect(reasons).toContainEqual({ kind: 'no-slack-left', slackMs: 600_000, restartMs: 0.2 * HOUR });
  });

  test('says so when the deadline is out of reach, and runs all the same', () => {
    const tooLate = { ...seen, nowMs: 4 * HOUR };

    const { decision, reasons } = stepDeadlineJob(withTable, fresh, tooLate);

    expect(decision.action).toBe('on-demand');
    expect(reasons).toEqual([{ kind: 'deadline-out-of-reach', lateMs: 0.2 * HOUR }]);
  });

  test('rests when the work is done', () => {
    const { decision, reasons } = stepDeadlineJob(withTable, fresh, { ...seen, workLeftMs: 0 });

    expect([decision.action, reasons]).toEqual(['wait', [{ kind: 'finished' }]]);
  });

  test('finishes on spot what ends within this tick, however late it is', () => {
    const last = { ...seen, nowMs: 9.8 * HOUR, workLeftMs: 0.15 * HOUR, running: 'spot' } as const;

    expect(stepDeadlineJob(withTable, fresh, last).decision.action).toBe('spot');
  });

  test('builds the table itself when there is none, with the same answer', () => {
    expect(stepDeadlineJob(job, fresh, seen)).toEqual(stepDeadlineJob(withTable, fresh, seen));
  });

  test('learns from a zone that has been away that it is of a scarce kind', () => {
    let state = fresh;
    for (let tick = 0; tick < 12; tick++) {
      state = stepDeadlineJob(withTable, state, { ...seen, nowMs: tick * 600_000, isSpotAvailable: false }).state;
    }
    const first = stepDeadlineJob(withTable, fresh, { ...seen, isSpotAvailable: false }).state;

    const scarcest = SPOT_ZONES.kinds.reduce(
      (best, kind, index, all) => (kind.start[3]! > all[best]!.start[3]! ? index : best),
      0,
    );
    expect(state.zone!.kinds[scarcest]!).toBeGreaterThan(first.zone!.kinds[scarcest]!);
  });

  test.each<[Partial<DeadlineJobConfig>, Partial<DeadlineObservation>, string]>([
    [{ deadlineAtMs: 0 }, {}, 'deadlineAtMs'],
    [{ workMs: 0 }, {}, 'workMs'],
    [{ restartMs: NaN }, {}, 'restartMs'],
    [{ spotPriceUsdPerHour: -1 }, {}, 'spotPriceUsdPerHour'],
    [{ onDemandPriceUsdPerHour: 0 }, {}, 'onDemandPriceUsdPerHour'],
    [{ tickMs: 0 }, {}, 'tickMs'],
    [{ policy: 'hope' as 'greedy' }, {}, 'policy'],
    [{ zones: { tickMs: 1, kinds: [] } }, {}, 'zones.kinds'],
    [{ workMs: 5 * HOUR }, {}, 'table'],
    [{}, { nowMs: NaN }, 'nowMs'],
    [{}, { workLeftMs: -1 }, 'workLeftMs'],
    [{}, { running: 'gpu' as 'none' }, 'running'],
    [{}, { isSpotAvailable: null as unknown as boolean }, 'isSpotAvailable'],
    [{}, { restartLeftMs: -1 }, 'restartLeftMs'],
  ])('refuses %o with %o', (change, sight, field) => {
    const call = () => stepDeadlineJob({ ...withTable, ...change }, fresh, { ...seen, ...sight });

    expect(call).toThrow(expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field }) as Error);
  });

  test('refuses time that goes back, a foreign state and a table too large', () => {
    const { state } = stepDeadlineJob(withTable, fresh, { ...seen, nowMs: HOUR });

    expect(() => stepDeadlineJob(withTable, state, seen)).toThrow('nowMs must not be before the last call at 3600000');
    expect(() => stepDeadlineJob(withTable, { version: 2 } as never, seen)).toThrow('state must come from');
    expect(() => createDeadlineTable({ ...job, deadlineAtMs: 3_000 * HOUR })).toThrow('tickMs must be longer');
  });
});

describe('fitSpotZones', () => {
  /** A chain of plain spells: lost with 0.1, back with 0.3 a tick. */
  const plain = (seed: number): boolean[] => {
    const random = createRandom(seed);
    let isUp = true;
    return Array.from({ length: 4_000 }, () => (isUp = random.next() < (isUp ? 0.9 : 0.3)));
  };

  test('finds the hazards that made a history', () => {
    const { model } = fitSpotZones([plain(1), plain(2)], { kindCount: 1, lossRatio: 1, maxSteps: 30, startCount: 2 });

    const { transition } = model.kinds[0]!;
    // The chance of another look with capacity, over all looks with capacity: whatever the split in short and long.
    const stationary = stationaryOf(transition);
    const loss =
      (stationary[0]! * (transition[0]![2]! + transition[0]![3]!) +
        stationary[1]! * (transition[1]![2]! + transition[1]![3]!)) /
      (stationary[0]! + stationary[1]!);
    expect(loss).toBeCloseTo(0.1, 1);
    expect(stationary[0]! + stationary[1]!).toBeCloseTo(0.75, 1);
  });

  test('gets likelier with every round', () => {
    const histories = [plain(3).slice(0, 900), plain(4).map((look, tick) => look && tick % 50 < 20)];

    const logs = [1, 2, 4, 8, 16].map(
      (maxSteps) => fitSpotZones(histories, { kindCount: 2, maxSteps, startCount: 1 }).logLikelihood,
    );

    // Counts added to keep probabilities above zero may cost a little.
    logs.slice(1).forEach((log, index) => {
      expect(log).toBeGreaterThan(logs[index]! - 0.5);
    });
  });

  test('gives chains that can be used, the same for the same seed', () => {
    const fit = () => fitSpotZones([plain(5)], { kindCount: 3, maxSteps: 5, startCount: 2, seed: 9 });

    expect(() => {
      checkZones(fit().model);
    }).not.toThrow();
    expect(fit()).toEqual(fit());
    expect(() => {
      checkZones(SPOT_ZONES);
    }).not.toThrow();
  });

  test('refuses what is no history', () => {
    expect(() => fitSpotZones([])).toThrow('histories must list at least one zone');
    expect(() => fitSpotZones([[true]])).toThrow('histories[0] must have two looks or more');
    expect(() => fitSpotZones([plain(1)], { lossRatio: 0 })).toThrow('lossRatio');
  });
});

describe('forwardBackward', () => {
  test('adds up every hidden path', () => {
    const start = [0.1, 0.4, 0.2, 0.3];
    const rows = [
      [0.5, 0.1, 0.3, 0.1],
      [0.05, 0.8, 0.05, 0.1],
      [0.3, 0.2, 0.4, 0.1],
      [0.1, 0.1, 0.1, 0.7],
    ];
    const history = [1, 1, 0, 0, 1];

    const { logLikelihood, first } = forwardBackward(
      Uint8Array.from(history),
      Float64Array.from(start),
      Float64Array.from(rows.flat()),
      { counts: new Float64Array(16), weight: 1 },
    );

    const byFirst = [0, 0, 0, 0];
    for (let path = 0; path < 4 ** 5; path++) {
      const states = history.map((_, tick) => Math.floor(path / 4 ** tick) % 4);
      if (states.some((state, tick) => (state < 2 ? 1 : 0) !== history[tick])) continue;
      byFirst[states[0]!]! += states
        .slice(1)
        .reduce((p, state, tick) => p * rows[states[tick]!]![state]!, start[states[0]!]!);
    }
    const total = byFirst.reduce((a, b) => a + b, 0);
    expect(Math.exp(logLikelihood)).toBeCloseTo(total, 12);
    byFirst.forEach((probability, state) => {
      expect(first[state]).toBeCloseTo(probability / total, 12);
    });
  });
});

function stationaryOf(transition: readonly (readonly number[])[]): number[] {
  let odds = [0.25, 0.25, 0.25, 0.25];
  for (let step = 0; step < 5_000; step++)
    odds = odds.map((_, to) => odds.reduce((sum, chance, from) => sum + chance * transition[from]![to]!, 0));
  return odds;
}
