/** A zone as the enumeration of plans sees it. */
export interface PlanZone {
  /** Replicas that may be here at most. */
  readonly most: number;
  readonly running: number;
  /** Chance that an ask is answered now, and that capacity held now is lost within one cold start. */
  readonly up: number;
  readonly lost: number;
}

/** Replicas by zone and on demand, their price per spot replica, and the chance of falling short. */
export interface SpotPlan {
  readonly counts: readonly number[];
  readonly onDemand: number;
  readonly price: number;
  readonly shortfall: number;
}

/** What plans are judged by; prices in spot replicas. */
export interface PlanTerms {
  readonly target: number;
  readonly maxSpare: number;
  readonly onDemandPrice: number;
  readonly onDemandReady: number;
  readonly shortfallWeight: number;
  /** Price of starting one replica on spot. */
  readonly startPrice: number;
}

/** Price of an ask that is probably refused, in replicas. */
const REFUSAL_PRICE = 0.5;

/**
 * The cheapest plan: running replicas, starts and `shortfallWeight` times the chance that fewer than the target are left
 * after one cold start. Replicas of one zone are lost together. Every plan with up to `maxSpare` replicas beyond the
 * target and at most one spare on demand is looked at: some hundreds for four zones. Ties go to the first in order.
 */
export function cheapestPlan(zones: readonly PlanZone[], terms: PlanTerms): SpotPlan {
  const { target, maxSpare } = terms;
  const counts = new Array<number>(zones.length).fill(0);
  let best: SpotPlan | undefined;
  const walk = (index: number, sum: number): void => {
    if (index === zones.length) {
      const least = Math.max(0, target - sum);
      for (
        let onDemand = least;
        onDemand <= Math.min(target, least + 1) && sum + onDemand <= target + maxSpare;
        onDemand++
      ) {
        const shortfall = chanceOfShortfall(zones, counts, onDemand, target);
        const price = priceOf(zones, counts, onDemand, terms) + terms.shortfallWeight * shortfall;
        if (best === undefined || price < best.price - 1e-9) best = { counts: [...counts], onDemand, price, shortfall };
      }
      return;
    }
    const most = Math.min(target, zones[index]!.most, target + maxSpare - sum);
    for (let count = 0; count <= most; count++) {
      counts[index] = count;
      walk(index + 1, sum + count);
    }
    counts[index] = 0;
  };
  walk(0, 0);
  return best!;
}

function priceOf(zones: readonly PlanZone[], counts: readonly number[], onDemand: number, terms: PlanTerms): number {
  let price = onDemand * terms.onDemandPrice;
  zones.forEach(({ running, up }, index) => {
    const fresh = Math.max(0, counts[index]! - running);
    price += counts[index]! + fresh * (terms.startPrice + (1 - up) * REFUSAL_PRICE);
  });
  return price + Math.max(0, onDemand - terms.onDemandReady) * terms.onDemandPrice * terms.startPrice;
}

/** Chance that the zones that hold leave fewer than the target, over every set of zones lost. */
export function chanceOfShortfall(
  zones: readonly Pick<PlanZone, 'lost'>[],
  counts: readonly number[],
  onDemand: number,
  target: number,
): number {
  const walk = (index: number, left: number, chance: number): number => {
    if (index === zones.length) return left < target ? chance : 0;
    const count = counts[index]!;
    if (count === 0) return walk(index + 1, left, chance);
    const { lost } = zones[index]!;
    return walk(index + 1, left, chance * lost) + walk(index + 1, left + count, chance * (1 - lost));
  };
  return walk(0, onDemand, 1);
}
