import { simulatedCapacity, virtualClock, type SimulatedFaults } from '@spillway/adapters/simulated';

import { describeCapacityProvider, type CapacityHarness } from './capacity-provider-contract.ts';

const node = { id: 'node-a', gpus: [{ model: 'H100' }], cpuMilli: 64_000, memoryMib: 262_144 };

function harness(faults?: SimulatedFaults): CapacityHarness {
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
  return { provider, tierId: 'spot', limitedTierId: 'fixed', otherTierId: 'fixed', untilNotice };
}

describeCapacityProvider('simulatedCapacity', () => harness());
describeCapacityProvider('simulatedCapacity with failures', () => harness({ failureRatio: 0.5, seed: 1 }));
describeCapacityProvider('simulatedCapacity with lost answers', () => harness({ ambiguousRatio: 0.6, seed: 2 }));
describeCapacityProvider('simulatedCapacity with both', () =>
  harness({ failureRatio: 0.3, ambiguousRatio: 0.5, seed: 3 }),
);
describeCapacityProvider('a provider that can only be looked at', () => {
  const { name, specVersion, listNodes } = harness().provider;
  return { provider: { name, specVersion, listNodes } };
});
