import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHealthState, evaluateHealth, explainHealth } from '../src/autoscale/index.ts';
import type { HealthConfig, HealthObservation, HealthResult, HealthState } from '../src/index.ts';
import { deepFreeze } from './autoscale-arbitraries.ts';

const config: fc.Arbitrary<HealthConfig> = fc.record(
  {
    worseAfter: fc.integer({ min: 1, max: 4 }),
    betterAfter: fc.integer({ min: 1, max: 4 }),
    startupMs: fc.constantFrom(0, 15_000),
    coldStartMs: fc.constantFrom(0, 25_000),
  },
  { requiredKeys: ['worseAfter', 'betterAfter'] },
);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 4 });
const sight = fc.record({
  httpStatus: maybe(fc.constantFrom(200, 204, 429, 500, 503, 302, 'no-answer' as const)),
  latencyMs: maybe(fc.constantFrom(10, 200, 201, 5_000)),
  memoryBandwidthRatio: maybe(fc.constantFrom(0, 0.9, 0.95, 1)),
  timeToFirstTokenMs: maybe(fc.constantFrom(100, 501)),
  isThrottled: maybe(fc.boolean()),
  gpuFaults: fc.constantFrom(
    null,
    [],
    [{ kind: 'xid', value: 31, fault: 'application' as const }],
    [{ kind: 'xid', value: 999, fault: 'unknown' as const }],
  ),
});
type Sight = Omit<HealthObservation, 'nowMs'>;
const sights = fc.array(sight, { minLength: 1, maxLength: 20 });
const cardFault: Sight = { gpuFaults: [{ kind: 'xid', value: 79, fault: 'hardware' }] };

function watch(limits: HealthConfig, looks: readonly Sight[]): readonly HealthResult[] {
  const results: HealthResult[] = [];
  looks.forEach((look, index) => {
    const state = results.at(-1)?.state ?? createHealthState();
    const kept = JSON.parse(JSON.stringify(state)) as HealthState;
    results.push(evaluateHealth(deepFreeze(limits), deepFreeze(kept), deepFreeze({ nowMs: index * 10_000, ...look })));
  });
  return results;
}
const statusesOf = (results: readonly HealthResult[]) => results.map(({ decision }) => decision.status);
const runs = { numRuns: 300 };

describe('evaluateHealth', () => {
  test('is never sick while every probe is answered well, whatever latency, bandwidth, heat and tokens are', () => {
    fc.assert(
      fc.property(config, sights, (limits, looks) => {
        const answered = looks.map((look) => ({ ...look, httpStatus: look.httpStatus === 429 ? 429 : 200 }));

        expect(statusesOf(watch(limits, answered))).not.toContain('sick');
      }),
      runs,
    );
  });

  test('does not know without a probe, and does nothing', () => {
    fc.assert(
      fc.property(config, sights, sight, (limits, looks, last) => {
        const { decision } = watch(limits, [...looks, { ...last, httpStatus: null }]).at(-1)!;

        expect(decision).toEqual({ status: 'unknown', actions: [] });
      }),
      runs,
    );
  });

  test('a look without a probe does not change what the next one says', () => {
    fc.assert(
      fc.property(config, sights, (limits, looks) => {
        const wide = { ...limits, startupMs: 0, coldStartMs: 0 };
        const doubled = looks.flatMap((look) => [look, {}]);

        const every = statusesOf(watch(wide, doubled)).filter((_, index) => index % 2 === 0);

        expect(every).toEqual(statusesOf(watch(wide, looks)));
      }),
      runs,
    );
  });

  test('turns only after enough looks in a row', () => {
    fc.assert(
      fc.property(config, sights, (limits, looks) => {
        const seen = looks.map((look) => ({ ...look, httpStatus: look.httpStatus ?? 200 }));
        const isGood = seen.map(({ httpStatus }) => httpStatus === 200 || httpStatus === 204 || httpStatus === 429);
        const statuses = statusesOf(watch(limits, seen));

        statuses.forEach((status, index) => {
          const before = statuses[index - 1];
          if (before === undefined || (before === 'sick') === (status === 'sick')) return;
          const needed = status === 'sick' ? limits.worseAfter! : limits.betterAfter!;
          const last = isGood.slice(Math.max(0, index + 1 - needed), index + 1);
          expect(last).toEqual(new Array<boolean>(needed).fill(status !== 'sick'));
        });
      }),
      runs,
    );
  });

  test('never flaps while looks alternate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }),
        fc.integer({ min: 2, max: 4 }),
        fc.boolean(),
        (worse, better, first) => {
          const well = { httpStatus: 200, latencyMs: 10 };
          const bad = first ? { httpStatus: 500, latencyMs: 10 } : { httpStatus: 200, latencyMs: 900 };
          const looks = [
            ...new Array<Sight>(better).fill(well),
            ...Array.from({ length: 12 }, (_, k) => (k % 2 ? well : bad)),
          ];

          const statuses = statusesOf(watch({ worseAfter: worse, betterAfter: better }, looks)).slice(better - 1);

          expect(new Set(statuses)).toEqual(new Set(['healthy']));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('a card at fault is sick at once, with or without a probe', () => {
    fc.assert(
      fc.property(config, sights, sight, (limits, looks, last) => {
        const { decision } = watch(limits, [...looks, { ...last, ...cardFault }]).at(-1)!;

        expect(decision).toEqual({ status: 'sick', actions: ['replace'] });
      }),
      runs,
    );
  });

  test('asks for more replicas at most once in a cold start', () => {
    fc.assert(
      fc.property(config, sights, (limits, looks) => {
        const results = watch(limits, looks);

        const atMs = results.flatMap(({ decision }, index) =>
          decision.actions.includes('scale-up') ? [index * 10_000] : [],
        );
        atMs.slice(1).forEach((at, index) => {
          expect(at - atMs[index]!).toBeGreaterThanOrEqual(limits.coldStartMs ?? 120_000);
        });
      }),
      runs,
    );
  });

  test('is the same when called twice, and tells why', () => {
    fc.assert(
      fc.property(config, sights, (limits, looks) => {
        const results = watch(limits, looks);
        const last = results.at(-1)!;

        const again = evaluateHealth(limits, last.state, { nowMs: (looks.length - 1) * 10_000, ...looks.at(-1)! });

        expect(again.state).toEqual(last.state);
        expect(again.decision).toEqual(last.decision);
        for (const reason of results.flatMap(({ reasons }) => reasons))
          expect(explainHealth(reason)).toMatch(/^[A-Z].*\.$/);
      }),
      runs,
    );
  });
});
