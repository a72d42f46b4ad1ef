import { checkNumber, checkOptionalNumber } from '../check-number.ts';
import { InvalidInputError } from '../errors.ts';
import { checkZones } from './check.ts';
import type {
  PlanSpotConfig,
  PlanSpotObservation,
  PlanSpotReason,
  PlanSpotResult,
  PlanSpotState,
  PlanSpotZone,
  SpotZoneSight,
} from './plan-spot-types.ts';
import { cheapestPlan } from './spot-plans.ts';
import { SPOT_ZONES } from './spot-zones.ts';
import type { SpotZoneModel } from './types.ts';
import { transitionsFor } from './zone-belief.ts';
import { chanceLost, chanceUp, firstOdds, normalised, passedOdds, seenOdds } from './zone-odds.ts';

/** Zones that a plan may use at once. */
const PLAN_ZONES = 4;
/** A refusal is believed for so long, ms. */
const CAP_MS = 600_000;
/** With enough spot, a zone is asked again only after this time, ms. */
const PROBE_MS = 150_000;
/** A replica runs for this many cold starts before its start has paid off. */
const START_SHARE = 1 / 30;
/** Steps into which a cold start is cut when the chance of a loss is computed. */
const RISK_STEPS = 6;
/** A loss of part of a zone's replicas is this much likelier in a short spell. */
const CALM_LOSS = 3;

/** Creates the state of a planner that has seen nothing. */
export function createPlanSpotState(): PlanSpotState {
  return { version: 1, lastMs: null, zones: [] };
}

/**
 * Decides how many replicas run in which spot zone and how many on demand.
 *
 * What is wanted is that all `target` replicas are ready. Every zone carries odds over the hidden states of `config.zones`,
 * updated by what it gave and took. A plan costs its replicas, its starts and `shortfallWeight` times the chance that
 * fewer than the target are left after one cold start; the cheapest of some hundreds is taken. Moves are make before break. A
 * replica that is missing now is ordered on demand at once, and let go when spot is ready; a refused ask costs nothing, so
 * other zones are asked too. Replicas of one zone are lost together: `maxPerZone` bounds how many.
 *
 * Laws: never more in a zone than `maxPerZone`; running spot, ordered spot and on-demand together are never fewer than
 * the target; the same call twice is the same answer; the state survives JSON.
 *
 * `O(zones * kinds + plans)`.
 *
 * @param state - from {@link createPlanSpotState} or the call before; neither changed nor kept.
 * @throws InvalidInputError on numbers out of range, zones named twice, a foreign state, and when time goes back.
 *
 * @example
 * ```ts
 * const config = { coldStartMs: 120_000, spotPriceUsdPerHour: 1, onDemandPriceUsdPerHour: 3 };
 * const zones = [{ id: 'a', running: 0, ready: 0 }, { id: 'b', running: 0, ready: 0 }];
 * const seen = { nowMs: 0, target: 2, zones, onDemand: { running: 0, ready: 0 } };
 * planSpot(config, createPlanSpotState(), seen).decision.onDemand; // 2: until spot has answered
 * ```
 */
export function planSpot(
  config: PlanSpotConfig,
  state: PlanSpotState,
  observation: PlanSpotObservation,
): PlanSpotResult {
  check(config, state, observation);
  const { nowMs, target, onDemand } = observation;
  const model = config.zones ?? SPOT_ZONES;
  const reasons: PlanSpotReason[] = [];
  const known = new Map(state.zones.map((zone) => [zone.id, zone]));
  const elapsedTicks = state.lastMs === null ? 0 : (nowMs - state.lastMs) / model.tickMs;
  const passing = stepsOf(model, elapsedTicks);
  const riskSteps = stepsOf(model, config.coldStartMs / model.tickMs / (RISK_STEPS - 2));
  const isSameLook = state.lastMs === nowMs;
  const zones = observation.zones.map((sight) => {
    const before = known.get(sight.id) ?? fresh(sight.id, model);
    const seen = isSameLook ? before : look(before, sight, passing, nowMs, reasons);
    const limit = Math.min(
      config.maxPerZone ?? Infinity,
      seen.cap !== null && nowMs < seen.cap.untilMs ? seen.cap.count : Infinity,
    );
    const [up, lost] = [chanceUp(seen.odds), chanceLost(seen.odds, riskSteps, RISK_STEPS)];
    return { ...seen, ready: sight.ready, running: sight.running, limit, up, lost };
  });

  // Zones that run something, or that probably have capacity for longer than a moment.
  const worth = (zone: (typeof zones)[number]): number => (zone.running > 0 ? 1 : zone.up) * (1 - zone.lost) ** 20;
  const chosen = zones
    .map((zone, index) => ({ zone, index }))
    .filter(({ zone }) => zone.running > 0 || (zone.limit > 0 && zone.up > 0.02))
    .sort((a, b) => worth(b.zone) - worth(a.zone) || a.index - b.index)
    .slice(0, PLAN_ZONES);
  const plan = cheapestPlan(
    chosen.map(({ zone }) => ({ most: zone.limit, running: zone.running, up: zone.up, lost: zone.lost })),
    {
      target,
      maxSpare: config.maxSpare ?? 2,
      onDemandPrice: config.onDemandPriceUsdPerHour / config.spotPriceUsdPerHour,
      onDemandReady: onDemand.ready,
      shortfallWeight: config.shortfallWeight ?? 250,
      startPrice: START_SHARE,
    },
  );
  const spotCount = plan.counts.reduce((sum, count) => sum + count, 0);
  const costUsdPerHour = spotCount * config.spotPriceUsdPerHour + plan.onDemand * config.onDemandPriceUsdPerHour;
  reasons.push({ kind: 'plan', costUsdPerHour, shortfallProbability: plan.shortfall });

  const wanted = zones.map((_, index) => {
    const place = chosen.findIndex((one) => one.index === index);
    return place === -1 ? 0 : plan.counts[place]!;
  });
  const readyCount =
    zones.reduce((sum, zone, index) => sum + Math.min(wanted[index]!, zone.ready), 0) +
    Math.min(plan.onDemand, onDemand.ready);
  const neededCount = spotCount + plan.onDemand;
  const isReady = readyCount >= neededCount;
  if (!isReady) reasons.push({ kind: 'make-before-break', readyCount, neededCount });
  const spot = zones.map((zone, index) =>
    isReady ? wanted[index]! : Math.max(wanted[index]!, Math.min(zone.running, zone.limit)),
  );

  const running = zones.reduce((sum, zone) => sum + zone.running, 0);
  const missing = Math.max(0, target - running);
  const asked = missing > 0 || plan.onDemand > 0 ? probes(zones, spot, missing, nowMs) : [];
  for (const index of asked) spot[index] = Math.min(target, 1);
  if (missing > 0) reasons.push({ kind: 'spot-short', missing, zoneIds: asked.map((index) => zones[index]!.id) });
  const spotReady = zones.reduce((sum, zone) => sum + zone.ready, 0);
  // On-demand that serves stays until spot is ready in its place.
  const kept = Math.min(onDemand.running, onDemand.ready, target - spotReady);
  const held = zones.reduce((sum, zone, index) => sum + Math.min(spot[index]!, zone.running), 0);
  const orders = Math.max(0, Math.min(target, Math.max(plan.onDemand, target - held, kept)));
  return {
    state: {
      version: 1,
      lastMs: nowMs,
      zones: zones.map(({ id, odds, cap, triedAtMs, running: count }, index) => ({
        id,
        odds: odds.map((row) => [...row]),
        asked: spot[index]!,
        running: count,
        cap,
        triedAtMs: asked.includes(index) ? nowMs : triedAtMs,
      })),
    },
    decision: { spot: zones.map(({ id }, index) => ({ zoneId: id, replicas: spot[index]! })), onDemand: orders },
    reasons,
  };
}

function stepsOf(model: SpotZoneModel, ticks: number): readonly Float64Array[] {
  return model.kinds.map(({ transition }) => transitionsFor(transition, ticks));
}

function fresh(id: string, model: SpotZoneModel): PlanSpotZone {
  return { id, odds: firstOdds(model), asked: 0, running: 0, cap: null, triedAtMs: null };
}

/** What a zone gave and took since the last decision. */
function look(
  before: PlanSpotZone,
  { id, running }: SpotZoneSight,
  passing: readonly Float64Array[],
  nowMs: number,
  reasons: PlanSpotReason[],
): PlanSpotZone {
  const odds = normalised(passedOdds(before.odds, passing));
  const { asked } = before;
  if (asked === 0) return { ...before, odds };
  const isLost = running < Math.min(asked, before.running);
  let { cap } = before;
  if (running < asked) {
    cap = { count: running, untilMs: nowMs + CAP_MS };
    reasons.push({ kind: 'zone-refused', zoneId: id, given: running, asked });
  } else if (cap !== null && running >= cap.count) cap = null;
  return { ...before, cap, odds: seenOdds(odds, running > 0, running > 0 && isLost ? CALM_LOSS : 1) };
}

/** Zones without a replica that are worth asking: the calmest first, as many as are missing, at least one. */
function probes(
  zones: readonly (PlanSpotZone & { readonly limit: number; readonly up: number; readonly lost: number })[],
  spot: readonly number[],
  missing: number,
  nowMs: number,
): readonly number[] {
  const waitMs = missing > 0 ? 1 : PROBE_MS;
  const worth = (index: number): number => zones[index]!.up * (1 - zones[index]!.lost) ** 10;
  return zones
    .map((_, index) => index)
    .filter((index) => {
      const { triedAtMs, up } = zones[index]!;
      return spot[index] === 0 && up > 0 && (triedAtMs === null || nowMs - triedAtMs >= waitMs);
    })
    .sort((a, b) => worth(b) - worth(a) || a - b)
    .slice(0, Math.max(1, missing));
}

function check(config: PlanSpotConfig, state: PlanSpotState, observation: PlanSpotObservation): void {
  checkNumber('coldStartMs', config.coldStartMs, { above: 0, hint: 'Two minutes are 120_000.' });
  checkNumber('spotPriceUsdPerHour', config.spotPriceUsdPerHour, { above: 0 });
  checkNumber('onDemandPriceUsdPerHour', config.onDemandPriceUsdPerHour, { above: 0 });
  checkOptionalNumber('shortfallWeight', config.shortfallWeight, { min: 0 });
  checkOptionalNumber('maxPerZone', config.maxPerZone, { min: 1, isWhole: true });
  checkOptionalNumber('maxSpare', config.maxSpare, { min: 0, max: 4, isWhole: true });
  if (config.zones !== undefined) checkZones(config.zones);
  if ((state as { readonly version: unknown }).version !== 1) {
    throw new InvalidInputError('state', 'must come from createPlanSpotState or an earlier call', state);
  }
  checkNumber('nowMs', observation.nowMs);
  if (state.lastMs !== null && observation.nowMs < state.lastMs) {
    throw new InvalidInputError('nowMs', `must not be before the last call at ${state.lastMs}`, observation.nowMs);
  }
  checkNumber('target', observation.target, { min: 0, max: 16, isWhole: true });
  checkNumber('onDemand.running', observation.onDemand.running, { min: 0, isWhole: true });
  checkNumber('onDemand.ready', observation.onDemand.ready, {
    min: 0,
    max: observation.onDemand.running,
    isWhole: true,
  });
  const ids = new Set<string>();
  observation.zones.forEach(({ id, running, ready }, index) => {
    if (ids.has(id)) throw new InvalidInputError(`zones[${index}].id`, 'must be unique', id);
    ids.add(id);
    checkNumber(`zones[${index}].running`, running, { min: 0, isWhole: true });
    checkNumber(`zones[${index}].ready`, ready, { min: 0, max: running, isWhole: true });
  });
}
