import fc from 'fast-check';
import type { Gpu, GpuNode, Job, MigGeometry, WorkloadShape } from '../src/index.ts';

/** The present in generated problems; nodes expire and jobs end around it. */
export const NOW_MS = 1_000;

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
/** Drops the fields that are undefined: absent and undefined are not the same in the public types. */
const compact = (value: object): unknown =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));

const plainGpu = fc
  .record({ model: fc.constantFrom('A', 'B'), memoryMib: optional(fc.constantFrom(10_000, 40_000)) })
  .map((gpu) => compact(gpu) as Gpu);
const cutGpu = fc
  .record({
    model: fc.constantFrom('A', 'B'),
    migInstances: fc
      .subarray(
        [
          { profile: '1g', start: 0, memoryMib: 5_000 },
          { profile: '1g', start: 1 },
          { profile: '2g', start: 2, memoryMib: 10_000 },
        ],
        { minLength: 1 },
      )
      .chain((instances) => fc.shuffledSubarray(instances, { minLength: instances.length })),
  })
  .map((gpu) => gpu as Gpu);
/** A card in which starts overlap, and memory, compute, numbers and media engines all bind. Names are those that jobs ask for. */
export const GEOMETRY: MigGeometry = {
  name: 'small',
  memorySlices: 4,
  computeSlices: 4,
  startsSource: 'assumed',
  profiles: [
    { name: '1g', computeSlices: 1, memorySlices: 1, starts: [0, 1, 2, 3], maxInstances: 3, memoryMib: 5_000 },
    { name: '2g', computeSlices: 3, memorySlices: 2, starts: [0, 1, 2], hasMediaExtensions: true },
    { name: '7g', computeSlices: 4, memorySlices: 3, starts: [0, 1], memoryMib: 40_000 },
  ],
};
/** A GPU that is cut as jobs come. */
const anewGpu = fc
  .constantFrom('A', 'B')
  .chain((model) =>
    fc.constantFrom(GEOMETRY, { ...GEOMETRY, computeSlices: 6 }).map((migGeometry): Gpu => ({ model, migGeometry })),
  );

/** A node; `id` is to be made unique by {@link fleet}. */
const node = fc
  .record({
    gpus: fc.array(
      fc.oneof({ arbitrary: plainGpu, weight: 5 }, { arbitrary: cutGpu, weight: 1 }, { arbitrary: anewGpu, weight: 1 }),
      { maxLength: 4 },
    ),
    cpuMilli: fc.integer({ min: 0, max: 8 }).map((cores) => cores * 1_000),
    memoryMib: fc.integer({ min: 0, max: 8 }).map((gib) => gib * 1_024),
    expiresAtMs: fc.oneof(
      { arbitrary: fc.constant(undefined), weight: 4 },
      { arbitrary: fc.integer({ min: 500, max: 3_000 }), weight: 1 },
    ),
    isCordoned: fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, { arbitrary: fc.boolean(), weight: 1 }),
  })
  .map((fields) => compact(fields) as Omit<GpuNode, 'id'>);

/** A small fleet with mixed nodes; ids do not follow the order of the list. */
export function fleet(maxLength = 6): fc.Arbitrary<readonly GpuNode[]> {
  return fc
    .tuple(fc.array(node, { maxLength }), fc.infiniteStream(fc.integer({ min: 0, max: 99 })))
    .map(([nodes, salts]) => nodes.map((fields, index) => ({ id: `n${salts.next().value}-${index}`, ...fields })));
}

const sizes = [
  fc.constant({ gpuCount: 0 }),
  fc.constantFrom(1, 200, 500, 810, 1_000).map((gpuMilli) => ({ gpuCount: 1, gpuMilli })),
  fc.constantFrom(200, 500).map((gpuMilli) => ({ gpuCount: 1, gpuMilli })),
  fc.integer({ min: 1, max: 4 }).map((gpuCount) => ({ gpuCount })),
  fc.constantFrom('1g', '2g', '7g').map((migProfile) => ({ gpuCount: 1, migProfile })),
];
/** Shares of several GPUs. */
const spread = fc.record({ gpuCount: fc.constantFrom(2, 3), gpuMilli: fc.constantFrom(200, 500, 810) });
const size = fc.oneof(...sizes.map((arbitrary) => ({ arbitrary, weight: 3 })), { arbitrary: spread, weight: 1 });
const rare = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 3 }, { arbitrary: value, weight: 1 });

/** What a job asks for, without an id and a gang. */
export const demand: fc.Arbitrary<Omit<Job, 'id'>> = fc
  .record({
    size,
    cpuMilli: fc.constantFrom(0, 500, 1_000, 3_000),
    memoryMib: fc.constantFrom(0, 512, 2_048),
    gpuMemoryMib: rare(fc.constantFrom(4_000, 10_000, 30_000)),
    gpuModels: rare(fc.constantFrom(['A'], ['B'], ['A', 'B'], ['Z'])),
    runtimeMs: rare(fc.integer({ min: 1, max: 2_500 })),
    priority: rare(fc.integer({ min: -1, max: 2 })),
  })
  .map(({ size: { ...fields }, ...rest }) => compact({ ...fields, ...rest }) as Omit<Job, 'id'>);

/** Jobs with the ids `j0`, `j1` and so on, some in gangs. */
export function jobs(
  options: { readonly minLength?: number; readonly maxLength?: number; readonly hasGangs?: boolean } = {},
): fc.Arbitrary<readonly Job[]> {
  const { minLength = 0, maxLength = 20, hasGangs = true } = options;
  const gang = hasGangs ? rare(fc.constantFrom('g', 'h')) : fc.constant(undefined);
  return fc
    .array(fc.tuple(demand, gang), { minLength, maxLength })
    .map((list) => list.map(([job, name], index) => compact({ id: `j${index}`, ...job, gang: name }) as Job));
}

const nodeRules = fc.record({
  zone: optional(fc.constantFrom('east', 'west')),
  labels: fc.constantFrom(undefined, {}, { disk: 'ssd' }, { disk: 'hdd', net: '' }),
  taints: rare(
    fc.constantFrom(
      [{ key: 'spot' }],
      [
        { key: 'team', value: 'ml' },
        { key: 'spot', value: '' },
      ],
    ),
  ),
  reservedFor: rare(
    fc.constantFrom({ tenants: ['red'] }, { jobIds: ['j1', 'j3'] }, { tenants: ['blue'], jobIds: ['j0', 'j3'] }),
  ),
});
const jobRules = fc.record({
  tenant: rare(fc.constantFrom('red', 'blue', 'green')),
  zones: rare(fc.constantFrom(['east'], ['west', 'east'], ['north'])),
  nodeLabels: rare(fc.constantFrom({ disk: 'ssd' }, { disk: ['ssd', 'hdd'] }, { disk: 'hdd', net: [''] }, { x: '' })),
  tolerations: rare(
    fc.constantFrom([{ key: 'spot' }], [{ key: 'team', value: 'ml' }], [{ key: 'spot', value: '' }, { key: 'team' }]),
  ),
});

/** A small fleet whose nodes lie in zones and have labels, some with taints or kept for someone. */
export function ruledFleet(maxLength = 6): fc.Arbitrary<readonly GpuNode[]> {
  const rules = fc.array(nodeRules, { minLength: maxLength, maxLength });
  return fc
    .tuple(fleet(maxLength), rules)
    .map(([nodes, list]) => nodes.map((node, index) => compact({ ...node, ...list[index] }) as GpuNode));
}

/** The jobs of {@link jobs}, some for tenants, zones or nodes with labels, or tolerant of taints. */
export function ruledJobs(options: Parameters<typeof jobs>[0] = {}): fc.Arbitrary<readonly Job[]> {
  const { maxLength = 20 } = options;
  return fc
    .tuple(jobs(options), fc.array(jobRules, { minLength: maxLength, maxLength }))
    .map(([list, rules]) => list.map((job, index) => compact({ ...job, ...rules[index] }) as Job));
}

/** A mix of work; weights are whole, so that sums are exact in any order. */
export const workload: fc.Arbitrary<readonly WorkloadShape[]> = fc.array(
  fc.record({ job: demand, weight: fc.integer({ min: 1, max: 9 }) }),
  { minLength: 1, maxLength: 6 },
);
