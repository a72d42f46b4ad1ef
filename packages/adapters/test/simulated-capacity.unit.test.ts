import { describe, expect, it } from 'vitest';

import { simulatedCapacity, virtualClock, type SimulatedTier } from '@spillway/adapters/simulated';

import { rejection } from './rejection.ts';

const MINUTE_MS = 60_000;
const spot: SimulatedTier = { id: 'spot', kind: 'spot', capacity: 4, priceUsdPerHour: 1.2, startupMs: 90_000 };

function start(tier: Partial<SimulatedTier> = {}, seed = 0) {
  const clock = virtualClock({ startAtMs: 0 });
  const capacity = simulatedCapacity({ clock, tiers: [{ ...spot, ...tier }], seed });
  const launch = (token: string) => capacity.provision.launch({ token, tierId: 'spot' });
  const listed = async () => (await capacity.provision.list()).map(({ token }) => token);
  return { ...capacity.provision, clock, capacity, launch, listed };
}

describe('simulatedCapacity', () => {
  it('makes a replica ready after the start-up time of its tier', async () => {
    const { clock, launch, list } = start();
    await clock.advanceTo(1_000);

    expect(await launch('a')).toEqual({
      id: 'simulated-capacity-1',
      tierId: 'spot',
      token: 'a',
      startedAtMs: 1_000,
      readyAtMs: 91_000,
      isReady: false,
    });
    await clock.advanceTo(90_999);
    expect((await list())[0]?.isReady).toBe(false);
    await clock.advanceTo(91_000);
    expect((await list())[0]?.isReady).toBe(true);
  });

  it('keeps books on every launch, also when it has ended', async () => {
    const { clock, capacity, launch, terminate } = start();
    await launch('a');
    await launch('b');
    await clock.advanceTo(5 * MINUTE_MS);

    await terminate('simulated-capacity-1');
    await clock.advanceTo(6 * MINUTE_MS);

    const common = { tierId: 'spot', startedAtMs: 0, readyAtMs: 90_000 };
    expect(capacity.usage()).toEqual([
      { ...common, replicaId: 'simulated-capacity-1', token: 'a', endedAtMs: 300_000, endedBy: 'terminated' },
      { ...common, replicaId: 'simulated-capacity-2', token: 'b', endedAtMs: null, endedBy: null },
    ]);
  });

  it('takes an interruptible replica away at its time, after a notice of the length of the tier', async () => {
    const noticeMs = 2 * MINUTE_MS;
    const { clock, capacity, launch, listed } = start({ noticeMs, interruption: { meanTimeToInterruptMs: 3_600_000 } });
    await launch('a');
    // The time is not known beforehand: find it on a twin, then watch the approach.
    const twin = start({ noticeMs, interruption: { meanTimeToInterruptMs: 3_600_000 } });
    await twin.launch('a');
    await twin.clock.advanceTo(1e12);
    const goneAtMs = twin.capacity.usage()[0]!.endedAtMs!;
    const notices = () => capacity.preemption.listNotices();
    expect(goneAtMs).toBeGreaterThan(noticeMs);

    await clock.advanceTo(goneAtMs - noticeMs - 1);
    expect(await notices()).toEqual([]);
    await clock.advanceTo(goneAtMs - noticeMs);
    expect(await notices()).toEqual([{ replicaId: 'simulated-capacity-1', tierId: 'spot', goneAtMs }]);
    await clock.advanceTo(goneAtMs - 1);
    expect(await listed()).toEqual(['a']);
    await clock.advanceTo(goneAtMs);
    expect(await listed()).toEqual([]);
    expect(await notices()).toEqual([]);
    expect(capacity.usage()).toMatchObject([{ endedAtMs: goneAtMs, endedBy: 'interrupted' }]);
  });

  it('draws lives whose mean is the mean of the tier', async () => {
    const { clock, capacity, launch } = start({ capacity: null, interruption: { meanTimeToInterruptMs: 100_000 } });
    for (let n = 0; n < 4_000; n++) await launch(`scale-up-${n}`);

    await clock.advanceTo(1e12);

    const lives = capacity.usage().map(({ startedAtMs, endedAtMs }) => endedAtMs! - startedAtMs);
    const mean = lives.reduce((sum, life) => sum + life, 0) / lives.length;
    // Four standard errors of the mean of 4 000 exponential draws are 6.3 %. Half of the lives are below ln 2 × mean.
    expect(mean).toBeGreaterThan(93_700);
    expect(mean).toBeLessThan(106_300);
    const shortRatio = lives.filter((life) => life < 69_315).length / lives.length;
    expect(Math.abs(shortRatio - 0.5)).toBeLessThan(0.032);
  });

  it('gives a token the same life whatever the order of calls, and another life for another seed', async () => {
    const tell = async (tokens: readonly string[], seed: number) => {
      const { clock, capacity, launch } = start({ interruption: { meanTimeToInterruptMs: 1e6 } }, seed);
      for (const token of tokens) await launch(token);
      await clock.advanceTo(1e12);
      return Object.fromEntries(capacity.usage().map(({ token, endedAtMs }) => [token, endedAtMs]));
    };

    const forth = await tell(['a', 'b', 'c'], 7);

    expect(await tell(['c', 'b', 'a'], 7)).toEqual(forth);
    expect(await tell(['b'], 7)).toEqual({ b: forth['b'] });
    expect(await tell(['a', 'b', 'c'], 8)).not.toEqual(forth);
    expect(new Set(Object.values(forth)).size).toBe(3);
  });

  it('follows a capacity series: room appears, and what is above a fall is taken away, last launched first', async () => {
    const { clock, capacity, launch, listed, listTiers } = start({
      noticeMs: MINUTE_MS,
      capacitySeries: { startAtMs: 0, stepMs: 10 * MINUTE_MS, unit: '1', values: [2, 3, 1] },
    });
    await launch('a');
    await launch('b');
    expect((await rejection(launch('c'))).providerCode).toBe('no-capacity');
    await clock.advanceTo(10 * MINUTE_MS);
    expect((await listTiers())[0]?.capacity).toBe(3);
    await launch('c');
    await clock.advanceTo(19 * MINUTE_MS - 1);
    expect(await capacity.preemption.listNotices()).toEqual([]);

    await clock.advanceTo(19 * MINUTE_MS);
    const goneAtMs = 20 * MINUTE_MS;
    expect(await capacity.preemption.listNotices()).toEqual([
      { replicaId: 'simulated-capacity-2', tierId: 'spot', goneAtMs },
      { replicaId: 'simulated-capacity-3', tierId: 'spot', goneAtMs },
    ]);
    await capacity.provision.terminate('simulated-capacity-1');
    expect(await capacity.preemption.listNotices()).toEqual([
      { replicaId: 'simulated-capacity-3', tierId: 'spot', goneAtMs },
    ]);

    await clock.advanceTo(25 * MINUTE_MS);
    expect(await listed()).toEqual(['b']);
    expect(capacity.usage()[2]).toMatchObject({ token: 'c', endedAtMs: goneAtMs, endedBy: 'interrupted' });
    await clock.advanceTo(40 * MINUTE_MS);
    expect(await listed()).toEqual([]);
    expect(capacity.usage()[1]).toMatchObject({ token: 'b', endedAtMs: 30 * MINUTE_MS, endedBy: 'interrupted' });
  });

  it('takes away at every fall that time has passed over, not only at the last', async () => {
    const { clock, capacity, launch } = start({
      capacitySeries: { startAtMs: 0, stepMs: 1_000, unit: '1', values: [2, 1, 2, 2] },
    });
    await launch('a');
    await launch('b');

    await clock.advanceTo(3_500);

    expect(capacity.usage().map(({ endedAtMs }) => endedAtMs)).toEqual([null, 1_000]);
  });

  it('does not count a replica that has gone already against the room that is left after a fall', async () => {
    const interruption = { meanTimeToInterruptMs: 1_000_000 };
    const twin = start({ interruption });
    for (const token of ['a', 'b', 'c']) await twin.launch(token);
    await twin.clock.advanceTo(1e12);
    const lives = [...twin.capacity.usage()].sort((x, y) => x.endedAtMs! - y.endedAtMs!);
    const [short, long] = [lives[0]!, lives[2]!];
    // The room falls to one replica after the first has gone and before the last has.
    const fallAtMs = lives[1]!.endedAtMs!;
    const { clock, capacity, launch } = start({
      interruption,
      capacitySeries: { startAtMs: 0, stepMs: fallAtMs, unit: '1', values: [2, ...Array<number>(100).fill(1)] },
    });
    await launch(short.token);
    await launch(long.token);

    await clock.advanceTo(long.endedAtMs!);

    expect(capacity.usage().map(({ endedAtMs }) => endedAtMs)).toEqual([short.endedAtMs, long.endedAtMs]);
  });

  it('shows tiers as they are now, without a word of the future', async () => {
    const { listTiers } = start({
      interruption: { meanTimeToInterruptMs: 1_000 },
      capacitySeries: { startAtMs: 0, stepMs: 1_000, unit: '1', values: [2, 9] },
    });

    expect(await listTiers()).toEqual([
      { id: 'spot', kind: 'spot', capacity: 2, priceUsdPerHour: 1.2, startupMs: 90_000 },
    ]);
  });

  it('leaves out nodes that have expired', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const node = { gpus: [], cpuMilli: 1_000, memoryMib: 1_024 };
    const { listNodes } = simulatedCapacity({
      clock,
      nodes: [
        { ...node, id: 'stays' },
        { ...node, id: 'leased', expiresAtMs: 1_000 },
      ],
    });

    await clock.advanceTo(999);
    expect((await listNodes()).map(({ id }) => id)).toEqual(['stays', 'leased']);
    await clock.advanceTo(1_000);
    expect((await listNodes()).map(({ id }) => id)).toEqual(['stays']);
  });

  it('refuses an empty token', async () => {
    expect((await rejection(start().launch(''))).providerCode).toBe('invalid-request');
  });

  it.each([
    [{ id: '' }, 'tiers[0].id'],
    [{ capacity: 1.5 }, "capacity of tier 'spot'"],
    [{ priceUsdPerHour: -1 }, "priceUsdPerHour of tier 'spot'"],
    [{ noticeMs: -1 }, "noticeMs of tier 'spot'"],
    [{ startupMs: NaN }, "startupMs of tier 'spot'"],
    [{ interruption: { meanTimeToInterruptMs: 0 } }, "meanTimeToInterruptMs of tier 'spot'"],
    [
      { capacitySeries: { startAtMs: 0, stepMs: 1, unit: '1' as const, values: [0.5] } },
      "capacitySeries.values of tier 'spot'",
    ],
  ])('refuses a tier with %j', (tier, field) => {
    expect(() => start(tier)).toThrow(expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field }) as Error);
  });

  it('refuses two tiers of one id, and a seed that is not whole', () => {
    const clock = virtualClock({ startAtMs: 0 });
    expect(() => simulatedCapacity({ clock, tiers: [spot, spot] })).toThrow(
      "tiers[1].id must be a non-empty string and unique, got 'spot'",
    );
    expect(() => simulatedCapacity({ clock, seed: 0.5 })).toThrow('seed must be a whole number, got 0.5');
  });
});
