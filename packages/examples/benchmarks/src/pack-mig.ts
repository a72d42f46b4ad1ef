import { createPacker, createRandom, migGeometry, placeMig, type MigProfile, type MigSlot } from '@spillway/core';
import { formatTable } from './table.ts';

const MODEL = 'H100-80GB';
const CARDS = 8;
/** For the packer the cards are in nodes, two in each. */
const CARDS_PER_NODE = 2;
const ARRIVALS_PER_SEED = 3_000;
/** Mean time an instance is held; everything else is relative to it. */
const HOLD_MS = 3_600_000;

/** A mix of profiles, made up: no public trace of MIG requests is known. Weights by descending compute and memory. */
interface Mix {
  readonly name: string;
  readonly weights: Readonly<Record<string, number>>;
}

const MIXES: readonly Mix[] = [
  {
    name: 'even',
    weights: { '1g.10gb': 1, '1g.20gb': 1, '2g.20gb': 1, '3g.40gb': 1, '4g.40gb': 1, '7g.80gb': 1 },
  },
  {
    name: 'mostly small',
    weights: { '1g.10gb': 35, '1g.20gb': 10, '2g.20gb': 25, '3g.40gb': 15, '4g.40gb': 10, '7g.80gb': 5 },
  },
  { name: 'no whole card', weights: { '1g.10gb': 4, '1g.20gb': 1, '2g.20gb': 3, '3g.40gb': 2, '4g.40gb': 1 } },
];
/** Memory slices asked for at any time, over those there are, if nothing were turned away. */
const LOADS = [0.6, 0.75, 0.9];

/** How the benchmark runs. */
export interface PackMigBenchmarkOptions {
  /** @defaultValue 1 to 10 */
  readonly seeds?: readonly number[];
}

/** What one policy turned away, all seeds together. */
interface PackMigCount {
  readonly rejected: number;
  /** Turned away although one card had the memory and compute slices free, only not where the profile could begin. */
  readonly fragmented: number;
}

/** One mix at one load. */
export interface PackMigBenchmarkRow {
  readonly mix: string;
  readonly load: number;
  readonly arrivals: number;
  readonly firstFit: PackMigCount;
  readonly leastLoss: PackMigCount;
  readonly packer: PackMigCount;
}

interface Instance extends MigSlot {
  readonly endAtMs: number;
}
/** Chooses a slot; an instance that has ended is in `held` no longer. */
type Policy = (held: readonly Instance[], profile: string) => MigSlot | undefined;
/** A policy for a mix, which may remember what it has placed. */
type PolicyFor = (mix: Mix) => Policy;

/**
 * Instances come and go on 8 H100 cards: Poisson arrivals, exponential hold times, profiles drawn from a mix, nothing waits
 * and nothing is moved. All policies see the same arrivals; each turns away what it has no place for.
 */
export function packMigBenchmark(options: PackMigBenchmarkOptions = {}): readonly PackMigBenchmarkRow[] {
  const { seeds = Array.from({ length: 10 }, (_, index) => 1 + index) } = options;
  return MIXES.flatMap((mix) =>
    LOADS.map((load) => {
      const total = (policy: PolicyFor) =>
        seeds
          .map((seed) => replay(mix, load, seed, policy))
          .reduce((x, y) => ({ rejected: x.rejected + y.rejected, fragmented: x.fragmented + y.fragmented }));
      return {
        mix: mix.name,
        load,
        arrivals: seeds.length * ARRIVALS_PER_SEED,
        firstFit: total(() => lowestStartFirstFit),
        leastLoss: total(leastLoss),
        packer: total(onlinePacker),
      };
    }),
  );
}

/** The rows as a table of plain text. */
export function formatPackMigBenchmark(rows: readonly PackMigBenchmarkRow[]): string {
  const head = ['mix', 'load', 'first-fit: rejected', 'fragmented', 'placeMig', 'fragmented', 'change'];
  head.push('createPacker', 'fragmented', 'change');
  const body = rows.map(({ mix, load, firstFit, leastLoss, packer }) => [
    mix,
    load.toFixed(2),
    String(firstFit.rejected),
    String(firstFit.fragmented),
    ...[leastLoss, packer].flatMap(({ rejected, fragmented }) => [
      String(rejected),
      String(fragmented),
      `${(100 * (fragmented / firstFit.fragmented - 1)).toFixed(0)} %`,
    ]),
  ]);
  return [
    `8 cards ${MODEL}, ${rows[0]?.arrivals ?? 0} arrivals a row with departures. fragmented: rejected although one card had`,
    'the memory and compute slices free. change: of fragmented. createPacker learns the mix, placeMig is told it.',
    '',
    formatTable(head, body),
  ].join('\n');
}

function replay(mix: Mix, load: number, seed: number, policyFor: PolicyFor): PackMigCount {
  const policy = policyFor(mix);
  const random = createRandom(seed);
  const profiles = Object.entries(mix.weights).map(([name, weight]) => ({ ...profileOf(name), weight }));
  const totalWeight = profiles.reduce((sum, { weight }) => sum + weight, 0);
  const meanSlices = profiles.reduce((sum, { weight, memorySlices }) => sum + weight * memorySlices, 0) / totalWeight;
  const gapMs = (HOLD_MS * meanSlices) / (load * CARDS * migGeometry(MODEL).memorySlices);
  let held: readonly Instance[] = [];
  let nowMs = 0;
  let rejected = 0;
  let fragmented = 0;
  for (let arrival = 0; arrival < ARRIVALS_PER_SEED; arrival++) {
    nowMs += random.exponential(gapMs);
    let draw = random.next() * totalWeight;
    const profile = profiles.find(({ weight }) => (draw -= weight) < 0)!;
    const endAtMs = nowMs + random.exponential(HOLD_MS);
    held = held.filter((instance) => instance.endAtMs > nowMs);
    const slot = policy(held, profile.name);
    if (slot !== undefined) held = [...held, { ...slot, endAtMs }];
    else {
      rejected++;
      if (CARD_IDS.some((id) => hasSlices(held, id, profile))) fragmented++;
    }
  }
  return { rejected, fragmented };
}

const CARD_IDS = Array.from({ length: CARDS }, (_, index) => `gpu-${index}`);

/** The first card by id with room, at the lowest start: what counting slices in order of the device index does. */
function lowestStartFirstFit(held: readonly Instance[], name: string): MigSlot | undefined {
  const { starts, memorySlices, computeSlices } = profileOf(name);
  for (const cardId of CARD_IDS) {
    const there = held
      .filter((instance) => instance.cardId === cardId)
      .map(({ profile, start }) => ({ start, ...sizeOf(profile) }));
    const compute = there.reduce((sum, instance) => sum + instance.computeSlices, computeSlices);
    if (compute > migGeometry(MODEL).computeSlices) continue;
    const start = starts.find((first) =>
      there.every((one) => first + memorySlices <= one.start || one.start + one.memorySlices <= first),
    );
    if (start !== undefined) return { cardId, profile: name, start };
  }
  return undefined;
}

const leastLoss: PolicyFor =
  ({ weights }) =>
  (held, profile) => {
    const cards = CARD_IDS.map((id) => ({
      id,
      model: MODEL,
      instances: held
        .filter(({ cardId }) => cardId === id)
        .map((instance) => ({ profile: instance.profile, start: instance.start })),
    }));
    const workload = Object.entries(weights).map(([name, weight]) => ({ profile: name, weight }));
    const result = placeMig({ cards, profile, workload });
    return 'placement' in result ? result.placement : undefined;
  };

/** The packer on nodes whose GPUs are cut as jobs come; CPU and memory are no limit. It is told nothing of the mix. */
const onlinePacker: PolicyFor = () => {
  const gpus = Array.from({ length: CARDS_PER_NODE }, () => ({ model: MODEL, migGeometry: MODEL }));
  const nodes = Array.from({ length: CARDS / CARDS_PER_NODE }, (_, index) => {
    return { id: `node-${index}`, gpus, cpuMilli: 1_000_000, memoryMib: 1_000_000 };
  });
  const packer = createPacker({ nodes });
  let placed: readonly { readonly id: string; readonly slot: MigSlot }[] = [];
  let count = 0;
  return (held, migProfile) => {
    const staying = new Set(held.map(({ cardId, start }) => `${cardId}/${start}`));
    const isGone = ({ slot }: (typeof placed)[number]) => !staying.has(`${slot.cardId}/${slot.start}`);
    for (const { id } of placed.filter(isGone)) packer.release(id);
    placed = placed.filter((entry) => !isGone(entry));
    const id = `job-${count++}`;
    const result = packer.place({ id, gpuCount: 1, migProfile, cpuMilli: 1_000, memoryMib: 1_000 });
    if (!('placement' in result)) return undefined;
    const { nodeId, mig } = result.placement;
    const card = CARDS_PER_NODE * Number(nodeId.slice('node-'.length)) + mig!.gpuIndex;
    const slot = { cardId: CARD_IDS[card]!, profile: migProfile, start: mig!.start };
    placed = [...placed, { id, slot }];
    return slot;
  };
};

function hasSlices(held: readonly Instance[], id: string, wanted: MigProfile): boolean {
  const { memorySlices, computeSlices } = migGeometry(MODEL);
  const there = held.filter(({ cardId }) => cardId === id).map(({ profile }) => sizeOf(profile));
  return (
    there.reduce((sum, one) => sum + one.memorySlices, wanted.memorySlices) <= memorySlices &&
    there.reduce((sum, one) => sum + one.computeSlices, wanted.computeSlices) <= computeSlices
  );
}

function profileOf(name: string): MigProfile {
  return migGeometry(MODEL).profiles.find((profile) => profile.name === name)!;
}

function sizeOf(name: string): Pick<MigProfile, 'memorySlices' | 'computeSlices'> {
  const { memorySlices, computeSlices } = profileOf(name);
  return { memorySlices, computeSlices };
}
