import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../src/errors.ts';
import { checkJobs, checkNodes } from '../src/fleet/index.ts';
import { migGeometry } from '../src/mig/index.ts';
import { gpuNodeSchema, jobSchema, parseJobs, parseNodes } from '../src/schema/index.ts';

// Values that look right, look nearly right, or are wrong in a way JSON and JavaScript allow.
const whole = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 100_000 }) },
  fc.constantFrom(-1, 0.5, NaN, Infinity, '8', null),
);
const share = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 1_000 }) },
  fc.constantFrom(0, 1_001, 0.5, null),
);
const finite = fc.oneof(
  { weight: 6, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  fc.constantFrom(NaN, -Infinity, 'x', null),
);
const text = fc.oneof(
  { weight: 8, arbitrary: fc.string({ minLength: 1, maxLength: 4 }) },
  fc.constantFrom('', 7, null),
);
const flag = fc.oneof({ weight: 8, arbitrary: fc.boolean() }, fc.constantFrom('false', 0, null));
const id = fc.oneof({ weight: 10, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e') }, text);

const labelsOf = (value: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.dictionary(fc.string({ maxLength: 3 }), value, { maxKeys: 2 }) },
    fc.constantFrom(null, 'x', []),
  );
const marks = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(fc.record({ key: text, value: text }, { requiredKeys: ['key'] }), { maxLength: 2 }),
  },
  fc.constantFrom(null, {}),
);

const job = fc.record(
  {
    id,
    gpuCount: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(0, 1, 2, 8) }, whole),
    cpuMilli: whole,
    memoryMib: whole,
    gpuMilli: share,
    gpuMemoryMib: whole,
    gpuModels: fc.oneof({ weight: 6, arbitrary: fc.array(text, { maxLength: 2 }) }, fc.constantFrom('H100', null)),
    migProfile: text,
    priority: finite,
    gang: text,
    topology: fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record(
          { required: fc.constantFrom('nvlinkDomain', 'rack', 'zone', 'node', 7), prefersCompact: flag },
          { requiredKeys: [] },
        ),
      },
      fc.constantFrom('rack', null, []),
    ),
    tenant: text,
    runtimeMs: fc.oneof(finite, fc.integer({ min: 1 })),
    minRuntimeMs: fc.oneof(finite, fc.integer({ min: 0 })),
    zones: fc.oneof({ weight: 6, arbitrary: fc.array(text, { maxLength: 2 }) }, fc.constantFrom('east', null)),
    nodeLabels: labelsOf(fc.oneof(text, fc.array(text, { maxLength: 2 }))),
    tolerations: marks,
    isPreemptible: flag,
  },
  { requiredKeys: ['id', 'gpuCount', 'cpuMilli', 'memoryMib'] },
);

const gpu = fc.record(
  {
    model: text,
    memoryMib: whole,
    migInstances: fc.oneof(
      {
        weight: 6,
        arbitrary: fc.array(fc.record({ profile: text, start: whole, memoryMib: whole }), { maxLength: 2 }),
      },
      fc.constantFrom(null, {}),
    ),
    migGeometry: fc.constantFrom('H100-80GB', migGeometry('A30'), migGeometry('H200'), '', 7, null, {}),
  },
  { requiredKeys: ['model'] },
);
const node = fc.record(
  {
    id,
    gpus: fc.oneof({ weight: 8, arbitrary: fc.array(gpu, { maxLength: 2 }) }, fc.constantFrom(null, 8)),
    cpuMilli: whole,
    memoryMib: whole,
    pool: text,
    labels: labelsOf(text),
    zone: text,
    rack: text,
    nvlinkDomain: text,
    taints: marks,
    reservedFor: fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record(
          { tenants: fc.array(text, { maxLength: 2 }), jobIds: fc.array(text, { maxLength: 2 }) },
          { requiredKeys: [] },
        ),
      },
      fc.constantFrom('red', [], null),
    ),
    priceUsdPerHour: finite,
    idleWatts: finite,
    expiresAtMs: finite,
    isCordoned: flag,
  },
  { requiredKeys: ['id', 'gpus', 'cpuMilli', 'memoryMib'] },
);

type Fields = Readonly<Record<string, unknown>>;
const hasRepeatedId = (items: readonly Fields[]) => new Set(items.map((item) => item['id'])).size < items.length;
const isShare = (item: Fields) => (item['gpuMilli'] ?? 1_000) !== 1_000;
/** The only rules that no schema of one field can tell. */
const breaksRuleOfJobs = (jobs: readonly Fields[]) =>
  hasRepeatedId(jobs) ||
  jobs.some((item) => isShare(item) && item['gpuCount'] === 0) ||
  jobs.some((item) => item['migProfile'] !== undefined && item['gpuCount'] !== 1) ||
  jobs.some((item) => isShare(item) && item['migProfile'] !== undefined);

function isRefused(check: (value: never) => unknown, value: unknown): boolean {
  try {
    check(value as never);
    return false;
  } catch (error) {
    if (error instanceof InvalidInputError) return true;
    throw error;
  }
}

/** The same values without the fields that only the schema looks at. */
const without = (items: fc.Arbitrary<Fields>, ...names: readonly string[]) =>
  items.map((item) => Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(name))));

const RUNS = { numRuns: 2_000 };

describe('schemas and checks agree', () => {
  it('on jobs: what the schema accepts, the check refuses only for rules between fields or items', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(job, { maxLength: 3 }), (jobs) => {
        if (isRefused(parseJobs, jobs)) return;
        accepted += 1;
        expect(isRefused(checkJobs, jobs)).toBe(breaksRuleOfJobs(jobs));
      }),
      RUNS,
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('on nodes: what the schema accepts, the check refuses only for a repeated id', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(node, { maxLength: 3 }), (nodes) => {
        if (isRefused(parseNodes, nodes)) return;
        accepted += 1;
        expect(isRefused(checkNodes, nodes)).toBe(hasRepeatedId(nodes));
      }),
      RUNS,
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('on jobs: what the schema refuses, the check refuses too', () => {
    fc.assert(
      fc.property(job, (one) => {
        if (!jobSchema.safeParse(one).success) expect(isRefused(checkJobs, [one])).toBe(true);
      }),
      RUNS,
    );
  });

  it('on nodes without a pool: what the schema refuses, the check refuses too', () => {
    fc.assert(
      fc.property(without(node, 'pool'), (one) => {
        if (!gpuNodeSchema.safeParse(one).success) expect(isRefused(checkNodes, [one])).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('parsing', () => {
  it('gives back an equal copy of whatever it accepts', () => {
    fc.assert(
      fc.property(fc.array(node, { maxLength: 2 }), (nodes) => {
        if (!isRefused(parseNodes, nodes)) expect(parseNodes(nodes)).toEqual(nodes);
      }),
      RUNS,
    );
  });

  it('never throws anything but InvalidInputError, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        isRefused(parseNodes, value);
        isRefused(parseJobs, value);
      }),
      RUNS,
    );
  });

  it('refuses a field that is not known, wherever it stands', () => {
    const known = { id: 'a', gpuCount: 1, cpuMilli: 1, memoryMib: 1 };
    const name = fc.string({ minLength: 1 }).filter((key) => !(key in jobSchema.shape) && key !== '__proto__');
    fc.assert(
      fc.property(name, (key) => {
        expect(isRefused(parseJobs, [{ ...known, [key]: 1 }])).toBe(true);
      }),
    );
  });
});
