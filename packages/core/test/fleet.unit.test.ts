import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../src/errors.ts';
import { checkJob, checkJobs, checkNode, checkNodes } from '../src/fleet/index.ts';

type Fields = Record<string, unknown>;
const node = (fields: Fields = {}) => ({
  id: 'n1',
  gpus: [{ model: 'H100' }],
  cpuMilli: 64_000,
  memoryMib: 524_288,
  ...fields,
});
const job = (fields: Fields = {}) => ({ id: 'j1', gpuCount: 1, cpuMilli: 1_000, memoryMib: 1_024, ...fields });
const gpu = (fields: Fields) => node({ gpus: [{ model: 'H100' }, { model: 'H100', ...fields }] });
const mig = (fields: Fields) => gpu({ migInstances: [{ profile: '1g.10gb', start: 0, ...fields }] });

/** What a reader of the error sees; `undefined` when the check accepts the value. */
function refusalOf(check: (value: never) => void, value: unknown) {
  try {
    check(value as never);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const { code, field, value, message, hint } = error;
    return { code, field, value, message, hint };
  }
  return undefined;
}

/** A rule of a field: the words of the message, and values that break it. */
interface Rule {
  readonly says: string;
  readonly wrong: readonly unknown[];
}
const optionalWhole: Rule = {
  says: 'must be a whole number >= 0',
  wrong: [NaN, Infinity, -1, 0.5, 2 ** 53, '8', null],
};
const whole: Rule = { ...optionalWhole, wrong: [...optionalWhole.wrong, undefined] };
const amount: Rule = { says: 'must be a finite number >= 0', wrong: [NaN, Infinity, -1, '8', null] };
const finite: Rule = { says: 'must be a finite number', wrong: [NaN, Infinity, -Infinity, '8', null] };
const share: Rule = { says: 'must be a whole number from 1 to 1000', wrong: [NaN, -1, 0, 0.5, 1_001, null] };
const runtime: Rule = { says: 'must be a finite number >= 1', wrong: [NaN, Infinity, -1, 0, 0.5, null] };
const optionalText: Rule = { says: 'must be a non-empty string', wrong: ['', 7, null] };
const text: Rule = { ...optionalText, wrong: ['', 7, null, undefined] };
const flag: Rule = { says: 'must be true or false', wrong: ['false', 0, null] };
const list: Rule = { says: 'must be a list', wrong: [null, 8, {}, 'H100'] };
const string: Rule = { says: 'must be a string', wrong: [7, null, undefined, {}] };
const optionalString: Rule = { ...string, wrong: [7, null, {}] };
const object: Rule = { says: 'must be an object', wrong: [null, 'H100', []] };

const need: Rule = { says: 'must require a level or prefer to be compact', wrong: [{}, { prefersCompact: false }] };
const level: Rule = { says: 'must be one of nvlinkDomain, rack, zone', wrong: ['node', '', 8, null] };

const core = '1 core is 1000 milli-cores.';
const gib = '1 GiB is 1024 MiB.';
const boolean = 'Pass a boolean, or leave it out.';
const plain = 'Pass plain data, one object an item.';
type Row = readonly [field: string, make: (value: unknown) => unknown, rule: Rule, hint?: string];

const nodeRows: readonly Row[] = [
  ['cpuMilli', (cpuMilli) => node({ cpuMilli }), whole, core],
  ['memoryMib', (memoryMib) => node({ memoryMib }), whole, gib],
  ['priceUsdPerHour', (priceUsdPerHour) => node({ priceUsdPerHour }), amount],
  ['idleWatts', (idleWatts) => node({ idleWatts }), amount],
  ['expiresAtMs', (expiresAtMs) => node({ expiresAtMs }), finite, 'Leave it out if the node stays.'],
  ['isCordoned', (isCordoned) => node({ isCordoned }), flag, boolean],
  ['zone', (zone) => node({ zone }), optionalText, 'Leave it out if the node is in no zone.'],
  ['rack', (rack) => node({ rack }), optionalText, 'Leave it out if the node is in no rack.'],
  ['nvlinkDomain', (nvlinkDomain) => node({ nvlinkDomain }), optionalText],
  ['labels', (labels) => node({ labels }), object, plain],
  ["labels['disk']", (disk) => node({ labels: { disk } }), string],
  ['taints', (taints) => node({ taints }), list, 'Leave taints out if there are none.'],
  ['taints[0]', (first) => node({ taints: [first] }), object, plain],
  ['taints[0].key', (key) => node({ taints: [{ key }] }), text],
  ['taints[0].value', (value) => node({ taints: [{ key: 'k', value }] }), optionalString],
  ['reservedFor', (reservedFor) => node({ reservedFor }), object, plain],
  ['reservedFor.tenants', (tenants) => node({ reservedFor: { tenants } }), list, 'Pass a list of tenants.'],
  ['reservedFor.jobIds[0]', (id) => node({ reservedFor: { jobIds: [id] } }), text],
  ['gpus', (gpus) => node({ gpus }), list, 'Pass [] for a CPU node.'],
  ['gpus[0]', (first) => node({ gpus: [first] }), object, plain],
  ['gpus[1].model', (model) => gpu({ model }), text, 'Use the name your jobs use in gpuModels.'],
  ['gpus[1].memoryMib', (memoryMib) => gpu({ memoryMib }), optionalWhole, gib],
  ['gpus[1].migInstances', (migInstances) => gpu({ migInstances }), list, 'Leave it out if the GPU is not cut.'],
  ['gpus[1].migInstances[0]', (first) => gpu({ migInstances: [first] }), object, plain],
  ['gpus[1].migInstances[0].profile', (profile) => mig({ profile }), text],
  ['gpus[1].migInstances[0].start', (start) => mig({ start }), whole],
  ['gpus[1].migInstances[0].memoryMib', (memoryMib) => mig({ memoryMib }), optionalWhole, gib],
];

const jobRows: readonly Row[] = [
  ['gpuCount', (gpuCount) => job({ gpuCount }), whole, 'Ask for a share of one GPU with gpuCount 1 and gpuMilli.'],
  ['cpuMilli', (cpuMilli) => job({ cpuMilli }), whole, core],
  ['memoryMib', (memoryMib) => job({ memoryMib }), whole, gib],
  ['gpuMilli', (gpuMilli) => job({ gpuMilli }), share, '1000 milli-GPU are one GPU.'],
  ['gpuMemoryMib', (gpuMemoryMib) => job({ gpuMemoryMib }), optionalWhole, gib],
  ['priority', (priority) => job({ priority }), finite],
  ['runtimeMs', (runtimeMs) => job({ runtimeMs }), runtime, 'Leave it out if it is not known.'],
  ['minRuntimeMs', (ms) => job({ minRuntimeMs: ms }), amount, 'Leave it out if the job may be moved at any time.'],
  ['tenant', (tenant) => job({ tenant }), optionalText, 'Leave it out for a job of no tenant.'],
  ['zones', (zones) => job({ zones }), list, 'Leave zones out to allow any zone.'],
  ['zones[1]', (zone) => job({ zones: ['z', zone] }), text],
  ['nodeLabels', (nodeLabels) => job({ nodeLabels }), object, plain],
  ["nodeLabels['disk'][0]", (disk) => job({ nodeLabels: { disk: [disk] } }), string],
  ['tolerations[0].key', (key) => job({ tolerations: [{ key }] }), text],
  ['migProfile', (migProfile) => job({ migProfile }), optionalText],
  ['gang', (gang) => job({ gang }), optionalText, 'Leave gang out for a job that starts alone.'],
  ['topology', (topology) => job({ topology }), object, plain],
  ['topology', (topology) => job({ topology }), need, 'Leave it out for a gang that may be spread.'],
  ['topology.required', (required) => job({ topology: { required } }), level, 'Leave it out if no level is meant.'],
  ['topology.prefersCompact', (prefersCompact) => job({ topology: { prefersCompact } }), flag, boolean],
  ['isPreemptible', (isPreemptible) => job({ isPreemptible }), flag, boolean],
  ['gpuModels', (gpuModels) => job({ gpuModels }), list, "Pass a list, also for one model: ['H100']."],
  ['gpuModels[1]', (model) => job({ gpuModels: ['H100', model] }), text],
];

describe.each([
  ['checkNode', checkNode, "node 'n1'", nodeRows],
  ['checkJob', checkJob, "job 'j1'", jobRows],
] as const)('%s', (_, check, owner, rows) => {
  const cases = rows.map(([name, make, rule, hint]) => ({ name, make, rule, hint }));
  it.each(cases)('refuses a wrong $name and names it, its value and the remedy', ({ name, make, rule, hint }) => {
    for (const value of rule.wrong) {
      const refusal = refusalOf(check, make(value));

      const field = `${name} of ${owner}`;
      expect(refusal, `value ${String(value)}`).toMatchObject({ code: 'SPILLWAY_INVALID_INPUT', field, value });
      expect(refusal?.message).toContain(`${field} ${rule.says}, got `);
      if (hint !== undefined) expect(refusal?.hint).toBe(hint);
    }
  });
});

describe('checkNodes and checkJobs', () => {
  const lists = [
    ['nodes', checkNodes, node],
    ['jobs', checkJobs, job],
  ] as const;

  it.each(lists)('refuse a list of %s that is no list', (name, check) => {
    for (const value of [undefined, null, {}, 'a']) {
      expect(refusalOf(check, value)).toMatchObject({
        field: name,
        value,
        hint: 'Pass an array, empty if there are none.',
      });
    }
  });

  it.each(lists)('refuse an item of %s that is no object', (name, check, make) => {
    for (const value of [null, undefined, 7, 'a', []]) {
      expect(refusalOf(check, [make(), value])).toMatchObject({
        field: `${name}[1]`,
        value,
        hint: 'Pass plain data, one object an item.',
      });
    }
  });

  it.each(lists)('refuse an id of %s that is empty or no string', (name, check, make) => {
    for (const id of ['', 7, null, undefined]) {
      expect(refusalOf(check, [make({ id: 'x' }), make({ id })])).toMatchObject({
        field: `${name}[1].id`,
        value: id,
        hint: 'Give every item an id that is unique in its list.',
      });
    }
  });

  it.each(lists)('refuse an id of %s that comes twice, and name the second', (name, check, make) => {
    expect(refusalOf(check, [make({ id: 'x' }), make({ id: 'y' }), make({ id: 'x' })])).toEqual({
      code: 'SPILLWAY_INVALID_INPUT',
      field: `${name}[2].id`,
      value: 'x',
      message: `${name}[2].id must be unique, got 'x'`,
      hint: "Remove or rename the second 'x'.",
    });
  });

  it.each(lists)('look at every item of %s, not only the first', (_, check, make) => {
    expect(refusalOf(check, [make({ id: 'x' }), make({ id: 'y', cpuMilli: -1 })])).toMatchObject({ value: -1 });
  });

  it.each(lists)('accept the empty list of %s', (_, check) => {
    expect(refusalOf(check, [])).toBeUndefined();
  });
});

describe('rules that name nobody and nothing', () => {
  it('are refused, because they would keep everything away', () => {
    for (const reservedFor of [{}, { tenants: [] }, { tenants: [], jobIds: [] }]) {
      expect(refusalOf(checkNode, node({ reservedFor }))).toMatchObject({
        field: "reservedFor of node 'n1'",
        hint: 'Leave it out for a node that all may use; cordon one that nobody may use.',
      });
    }
    expect(refusalOf(checkJob, job({ zones: [] }))).toMatchObject({ field: "zones of job 'j1'" });
    const nodeLabels = { disk: [] };
    expect(refusalOf(checkJob, job({ nodeLabels }))).toMatchObject({ field: "nodeLabels['disk'] of job 'j1'" });
  });
});

describe('checkNode', () => {
  it('refuses a node without an id, also outside a list', () => {
    expect(refusalOf(checkNode, node({ id: '' }))).toMatchObject({ field: 'id of the node', value: '' });
    expect(refusalOf(checkNode, null)).toMatchObject({ field: 'node', value: null });
  });

  it('accepts a CPU node, a node of size 0 and a node with every field', () => {
    expect(refusalOf(checkNode, node({ gpus: [], cpuMilli: 0, memoryMib: 0 }))).toBeUndefined();
    expect(
      refusalOf(
        checkNode,
        node({
          gpus: [
            { model: 'A100', memoryMib: 40_960, migInstances: [{ profile: '1g.5gb', start: 0, memoryMib: 4_864 }] },
          ],
          priceUsdPerHour: 0,
          idleWatts: 0.5,
          expiresAtMs: -1,
          isCordoned: false,
          labels: {},
        }),
      ),
    ).toBeUndefined();
  });
});

describe('checkJob', () => {
  it('refuses a job without an id, also outside a list', () => {
    expect(refusalOf(checkJob, job({ id: '' }))).toMatchObject({ field: 'id of the job', value: '' });
    expect(refusalOf(checkJob, undefined)).toMatchObject({ field: 'job', value: undefined });
  });

  it('refuses a share of no GPU', () => {
    expect(refusalOf(checkJob, job({ gpuCount: 0, gpuMilli: 500 }))).toMatchObject({
      field: "gpuMilli of job 'j1'",
      value: 500,
      message: "gpuMilli of job 'j1' must be absent or 1000 when gpuCount is 0, got 500",
      hint: 'A share is a share of each GPU: set gpuCount to 1 or more, or drop gpuMilli.',
    });
  });

  it.each([{ gpuCount: 0 }, { gpuCount: 2 }, { gpuCount: 1, gpuMilli: 500 }])(
    'refuses a MIG profile with %o',
    (fields) => {
      expect(refusalOf(checkJob, job({ ...fields, migProfile: '1g.10gb' }))).toMatchObject({
        field: "migProfile of job 'j1'",
        value: '1g.10gb',
        hint: 'A MIG job takes one instance of one GPU.',
      });
    },
  );

  it('refuses an empty list of models, which would allow none', () => {
    expect(refusalOf(checkJob, job({ gpuModels: [] }))).toEqual({
      code: 'SPILLWAY_INVALID_INPUT',
      field: "gpuModels of job 'j1'",
      value: [],
      message: "gpuModels of job 'j1' must be absent or name a model, got an empty list",
      hint: 'Leave gpuModels out to allow any model.',
    });
  });

  it('accepts shares of one GPU, whole GPUs, MIG jobs and CPU jobs', () => {
    const fine = [
      { gpuMilli: 1 },
      { gpuMilli: 1_000 },
      { gpuCount: 8, gpuMilli: 1_000 },
      { gpuCount: 2, gpuMilli: 500 },
      { gpuCount: 0 },
      { migProfile: '1g.10gb' },
      { migProfile: '1g.10gb', gpuMilli: 1_000 },
      { gpuModels: ['H100'], gang: 'g', priority: -3.5, runtimeMs: 1, isPreemptible: true, gpuMemoryMib: 0 },
    ];
    for (const fields of fine) expect(refusalOf(checkJob, job(fields)), JSON.stringify(fields)).toBeUndefined();
  });
});
