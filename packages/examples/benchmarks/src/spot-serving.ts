import { createRandom, type Random } from '@spillway/core';
import { createPlanSpotState, planSpot, type PlanSpotConfig } from '@spillway/core/spot';
import { readCapacityZones, type CapacityZones } from './spot-data.ts';
import { formatTable } from './table.ts';

/** One policy on one set of zones. */
export interface SpotServingRow {
  readonly data: string;
  readonly policy: string;
  /** Share of the time with every replica ready. */
  readonly availabilityPercent: number;
  /** Cost over that of all replicas on demand. */
  readonly costPercent: number;
}

const [TARGET, COLD_TICKS, TICK_MS, ON_DEMAND_PRICE, STARTS] = [3, 4, 30_000, 3, 40];

interface Sight {
  readonly tick: number;
  readonly running: readonly number[];
  readonly ready: readonly number[];
  readonly asked: readonly number[];
  readonly onDemand: { readonly running: number; readonly ready: number };
}
interface Order {
  readonly spot: readonly number[];
  readonly onDemand: number;
}
type Policy = (sight: Sight) => Order;

/**
 * Three replicas on spot zones with on-demand behind them, a day from forty starts in each set: SpotHedge (EuroSys 2025), round robin,
 * `planSpot`, and two floors: the cheapest capacity at every tick, without cold starts, from any number and from two a zone.
 *
 * @throws InvalidInputError when the data are missing or malformed.
 */
export function spotServingBenchmark(dataDirectory: string): readonly SpotServingRow[] {
  return readCapacityZones(dataDirectory, TICK_MS).flatMap((set) => {
    const length = Math.min(...set.zones.map((zone) => zone.length));
    const ticks = Math.min(2_880, Math.floor(length * 0.8));
    const random = createRandom(7);
    const starts = Array.from({ length: STARTS }, () => random.integer(Math.max(1, length - ticks)));
    const rows = Object.entries(POLICIES).map(([policy, create]): SpotServingRow => {
      const results = starts.map((start, index) => {
        return serve(set, start, ticks, create(set.zones.length, createRandom(100 + index)));
      });
      return {
        data: set.id,
        policy,
        availabilityPercent: 100 * mean(results.map(({ availability }) => availability)),
        costPercent: 100 * mean(results.map(({ cost }) => cost)),
      };
    });
    const floors = Object.entries(FLOORS).map(([policy, mostPerZone]): SpotServingRow => {
      const costs = starts.map((start) => floorCost(set, start, ticks, mostPerZone));
      return { data: set.id, policy, availabilityPercent: 100, costPercent: 100 * mean(costs) };
    });
    return [...rows, ...floors];
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function serve(
  { zones }: CapacityZones,
  start: number,
  ticks: number,
  policy: Policy,
): { availability: number; cost: number } {
  const spot: number[][] = [];
  const onDemand: number[] = [];
  let asked: readonly number[] = zones.map(() => 0);
  let [full, cost] = [0, 0];
  /** Serving after a tick: what has been there, unbroken, for a cold start. */
  const ready = (history: (tick: number) => number, tick: number): number => {
    if (tick < COLD_TICKS) return 0;
    let least = Infinity;
    for (let back = tick - COLD_TICKS; back <= tick; back++) least = Math.min(least, history(back));
    return least;
  };
  for (let tick = 0; tick < ticks; tick++) {
    const last = tick - 1;
    const order = policy({
      tick,
      running: zones.map((_, zone) => spot[last]?.[zone] ?? 0),
      ready: zones.map((_, zone) => ready((at) => spot[at]![zone]!, last)),
      asked,
      onDemand: { running: onDemand[last] ?? 0, ready: ready((at) => onDemand[at]!, last) },
    });
    asked = order.spot;
    onDemand.push(order.onDemand);
    spot.push(zones.map((zone, index) => Math.min(order.spot[index]!, zone[(start + tick) % zone.length]!)));
    if (tick < COLD_TICKS) continue;
    cost += spot[tick]!.reduce((sum, count) => sum + count, 0) + order.onDemand * ON_DEMAND_PRICE;
    const serving = zones.reduce((sum, _, zone) => sum + ready((at) => spot[at]![zone]!, tick), 0);
    if (serving + ready((at) => onDemand[at]!, tick) >= TARGET) full++;
  }
  const scored = ticks - COLD_TICKS;
  return { availability: full / scored, cost: cost / (scored * TARGET * ON_DEMAND_PRICE) };
}

function floorCost({ zones }: CapacityZones, start: number, ticks: number, mostPerZone: number): number {
  let cost = 0;
  for (let tick = 0; tick < ticks; tick++) {
    const spot = Math.min(
      TARGET,
      zones.reduce((sum, zone) => sum + Math.min(mostPerZone, zone[(start + tick) % zone.length]!), 0),
    );
    cost += spot + (TARGET - spot) * ON_DEMAND_PRICE;
  }
  return cost / (ticks * TARGET * ON_DEMAND_PRICE);
}

/** One replica more than wanted on spot in zones that did not preempt lately; on-demand for every one not ready. */
function spotHedge(zoneCount: number, random: Random): Policy {
  const every = Array.from({ length: zoneCount }, (_, zone) => zone);
  const live = new Set(every);
  return ({ running, asked, ready }) => {
    for (const zone of every) {
      if (asked[zone]! > running[zone]!) live.delete(zone);
      else if (asked[zone]! > 0) live.add(zone);
    }
    if (live.size <= Math.min(1, zoneCount - 3)) every.forEach((zone) => live.add(zone));
    const count = TARGET + 1;
    const total = running.reduce((sum, value) => sum + value, 0);
    const spot = total > count ? every.map(() => 0) : [...running];
    for (let left = count - spot.reduce((sum, value) => sum + value, 0); left > 0; left--) {
      const pool = live.size > 0 ? [...live] : every;
      const empty = pool.filter((zone) => spot[zone] === 0);
      const from = empty.length > 0 ? empty : pool;
      spot[from[random.integer(from.length)]!]!++;
    }
    const serving = ready.reduce((sum, value) => sum + value, 0);
    return { spot, onDemand: Math.min(TARGET, Math.max(0, count - serving)) };
  };
}

function roundRobin(zoneCount: number): Policy {
  let next = 0;
  return ({ running }) => {
    const spot = [...running];
    for (let left = TARGET - spot.reduce((sum, value) => sum + value, 0); left > 0; left--) spot[next++ % zoneCount]!++;
    return { spot, onDemand: 0 };
  };
}

const planned = (more: Partial<PlanSpotConfig>) => (): Policy => {
  let state = createPlanSpotState();
  const config = {
    coldStartMs: COLD_TICKS * TICK_MS,
    spotPriceUsdPerHour: 1,
    onDemandPriceUsdPerHour: ON_DEMAND_PRICE,
    ...more,
  };
  return ({ tick, running, ready, onDemand }) => {
    const zones = running.map((count, zone) => ({
      id: String(zone),
      running: count,
      ready: Math.min(count, ready[zone]!),
    }));
    const result = planSpot(config, state, { nowMs: tick * TICK_MS, target: TARGET, zones, onDemand });
    state = result.state;
    return { spot: result.decision.spot.map(({ replicas }) => replicas), onDemand: result.decision.onDemand };
  };
};

const POLICIES: Record<string, (zoneCount: number, random: Random) => Policy> = {
  'round robin': roundRobin,
  SpotHedge: spotHedge,
  planSpot: planned({}),
  'planSpot, 2 a zone': planned({ maxPerZone: 2 }),
  'planSpot, 2 a zone, weight 120': planned({ maxPerZone: 2, shortfallWeight: 120 }),
};

const FLOORS = { floor: Infinity, 'floor, 2 a zone': 2 };

/** The rows and their means, as text. */
export function formatSpotServing(rows: readonly SpotServingRow[]): string {
  const policies = [...new Set(rows.map(({ policy }) => policy))];
  const means = policies.map((policy): SpotServingRow => {
    const own = rows.filter((row) => row.policy === policy);
    return {
      data: 'mean',
      policy,
      availabilityPercent: mean(own.map(({ availabilityPercent }) => availabilityPercent)),
      costPercent: mean(own.map(({ costPercent }) => costPercent)),
    };
  });
  return formatTable(
    ['zones', 'policy', 'availability %', 'cost % of on-demand'],
    [...rows, ...means].map(({ data, policy, availabilityPercent, costPercent }) => [
      data,
      policy,
      availabilityPercent.toFixed(2),
      costPercent.toFixed(1),
    ]),
    [0, 1],
  );
}
