import { createRandom, type CapacityScenario, type Random } from '@spillway/core';
import { mean, quantile } from './capacity-market.ts';

/** A price this many times the median of two weeks belongs to a spell. */
const SPELL_RATIO = 3;
const [MEDIAN_HOURS, CALM_HOURS] = [336, 96];
/** Evidence fades with this half-life, hours. */
const HALF_LIFE_HOURS = 240;
/** Ages of a spell in hours, and the chance to end in an hour before any was seen; the prior counts as so many hours. */
const AGE_ENDS = [1, 4, 16, 64, Infinity];
const END_PRIOR = [0.5, 0.25, 0.08, 0.025, 0.01];
const [END_PRIOR_HOURS, START_PRIOR, START_PRIOR_HOURS] = [10, 0.004, 48];
/** A spell before any was seen costs so many medians. */
const LEVEL_PRIOR_RATIO = 6;

/** What the past says about the price: calm hours, and spells whose chance to end falls with their age. */
interface SpellModel {
  readonly age: number;
  readonly endRatio: readonly number[];
  readonly startRatio: number;
  readonly calmPrices: Float64Array;
  readonly spellPrices: readonly number[];
  readonly last: number;
}

const ageClass = (age: number) => AGE_ENDS.findIndex((end) => age < end);

function fitSpells(price: Float64Array): SpellModel {
  const median = quantile(price.subarray(-MEDIAN_HOURS), 0.5);
  const threshold = SPELL_RATIO * median;
  const fade = 0.5 ** (1 / HALF_LIFE_HOURS);
  const ended = AGE_ENDS.map(() => 0);
  const seen = AGE_ENDS.map(() => 0);
  let [starts, calm, age] = [0, 0, 0];
  for (const now of price) {
    starts *= fade;
    calm *= fade;
    for (let c = 0; c < ended.length; c++) {
      ended[c]! *= fade;
      seen[c]! *= fade;
    }
    const isSpell = now > threshold;
    if (age === 0) {
      calm++;
      if (isSpell) starts++;
    } else {
      seen[ageClass(age)]!++;
      if (!isSpell) ended[ageClass(age)]!++;
    }
    age = isSpell ? age + 1 : 0;
  }
  const calmPrices = price.subarray(-CALM_HOURS).filter((value) => value <= threshold);
  const spells = [...price.subarray(-2 * MEDIAN_HOURS)].filter((value) => value > threshold);
  return {
    age,
    endRatio: END_PRIOR.map((prior, c) => (ended[c]! + END_PRIOR_HOURS * prior) / (seen[c]! + END_PRIOR_HOURS)),
    startRatio: (starts + START_PRIOR * START_PRIOR_HOURS) / (calm + START_PRIOR_HOURS),
    calmPrices: calmPrices.length > 0 ? calmPrices : Float64Array.of(median),
    spellPrices: [...spells.slice(-48), ...[0.5, 1, 2].map((f) => f * LEVEL_PRIOR_RATIO * median)],
    last: price.at(-1)!,
  };
}

/** One path of prices; `u` is where it stands in the stratification of the first change, 0 to 1. */
function pricePath(model: SpellModel, hours: number, known: number, random: Random): number[] {
  let { age } = model;
  let level = model.last;
  const calmMean = mean(model.calmPrices);
  let now = model.last;
  const path: number[] = known === 1 ? [model.last] : [];
  while (path.length < hours) {
    if (age > 0) {
      if (random.next() < model.endRatio[ageClass(age)]!) {
        age = 0;
        now = calmMean;
      } else age++;
    } else if (random.next() < model.startRatio) {
      age = 1;
      level = model.spellPrices[random.integer(model.spellPrices.length)]!;
    }
    if (age > 0) path.push(level);
    else {
      if (random.next() < 0.3) now = model.calmPrices[random.integer(model.calmPrices.length)]!;
      path.push(now);
    }
  }
  return path;
}

/**
 * Joint scenarios of the coming hours from the past alone: prices by the spell model, demand as on the last seven days, the
 * same day of last week counted twice.
 *
 * @param isPriceKnown - the last price is that of hour 0.
 */
export function capacityScenarios(
  past: { readonly demand: Float64Array; readonly price: Float64Array; readonly hour: number },
  options: { readonly count: number; readonly hours: number; readonly isPriceKnown: boolean; readonly seed: number },
): CapacityScenario[] {
  const { demand, hour } = past;
  const model = fitSpells(past.price);
  const random = createRandom(options.seed);
  return Array.from({ length: options.count }, (_, s) => {
    const days = (s % 8) + 1 > 7 ? 7 : (s % 8) + 1;
    const demandGpus = Array.from({ length: options.hours }, (__, h) => {
      const lag = 24 * days * Math.ceil((h + 1) / (24 * days));
      return demand[Math.max(0, hour + h - lag)]!;
    });
    return {
      demandGpus,
      priceUsdPerGpuHour: pricePath(model, options.hours, options.isPriceKnown ? 1 : 0, random),
    };
  });
}
