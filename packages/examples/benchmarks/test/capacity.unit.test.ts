import { createRandom } from '@spillway/core';
import * as highsModule from 'highs';
import { describe, expect, it } from 'vitest';
import { BLOCK_HOURS, FIRST_HOUR, forwardPrice, runCapacity, type CapacityMarket } from '../src/capacity-market.ts';
import { factorPolicy, noBlock, plannedPolicy, sampleAverage } from '../src/capacity-policies.ts';
import { leastCapacityCost } from '../src/capacity-reference.ts';

/** The package declares itself CommonJS, its entry for `import` is a module: the declared default is one level off. */
const highs = await (highsModule.default as unknown as typeof highsModule.default.default)();

/** Four days of a market after the first week, with spells of high prices. */
function market(seed: number, penalty: number): CapacityMarket {
  const random = createRandom(seed);
  const hours = FIRST_HOUR + 4 * BLOCK_HOURS;
  let isSpell = false;
  const price = Float64Array.from({ length: hours }, () => {
    isSpell = random.next() < (isSpell ? 0.85 : 0.06);
    return isSpell ? 8 + 20 * random.next() : 1 + random.next();
  });
  const demand = Float64Array.from({ length: hours }, (_, hour) =>
    Math.round(12 + 8 * Math.sin(hour / 4) + random.integer(5)),
  );
  return { demand, price, penalty, largestBlock: () => 25 };
}

/** The same problem as one linear programme over blocks, spot, sales, backfill and Flex at once. */
function linearProgramme({ demand, price, penalty, largestBlock }: CapacityMarket): number {
  const [objective, rows, bounds]: [string[], string[], string[]] = [[], [], []];
  const backfill = new Map<number, string[]>();
  for (let start = FIRST_HOUR; start < demand.length; start += BLOCK_HOURS) {
    objective.push(`+ ${BLOCK_HOURS * forwardPrice(price, start)} block${start}`);
    bounds.push(`0 <= block${start} <= ${largestBlock(start)}`);
    const flex: string[] = [];
    for (let hour = start; hour < Math.min(demand.length, start + 48); hour++) {
      flex.push(`+ fill${start}_${hour}`, `+ flex${start}_${hour}`);
      objective.push(`+ ${price[hour]!} flex${start}_${hour}`);
      backfill.set(hour, [...(backfill.get(hour) ?? []), `- fill${start}_${hour}`]);
    }
    rows.push(`${flex.join('\n')} ${start + 48 > demand.length ? '>= 0' : '= 200'}`);
  }
  for (let hour = FIRST_HOUR; hour < demand.length; hour++) {
    const start = hour - ((hour - FIRST_HOUR) % BLOCK_HOURS);
    objective.push(`+ ${Math.min(price[hour]!, penalty)} short${hour}`, `- ${0.9 * 0.8 * price[hour]!} sold${hour}`);
    rows.push(`block${start} + short${hour} - sold${hour}\n${backfill.get(hour)!.join('\n')} >= ${demand[hour]!}`);
  }
  const text = ['Minimize', objective.join('\n'), 'Subject To', ...rows, 'Bounds', ...bounds, 'End'].join('\n');
  const result = highs.solve(text, { output_flag: false });
  if (result.Status !== 'Optimal') throw new Error(result.Status);
  return result.ObjectiveValue;
}

describe('the reference of the capacity benchmark', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'is the optimum of a linear programme while a sale never beats the penalty, seed %i',
    (seed) => {
      const stretch = market(seed, 60);

      expect(leastCapacityCost(stretch) / linearProgramme(stretch)).toBeCloseTo(1, 7);
    },
  );

  it.each([1, 2, 3])('is below every rule at a low penalty too, seed %i', (seed) => {
    const stretch = market(seed, 5);
    const least = leastCapacityCost(stretch);
    const planned = plannedPolicy({ largestBlock: stretch.largestBlock, blockScenarios: 20, flexScenarios: 10 });

    for (const policy of [noBlock, factorPolicy(1.5), sampleAverage(7), planned]) {
      expect(runCapacity(stretch, policy).costUsd).toBeGreaterThanOrEqual(least - 1e-6);
    }
  });
});

describe('the market', () => {
  it('adds up blocks, spot and Flex', () => {
    const flat: CapacityMarket = {
      demand: new Float64Array(FIRST_HOUR + 72).fill(10),
      price: new Float64Array(FIRST_HOUR + 72).fill(2),
      penalty: 12,
      largestBlock: () => 8,
    };

    const run = runCapacity(flat, { name: 'test', block: () => 9, flex: () => 0 });

    // Three blocks of 8 at 2.10 for 24 h, 2 GPUs at spot for 72 h, and the Flex of the first two days when it is due.
    expect(run.costUsd).toBeCloseTo(3 * 24 * 8 * 2.1 + 72 * 2 * 2 + 200 * 2 + 200 * 2, 6);
    expect(run).toMatchObject({ blockGpuHours: 576, idleGpuHours: 0, unmetGpuHours: 0 });
  });
});
