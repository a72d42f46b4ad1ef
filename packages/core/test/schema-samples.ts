// Inputs that are right, one for each parser.

export const node = { id: 'n1', gpus: [{ model: 'H100', memoryMib: 81_559 }], cpuMilli: 64_000, memoryMib: 524_288 };
export const fullNode = {
  ...node,
  gpus: [
    { model: 'A100', memoryMib: 40_960, migInstances: [{ profile: '1g.5gb', start: 0, memoryMib: 4_864 }] },
    { model: 'H100', migGeometry: 'H100-80GB' },
  ],
  pool: 'p',
  zone: 'z',
  rack: 'r',
  nvlinkDomain: 'd',
  labels: { team: '', 'a b': 'x' },
  priceUsdPerHour: 0,
  idleWatts: 350.5,
  expiresAtMs: 1_700_000_000_000,
  isCordoned: false,
  taints: [{ key: 'spot' }, { key: 'team', value: '' }],
  reservedFor: { tenants: ['t'], jobIds: ['j1'] },
};
export const job = { id: 'j1', gpuCount: 1, cpuMilli: 1_000, memoryMib: 1_024 };
export const fullJob = {
  ...job,
  gpuMilli: 500,
  gpuMemoryMib: 8_192,
  gpuModels: ['H100'],
  migProfile: '1g.10gb',
  priority: -1,
  tenant: 't',
  gang: 'g',
  topology: { required: 'rack', prefersCompact: true },
  runtimeMs: 60_000,
  minRuntimeMs: 0,
  zones: ['z'],
  nodeLabels: { team: '', disk: ['ssd', 'nvme'] },
  tolerations: [{ key: 'spot' }, { key: 'team', value: 'ml' }],
  isPreemptible: true,
};
const placement = { jobId: 'j1', nodeId: 'n1', gpus: [{ index: 0, milli: 500 }] };
export const packInput = {
  nodes: [node, fullNode],
  jobs: [job, fullJob],
  running: [{ job, placement: { ...placement, mig: { gpuIndex: 0, profile: '1g.10gb', start: 2 } }, startedAtMs: 5 }],
  workload: [{ job: { gpuCount: 1, cpuMilli: 0, memoryMib: 0 }, weight: 0.5 }],
  nowMs: 1_700_000_000_000,
};

export const fewestInput = { nodes: packInput.nodes, jobs: packInput.jobs, running: packInput.running, nowMs: 1 };
const geometry = {
  name: 'two halves',
  memorySlices: 2,
  computeSlices: 2,
  profiles: [
    {
      name: 'half',
      computeSlices: 1,
      memorySlices: 1,
      starts: [0, 1],
      maxInstances: 2,
      memoryMib: 4_096,
      hasMediaExtensions: false,
    },
    { name: 'whole', computeSlices: 2, memorySlices: 2, starts: [0] },
  ],
  startsSource: 'assumed',
};
const cards = [
  { id: 'gpu-0', model: 'A30', instances: [{ profile: '1g.6gb', start: 0, memoryMib: 5_952, isMovable: true }] },
  { id: 'gpu-1', model: geometry },
];
export const placeMigInput = { cards, profile: '1g.6gb', workload: [{ profile: '1g.6gb', weight: 0.5 }] };
export const packMigInput = { cards, jobs: [{ id: 'j1', profile: 'half' }] };
export const repartitionMigInput = { cards, wanted: [{ profile: 'whole', count: 1 }] };

export const consolidateInput = {
  nodes: [node],
  jobs: [job],
  placements: [placement, { ...placement, startedAtMs: 0 }],
  budgets: [{ maxMoves: 3 }, { maxMoves: 0, tenant: 't' }],
  nowMs: 1,
};

export const planPreemptionInput = { nodes: [node], running: packInput.running, job: fullJob, nowMs: 1 };
export const planGangPreemptionInput = { nodes: [node], running: packInput.running, jobs: [fullJob], nowMs: 1 };
const amounts = { gpuMilli: 8_000, gpuMilliByModel: { H100: 8_000 }, cpuMilli: 0, memoryMib: 1_024 };
export const admitInput = {
  capacity: amounts,
  tenants: [
    { id: 't', nominal: amounts, maxBorrowed: {}, maxLent: { cpuMilli: 1 }, weight: 0.5 },
    { id: 'u', nominal: {} },
  ],
  running: packInput.running,
  jobs: [{ job: fullJob, queuedAtMs: 1 }],
  nowMs: 2,
};

export const slot = { startAtMs: 0, stepMs: 3_600_000 };
export const carbon = { ...slot, unit: 'gCO2e/kWh', values: [100, 0, 50.5], kind: 'average', scope: 'life-cycle' };
const location = {
  id: 'de',
  carbon,
  energyPrice: { ...slot, unit: 'USD/kWh', values: [0.1, -0.05, 0.2] },
  priceUsdPerGpuHour: 2.5,
  pueRatio: 1.2,
};
export const problem = {
  slots: { ...slot, count: 3 },
  locations: [location],
  jobs: [
    {
      id: 'train',
      runtimeMs: 3_600_000,
      powerWatts: 700,
      gpuCount: 1,
      earliestStartAtMs: 0,
      deadlineAtMs: 10_800_000,
      mode: 'interruptible',
      minRunMs: 3_600_000,
      resumeMs: 0,
      locationIds: ['de'],
    },
  ],
  objective: { kind: 'weighted', carbonPriceUsdPerTonne: 80 },
};

export const constrainedProblem = {
  ...problem,
  constraints: [
    { id: 'works', reason: 'servicing', kind: 'blackout', locationId: 'de', startAtMs: 0, endAtMs: 1 },
    { id: 'rack', kind: 'gpu-cap', locationId: 'de', gpuCount: 4 },
    { id: 'heat', kind: 'power-cap', locationId: 'de', powerCapWatts: 900.5 },
    { id: 'export', kind: 'forbidden', jobIds: ['train'], locationIds: ['de'] },
  ],
};

export const replanInput = {
  problem,
  previous: {
    assignments: [{ jobId: 'train', locationId: 'de', slot: 1, startAtMs: 3_600_000, durationMs: 1_800_000 }],
    shadowPrices: [{ locationId: 'de', values: [0, 2.5], wattValues: [0, 0] }],
  },
  frozenUntilMs: 3_600_000,
  movePenalty: 20,
};
export const paths = [{ locations: [{ locationId: 'de', carbonGramsPerKwh: [1, 2], energyPriceUsdPerKwh: [-1, 0] }] }];

export const config = {
  minReplicas: 0,
  maxReplicas: 10,
  targets: [
    { signal: 'rate', perReplica: 12.5 },
    { signal: 'utilization', ratio: 0.7 },
  ],
  tolerance: { up: 0, down: 0.1 },
  window: { upMs: 30_000, downMs: 300_000 },
  intervalMs: 15_000,
  coldStartMs: 120_000,
  rates: {
    up: [{ kind: 'ratio', value: 1, periodMs: 15_000 }],
    down: [{ kind: 'replicas', value: 2, periodMs: 60_000 }],
  },
  zero: { coldStartCostUsd: 0.5, idleCostUsdPerHour: 3 },
  panic: { thresholdRatio: 2, holdMs: 60_000 },
  emergency: { queueDepth: 100 },
  overprovisionCount: 1,
  forecastQuantile: 0.9,
  maxFailedStarts: 3,
};
export const observation = {
  nowMs: 1,
  readyReplicas: 2,
  pendingReplicas: 1,
  pendingReadyAtMs: [5],
  queueDepth: null,
  failedStarts: 0,
  forecast: { startAtMs: 0, stepMs: 60_000, quantiles: { '0.9': [1, 2] } },
  ratePerSecond: 40,
  utilizationRatio: null,
};
export const state = {
  version: 1,
  sinceMs: 0,
  lastMs: null,
  wishes: [{ atMs: 0, replicas: 3 }],
  changes: [{ atMs: 0, change: -1 }],
  panicAtMs: 0,
};
export const spillover = {
  request: { target: 3, maxTarget: 6 },
  tiers: [
    { id: 'lab', kind: 'fixed', capacity: 2, priceUsdPerHour: 0, priority: 0, noticeMs: 0, startupMs: 30_000 },
    { id: 'spot', kind: 'spot', capacity: null, priceUsdPerHour: 1.5, minCount: 1, commitMs: 3_600_000 },
  ],
  current: [{ id: 'r1', tierId: 'lab', startedAtMs: 0, isReady: false, health: 'unknown' }],
  options: {
    nowMs: 1,
    budgets: [{ maxCount: 1 }, { maxRatio: 0.1, schedule: '@daily', durationMs: 3_600_000, reasons: ['surplus'] }],
    reliefRatio: 0.5,
  },
};
export const ewma = { version: 1, mean: null, atMs: 1_700_000_000_000 };
export const histogram = { version: 1, referenceAtMs: 0, atMs: 5, weights: [0, 2] };
export const bands = { version: 1, radius: null, largest: 0, errorCount: 0 };
export const spotZones = {
  tickMs: 600_000,
  kinds: [
    { weight: 1, start: [0.1, 0.4, 0.1, 0.4], transition: Array.from({ length: 4 }, () => [0.25, 0.25, 0.25, 0.25]) },
  ],
};
export const deadlineJob = {
  startAtMs: 0,
  deadlineAtMs: 36_000_000,
  workMs: 7_200_000,
  restartMs: 0,
  spotPriceUsdPerHour: 1,
  onDemandPriceUsdPerHour: 3,
  policy: 'learned',
  tickMs: 60_000,
  zones: spotZones,
};
export const deadlineSight = {
  nowMs: 0,
  workLeftMs: 0,
  isSpotAvailable: false,
  running: 'on-demand',
  restartLeftMs: 5,
};
export const deadlineState = { version: 1, lastMs: null, zone: { isAvailable: true, kinds: [1], long: [0.5] } };
export const planSpotConfig = {
  coldStartMs: 1,
  spotPriceUsdPerHour: 1,
  onDemandPriceUsdPerHour: 3,
  maxPerZone: 2,
  zones: spotZones,
};
export const planSpotSight = {
  nowMs: 0,
  target: 3,
  zones: [{ id: 'a', running: 1, ready: 0 }],
  onDemand: { running: 0, ready: 0 },
};
export const planSpotState = {
  version: 1,
  lastMs: 0,
  zones: [
    { id: 'a', odds: [[0.1, 0.4, 0.1, 0.4]], asked: 1, running: 1, cap: { count: 0, untilMs: 9 }, triedAtMs: null },
  ],
};
