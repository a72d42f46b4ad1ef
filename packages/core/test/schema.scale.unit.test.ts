import { describe, expect, test } from 'vitest';
import {
  autoscaleAsHpa,
  autoscaleAsKpa,
  autoscaleAsSkyServe,
  autoscaleNodes,
  createAutoscaleNodesState,
  createHealthState,
  createHpaState,
  createKpaState,
  createSkyServeState,
  evaluateHealth,
  recover,
} from '../src/index.ts';
import * as schema from '../src/schema/index.ts';
import { scaleSamples } from './schema-scale-samples.ts';

type Name = keyof typeof scaleSamples;
const names = Object.keys(scaleSamples) as Name[];
const parserOf = (name: Name): ((value: unknown) => unknown) => schema[`parse${name}`];

/** Every path to a value of a sample, as keys. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]));
}
function withValue(sample: unknown, path: readonly string[], value: unknown): unknown {
  const copy = structuredClone(sample);
  const owner = path.slice(0, -1).reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], copy);
  (owner as Record<string, unknown>)[path.at(-1)!] = value;
  return copy;
}

describe('schemas of scaling', () => {
  test.each(names)('pass a whole %s unchanged', (name) => {
    const before = structuredClone(scaleSamples[name]);

    expect(parserOf(name)(scaleSamples[name])).toStrictEqual(before);
  });

  test.each(names)('refuse every field of %s that is not what it should be, and a field that nobody reads', (name) => {
    for (const path of pathsOf(scaleSamples[name])) {
      expect(() => parserOf(name)(withValue(scaleSamples[name], path, { wrong: true })), path.join('.')).toThrow(
        expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT' }) as Error,
      );
    }
    expect(() => parserOf(name)({ ...scaleSamples[name], extra: 1 })).toThrow(
      expect.objectContaining({ field: 'extra' }) as Error,
    );
  });

  test('name the field and the rule', () => {
    expect(() => schema.parseHealthObservation({ nowMs: 0, httpStatus: 99 })).toThrow(
      'httpStatus must be a whole number from 100 to 599, got 99',
    );
    expect(() => schema.parseJobFailure({ kind: 'evicted', atMs: 0 })).toThrow(
      expect.objectContaining({ field: 'kind' }) as Error,
    );
  });

  test('pass what the reducers give back', () => {
    const hpa = schema.parseHpaConfig({
      minReplicas: 1,
      maxReplicas: 5,
      metrics: [{ kind: 'value', targetMilli: 100 }],
    });
    const pods = [{ phase: 'running', isReady: true }] as const;
    const hpaState = autoscaleAsHpa(hpa, createHpaState(), {
      nowMs: 0,
      currentReplicas: 1,
      pods,
      metrics: [{ valueMilli: 300 }],
    }).state;
    const kpaState = autoscaleAsKpa(
      { targetPerReplica: 1, totalPerReplica: 1, burstCapacity: 0, scaleDownDelayMs: 5 },
      createKpaState(),
      {
        nowMs: 0,
        readyReplicas: 1,
        stableValue: 9,
        panicValue: 9,
      },
    ).state;
    const skyState = autoscaleAsSkyServe({ minReplicas: 0, maxReplicas: 5, targetQps: 1 }, createSkyServeState(), {
      nowMs: 0,
      requestCount: 90,
    }).state;
    const healthState = evaluateHealth({}, createHealthState(), {
      nowMs: 0,
      httpStatus: 200,
      timeToFirstTokenMs: 900,
    }).state;
    const seen = { nowMs: 0, nodes: [], running: [], pending: [] };
    const nodesState = autoscaleNodes({ tiers: [] }, createAutoscaleNodesState(), seen).state;
    const recovered = recover({ id: 'j', startedAtMs: 0, place: 'a' }, { kind: 'preempted', atMs: 1 }).state;

    expect(schema.parseHpaState(JSON.parse(JSON.stringify(hpaState)))).toEqual(hpaState);
    expect(schema.parseKpaState(JSON.parse(JSON.stringify(kpaState)))).toEqual(kpaState);
    expect(schema.parseSkyServeState(JSON.parse(JSON.stringify(skyState)))).toEqual(skyState);
    expect(schema.parseHealthState(JSON.parse(JSON.stringify(healthState)))).toEqual(healthState);
    expect(schema.parseAutoscaleNodesState(JSON.parse(JSON.stringify(nodesState)))).toEqual(nodesState);
    expect(schema.recoverStateSchema.parse(JSON.parse(JSON.stringify(recovered)))).toEqual(recovered);
  });
});
