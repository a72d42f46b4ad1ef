import type { Tier } from '../../src/index.ts';

/** The least cost per hour of `count` replicas over all ways to spread them, by trying each; `null` when none fits. */
export function leastCostOfEveryFilling(tiers: readonly Tier[], count: number): number | null {
  const [tier, ...rest] = tiers;
  if (tier === undefined) return count === 0 ? 0 : null;
  let least: number | null = null;
  for (let here = 0; here <= count && (tier.capacity === null || here <= tier.capacity); here++) {
    const others = leastCostOfEveryFilling(rest, count - here);
    if (others === null) continue;
    const cost = others + here * tier.priceUsdPerHour;
    if (least === null || cost < least) least = cost;
  }
  return least;
}

/** The most replicas that can be in any state that only known tiers within their capacity hold. */
export function roomOf(tiers: readonly Tier[]): number {
  return tiers.reduce((sum, { capacity }) => sum + (capacity ?? Infinity), 0);
}
