import type { GpuHealthSignal } from '../contract/gpu-metrics.ts';

/** Xids that the program on the card causes; the card is well. Source: NVIDIA/k8s-device-plugin, internal/rm/health.go. */
const APPLICATION_XIDS: ReadonlySet<number> = new Set([13, 31, 43, 45, 68, 109]);
/**
 * Xids after which the card needs a reset or a technician: uncorrectable memory, row remapping, NVLink, off the bus, contained
 * and uncontained ECC, firmware that does not answer. Source: NVIDIA, "Xid Errors".
 */
const HARDWARE_XIDS: ReadonlySet<number> = new Set([48, 63, 64, 74, 79, 92, 94, 95, 119, 120, 140]);

type Kind = Exclude<GpuHealthSignal['kind'], 'xid'>;

/** Counters and flags of DCGM that are 0 on a card that is well. */
const COUNTS: Readonly<Record<string, Kind>> = {
  DCGM_FI_DEV_ROW_REMAP_FAILURE: 'row-remap-failure',
  DCGM_FI_DEV_ECC_DBE_VOL_TOTAL: 'ecc-uncorrectable',
  DCGM_FI_DEV_RETIRED_PENDING: 'pages-pending-retirement',
  DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS: 'rows-remapped',
};

/** The field that holds the number of the last Xid; 0 means none. */
export const XID_FIELD = 'DCGM_FI_DEV_XID_ERRORS';

/** Every field that tells of health. */
export const HEALTH_FIELDS: readonly string[] = [XID_FIELD, ...Object.keys(COUNTS)];

/** What a value of a health field says of a card; `undefined` when it says that all is well. */
export function healthSignal(
  field: string,
  value: number,
  gpuId: string,
  nodeName: string | null,
  message: string,
): GpuHealthSignal | undefined {
  if (value === 0) return undefined;
  if (field !== XID_FIELD) {
    const kind = COUNTS[field]!;
    return { gpuId, nodeName, kind, value, fault: 'hardware', detail: `${field} is ${value}` };
  }
  const fault = APPLICATION_XIDS.has(value) ? 'application' : HARDWARE_XIDS.has(value) ? 'hardware' : 'unknown';
  return {
    gpuId,
    nodeName,
    kind: 'xid',
    value,
    fault,
    detail: message === '' ? `Xid ${value}` : `Xid ${value}: ${message}`,
  };
}
