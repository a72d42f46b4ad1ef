import { ProviderError } from '@spillway/adapters';
import { virtualClock, type VirtualClock } from '@spillway/adapters/simulated';
import { describe, expect, it } from 'vitest';

import { electLeader, runAsLeader, type ElectionOptions, type Leadership } from '../src/kubernetes/lease.ts';
import { leaseStore, simulatedProcess } from './kube-lease-simulation.ts';

const START_MS = Date.UTC(2026, 0, 1);

function scene() {
  const world = virtualClock({ startAtMs: START_MS });
  const store = leaseStore();
  const stand = (identity: string, changes: Partial<ElectionOptions> = {}): ElectionOptions => {
    const random = () => 0;
    const own = simulatedProcess(world, store, { delayMs: () => 0, lossRatio: 0 }, () => 0.5, { pace: 1, wrongMs: 0 });
    return { ...own, namespace: 'default', name: 'leader', identity, random, ...changes };
  };
  const free = () =>
    store.write({ metadata: { name: 'leader' }, spec: { holderIdentity: '', leaseTransitions: 6 } }, true);
  return { world, store, stand, free };
}

const after = async (world: VirtualClock, ms: number) => {
  await world.advanceTo(START_MS + ms);
};

describe('standing for leader', () => {
  it('writes the lease as Kubernetes has it, and renews it', async () => {
    const { world, store, stand, free } = scene();
    free();
    const election = electLeader(stand('a'));

    await after(world, 0);
    expect(election.isLeader()).toBe(true);
    expect(store.read().spec).toEqual({
      holderIdentity: 'a_00000000',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 7,
    });
    await after(world, 2_000);
    expect(store.read().spec).toMatchObject({
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:02.000000Z',
      leaseTransitions: 7,
    });
    expect((await election.leading()).term).toBe(7);
    expect(election.holder()).toBe('a_00000000');
  });

  it('waits for a lease that is missing as for one that is held', async () => {
    const { world, store, stand } = scene();
    const election = electLeader(stand('a'));

    await after(world, 15_000);
    expect(election.isLeader()).toBe(false);
    expect(election.holder()).toBeUndefined();
    expect(store.read().spec?.holderIdentity).toBe('unknown');
    await after(world, 17_000);
    expect(election.isLeader()).toBe(true);
  });

  it('hands over at once when it is stopped, and only then', async () => {
    const { world, store, stand, free } = scene();
    free();
    const first = electLeader(stand('a'));
    await after(world, 0);
    const second = electLeader(stand('b'));
    const { signal } = await first.leading();
    await after(world, 60_000);
    expect([first.isLeader(), second.isLeader()]).toEqual([true, false]);

    const stopped = first.stop();
    expect([first.isLeader(), signal.aborted]).toEqual([false, true]);
    await after(world, 60_000);
    await stopped;
    expect(store.read().spec).toMatchObject({ holderIdentity: '', leaseTransitions: 7 });
    await after(world, 62_200);
    expect(second.isLeader()).toBe(true);
    expect((await second.leading()).term).toBe(8);
    const rejected: unknown = await first.leading().catch((error: unknown) => error);
    expect(ProviderError.is(rejected) && rejected.providerCode).toBe('aborted');
  });

  it('is over at the deadline when the server is gone, without being told', async () => {
    const { world, stand, free } = scene();
    free();
    const errors: unknown[] = [];
    let isGone = false;
    const options = stand('a', { onError: (error) => errors.push(error) });
    const gone = () => Promise.reject(new ProviderError('store', 'unavailable', 'gone'));
    const replace: typeof options.api.replace = (...args) => (isGone ? gone() : options.api.replace(...args));
    const election = electLeader({ ...options, api: { ...options.api, replace } });
    await after(world, 0);
    const { signal } = await election.leading();
    isGone = true;

    await after(world, 9_999);
    expect([election.isLeader(), signal.aborted]).toEqual([true, false]);
    await after(world, 10_000);
    expect([election.isLeader(), signal.aborted]).toEqual([false, true]);
    expect(errors.length).toBeGreaterThan(3);
  });

  it.each([
    ['identity', { identity: '' }],
    ['leaseDurationMs', { leaseDurationMs: 1_500 }],
    ['renewDeadlineMs', { renewDeadlineMs: 15_000 }],
    ['retryPeriodMs', { retryPeriodMs: 5_000 }],
    ['name', { name: 'a/b' }],
  ])('refuses a wrong %s', (field, changes) => {
    const { stand } = scene();

    expect(() => electLeader(stand('a', changes))).toThrow(field);
  });
});

describe('work of the leader', () => {
  it('is begun with the lead, ended with it, and begun again', async () => {
    const { world, store, stand, free } = scene();
    free();
    const terms: number[] = [];
    const stop = new AbortController();
    const work = async ({ term, signal }: Leadership) => {
      terms.push(term);
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    };
    const done = runAsLeader(stand('a', { signal: stop.signal }), work);

    await after(world, 0);
    store.write(
      { ...store.read(), spec: { holderIdentity: 'thief', leaseDurationSeconds: 15, leaseTransitions: 9 } },
      false,
    );
    await after(world, 20_000);
    stop.abort();
    await after(world, 20_000);
    await done;

    expect(terms).toEqual([7, 10]);
    expect(store.read().spec?.holderIdentity).toBe('');
  });

  it('gives the lease back when it has ended by itself or failed', async () => {
    const { world, store, stand, free } = scene();
    free();
    const ended = runAsLeader(stand('a'), () => Promise.resolve());
    await after(world, 0);
    await ended;
    expect(store.read().spec?.holderIdentity).toBe('');

    const failed = runAsLeader(stand('b'), () => Promise.reject(new Error('work failed')));
    const outcome = failed.catch((error: unknown) => error);
    await after(world, 0);
    expect(await outcome).toEqual(new Error('work failed'));
    expect(store.read().spec?.holderIdentity).toBe('');
  });
});
