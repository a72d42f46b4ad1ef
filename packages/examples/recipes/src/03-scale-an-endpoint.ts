// How many replicas should an endpoint have, and on which tier do they run?
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { autoscale, createAutoscaleState, explainAutoscale } from '@spillway/core/autoscale';
import { explainPlaceReplicas, placeReplicas } from '@spillway/core/spillover';

// One replica carries 10 requests a second; a wish for more must last 30 s before it counts.
const config = { minReplicas: 1, maxReplicas: 8, targets: [{ signal: 'rate', perReplica: 10 }] } as const;
const seen = [
  { nowMs: 0, readyReplicas: 2, ratePerSecond: 20 },
  { nowMs: 15_000, readyReplicas: 2, ratePerSecond: 45 },
  { nowMs: 30_000, readyReplicas: 2, ratePerSecond: 45 },
  { nowMs: 45_000, readyReplicas: 2, ratePerSecond: 45 },
];
const tiers = [
  { id: 'spot', kind: 'spot', capacity: null, priceUsdPerHour: 1.5 },
  { id: 'own', kind: 'fixed', capacity: 2, priceUsdPerHour: 0.5 },
] as const;
const current = [
  { id: 'r1', tierId: 'own', startedAtMs: 0 },
  { id: 'r2', tierId: 'own', startedAtMs: 0 },
];

/** Follows an endpoint through a burst, then places what it wants, and returns one line a decision. */
export function main(): string {
  let state = createAutoscaleState();
  let target = 0;
  const lines = seen.map((observation) => {
    const result = autoscale(config, state, observation);
    ({ state } = result);
    ({ target } = result.decision);
    return `${observation.nowMs / 1_000} s: ${target} replicas. ${explainAutoscale(result.reasons.at(-1)!)}`;
  });
  const { reasons } = placeReplicas({ target }, tiers, current);
  return [...lines, ...reasons.map(explainPlaceReplicas)].join('\n');
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) console.log(main());
