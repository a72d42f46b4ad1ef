import { describe, expect, it } from 'vitest';

import { ProviderError, type CapacityProvider } from '@spillway/adapters';

import { rejection } from './rejection.ts';

/** A provider to be tested, fresh for every case. */
export interface CapacityHarness {
  readonly provider: CapacityProvider;
  /** A tier with room for at least three replicas; needed when the provider can launch. */
  readonly tierId?: string;
  /** A tier with a limit that the suite may fill. */
  readonly limitedTierId?: string;
  /** Another tier, to try a token twice. */
  readonly otherTierId?: string;
  /** Lets time pass until an interruption is announced; needed to test notices. */
  readonly untilNotice?: () => Promise<void>;
}

/** Repeats a call with the same arguments while it says that it may succeed later, as a careful caller does. */
async function insisting<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const isWorthIt = ProviderError.is(error) && error.isRetryable && error.providerCode !== 'no-capacity';
      if (!isWorthIt || attempt === 200) throw error;
    }
  }
}

/** What every capacity provider must keep. The capability groups that are present decide what runs. */
export function describeCapacityProvider(name: string, make: () => CapacityHarness): void {
  const { provider: sample } = make();

  describe(`${name} keeps the contract of a capacity provider`, () => {
    it('has a name and the version of the contract', () => {
      expect(sample.name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(sample.specVersion).toBe(1);
    });

    it('lists nodes with ids that are unique', async () => {
      const ids = (await make().provider.listNodes()).map(({ id }) => id);

      expect(new Set(ids).size).toBe(ids.length);
    });

    it('rejects every call with code aborted when the signal is aborted, and does nothing', async () => {
      const { provider, tierId = '' } = make();
      const { provision, preemption } = provider;
      const options = { signal: AbortSignal.abort(new Error('shutting down')) };

      const calls = [
        () => provider.listNodes(options),
        () => provision?.listTiers(options),
        () => provision?.list(options),
        () => provision?.launch({ token: 'a', tierId }, options),
        () => provision?.terminate('a', options),
        () => preemption?.listNotices(options),
      ];

      for (const call of calls) {
        const pending = call();
        if (pending !== undefined) expect((await rejection(pending)).providerCode).toBe('aborted');
      }
      if (provision) expect(await provision.list()).toEqual([]);
    });

    if (sample.provision) describeProvision(make);
    if (sample.preemption && sample.provision) describePreemption(make);
  });
}

function describeProvision(make: () => CapacityHarness): void {
  const start = () => {
    const { provider, tierId, limitedTierId, otherTierId } = make();
    return { ...provider.provision!, tierId: tierId!, limitedTierId: limitedTierId!, otherTierId: otherTierId! };
  };

  it('lists tiers with ids that are unique and capacities that are whole or unknown', async () => {
    const tiers = await start().listTiers();

    expect(new Set(tiers.map(({ id }) => id)).size).toBe(tiers.length);
    for (const { capacity } of tiers) expect(capacity === null || Number.isSafeInteger(capacity)).toBe(true);
  });

  it('lists what it launched', async () => {
    const { list, launch, tierId } = start();

    const replica = await insisting(() => launch({ token: 'a', tierId }));

    expect(replica).toMatchObject({ token: 'a', tierId });
    expect(await list()).toEqual([replica]);
  });

  it('launches once a token, also when asked many times at once', async () => {
    const { list, launch, tierId } = start();

    const replicas = await Promise.all(
      Array.from({ length: 20 }, () => insisting(() => launch({ token: 'a', tierId }))),
    );

    expect(new Set(replicas.map(({ id }) => id)).size).toBe(1);
    expect(await list()).toHaveLength(1);
  });

  it('launches another replica for another token', async () => {
    const { list, launch, tierId } = start();

    const first = await insisting(() => launch({ token: 'a', tierId }));
    const second = await insisting(() => launch({ token: 'b', tierId }));

    expect(second.id).not.toBe(first.id);
    expect((await list()).map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
  });

  it('launches nothing anew for the token of a replica that has ended', async () => {
    const { list, launch, terminate, tierId } = start();
    const replica = await insisting(() => launch({ token: 'a', tierId }));
    await insisting(() => terminate(replica.id));

    const again = await insisting(() => launch({ token: 'a', tierId }));

    expect(again).toMatchObject({ id: replica.id, isReady: false });
    expect(await list()).toEqual([]);
  });

  it('refuses a token that was used for another tier with conflict', async () => {
    const { launch, tierId, otherTierId } = start();
    await insisting(() => launch({ token: 'a', tierId }));

    const error = await rejection(insisting(() => launch({ token: 'a', tierId: otherTierId })));

    expect(error.providerCode).toBe('conflict');
  });

  it('refuses an unknown tier with invalid-request', async () => {
    const { launch } = start();

    const error = await rejection(insisting(() => launch({ token: 'a', tierId: 'no such tier' })));

    expect(error.providerCode).toBe('invalid-request');
  });

  it('fills a tier up to its capacity and then refuses with no-capacity', async () => {
    const { list, launch, listTiers, limitedTierId } = start();
    const capacity = (await listTiers()).find(({ id }) => id === limitedTierId)!.capacity!;

    const outcomes = await Promise.allSettled(
      Array.from({ length: capacity + 5 }, (_, n) =>
        insisting(() => launch({ token: `t${n}`, tierId: limitedTierId })),
      ),
    );

    const refused = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown);
    expect(refused).toHaveLength(5);
    for (const error of refused) expect(error).toMatchObject({ providerCode: 'no-capacity', isRetryable: true });
    expect(await list()).toHaveLength(capacity);
  });

  it('terminates what runs, what is gone and what never was', async () => {
    const { list, launch, terminate, tierId } = start();
    const replica = await insisting(() => launch({ token: 'a', tierId }));
    const other = await insisting(() => launch({ token: 'b', tierId }));

    await insisting(() => terminate(replica.id));
    await insisting(() => terminate(replica.id));
    await insisting(() => terminate('never-launched'));

    expect(await list()).toEqual([other]);
  });

  it('has room again after a termination', async () => {
    const { launch, listTiers, terminate, limitedTierId: tierId } = start();
    const capacity = (await listTiers()).find(({ id }) => id === tierId)!.capacity!;
    const ids: string[] = [];
    for (let n = 0; n < capacity; n++) ids.push((await insisting(() => launch({ token: `t${n}`, tierId }))).id);

    await insisting(() => terminate(ids[0]!));

    expect((await insisting(() => launch({ token: 'late', tierId }))).token).toBe('late');
  });
}

function describePreemption(make: () => CapacityHarness): void {
  it('announces interruptions of replicas that are listed, and of no others', async () => {
    const { provider, tierId = '', untilNotice } = make();
    const { list, launch } = provider.provision!;
    await insisting(() => launch({ token: 'a', tierId }));
    await untilNotice?.();

    const notices = await provider.preemption!.listNotices();

    const listed = new Set((await list()).map(({ id }) => id));
    if (untilNotice) expect(notices.length).toBeGreaterThan(0);
    for (const { replicaId } of notices) expect(listed).toContain(replicaId);
  });
}
