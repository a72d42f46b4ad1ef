import { describe, it } from 'vitest';

import { simulatedMarket, virtualClock, type SimulatedFaults } from '@spillway/adapters/simulated';
import { conformanceCases, describeProvider, type Subject } from '@spillway/adapters/testing';

const HOUR = 3_600_000;
const NOW = 480_000 * HOUR;
const HALT = { fromMs: NOW + HOUR, toMs: NOW + 2 * HOUR };

function subject(options: { faults?: SimulatedFaults; matchMs?: number; gpuCount?: number } = {}): Subject {
  const { faults, matchMs = 0, gpuCount = 8 } = options;
  const clock = virtualClock({ startAtMs: NOW });
  const market = simulatedMarket({ clock, matchMs, halts: [HALT] });
  const block = { startAtMs: NOW + 48 * HOUR, endAtMs: NOW + 50 * HOUR, gpuCount };
  return {
    provider: market.account('us', faults && { faults }),
    counterparty: market.account('them', { owns: [{ ...block, gpuCount: 40 * gpuCount }] }),
    block,
    nowMs: clock.nowMs,
    misalignedAtMs: block.startAtMs + 60_000,
    untilSettled: () => clock.advanceTo(clock.nowMs() + matchMs),
    ...(!faults && { setHalted: (isHalted: boolean) => clock.advanceTo(isHalted ? HALT.fromMs : HALT.toMs) }),
  };
}

const subjects: Readonly<Record<string, () => Subject>> = {
  simulatedMarket: () => subject(),
  'simulatedMarket by the single GPU': () => subject({ gpuCount: 1 }),
  'simulatedMarket that matches later': () => subject({ matchMs: 2_000 }),
  'simulatedMarket with failures': () => subject({ faults: { failureRatio: 0.5, seed: 1 } }),
  'simulatedMarket with lost answers': () => subject({ faults: { ambiguousRatio: 0.6, seed: 2 } }),
  'simulatedMarket with both, and later': () =>
    subject({ faults: { failureRatio: 0.3, ambiguousRatio: 0.5, seed: 3 }, matchMs: 500 }),
};

for (const [name, make] of Object.entries(subjects)) {
  describeProvider({ describe, it }, name, await conformanceCases(make));
}
