import type { CapacityReason } from './types.ts';

/**
 * One readable line for a reason of {@link planCapacity}, for logs and dashboards. The text may change; match on `kind`.
 *
 * @example
 * ```ts
 * explainCapacity({ kind: 'backfilled', gpuHours: 12 }); // 'Idle Fast time takes 12 GPU-hours of Flex.'
 * ```
 */
export function explainCapacity(reason: CapacityReason): string {
  switch (reason.kind) {
    case 'backfilled':
      return `Idle Fast time takes ${reason.gpuHours} GPU-hours of Flex.`;
    case 'spot-bought':
      return `Fast lacks ${reason.gpus} GPUs: bought at spot for ${reason.priceUsdPerGpuHour} USD/h each.`;
    case 'unmet':
      return `Fast lacks ${reason.gpus} GPUs: spot at ${reason.priceUsdPerGpuHour} USD/h is above ${reason.limitUsdPerGpuHour}.`;
    case 'block-sized':
      return `Block '${reason.offerId}': ${reason.gpus} GPUs at ${reason.priceUsdPerGpuHour} USD/h, the last worth ${reason.valueUsdPerGpuHour}; covers ${reason.impliedQuantile} of the demand.`;
    case 'block-too-dear':
      return `Block '${reason.offerId}' at ${reason.priceUsdPerGpuHour} USD/h is above the limit of ${reason.limitUsdPerGpuHour}.`;
    case 'block-beyond-scenarios':
      return `Block '${reason.offerId}' ends after the scenarios, at ${reason.knownUntilMs}.`;
    case 'flex-bought':
      return `Buys ${reason.gpuHours} GPU-hours of Flex at ${reason.priceUsdPerGpuHour} USD: ${reason.why === 'due' ? 'its deadline is next' : 'waiting would cost more'}.`;
    case 'flex-waits':
      return `${reason.gpuHours} GPU-hours of Flex wait: ${reason.priceUsdPerGpuHour} USD now, ${reason.waitingUsdPerGpuHour} expected later.`;
    case 'flex-waits-for-idle':
      return `${reason.gpuHours} GPU-hours of Flex wait for idle Fast time.`;
    case 'flex-too-dear':
      return `${reason.gpuHours} GPU-hours of Flex are not bought: ${reason.priceUsdPerGpuHour} USD is above the limit of ${reason.limitUsdPerGpuHour}.`;
    case 'flex-late':
      return `Flex '${reason.flexId}' is late with ${reason.gpuHours} GPU-hours.`;
    case 'sold-back':
      return `Offers ${reason.gpus} idle GPUs for ${reason.limitUsdPerGpuHour} USD/h each.`;
    case 'budget-held':
      return `The budget has ${reason.leftMicroUsd} micro-USD left: ${reason.allowedGpus} of ${reason.wantedGpus} GPUs for ${reason.tier}.`;
  }
}
