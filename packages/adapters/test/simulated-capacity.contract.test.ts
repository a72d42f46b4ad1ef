import { describe, it } from 'vitest';

import { simulatedCapacity, virtualClock, type SimulatedFaults } from '@spillway/adapters/simulated';
import { conformanceCases, describeProvider, type Subject } from '@spillway/adapters/testing';

const node = { id: 'node-a', gpus: [{ model: 'H100' }], cpuMilli: 64_000, memoryMib: 262_144 };

function subject(faults?: SimulatedFaults): Subject {
  const clock = virtualClock({ startAtMs: 1_000_000 });
  const provider = simulatedCapacity({
    clock,
    nodes: [node, { ...node, id: 'node-b' }],
    tiers: [
      {
        id: 'spot',
        kind: 'spot',
        capacity: null,
        priceUsdPerHour: 1,
        noticeMs: 120_000,
        interruption: { meanTimeToInterruptMs: 3_600_000 },
      },
      { id: 'fixed', kind: 'fixed', capacity: 3, priceUsdPerHour: 0 },
    ],
    ...(faults && { faults }),
  });
  const untilNotice = async (): Promise<void> => {
    while ((await provider.preemption.listNotices()).length === 0) await clock.advanceTo(clock.nowMs() + 60_000);
  };
  return { provider, nowMs: clock.nowMs, tierId: 'spot', limitedTierId: 'fixed', otherTierId: 'fixed', untilNotice };
}

const subjects: Readonly<Record<string, () => Subject>> = {
  simulatedCapacity: () => subject(),
  'simulatedCapacity with failures': () => subject({ failureRatio: 0.5, seed: 1 }),
  'simulatedCapacity with lost answers': () => subject({ ambiguousRatio: 0.6, seed: 2 }),
  'simulatedCapacity with both': () => subject({ failureRatio: 0.3, ambiguousRatio: 0.5, seed: 3 }),
  'a provider that can only be looked at': () => {
    const { name, specVersion, listNodes } = simulatedCapacity({
      clock: virtualClock({ startAtMs: 0 }),
      nodes: [node],
      tiers: [],
    });
    return { provider: { name, specVersion, listNodes }, nowMs: () => 0 };
  },
};

for (const [name, make] of Object.entries(subjects)) {
  describeProvider({ describe, it }, name, await conformanceCases(make));
}
