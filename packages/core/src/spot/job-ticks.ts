import { hoursFromMs } from '../units.ts';
import { EPSILON_TICKS } from './slack-grid.ts';
import { SPOT_ZONES } from './spot-zones.ts';
import type { DeadlineJobConfig, SpotZoneModel } from './types.ts';

/** A job in ticks: what tables and rules count in. */
export interface JobTicks {
  readonly tickMs: number;
  /** Whole ticks from start to deadline. */
  readonly total: number;
  readonly work: number;
  readonly restart: number;
  /** Prices of a tick. */
  readonly spotUsd: number;
  readonly onDemandUsd: number;
  readonly zones: SpotZoneModel;
  /** Equal for two configurations that share a table. */
  readonly fingerprint: string;
}

/** Ticks between two decisions, ms. */
const DEFAULT_TICK_MS = 600_000;

/** The job in ticks. */
export function ticksOf(config: DeadlineJobConfig): JobTicks {
  const tickMs = config.tickMs ?? DEFAULT_TICK_MS;
  const zones = config.zones ?? SPOT_ZONES;
  const total = Math.floor((config.deadlineAtMs - config.startAtMs) / tickMs + EPSILON_TICKS);
  const work = config.workMs / tickMs;
  const restart = config.restartMs / tickMs;
  const spotUsd = config.spotPriceUsdPerHour * hoursFromMs(tickMs);
  const onDemandUsd = config.onDemandPriceUsdPerHour * hoursFromMs(tickMs);
  const kinds = config.zones === undefined ? 'default' : JSON.stringify(zones);
  const fingerprint = [tickMs, total, work, restart, spotUsd, onDemandUsd, kinds].join(' ');
  return { tickMs, total, work, restart, spotUsd, onDemandUsd, zones, fingerprint };
}
