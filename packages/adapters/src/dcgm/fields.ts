import type { GpuMetric } from '../contract/gpu-metrics.ts';

/** How a field of DCGM becomes a metric of ours. */
export interface DcgmField {
  readonly field: string;
  readonly metric: GpuMetric;
  /** Value in our unit = value of the field / this. */
  readonly divisor: number;
  /** Largest value, in our unit, that can be true; the smallest is 0 unless said. */
  readonly max: number;
  readonly min: number;
  /** DCGM measures it for the card also when it is reported beside a MIG instance. */
  readonly isOfCard: boolean;
  /** It grows for as long as the driver is loaded. */
  readonly isCounter: boolean;
}

const MIB_MAX = 16 * 1024 * 1024;

/**
 * Fields that are read. Units: NVIDIA/dcgm-exporter, etc/default-counters.csv. The largest values are far above any card of
 * today and below the sentinels of DCGM.
 */
export const DCGM_FIELDS: readonly DcgmField[] = [
  field('DCGM_FI_PROF_GR_ENGINE_ACTIVE', 'engineActiveRatio', 1, 1),
  field('DCGM_FI_PROF_PIPE_TENSOR_ACTIVE', 'tensorActiveRatio', 1, 1),
  field('DCGM_FI_PROF_DRAM_ACTIVE', 'memoryActiveRatio', 1, 1),
  field('DCGM_FI_DEV_GPU_UTIL', 'utilizationRatio', 100, 1, true),
  field('DCGM_FI_DEV_FB_USED', 'memoryUsedMib', 1, MIB_MAX),
  field('DCGM_FI_DEV_FB_FREE', 'memoryFreeMib', 1, MIB_MAX),
  field('DCGM_FI_DEV_POWER_USAGE', 'powerWatts', 1, 100_000, true),
  { ...field('DCGM_FI_DEV_GPU_TEMP', 'temperatureCelsius', 1, 250, true), min: -100 },
  // From millijoules. A counter that never resets would need 10^8 years at 1 kW to reach the limit.
  { ...field('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', 'energyWattHours', 3_600_000, 1e12, true), isCounter: true },
];

function field(name: string, metric: GpuMetric, divisor: number, max: number, isOfCard = false): DcgmField {
  return { field: name, metric, divisor, max, min: 0, isOfCard, isCounter: false };
}

/** DCGM's "no value" of 64-bit fields is 0x7ffffffffffffff0 and up; a double holds it rounded. */
const INT64_BLANK = 9.22337203685477e18;
/** The same of 32-bit fields and of doubles, each followed by "not found", "not supported", "not permitted". */
const SMALL_BLANKS = [0x7ffffff0, 2 ** 47];

/**
 * Whether a value stands for "no value": NaN, an infinity or a sentinel of DCGM.
 *
 * Source: NVIDIA/DCGM, dcgm_structs.h (DCGM_INT32_BLANK, DCGM_INT64_BLANK, DCGM_FP64_BLANK).
 */
export function isBlank(value: number): boolean {
  if (!Number.isFinite(value) || value >= INT64_BLANK) return true;
  return SMALL_BLANKS.some((blank) => value >= blank && value <= blank + 3);
}

/** The value in our unit, or why there is none. */
export function valueOf(rule: DcgmField, raw: number): number | 'blank' | 'out-of-range' {
  // A counter passes the small sentinels on its way.
  if (rule.isCounter ? !Number.isFinite(raw) || raw >= INT64_BLANK : isBlank(raw)) return 'blank';
  const value = raw / rule.divisor;
  return value < rule.min || value > rule.max ? 'out-of-range' : value;
}
