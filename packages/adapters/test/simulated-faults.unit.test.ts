import { describe, expect, it } from 'vitest';

import { ProviderError } from '@spillway/adapters';
import { simulatedCapacity, simulatedRuntime, virtualClock, type SimulatedFaults } from '@spillway/adapters/simulated';

import { rejection } from './rejection.ts';

function start(faults: SimulatedFaults, capacity: number | null = null) {
  const clock = virtualClock({ startAtMs: 0 });
  const tiers = [{ id: 'spot', kind: 'spot', capacity, priceUsdPerHour: 1 }] as const;
  const provider = simulatedCapacity({ clock, tiers, faults });
  const launch = (token: string) => provider.provision.launch({ token, tierId: 'spot' });
  return { ...provider.provision, clock, launch, usage: provider.usage };
}

/** How each of `count` launches with fresh tokens ends. */
async function fates(faults: SimulatedFaults, count: number): Promise<string[]> {
  const { launch } = start(faults);
  const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, n) => launch(`t${n}`)));
  return outcomes.map((outcome) =>
    outcome.status === 'fulfilled' ? 'ok' : ProviderError.is(outcome.reason) ? outcome.reason.providerCode : 'other',
  );
}

describe('faults of simulated calls', () => {
  it('rejects a failing launch with unavailable, and nothing has happened', async () => {
    const { launch, usage } = start({ failureRatio: 1 });

    expect(await rejection(launch('a'))).toMatchObject({
      providerCode: 'unavailable',
      isAmbiguous: false,
      isRetryable: true,
    });
    expect(usage()).toEqual([]);
  });

  it('rejects an ambiguous launch with timeout, and it has happened: a new token pays twice, the same does not', async () => {
    const { launch, usage } = start({ ambiguousRatio: 1 });

    expect(await rejection(launch('a'))).toMatchObject({
      providerCode: 'timeout',
      isAmbiguous: true,
      isRetryable: true,
    });
    await rejection(launch('a'));
    expect(usage()).toHaveLength(1);
    await rejection(launch('a-again'));
    expect(usage()).toHaveLength(2);
  });

  it('loses refusals like any other answer', async () => {
    const { launch, usage } = start({ ambiguousRatio: 1 }, 0);

    expect((await rejection(launch('a'))).providerCode).toBe('timeout');
    expect(usage()).toEqual([]);
  });

  it('lets an ambiguous terminate take effect', async () => {
    // With this seed the launch is answered and the termination is not.
    const seed = await seedWhere(['ok', 'timeout'], { ambiguousRatio: 0.5 });
    const { launch, terminate, list } = start({ ambiguousRatio: 0.5, seed });
    const { id } = await launch('a');

    expect((await rejection(terminate(id))).providerCode).toBe('timeout');
    expect(await list()).toEqual([]);
  });

  it('lets an effect come after the rejection, within the delay, so that who looks at once sees nothing', async () => {
    const { clock, launch, list, usage } = start({ ambiguousRatio: 1, maxEffectDelayMs: 60_000 });
    await Promise.all(['a', 'b', 'c', 'd'].map((token) => rejection(launch(token))));
    expect(await list()).toEqual([]);

    await clock.advanceTo(60_000);

    const startedAtMs = usage().map((usage) => usage.startedAtMs);
    expect(startedAtMs).toHaveLength(4);
    expect(new Set(startedAtMs).size).toBeGreaterThan(1);
    for (const atMs of startedAtMs) expect(atMs > 0 && atMs <= 60_000).toBe(true);
  });

  it('starts nothing a second time when the late effect of a repeated launch comes', async () => {
    const seed = await seedWhere(['timeout', 'ok'], { ambiguousRatio: 0.5, maxEffectDelayMs: 60_000 });
    const { clock, launch, usage } = start({ ambiguousRatio: 0.5, maxEffectDelayMs: 60_000, seed });
    await rejection(launch('a'));
    await launch('a');

    await clock.advanceTo(60_000);

    expect(usage()).toMatchObject([{ token: 'a', startedAtMs: 0 }]);
  });

  it('draws fates in the shares asked for, the same from the same seed', async () => {
    const faults = { failureRatio: 0.2, ambiguousRatio: 0.3, seed: 5 };

    const drawn = await fates(faults, 2_000);

    // Four standard errors of a share of 2 000 draws are at most 4.1 %.
    const share = (fate: string) => drawn.filter((other) => other === fate).length / drawn.length;
    expect(Math.abs(share('unavailable') - 0.2)).toBeLessThan(0.041);
    expect(Math.abs(share('timeout') - 0.3)).toBeLessThan(0.041);
    expect(Math.abs(share('ok') - 0.5)).toBeLessThan(0.041);
    expect(await fates(faults, 2_000)).toEqual(drawn);
    expect(await fates({ ...faults, seed: 6 }, 2_000)).not.toEqual(drawn);
  });

  it('makes the fate of a call depend on its number among the calls that change something, and on nothing else', async () => {
    const faults = { failureRatio: 0.5, seed: 1 };
    const plain = await fates(faults, 20);
    const { launch, list, terminate } = start(faults);
    const mixed: string[] = [];

    for (let n = 0; n < 20; n++) {
      await list();
      await rejection(terminate('x', { signal: AbortSignal.abort() }));
      const call = n % 2 === 0 ? launch(`u${n}`) : terminate('x');
      mixed.push(
        await call.then(
          () => 'ok',
          (error: unknown) => (ProviderError.is(error) ? error.providerCode : 'other'),
        ),
      );
    }

    expect(mixed).toEqual(plain);
  });

  it('works on starts of a runtime too', async () => {
    const runtime = simulatedRuntime({ clock: virtualClock({ startAtMs: 0 }), faults: { ambiguousRatio: 1 } });
    const job = { id: 'a', gpuCount: 1, cpuMilli: 0, memoryMib: 0 };
    const placement = { jobId: 'a', nodeId: 'n', gpus: [{ index: 0, milli: 1_000 }] };

    expect((await rejection(runtime.start({ token: 't', job, placement }))).providerCode).toBe('timeout');
    expect(runtime.busy()).toBe(1_000);
  });

  it.each([
    [{ failureRatio: -0.1 }, 'faults.failureRatio'],
    [{ ambiguousRatio: 1.1 }, 'faults.ambiguousRatio'],
    [{ failureRatio: 0.6, ambiguousRatio: 0.6 }, 'faults.ambiguousRatio'],
    [{ maxEffectDelayMs: 0.5 }, 'faults.maxEffectDelayMs'],
    [{ seed: NaN }, 'seed'],
  ])('refuses %j', (faults, field) => {
    expect(() => start(faults)).toThrow(expect.objectContaining({ code: 'SPILLWAY_INVALID_INPUT', field }) as Error);
  });
});

/** The first seed whose first calls end as wanted. */
async function seedWhere(wanted: readonly string[], faults: SimulatedFaults): Promise<number> {
  for (let seed = 0; seed < 100; seed++) {
    const drawn = await fates({ ...faults, seed }, wanted.length);
    if (drawn.join() === wanted.join()) return seed;
  }
  throw new Error('no such seed below 100');
}
