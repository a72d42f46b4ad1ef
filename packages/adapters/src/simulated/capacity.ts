import { checkNumber } from '@spillway/core';
import type { GpuNode, Tier } from '@spillway/core';
import { checkNodes } from '@spillway/core/fleet';

import type { Clock } from '../contract/clock.ts';
import { defineProvider } from '../contract/define.ts';
import { ProviderError } from '../contract/provider-error.ts';
import type { CapacityProvider, InterruptionNotice, LaunchedReplica, LaunchRequest } from '../contract/types.ts';
import { createCalls, type SimulatedFaults } from './calls.ts';
import { capacityAt, checkTiers, drawLifeMs, endsWithin, type SimulatedTier } from './tier.ts';

/** What a simulated provider has, and what goes wrong with it. */
export interface SimulatedCapacityOptions<Name extends string = string> {
  readonly clock: Clock;
  /** @defaultValue 'simulated-capacity' */
  readonly name?: Name;
  /** Machines that are simply there until they expire. @defaultValue [] */
  readonly nodes?: readonly GpuNode[];
  /** What replicas can be launched in. @defaultValue [] */
  readonly tiers?: readonly SimulatedTier[];
  /** Of the lives of replicas, whole. @defaultValue 0 */
  readonly seed?: number;
  /** What goes wrong in `launch` and `terminate`. @defaultValue nothing */
  readonly faults?: SimulatedFaults;
}

/** What became of one launch: what a bill is made of. */
export interface SimulatedUsage {
  readonly replicaId: string;
  readonly tierId: string;
  readonly token: string;
  readonly startedAtMs: number;
  readonly readyAtMs: number;
  /** `null` while it lives. */
  readonly endedAtMs: number | null;
  readonly endedBy: 'terminated' | 'interrupted' | null;
}

/** A provider whose capacity is simulated. */
export interface SimulatedCapacity<Name extends string = string> extends CapacityProvider<Name> {
  readonly provision: NonNullable<CapacityProvider['provision']>;
  readonly preemption: NonNullable<CapacityProvider['preemption']>;
  /** Every replica ever launched, in order of launch, also those whose launch was answered with a fault. */
  readonly usage: () => readonly SimulatedUsage[];
}

/** The books on one launch: what the outside may see, and when it is due to be taken away. */
interface LaunchRecord {
  usage: SimulatedUsage;
  readonly dueAtMs: number;
}

/**
 * Creates a provider of simulated capacity on a clock: tiers with prices, start-up times, limits, interruptions and
 * faults, all repeatable from the seeds.
 *
 * - `launch` happens once a token. The same token returns the same replica for ever, also when it has ended (then
 *   `isReady` is false and `list` does not show it): a caller that repeats itself never pays twice. It rejects with
 *   `no-capacity` when the tier is full, `invalid-request` for an unknown tier or an empty token, and `conflict` for a
 *   known token with another tier.
 * - `list` shows what was launched and is not gone; `terminate` of what is gone or unknown succeeds.
 * - A replica of a tier with `interruption` is gone at a time drawn from (seed, token). A replica above a falling
 *   `capacitySeries` is gone at the start of the slot, the ones launched last first. `listNotices` tells both from
 *   `goneAtMs - noticeMs` on; a notice lapses when somebody makes room.
 * - `listNodes` leaves out nodes that have expired. `listTiers` tells the present capacity and nothing of the future.
 *
 * @returns a {@link SimulatedCapacity}. A call takes `O(launches so far)`, and at a falling capacity as much again a slot.
 * @throws InvalidInputError when a node, tier, seed or fault is not valid.
 *
 * @example
 * ```ts
 * const capacity = simulatedCapacity({
 *   clock: virtualClock({ startAtMs: 0 }),
 *   tiers: [{ id: 'spot', kind: 'spot', capacity: 4, priceUsdPerHour: 1.2, startupMs: 90_000 }],
 * });
 * const replica = await capacity.provision.launch({ token: 'scale-up-1', tierId: 'spot' });
 * replica.readyAtMs; // 90_000
 * ```
 */
export function simulatedCapacity<const Name extends string = 'simulated-capacity'>(
  options: SimulatedCapacityOptions<Name>,
): SimulatedCapacity<Name> {
  const { clock, name = 'simulated-capacity' as Name, seed = 0, faults } = options;
  const nodes = structuredClone(options.nodes ?? []);
  checkNodes(nodes);
  const offered = structuredClone(options.tiers ?? []);
  checkTiers(offered);
  checkNumber('seed', seed, { isWhole: true });
  const tiers = new Map(offered.map((tier) => [tier.id, { tier, alive: [] as LaunchRecord[] }]));
  const records: LaunchRecord[] = [];
  const byToken = new Map<string, LaunchRecord>();
  const calls = createCalls(name, clock, faults);
  let settledMs = clock.nowMs();

  /** Brings the books up to the present. Between two calls nothing happens but what `endsWithin` foresees. */
  const settle = (): number => {
    const nowMs = clock.nowMs();
    for (const pool of tiers.values()) {
      const ends = endsWithin(pool.tier, pool.alive, settledMs, nowMs);
      for (const [record, endedAtMs] of ends) close(record, endedAtMs, 'interrupted');
      if (ends.size > 0) pool.alive = pool.alive.filter(isAlive);
    }
    settledMs = nowMs;
    return nowMs;
  };

  const launch = ({ token, tierId }: LaunchRequest): LaunchedReplica => {
    const nowMs = settle();
    const known = byToken.get(token);
    if (known !== undefined) {
      if (known.usage.tierId === tierId) return replicaOf(known.usage, nowMs);
      const text = `token '${token}' was used for tier '${known.usage.tierId}', not '${tierId}'`;
      throw new ProviderError(name, 'conflict', text);
    }
    const pool = tiers.get(tierId);
    if (token === '') throw new ProviderError(name, 'invalid-request', 'token must not be empty');
    if (pool === undefined) throw new ProviderError(name, 'invalid-request', `there is no tier '${tierId}'`);
    if (pool.alive.length >= capacityAt(pool.tier, nowMs)) {
      throw new ProviderError(name, 'no-capacity', `tier '${tierId}' is full with ${pool.alive.length} replicas`);
    }
    const replicaId = `${name}-${records.length + 1}`;
    const readyAtMs = nowMs + (pool.tier.startupMs ?? 0);
    const record: LaunchRecord = {
      usage: { replicaId, tierId, token, startedAtMs: nowMs, readyAtMs, endedAtMs: null, endedBy: null },
      dueAtMs: nowMs + drawLifeMs(pool.tier, seed, token),
    };
    records.push(record);
    byToken.set(token, record);
    pool.alive.push(record);
    return replicaOf(record.usage, nowMs);
  };

  const terminate = (replicaId: string): void => {
    const nowMs = settle();
    for (const pool of tiers.values()) {
      const record = pool.alive.find(({ usage }) => usage.replicaId === replicaId);
      if (record === undefined) continue;
      close(record, nowMs, 'terminated');
      pool.alive = pool.alive.filter(isAlive);
    }
  };

  const listNotices = (): InterruptionNotice[] => {
    const nowMs = settle();
    return [...tiers.values()]
      .flatMap(({ tier, alive }) => [...endsWithin(tier, alive, nowMs, nowMs + (tier.noticeMs ?? 0))])
      .map(([{ usage }, goneAtMs]) => ({ replicaId: usage.replicaId, tierId: usage.tierId, goneAtMs }))
      .sort((x, y) => x.goneAtMs - y.goneAtMs || (x.replicaId < y.replicaId ? -1 : 1));
  };

  const list = (): LaunchedReplica[] => {
    const nowMs = settle();
    return records.filter(isAlive).map(({ usage }) => replicaOf(usage, nowMs));
  };
  const listNodes = (): GpuNode[] => nodes.filter(({ expiresAtMs }) => (expiresAtMs ?? Infinity) > clock.nowMs());
  const listTiers = (): Tier[] => [...tiers.values()].map(({ tier }) => shownTier(tier, clock.nowMs()));

  return defineProvider({
    name,
    specVersion: 1,
    listNodes: (callOptions) => calls.read('listNodes', callOptions, listNodes),
    provision: {
      listTiers: (callOptions) => calls.read('listTiers', callOptions, listTiers),
      list: (callOptions) => calls.read('list', callOptions, list),
      launch: (request, callOptions) => {
        const { token, tierId } = request;
        return calls.act('launch', callOptions, () => launch({ token, tierId }));
      },
      terminate: (replicaId, callOptions) =>
        calls.act('terminate', callOptions, () => {
          terminate(replicaId);
        }),
    },
    preemption: { listNotices: (callOptions) => calls.read('listNotices', callOptions, listNotices) },
    usage: () => {
      settle();
      return records.map(({ usage }) => usage);
    },
  } satisfies SimulatedCapacity<Name>);
}

function isAlive({ usage }: LaunchRecord): boolean {
  return usage.endedAtMs === null;
}

function close(record: LaunchRecord, endedAtMs: number, endedBy: SimulatedUsage['endedBy']): void {
  record.usage = { ...record.usage, endedAtMs, endedBy };
}

/** What the caller sees of a launch. */
function replicaOf(usage: SimulatedUsage, nowMs: number): LaunchedReplica {
  const { replicaId: id, tierId, token, startedAtMs, readyAtMs } = usage;
  return { id, tierId, token, startedAtMs, readyAtMs, isReady: usage.endedAtMs === null && nowMs >= readyAtMs };
}

/** What the caller sees of a tier: the present, and nothing of what the simulation knows of the future. */
function shownTier(tier: SimulatedTier, nowMs: number): Tier {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- taken out of what is shown
  const { interruption, capacitySeries, ...shown } = tier;
  const capacity = capacityAt(tier, nowMs);
  return { ...shown, capacity: capacity === Infinity ? null : capacity };
}
