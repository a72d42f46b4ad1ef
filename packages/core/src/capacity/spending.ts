import { hoursFromMs } from '../units.ts';
import type { CapacityOrder, CapacityReason } from './types.ts';

/** An order before the budget has looked at it. */
interface WantedOrder {
  readonly side: CapacityOrder['side'];
  readonly tier: CapacityOrder['tier'];
  readonly gpus: number;
  readonly startAtMs: number;
  readonly endAtMs: number;
  readonly limitUsdPerGpuHour: number;
  readonly expiresAtMs: number;
  /** Cut to multiples of this. */
  readonly granularityGpus: number;
  /** What is ordered, in the id of the order. */
  readonly name: string;
}

/** Orders as far as the budget goes. */
export interface Spending {
  /** Places an order, cut to what is left, and returns the GPUs ordered. */
  readonly place: (wanted: WantedOrder) => number;
  readonly orders: readonly CapacityOrder[];
  readonly committedMicroUsd: () => number;
}

/** Starts to spend: what is committed already counts. Every cost is rounded up, so the budget holds to the last micro-USD. */
export function createSpending(
  nowMs: number,
  committedMicroUsd: number,
  budgetMicroUsd: number | undefined,
  reasons: CapacityReason[],
): Spending {
  // Beyond the safe integers a sum of money would no longer be exact.
  const budget = budgetMicroUsd ?? Number.MAX_SAFE_INTEGER;
  const orders: CapacityOrder[] = [];
  let committed = committedMicroUsd;
  const cost = (wanted: WantedOrder, gpus: number) =>
    wanted.side === 'sell'
      ? 0
      : Math.ceil(gpus * hoursFromMs(wanted.endAtMs - wanted.startAtMs) * wanted.limitUsdPerGpuHour * 1_000_000);
  return {
    orders,
    committedMicroUsd: () => committed,
    place: (wanted) => {
      if (wanted.gpus <= 0) return 0;
      const left = Math.max(0, budget - committed);
      const gpus = affordable(wanted, left, cost);
      if (gpus < wanted.gpus) {
        const { tier, gpus: wantedGpus } = wanted;
        reasons.push({ kind: 'budget-held', tier, wantedGpus, allowedGpus: gpus, leftMicroUsd: left });
      }
      if (gpus === 0) return 0;
      const { side, tier, startAtMs, endAtMs, limitUsdPerGpuHour, expiresAtMs, name } = wanted;
      const costMicroUsd = cost(wanted, gpus);
      committed += costMicroUsd;
      orders.push({
        clientOrderId: `${nowMs}-${name}`,
        side,
        tier,
        gpus,
        startAtMs,
        endAtMs,
        limitUsdPerGpuHour,
        expiresAtMs,
        costMicroUsd,
      });
      return gpus;
    },
  };
}

/** The largest multiple of the granularity, at most what is wanted, that costs no more than `left`. */
function affordable(wanted: WantedOrder, left: number, cost: (wanted: WantedOrder, gpus: number) => number): number {
  if (cost(wanted, wanted.gpus) <= left) return wanted.gpus;
  let low = 0;
  let high = Math.floor(wanted.gpus / wanted.granularityGpus);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (cost(wanted, middle * wanted.granularityGpus) <= left) low = middle;
    else high = middle - 1;
  }
  return low * wanted.granularityGpus;
}
