import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../src/errors.ts';
import {
  carbonSeriesSchema,
  parseAdmitInput,
  parseAutoscaleConfig,
  parseAutoscaleObservation,
  parseAutoscaleState,
  parseConsolidateInput,
  parseAdaptiveBandsState,
  parseDeadlineJobConfig,
  parseDeadlineJobState,
  parseDeadlineObservation,
  parseDecayedHistogramState,
  parseEwmaState,
  parseFewestNodesInput,
  parseJobs,
  parseNodes,
  parsePackInput,
  parsePackMigInput,
  parsePlaceMigInput,
  parsePlaceReplicasInput,
  parsePlanGangPreemptionInput,
  parsePlanPreemptionInput,
  parsePlanSpotConfig,
  parsePlanSpotObservation,
  parsePlanSpotState,
  parseRepartitionMigInput,
  parseLexicographicOrder,
  parseReplanInput,
  parseSampledPaths,
  parseScheduleLimits,
  parseScheduleProblem,
  parseSpotZoneModel,
  seriesSchema,
} from '../src/schema/index.ts';
import {
  node,
  fullNode,
  job,
  fullJob,
  packInput,
  fewestInput,
  placeMigInput,
  packMigInput,
  repartitionMigInput,
  consolidateInput,
  planGangPreemptionInput,
  planPreemptionInput,
  admitInput,
  slot,
  carbon,
  constrainedProblem,
  paths,
  replanInput,
  problem,
  config,
  observation,
  state,
  spillover,
  planSpotConfig,
  planSpotSight,
  planSpotState,
  spotZones,
  deadlineJob,
  deadlineSight,
  deadlineState,
  ewma,
  histogram,
  bands,
} from './schema-samples.ts';

/** A deep copy with the value at a path replaced, or removed when it is `undefined`. */
function changed(input: unknown, path: string, value: unknown): unknown {
  const copy = structuredClone(input);
  const keys = path.split('.');
  const last = keys.pop()!;
  const owner = keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], copy) as never;
  if (value === undefined) Reflect.deleteProperty(owner, last);
  else (owner as Record<string, unknown>)[last] = value;
  return copy;
}

function refusalOf(parse: (value: unknown) => unknown, value: unknown): InvalidInputError {
  try {
    parse(value);
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('good input', () => {
  it.each([
    ['parseNodes', parseNodes, [node, fullNode]],
    ['parseJobs', parseJobs, [job, fullJob]],
    ['parseNodes of none', parseNodes, []],
    ['parsePackInput', parsePackInput, packInput],
    ['parsePackInput of the least', parsePackInput, { nodes: [], jobs: [] }],
    ['parseConsolidateInput', parseConsolidateInput, consolidateInput],
    ['parseFewestNodesInput', parseFewestNodesInput, fewestInput],
    ['parseFewestNodesInput of the least', parseFewestNodesInput, { nodes: [], jobs: [] }],
    ['parsePlaceMigInput', parsePlaceMigInput, placeMigInput],
    ['parsePlaceMigInput of the least', parsePlaceMigInput, { cards: [], profile: 'x' }],
    ['parsePackMigInput', parsePackMigInput, packMigInput],
    ['parseRepartitionMigInput', parseRepartitionMigInput, repartitionMigInput],
    ['parsePlanGangPreemptionInput', parsePlanGangPreemptionInput, planGangPreemptionInput],
    ['parsePlanPreemptionInput', parsePlanPreemptionInput, planPreemptionInput],
    ['parseAdmitInput', parseAdmitInput, admitInput],
    ['parseScheduleProblem', parseScheduleProblem, problem],
    ['parseScheduleProblem with constraints', parseScheduleProblem, constrainedProblem],
    ['parseReplanInput', parseReplanInput, replanInput],
    ['parseScheduleLimits', parseScheduleLimits, { carbonGrams: 0, costUsd: -1.5 }],
    ['parseLexicographicOrder', parseLexicographicOrder, { first: 'carbon', toleranceRatio: 0.1 }],
    ['parseSampledPaths', parseSampledPaths, paths],
    ['parseScheduleProblem by carbon', parseScheduleProblem, { ...problem, objective: { kind: 'carbon' } }],
    ['parseAutoscaleConfig', parseAutoscaleConfig, config],
    ['parseAutoscaleObservation', parseAutoscaleObservation, observation],
    ['parseAutoscaleState', parseAutoscaleState, state],
    ['parsePlaceReplicasInput', parsePlaceReplicasInput, spillover],
    ['parseDeadlineJobConfig', parseDeadlineJobConfig, deadlineJob],
    ['parseDeadlineObservation', parseDeadlineObservation, deadlineSight],
    ['parseDeadlineJobState', parseDeadlineJobState, deadlineState],
    ['parsePlanSpotConfig', parsePlanSpotConfig, planSpotConfig],
    ['parsePlanSpotObservation', parsePlanSpotObservation, planSpotSight],
    ['parsePlanSpotState', parsePlanSpotState, planSpotState],
    ['parseSpotZoneModel', parseSpotZoneModel, spotZones],
    ['parseEwmaState', parseEwmaState, ewma],
    ['parseDecayedHistogramState', parseDecayedHistogramState, histogram],
    ['parseAdaptiveBandsState', parseAdaptiveBandsState, bands],
  ] as const)('passes %s unchanged', (_, parse, value) => {
    const before = structuredClone(value);

    const parsed: unknown = parse(value);

    expect(parsed).toStrictEqual(before);
    expect(value).toStrictEqual(before);
  });

  it('passes series of every unit', () => {
    for (const unit of ['gCO2e/kWh', 'USD/kWh', 'USD/GPU-hour', '1/s', 'ratio', '1']) {
      expect(seriesSchema.parse({ ...slot, unit, values: [] })).toStrictEqual({ ...slot, unit, values: [] });
    }
    expect(carbonSeriesSchema.parse(carbon)).toStrictEqual(carbon);
  });
});

const WHOLE = 'must be a whole number >= 0';
const AMOUNT = 'must be a finite number >= 0';
const NAME = 'must be a non-empty string';
const SLICES = 'must be a whole number from 1 to 12';
const ONE = 'must be a list with at least one item';
const MODEL = 'must be a model name or a well-formed geometry';
const CARD = 'must be the name of a card or a well-formed geometry';
const BOTH = { model: 'A30', migGeometry: 'A30', migInstances: [{ profile: '1g.6gb', start: 0 }] };
const UNKNOWN = 'must be absent: no such field is known';

// Each row: the path changed, the wrong value, the field as the error names it, the rule in words.
const packRows = [
  ['nodes', undefined, 'nodes', 'must be a list'],
  ['nodes.1', 'n2', 'nodes[1]', 'must be an object'],
  ['nodes.0.id', '', 'nodes[0].id', 'must be a non-empty string'],
  ['nodes.0.cpuMilli', -1, 'nodes[0].cpuMilli', WHOLE],
  ['nodes.0.cpuMilli', 0.5, 'nodes[0].cpuMilli', WHOLE],
  ['nodes.0.cpuMilli', NaN, 'nodes[0].cpuMilli', WHOLE],
  ['nodes.0.cpuMilli', '8', 'nodes[0].cpuMilli', WHOLE],
  ['nodes.0.cpuMilli', undefined, 'nodes[0].cpuMilli', WHOLE],
  ['nodes.0.memoryMib', 2 ** 53, 'nodes[0].memoryMib', WHOLE],
  ['nodes.0.cpus', 8, 'nodes[0].cpus', UNKNOWN],
  ['nodes.0.gpus.0.model', 7, 'nodes[0].gpus[0].model', 'must be a non-empty string'],
  ['nodes.1.gpus.0.migInstances.0.start', -1, 'nodes[1].gpus[0].migInstances[0].start', WHOLE],
  ['nodes.1.gpus.1.migGeometry', 7, 'nodes[1].gpus[1].migGeometry', CARD],
  ['nodes.1.gpus.0', BOTH, 'nodes[1].gpus[0]', 'must have migInstances or migGeometry, not both'],
  ['nodes.1.labels.a b', 7, 'nodes[1].labels["a b"]', 'must be a string'],
  ['nodes.1.priceUsdPerHour', Infinity, 'nodes[1].priceUsdPerHour', AMOUNT],
  ['nodes.1.isCordoned', 'no', 'nodes[1].isCordoned', 'must be true or false'],
  ['jobs.1.zones', [], 'jobs[1].zones', 'must be a list with at least one item'],
  ['jobs.1.nodeLabels.disk', 5, 'jobs[1].nodeLabels.disk', 'must be a string or a list of strings'],
  ['jobs.1.tolerations.0.key', undefined, 'jobs[1].tolerations[0].key', 'must be a non-empty string'],
  ['jobs.1.minRuntimeMs', -1, 'jobs[1].minRuntimeMs', 'must be a finite number >= 0'],
  ['nodes.1.taints.0.key', '', 'nodes[1].taints[0].key', 'must be a non-empty string'],
  ['nodes.1.reservedFor', { tenants: [] }, 'nodes[1].reservedFor', 'must name a tenant or a job'],
  ['jobs.1.gpuMilli', 1_001, 'jobs[1].gpuMilli', 'must be a whole number from 1 to 1000'],
  ['jobs.1.gpuModels', [], 'jobs[1].gpuModels', 'must be a list with at least one item'],
  ['jobs.1.priority', NaN, 'jobs[1].priority', 'must be a finite number'],
  ['jobs.1.runtimeMs', 0, 'jobs[1].runtimeMs', 'must be a finite number >= 1'],
  ['running.0.placement.gpus.0.index', -1, 'running[0].placement.gpus[0].index', WHOLE],
  ['workload.0.weight', 0, 'workload[0].weight', 'must be a finite number > 0'],
  ['workload.0.job.id', 'x', 'workload[0].job.id', UNKNOWN],
  ['nowMs', '2026-01-01', 'nowMs', 'must be a finite number'],
  ['seed', 1, 'seed', UNKNOWN],
] as const;
const consolidateRows = [
  ['placements', undefined, 'placements', 'must be a list'],
  ['placements.0.gpus.0.milli', 0.5, 'placements[0].gpus[0].milli', 'must be a whole number from 1 to 1000'],
  ['budgets.0.maxMoves', -1, 'budgets[0].maxMoves', WHOLE],
  ['budgets.1.tenant', '', 'budgets[1].tenant', 'must be a non-empty string'],
  ['budgets.1.team', 'x', 'budgets[1].team', UNKNOWN],
] as const;
const migRows = [
  [parseFewestNodesInput, fewestInput, 'nodes.0.cpuMilli', -1, 'nodes[0].cpuMilli', WHOLE],
  [parseFewestNodesInput, fewestInput, 'workload', [], 'workload', UNKNOWN],
  [parseFewestNodesInput, fewestInput, 'running.0.placement.nodeId', '', 'running[0].placement.nodeId', NAME],
  [parsePlaceMigInput, placeMigInput, 'profile', undefined, 'profile', 'must be a non-empty string'],
  [parsePlaceMigInput, placeMigInput, 'workload.0.weight', 0, 'workload[0].weight', 'must be a finite number > 0'],
  [parsePlaceMigInput, placeMigInput, 'cards.0.instances.0.start', -1, 'cards[0].instances[0].start', WHOLE],
  [
    parsePlaceMigInput,
    placeMigInput,
    'cards.0.instances.0.isMovable',
    1,
    'cards[0].instances[0].isMovable',
    'must be true or false',
  ],
  [parsePackMigInput, packMigInput, 'cards.0.model', 7, 'cards[0].model', MODEL],
  [parsePackMigInput, packMigInput, 'cards.1.model.memorySlices', 13, 'cards[1].model.memorySlices', SLICES],
  [parsePackMigInput, packMigInput, 'cards.1.model.profiles.0.starts', [], 'cards[1].model.profiles[0].starts', ONE],
  [parsePackMigInput, packMigInput, 'cards.1.model.vendor', 'x', 'cards[1].model.vendor', UNKNOWN],
  [parsePackMigInput, packMigInput, 'jobs.0.profile', null, 'jobs[0].profile', 'must be a non-empty string'],
  [parsePackMigInput, packMigInput, 'jobs.0.gpuCount', 1, 'jobs[0].gpuCount', UNKNOWN],
  [parseRepartitionMigInput, repartitionMigInput, 'wanted.0.count', 0.5, 'wanted[0].count', WHOLE],
  [parseRepartitionMigInput, repartitionMigInput, 'wanted', undefined, 'wanted', 'must be a list'],
] as const;
const planPreemptionRows = [
  ['job', undefined, 'job', 'must be an object'],
  ['running.0.startedAtMs', '0', 'running[0].startedAtMs', 'must be a finite number'],
  ['job.minRuntimeMs', -1, 'job.minRuntimeMs', 'must be a finite number >= 0'],
] as const;
const admitRows = [
  ['capacity.gpuMilli', 0.5, 'capacity.gpuMilli', WHOLE],
  ['capacity.gpuMilliByModel.H100', -1, 'capacity.gpuMilliByModel.H100', WHOLE],
  ['capacity.gpuMilliByModel', 8, 'capacity.gpuMilliByModel', 'must be an object of amounts'],
  ['tenants.0.weight', 0, 'tenants[0].weight', 'must be a finite number > 0'],
  ['tenants.1.quota', {}, 'tenants[1].quota', UNKNOWN],
  ['jobs.0.queuedAtMs', undefined, 'jobs[0].queuedAtMs', 'must be a finite number'],
] as const;
const problemRows = [
  ['slots.count', 0, 'slots.count', 'must be a whole number >= 1'],
  ['slots.stepMs', 0, 'slots.stepMs', 'must be a whole number >= 1'],
  ['slots.startAtMs', 0.5, 'slots.startAtMs', 'must be a whole number'],
  ['locations.0.carbon.unit', 'USD/kWh', 'locations[0].carbon.unit', "must be 'gCO2e/kWh'"],
  ['locations.0.carbon.values.1', null, 'locations[0].carbon.values[1]', AMOUNT],
  ['locations.0.carbon.values.2', -1, 'locations[0].carbon.values[2]', AMOUNT],
  ['locations.0.energyPrice.values.1', null, 'locations[0].energyPrice.values[1]', 'must be a finite number'],
  ['jobs.0.locationIds', [], 'jobs[0].locationIds', 'must be a list with at least one item'],
  ['locations.0.carbon.kind', 'mean', 'locations[0].carbon.kind', "must be 'average' or 'marginal'"],
  ['locations.0.energyPrice.unit', '1', 'locations[0].energyPrice.unit', "must be 'USD/kWh'"],
  ['locations.0.pueRatio', 0.9, 'locations[0].pueRatio', 'must be a finite number >= 1'],
  ['jobs.0.mode', 'pausable', 'jobs[0].mode', "must be 'contiguous' or 'interruptible' or 'migratable'"],
  ['jobs.0.powerWatts', -1, 'jobs[0].powerWatts', AMOUNT],
  ['jobs.0.resumeMs', -1, 'jobs[0].resumeMs', AMOUNT],
  ['objective.kind', 'speed', 'objective.kind', "must be 'carbon', 'cost' or 'weighted'"],
  ['objective.carbonPriceUsdPerTonne', -1, 'objective.carbonPriceUsdPerTonne', AMOUNT],
] as const;
const constraintRows = [
  ['constraints.0.kind', 'rest', 'constraints[0].kind', "must be 'blackout', 'gpu-cap', 'power-cap' or 'forbidden'"],
  ['constraints.0.locationId', undefined, 'constraints[0].locationId', 'must be a non-empty string'],
  ['constraints.1.gpuCount', -1, 'constraints[1].gpuCount', WHOLE],
  ['constraints.2.powerCapWatts', null, 'constraints[2].powerCapWatts', AMOUNT],
  ['constraints.3.locationIds', undefined, 'constraints[3].locationIds', 'must be a list'],
] as const;
const replanRows = [
  ['problem.slots.count', 0, 'problem.slots.count', 'must be a whole number >= 1'],
  ['previous.assignments.0.durationMs', 0, 'previous.assignments[0].durationMs', 'must be a finite number > 0'],
  ['previous.shadowPrices.0.values.1', -1, 'previous.shadowPrices[0].values[1]', AMOUNT],
  ['frozenUntilMs', undefined, 'frozenUntilMs', 'must be a finite number'],
  ['movePenalty', -1, 'movePenalty', AMOUNT],
] as const;
const configRows = [
  ['minReplicas', -1, 'minReplicas', WHOLE],
  ['targets', [], 'targets', 'must be a list with at least one item'],
  ['targets.0.signal', 'cpu', 'targets[0].signal', "must be 'rate' or 'utilization'"],
  ['targets.0.perReplica', 0, 'targets[0].perReplica', 'must be a finite number > 0'],
  ['targets.1.perReplica', 5, 'targets[1].perReplica', UNKNOWN],
  ['tolerance.up', -0.1, 'tolerance.up', AMOUNT],
  ['window.downMs', null, 'window.downMs', AMOUNT],
  ['cooldownMs', 60_000, 'cooldownMs', UNKNOWN],
] as const;
const spilloverRows = [
  ['request.target', 1.5, 'request.target', WHOLE],
  ['tiers.0.kind', 'reserved', 'tiers[0].kind', "must be 'fixed' or 'hourly' or 'spot' or 'market'"],
  ['tiers.0.capacity', undefined, 'tiers[0].capacity', WHOLE],
  ['current.0.startedAtMs', undefined, 'current[0].startedAtMs', 'must be a finite number'],
] as const;
const restRows = [
  [parseScheduleLimits, { carbonGrams: 1 }, 'carbonGrams', -1, 'carbonGrams', AMOUNT],
  [parseLexicographicOrder, { first: 'cost' }, 'first', 'speed', 'first', "must be 'carbon' or 'cost'"],
  [
    parseSampledPaths,
    paths,
    '0.locations.0.carbonGramsPerKwh.0',
    -1,
    'paths[0].locations[0].carbonGramsPerKwh[0]',
    AMOUNT,
  ],
  [parseAutoscaleObservation, observation, 'readyReplicas', -1, 'readyReplicas', WHOLE],
  [parseAutoscaleObservation, observation, 'ratePerSecond', 'many', 'ratePerSecond', AMOUNT],
  [parseAutoscaleState, state, 'version', 2, 'version', 'must be 1'],
  [parseAutoscaleState, state, 'wishes.0.replicas', -1, 'wishes[0].replicas', WHOLE],
  [
    parseDeadlineJobConfig,
    deadlineJob,
    'policy',
    'hope',
    'policy',
    "must be 'learned' or 'greedy' or 'uniform-progress'",
  ],
  [parseDeadlineJobConfig, deadlineJob, 'zones.kinds.0.start', [1], 'zones.kinds[0].start', 'must be four numbers'],
  [parseDeadlineObservation, deadlineSight, 'workLeftMs', -1, 'workLeftMs', AMOUNT],
  [parseDeadlineJobState, deadlineState, 'version', 2, 'version', 'must be 1'],
  [parsePlanSpotConfig, planSpotConfig, 'maxPerZone', 0, 'maxPerZone', 'must be a whole number >= 1'],
  [parsePlanSpotObservation, planSpotSight, 'zones.0.running', -1, 'zones[0].running', WHOLE],
  [parsePlanSpotState, planSpotState, 'version', 2, 'version', 'must be 1'],
  [parseSpotZoneModel, spotZones, 'tickMs', 0, 'tickMs', 'must be a finite number > 0'],
  [parseEwmaState, ewma, 'version', '1', 'version', 'must be 1'],
  [parseEwmaState, ewma, 'mean', undefined, 'mean', 'must be a finite number'],
  [parseDecayedHistogramState, histogram, 'weights.1', -1, 'weights[1]', AMOUNT],
  [parseAdaptiveBandsState, bands, 'errorCount', 1.5, 'errorCount', WHOLE],
] as const;

describe('bad input', () => {
  it.each([
    ...packRows.map((row) => [parsePackInput, packInput, ...row] as const),
    ...consolidateRows.map((row) => [parseConsolidateInput, consolidateInput, ...row] as const),
    ...migRows,
    ...planPreemptionRows.map((row) => [parsePlanPreemptionInput, planPreemptionInput, ...row] as const),
    ...admitRows.map((row) => [parseAdmitInput, admitInput, ...row] as const),
    ...constraintRows.map((row) => [parseScheduleProblem, constrainedProblem, ...row] as const),
    ...replanRows.map((row) => [parseReplanInput, replanInput, ...row] as const),
    ...problemRows.map((row) => [parseScheduleProblem, problem, ...row] as const),
    ...configRows.map((row) => [parseAutoscaleConfig, config, ...row] as const),
    ...spilloverRows.map((row) => [parsePlaceReplicasInput, spillover, ...row] as const),
    ...restRows,
  ])('is refused: %o with %o, at %s = %o', (parse, good, path, value, field, rule) => {
    const refusal = refusalOf(parse, changed(good, path, value));

    expect(refusal.field).toBe(field);
    expect(refusal.value).toStrictEqual(value);
    expect(refusal.message).toContain(`${field} ${rule}, got `);
    expect(refusal.code).toBe('SPILLWAY_INVALID_INPUT');
  });

  it.each([
    [parseNodes, 'nodes', 'must be a list'],
    [parseJobs, 'jobs', 'must be a list'],
    [parsePackInput, 'input', 'must be an object'],
    [parseFewestNodesInput, 'input', 'must be an object'],
    [parsePlaceMigInput, 'input', 'must be an object'],
    [parsePackMigInput, 'input', 'must be an object'],
    [parseRepartitionMigInput, 'input', 'must be an object'],
    [parseScheduleProblem, 'problem', 'must be an object'],
    [parseReplanInput, 'input', 'must be an object'],
    [parseScheduleLimits, 'limits', 'must be an object'],
    [parseLexicographicOrder, 'order', 'must be an object'],
    [parseSampledPaths, 'paths', 'must be a list'],
    [parseAutoscaleConfig, 'config', 'must be an object'],
    [parseAutoscaleObservation, 'observation', 'must be an object'],
    [parseAutoscaleState, 'state', 'must be an object'],
    [parsePlaceReplicasInput, 'input', 'must be an object'],
    [parseEwmaState, 'state', 'must be an object'],
    [parseDecayedHistogramState, 'state', 'must be an object'],
    [parseAdaptiveBandsState, 'state', 'must be an object'],
  ] as const)('that is nothing like it is refused by %o as %s', (parse, field, rule) => {
    for (const value of [undefined, null, 7, 'text']) {
      const refusal = refusalOf(parse, value);
      expect(refusal).toMatchObject({ field, value });
      expect(refusal.message).toContain(`${field} ${rule}, got `);
    }
  });

  it('names the row of a list by its index', () => {
    expect(refusalOf(parseJobs, [job, { ...job, gpuCount: -1 }]).message).toBe(
      'jobs[1].gpuCount must be a whole number >= 0, got -1',
    );
  });

  it('lists the first five wrong fields in the hint, counts the others, and keeps what zod said as the cause', () => {
    const refusal = refusalOf(
      parseNodes,
      Array.from({ length: 7 }, () => ({ ...node, cpuMilli: -1 })),
    );

    expect(refusal.hint).toBe(
      [0, 1, 2, 3, 4].map((k) => `✖ must be a whole number >= 0\n  → at [${k}].cpuMilli`).join('\n') + '\n… and 2 more',
    );
    expect(refusal.cause).toMatchObject({ name: 'ZodError', issues: { length: 7 } });
  });

  it('does not take an optional field that is there and undefined for one that is absent', () => {
    expect(refusalOf(parseJobs, [{ ...job, gpuMilli: undefined }]).field).toBe('jobs[0].gpuMilli');
  });
});
