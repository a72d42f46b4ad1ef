import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCapacityState, createRandom, DAY_MS, HOUR_MS, InvalidInputError, planCapacity } from '@spillway/core';
import { quantile, runCapacity, type CapacityMarket, type CapacityPolicy } from './capacity-market.ts';
import { comingDayKnown, factorPolicy, noBlock, plannedPolicy, sampleAverage } from './capacity-policies.ts';
import { leastCapacityCost } from './capacity-reference.ts';
import { formatTable } from './table.ts';

/** One policy on one stretch of prices. */
export interface CapacityRow {
  readonly penaltyUsd: number;
  readonly startDay: number;
  readonly policy: string;
  readonly costUsd: number;
  /** Least cost with all of the stretch known, by {@link leastCapacityCost}. */
  readonly leastUsd: number;
  /** Share of the bought GPU-hours that neither Fast nor Flex used. */
  readonly idleRatio: number;
}

const STRETCH_HOURS = 90 * 24;
const START_DAYS = [0, 27, 55, 83];
const PENALTIES_USD = [12, 60];
const [MEAN_GPUS, MEDIAN_USD] = [40, 2];

/**
 * Runs the policies on four overlapping stretches of 90 days of a spot price, at a low and a high penalty, against the least
 * cost in hindsight.
 *
 * @throws InvalidInputError when the data are missing or malformed.
 */
export function capacityBenchmark(dataDirectory: string): readonly CapacityRow[] {
  const { demand, price } = readCapacityData(dataDirectory);
  return PENALTIES_USD.flatMap((penaltyUsd) =>
    START_DAYS.flatMap((startDay) => {
      const market = capacityStretch(demand, price, startDay, penaltyUsd);
      const leastUsd = leastCapacityCost(market);
      return policiesOf(market).map((policy): CapacityRow => {
        const { costUsd, blockGpuHours, idleGpuHours } = runCapacity(market, policy);
        const idleRatio = blockGpuHours > 0 ? idleGpuHours / blockGpuHours : 0;
        return { penaltyUsd, startDay, policy: policy.name, costUsd, leastUsd, idleRatio };
      });
    }),
  );
}

function policiesOf(market: CapacityMarket): readonly CapacityPolicy[] {
  return [
    factorPolicy(1.5),
    noBlock,
    sampleAverage(14),
    plannedPolicy({ largestBlock: market.largestBlock, blockScenarios: 200, flexScenarios: 64 }),
    comingDayKnown(market),
  ];
}

/** A stretch of 90 days; no block may be larger than the largest demand of the 24 hours before it. */
function capacityStretch(demand: Float64Array, price: Float64Array, startDay: number, penalty: number): CapacityMarket {
  const hours = Float64Array.from({ length: STRETCH_HOURS }, (_, hour) => demand[hour % demand.length]!);
  return {
    demand: hours,
    price: price.slice(24 * startDay, 24 * startDay + STRETCH_HOURS),
    penalty,
    largestBlock: (hour) => hours.subarray(hour - 24, hour).reduce((x, y) => Math.max(x, y), 0),
  };
}

/**
 * Reads `servegen-m-small.json` (requests per second in steps of 600 s, scaled so that the hourly peaks have a mean of 40
 * GPUs) and `aws-g2-price-us-east-1b.json` (hourly, scaled to a median of 2 USD) from a folder or its `demand` and `spot`.
 *
 * @throws InvalidInputError when a file is missing or malformed.
 */
function readCapacityData(directory: string): { readonly demand: Float64Array; readonly price: Float64Array } {
  const requests = readColumn(directory, 'demand', 'servegen-m-small.json', 'requestsPerSec');
  const prices = readColumn(directory, 'spot', 'aws-g2-price-us-east-1b.json', 'price');
  const needed = 24 * START_DAYS.at(-1)! + STRETCH_HOURS;
  if (prices.length < needed) {
    throw new InvalidInputError('price', `must have at least ${needed} hours`, prices.length, {
      hint: 'Is it the right file?',
    });
  }
  const peaks = Array.from({ length: Math.floor(requests.length / 6) }, (_, h) =>
    Math.max(...requests.slice(6 * h, 6 * h + 6)),
  );
  const scale = MEAN_GPUS / (peaks.reduce((sum, value) => sum + value, 0) / peaks.length);
  const toUsd = MEDIAN_USD / quantile(Float64Array.from(prices), 0.5);
  return {
    demand: Float64Array.from(peaks, (value) => Math.ceil(value * scale)),
    price: Float64Array.from(prices, (value) => value * toUsd),
  };
}

function readColumn(directory: string, folder: string, file: string, column: string): readonly number[] {
  const flat = join(directory, file);
  const path = existsSync(flat) ? flat : join(directory, folder, file);
  let values: unknown;
  try {
    values = (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>)[column];
  } catch (cause) {
    throw new InvalidInputError('--data', 'must be a folder with the series', path, {
      hint: 'docs/benchmarks.md says which files, and where they come from.',
      cause,
    });
  }
  const isColumn = Array.isArray(values) && values.length >= 168 && values.every((x) => Number.isFinite(x) && x >= 0);
  if (isColumn) return values as readonly number[];
  throw new InvalidInputError(`${column} of ${path}`, 'must list at least 168 numbers >= 0', values, {
    hint: 'Is it the right file?',
  });
}

/** Processor time that planning takes. */
export interface CapacitySpeed {
  readonly scenarioCount: number;
  readonly stepCount: number;
  readonly medianMs: number;
  readonly worstMs: number;
}

/**
 * Times `planCapacity` for a week in hours over 200 scenarios: seven blocks on offer, one held, Flex for two days.
 *
 * @param usedMs - time used so far, of the clock or of the processor.
 */
export function capacitySpeed(usedMs: () => number): CapacitySpeed {
  const random = createRandom(1);
  const [scenarioCount, stepCount] = [200, 168];
  const scenarios = Array.from({ length: scenarioCount }, () => ({
    demandGpus: Array.from({ length: stepCount }, (_, h) => Math.round(40 + 20 * Math.sin(h / 4) + 8 * random.next())),
    priceUsdPerGpuHour: Array.from({ length: stepCount }, () => 1.6 + random.exponential(1.5)),
  }));
  const observation = {
    ...{ nowMs: 0, stepMs: HOUR_MS, demandGpus: 40, spotUsdPerGpuHour: 2, scenarios },
    offers: Array.from({ length: 7 }, (_, day) => ({
      ...{ id: String(day), startAtMs: day * DAY_MS, endAtMs: (day + 1) * DAY_MS, priceUsdPerGpuHour: 2.8 },
    })),
    holdings: [{ id: 'held', gpus: 10, startAtMs: 0, endAtMs: DAY_MS }],
    flexQueue: [24, 48].map((hours) => ({ id: String(hours), gpuHours: 200, deadlineAtMs: hours * HOUR_MS })),
  };
  const times = Array.from({ length: 60 }, () => {
    const start = usedMs();
    planCapacity({ unmetUsdPerGpuHour: 12 }, createCapacityState(), observation);
    return usedMs() - start;
  });
  const warm = Float64Array.from(times.slice(10));
  return { scenarioCount, stepCount, medianMs: quantile(warm, 0.5), worstMs: quantile(warm, 1) };
}

/** The rows as text: cost over the least, by stretch, then mean and worst. */
export function formatCapacity(rows: readonly CapacityRow[], speed: CapacitySpeed): string {
  const keys = [...new Set(rows.map(({ penaltyUsd, policy }) => `${penaltyUsd}|${policy}`))];
  const body = keys.map((key) => {
    const own = rows.filter(({ penaltyUsd, policy }) => `${penaltyUsd}|${policy}` === key);
    const ratios = own.map(({ costUsd, leastUsd }) => costUsd / leastUsd);
    const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    return [
      ...[own[0]!.policy, String(own[0]!.penaltyUsd), ...ratios.map((ratio) => ratio.toFixed(3))],
      ...[meanOf(ratios).toFixed(3), Math.max(...ratios).toFixed(3)],
      (100 * meanOf(own.map(({ idleRatio }) => idleRatio))).toFixed(0),
    ];
  });
  const head = ['cost / least', 'penalty', ...START_DAYS.map((day) => `day ${day}`), 'mean', 'worst', 'idle %'];
  return [
    formatTable(head, body),
    '',
    `planCapacity, ${speed.stepCount} h x ${speed.scenarioCount} scenarios x 7 blocks, processor time: median ${speed.medianMs.toFixed(1)} ms, ` +
      `worst ${speed.worstMs.toFixed(1)} ms of 50 calls`,
  ].join('\n');
}
