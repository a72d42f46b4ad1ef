import type { CapacityProvider, MetricsSource, SignalSource, WorkloadRuntime } from '@spillway/adapters';
import { defineProvider, ProviderError } from '@spillway/adapters';
import {
  simulatedCapacity,
  simulatedEndpoint,
  simulatedRuntime,
  simulatedSignals,
  virtualClock,
} from '@spillway/adapters/simulated';
import { expectTypeOf } from 'vitest';

const clock = virtualClock({ startAtMs: 0 });

// Names stay literal, given or not.
expectTypeOf(simulatedCapacity({ clock }).name).toEqualTypeOf<'simulated-capacity'>();
expectTypeOf(simulatedCapacity({ clock, name: 'east' }).name).toEqualTypeOf<'east'>();
expectTypeOf(simulatedRuntime({ clock, name: 'east' }).name).toEqualTypeOf<'east'>();
expectTypeOf(simulatedRuntime({ clock }).name).toEqualTypeOf<'simulated-runtime'>();
expectTypeOf(simulatedSignals({ clock, name: 'grid' }).name).toEqualTypeOf<'grid'>();
expectTypeOf(simulatedSignals({ clock }).name).toEqualTypeOf<'simulated-signals'>();
expectTypeOf<ReturnType<typeof simulatedEndpoint<'chat-metrics'>>['name']>().toEqualTypeOf<'chat-metrics'>();

// What is simulated is what the contract asks for.
expectTypeOf(simulatedCapacity({ clock })).toExtend<CapacityProvider>();
expectTypeOf(simulatedRuntime({ clock })).toExtend<WorkloadRuntime>();
expectTypeOf(simulatedSignals({ clock })).toExtend<SignalSource>();
expectTypeOf<ReturnType<typeof simulatedEndpoint>>().toExtend<MetricsSource>();

// Groups that are present need no check; groups that are not are not offered.
expectTypeOf(simulatedCapacity({ clock }).provision.launch).toBeFunction();
expectTypeOf(simulatedCapacity({ clock }).preemption.listNotices).toBeFunction();
const withCarbon = simulatedSignals({ clock, carbon: {} });
expectTypeOf(withCarbon.carbon.readHistory).toBeFunction();
expectTypeOf(withCarbon.energyPrice).toEqualTypeOf<SignalSource['energyPrice']>();
const asContract: CapacityProvider = simulatedCapacity({ clock });
// @ts-expect-error -- any provider may lack the group, so it must be looked at first
export const launch = asContract.provision.launch;

// defineProvider keeps literals, and refuses what breaks the contract.
const bare = defineProvider({ name: 'bare', specVersion: 1, listNodes: () => Promise.resolve([]) });
expectTypeOf(bare.name).toEqualTypeOf<'bare'>();
expectTypeOf(bare).not.toHaveProperty('provision');
// @ts-expect-error -- there is no version 2
defineProvider({ name: 'bare', specVersion: 2, listNodes: () => Promise.resolve([]) });
defineProvider({
  name: 'bare',
  specVersion: 1,
  listNodes: () => Promise.resolve([]),
  // @ts-expect-error -- a provider that can launch must be able to list and terminate
  provision: { launch: () => Promise.reject(new Error('full')) },
});
// @ts-expect-error -- a tier has a price
simulatedCapacity({ clock, tiers: [{ id: 'spot', kind: 'spot', capacity: 1 }] });
simulatedEndpoint({
  clock,
  endpointId: 'chat',
  replicaRatePerSecond: 1,
  replicas: () => [],
  // @ts-expect-error -- arrivals are rates
  arrivals: { startAtMs: 0, stepMs: 1, unit: 'ratio', values: [] },
});

// A provider error is known by its own check, not by that of its base.
const caught: unknown = null;
if (ProviderError.is(caught)) expectTypeOf(caught.providerCode).toExtend<string>();
