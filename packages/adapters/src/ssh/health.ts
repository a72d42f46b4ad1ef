import type { SshInventory } from './inventory.ts';

/** What is wrong with a machine. */
export type SshProblem =
  | { readonly kind: 'driver'; readonly message: string }
  | { readonly kind: 'xid'; readonly xid: number; readonly busId: string; readonly meaning: string }
  | { readonly kind: 'uncorrected-ecc'; readonly gpuIndex: number; readonly count: number }
  | { readonly kind: 'row-remapping'; readonly gpuIndex: number; readonly state: 'pending' | 'failed' }
  | { readonly kind: 'throttled'; readonly gpuIndex: number; readonly reasons: readonly string[] };

/** Whether new work belongs on a machine. */
export interface SshHealth {
  /** Empty: nothing wrong is known. `unknown` says what was not told. */
  readonly problems: readonly SshProblem[];
  /** Names of what could not be read, so that "no problem" is not taken for "checked". */
  readonly unknown: readonly string[];
}

/**
 * Xid errors after which the GPU or the machine has to be reset or looked at. Those of applications (13, 31, 43, 45, 68,
 * 109 and others) are not in it. Source: NVIDIA, "XID Errors", GPU Deployment and Management Documentation.
 */
const SERIOUS_XIDS: ReadonlyMap<number, string> = new Map([
  [48, 'double-bit memory error'],
  [64, 'a memory row could not be replaced'],
  [74, 'NVLink error'],
  [79, 'the GPU has fallen off the bus'],
  [95, 'uncontained memory error'],
  [119, 'the GPU system processor does not answer'],
  [120, 'the GPU system processor failed'],
  [140, 'unrecovered memory error'],
]);

/**
 * Bits that hold clocks down because of the machine. Idle (1), applications' clocks (2), the power cap (4) and sync boost (16)
 * are how GPUs are meant to work. Source: NVIDIA, NVML API Reference, nvmlClocksEventReasons.
 */
const THROTTLES: readonly (readonly [bit: number, reason: string])[] = [
  [0x8, 'hardware slowdown'],
  [0x20, 'software thermal slowdown'],
  [0x40, 'hardware thermal slowdown'],
  [0x80, 'hardware power brake'],
];

/** Judges what a machine told of itself. `O(GPUs + Xids)`. */
export function judgeHealth(inventory: SshInventory): SshHealth {
  const problems: SshProblem[] = [];
  const unknown: string[] = [];
  const { driverError, xids, gpus } = inventory;
  if (driverError !== null) problems.push({ kind: 'driver', message: driverError });
  if (xids === null) unknown.push('xids');
  for (const { xid, busId } of xids ?? []) {
    const meaning = SERIOUS_XIDS.get(xid);
    if (meaning !== undefined) problems.push({ kind: 'xid', xid, busId, meaning });
  }
  for (const gpu of gpus) {
    const gpuIndex = gpu.index;
    const note = (name: string, value: unknown): void => {
      if (value === null) unknown.push(`${name} of GPU ${gpuIndex}`);
    };
    note('uncorrectedEccErrors', gpu.uncorrectedEccErrors);
    note('throttleBits', gpu.throttleBits);
    note('isRemappingPending', gpu.isRemappingPending);
    note('isRemappingFailed', gpu.isRemappingFailed);
    const count = gpu.uncorrectedEccErrors ?? 0;
    if (count > 0) problems.push({ kind: 'uncorrected-ecc', gpuIndex, count });
    if (gpu.isRemappingPending === true) problems.push({ kind: 'row-remapping', gpuIndex, state: 'pending' });
    if (gpu.isRemappingFailed === true) problems.push({ kind: 'row-remapping', gpuIndex, state: 'failed' });
    const bits = gpu.throttleBits ?? 0;
    const reasons = THROTTLES.flatMap(([bit, reason]) => ((bits & bit) === 0 ? [] : [reason]));
    if (reasons.length > 0) problems.push({ kind: 'throttled', gpuIndex, reasons });
  }
  return { problems, unknown };
}
