import type { Random } from '../random.ts';
import { fillNode } from './fill-node.ts';
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

/** Each node that is opened is filled in so many ways, with preferences changed at random by up to one of these amounts. */
const FILLINGS = 8;
const NOISES = [0, 0.3, 1];
/** Rounds that place no more jobs after which the rest is given up. */
const PATIENCE = 200;

/** What guides and limits the rounds. */
export interface RefillPlan {
  /** By shape, in units of weight; see `PatternBound`. */
  readonly worth: Float64Array;
  readonly maxSteps: number;
  /** The rounds end when nothing is left and the packing is no heavier than this. */
  readonly enough: number;
}

/**
 * Makes a packing hold more, and then lighter, round by round: empties some nodes, the emptier the likelier, puts their jobs into
 * what others have left, dearest first, and opens nodes for the rest. While jobs are left, the nodes emptied are some that could
 * hold one of them, and it goes there first. A round is kept when fewer jobs are left, or as many on less weight, or on as much with
 * the worth gathered on fewer nodes (the sum of its squares by node does not fall); otherwise it is undone.
 *
 * @returns true when nothing is left. Gives up when 200 rounds in a row have placed no more.
 */
export function refillNodes(bench: Workbench, plan: RefillPlan, random: Random): boolean {
  const { pools } = bench.problem;
  const { worth, maxSteps, enough } = plan;
  const dearestFirst = Array.from(worth, (_, shape) => shape).sort((x, y) => worth[y]! - worth[x]! || x - y);
  const preferences = PREFERENCES.map((factor) => scaledWorth(bench, worth, factor));
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const worthOf = new Float64Array(bench.problem.fleet.state.nodeCount);
  const heldBefore = new Int32Array(worthOf.length);
  for (const { node, held } of bench.openNodes) worthOf[node] = worthOn(held, worth);
  const standingNow = (): Standing => {
    let weight = 0;
    let gathered = 0;
    for (const { pool, node } of bench.openNodes) {
      weight += pools[pool]!.weight;
      gathered += worthOf[node]! ** 2;
    }
    return { left: countLeft(bench), weight, gathered };
  };
  const fullness = ({ pool, node }: OpenNode) => worthOf[node]! / (pools[pool]!.weight || 1);
  let standing = standingNow();
  let lastPlaced = 0;
  for (let step = 0; step < maxSteps; step++) {
    const missing = standing.left === 0 ? undefined : drawLeft(bench, standing.left, random);
    if (missing === undefined ? standing.weight <= enough : step - lastPlaced > PATIENCE) break;
    const open: OpenNode[] = [];
    for (const node of bench.openNodes) {
      heldBefore[node.node] = node.held.length;
      if (!pools[node.pool]!.isOn && (missing === undefined || bench.allows(node.pool, missing))) open.push(node);
    }
    if (open.length === 0) {
      if (missing === undefined) break;
      continue;
    }
    const emptied = drawEmpty(open, fullness, random);
    const contents = emptied.map((node) => bench.clear(node));
    for (const node of emptied) bench.close(node);
    const others = [...bench.openNodes];
    const rule: OpenRule = {
      balance: pick(BALANCES),
      cpuWeight: pick(CPU_WEIGHTS),
      preferences: Array.from({ length: FILLINGS }, () => noisy(pick(preferences), pick(NOISES), random)),
      judge: worth,
      ...(random.integer(2) === 0 ? { worth } : {}),
    };
    if (missing !== undefined) openFor(bench, missing, emptied[0]!.pool, rule);
    for (const shape of dearestFirst) fillSlack(bench, others, shape);
    openNodes(bench, rule);
    const changed = [...bench.openNodes].filter(
      (open, at) => at >= others.length || open.held.length !== heldBefore[open.node]!,
    );
    for (const { node, held } of changed) worthOf[node] = worthOn(held, worth);
    const next = standingNow();
    const more = next.left - standing.left;
    if ((more || next.weight - standing.weight || standing.gathered - next.gathered) <= 0) {
      if (more < 0) lastPlaced = step;
      standing = next;
      continue;
    }
    const kept = new Set(others);
    for (const node of changed) {
      if (kept.has(node)) {
        bench.clear(node, heldBefore[node.node]);
        continue;
      }
      bench.clear(node);
      bench.close(node);
    }
    emptied.forEach((node, i) => {
      bench.reopen(node);
      for (const held of contents[i]!) bench.put(node, held);
    });
    for (const { node, held } of [...changed, ...emptied]) worthOf[node] = worthOn(held, worth);
  }
  return standing.left === 0;
}

/** Jobs without a place. `O(shapes)` */
export function countLeft({ left }: Workbench): number {
  return left.reduce((sum, count) => sum + count, 0);
}

/** A shape of which jobs are left, each job as likely. */
function drawLeft({ left }: Workbench, total: number, random: Random): number {
  let ticket = random.integer(total);
  return left.findIndex((count) => (ticket -= count) < 0);
}

/** How good a packing is: what is left, then what weighs, then how it is gathered. */
interface Standing {
  readonly left: number;
  readonly weight: number;
  readonly gathered: number;
}

/** Adds to each up to `noise`. */
function noisy(list: Float64Array, noise: number, random: Random): Float64Array {
  return noise === 0 ? list : list.map((value) => value + noise * random.next());
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

function drawEmpty(open: readonly OpenNode[], fullness: (node: OpenNode) => number, random: Random): OpenNode[] {
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

/** Opens a node for a job of the shape, and fills it. */
function openFor(bench: Workbench, shape: number, pool: number, rule: OpenRule): void {
  const opened = bench.open(pool);
  bench.put(opened, { shape, holding: bench.fit(opened.node, shape)! });
  fillNode(bench, opened, { balance: rule.balance, preference: rule.preferences[0]! });
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
