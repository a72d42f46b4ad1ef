import type { Random } from '../random.ts';
import { openNodes, type OpenRule } from './open-nodes.ts';
import type { HeldShape, OpenNode, Workbench } from './workbench.ts';

/** Nodes emptied in a round: from `FEWEST` to `FEWEST + SPREAD - 1`. */
const FEWEST = 3;
const SPREAD = 18;
/** Emptied nodes are drawn as the emptiest of so many drawn at random. */
const DRAWS = 3;
/** Balances a round draws from; see `FillRule`. */
const BALANCES = [1, 1.5, 2, 3];
const CPU_WEIGHTS = [0.3, 1];
const PREFERENCES = [0, 1, 4];

/**
 * Makes a packing lighter round by round: empties some nodes, the emptier the likelier, puts their jobs into what others have
 * left, dearest first, and opens nodes for the rest. A round is kept when the weight falls, or stays and the worth is
 * gathered on fewer nodes (the sum of its squares by node does not fall); otherwise it is undone.
 *
 * @param worth - by shape, in units of weight; see `PatternBound`.
 * @param isDone - asked before every round.
 */
export function refillNodes(
  bench: Workbench,
  worth: Float64Array,
  random: Random,
  maxSteps: number,
  isDone: () => boolean,
): void {
  const { pools } = bench.problem;
  const dearestFirst = Array.from(worth, (_, shape) => shape).sort((x, y) => worth[y]! - worth[x]! || x - y);
  const preferences = PREFERENCES.map((factor) => scaledWorth(bench, worth, factor));
  const weigh = (): readonly [weight: number, gathered: number] => {
    let weight = 0;
    let gathered = 0;
    for (const { pool, held } of bench.openNodes) {
      weight += pools[pool]!.weight;
      gathered += worthOn(held, worth) ** 2;
    }
    return [weight, gathered];
  };
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  let [weight, gathered] = weigh();
  for (let step = 0; step < maxSteps && !isDone(); step++) {
    const open = [...bench.openNodes].filter(({ pool }) => !pools[pool]!.isOn);
    if (open.length === 0) return;
    const emptied = drawEmpty(open, worth, bench, random);
    const contents = emptied.map((node) => bench.clear(node));
    for (const node of emptied) bench.close(node);
    const others = [...bench.openNodes];
    const before = others.map(({ held }) => held.length);
    for (const shape of dearestFirst) fillSlack(bench, others, shape);
    const rule: OpenRule = {
      balance: pick(BALANCES),
      cpuWeight: pick(CPU_WEIGHTS),
      preference: pick(preferences),
      ...(random.integer(2) === 0 ? { worth } : {}),
    };
    const isHeld = openNodes(bench, rule);
    const [newWeight, newGathered] = weigh();
    if (isHeld && (newWeight < weight || (newWeight === weight && newGathered >= gathered))) {
      [weight, gathered] = [newWeight, newGathered];
      continue;
    }
    const kept = new Set(others);
    for (const node of [...bench.openNodes]) {
      if (kept.has(node)) continue;
      bench.clear(node);
      bench.close(node);
    }
    others.forEach((node, i) => bench.clear(node, before[i]));
    emptied.forEach((node, i) => {
      bench.reopen(node);
      for (const held of contents[i]!) bench.put(node, held);
    });
  }
}

/** Worth as a preference while filling: as parts of the heaviest weight, so that it compares with parts of a node. */
export function scaledWorth({ problem }: Workbench, worth: Float64Array, factor: number): Float64Array {
  const heaviest = problem.pools.reduce((most, { weight }) => Math.max(most, weight), 0) || 1;
  return worth.map((value) => (value * factor) / heaviest);
}

function worthOn(held: readonly HeldShape[], worth: Float64Array): number {
  let sum = 0;
  for (const { shape } of held) sum += worth[shape]!;
  return sum;
}

function drawEmpty(open: readonly OpenNode[], worth: Float64Array, { problem }: Workbench, random: Random): OpenNode[] {
  const fullness = ({ pool, held }: OpenNode) => worthOn(held, worth) / (problem.pools[pool]!.weight || 1);
  const drawn = new Set<OpenNode>();
  const wanted = Math.min(open.length, FEWEST + random.integer(SPREAD));
  for (let i = 0; i < wanted; i++) {
    let emptiest: OpenNode | undefined;
    for (let draw = 0; draw < DRAWS; draw++) {
      const node = open[random.integer(open.length)]!;
      if (emptiest === undefined || fullness(node) < fullness(emptiest)) emptiest = node;
    }
    drawn.add(emptiest!);
  }
  return [...drawn];
}

function fillSlack(bench: Workbench, nodes: readonly OpenNode[], shape: number): void {
  for (const node of nodes) {
    for (;;) {
      if (bench.left[shape] === 0) return;
      if (!bench.allows(node.pool, shape)) break;
      const holding = bench.fit(node.node, shape);
      if (holding === undefined) break;
      bench.put(node, { shape, holding });
    }
  }
}
