import { describe, expect, it } from 'vitest';

import { virtualClock } from '@spillway/adapters/simulated';

describe('virtualClock', () => {
  it('wakes sleepers at their own time, in order of time', async () => {
    const clock = virtualClock({ startAtMs: 1_000 });
    const story: string[] = [];
    const sleeper = async (name: string, durationMs: number): Promise<void> => {
      await clock.sleep(durationMs);
      story.push(`${name}@${clock.nowMs()}`);
    };
    void sleeper('late', 30);
    void sleeper('early', 10);
    void sleeper('beyond', 31);

    await clock.advanceTo(1_030);

    expect(story).toEqual(['early@1010', 'late@1030']);
    expect(clock.nowMs()).toBe(1_030);
  });

  it('wakes sleepers of the same instant in order of registration', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const story: string[] = [];
    void clock.sleep(10).then(() => story.push('first'));
    void clock.sleep(10).then(() => story.push('second'));
    void clock
      .sleep(5)
      .then(() => clock.sleep(5))
      .then(() => story.push('third'));

    await clock.advanceTo(10);

    expect(story).toEqual(['first', 'second', 'third']);
  });

  it('wakes again within the span a sleeper that goes back to sleep, however long its callbacks chain', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const wokenAtMs: number[] = [];
    const loop = async (): Promise<void> => {
      for (;;) {
        await clock.sleep(15_000);
        for (let i = 0; i < 50; i++) await Promise.resolve();
        wokenAtMs.push(clock.nowMs());
      }
    };
    void loop();

    await clock.advanceTo(60_000);

    expect(wokenAtMs).toEqual([15_000, 30_000, 45_000, 60_000]);
  });

  it('lets promises settle first, so that what is about to sleep is woken too', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    let isDone = false;
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => clock.sleep(5))
      .then(() => {
        isDone = true;
      });

    await clock.advanceTo(5);

    expect(isDone).toBe(true);
  });

  it('ends a sleep of 0 ms at the next advance, and not before', async () => {
    const clock = virtualClock({ startAtMs: 7 });
    let isDone = false;
    void clock.sleep(0).then(() => {
      isDone = true;
    });
    await Promise.resolve();
    expect(isDone).toBe(false);

    await clock.advanceTo(7);

    expect(isDone).toBe(true);
  });

  it('rejects an aborted sleep with the reason of the signal and forgets it', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const controller = new AbortController();
    const reason = new Error('shutting down');
    const sleeping = clock.sleep(10, { signal: controller.signal });
    const others: number[] = [];
    void clock.sleep(10).then(() => others.push(clock.nowMs()));

    controller.abort(reason);

    await expect(sleeping).rejects.toBe(reason);
    await expect(clock.sleep(10, { signal: controller.signal })).rejects.toBe(reason);
    await clock.advanceTo(10);
    expect(others).toEqual([10]);
  });

  it('does not mind an abort after the sleep has ended', async () => {
    const clock = virtualClock({ startAtMs: 0 });
    const controller = new AbortController();
    const sleeping = clock.sleep(10, { signal: controller.signal });

    await clock.advanceTo(10);
    controller.abort();

    await expect(sleeping).resolves.toBeUndefined();
  });

  it('never goes back, and refuses two advances at once', async () => {
    const clock = virtualClock({ startAtMs: 100 });

    await expect(clock.advanceTo(99)).rejects.toMatchObject({ code: 'SPILLWAY_INVALID_INPUT', field: 'atMs' });
    await expect(clock.advanceTo(NaN)).rejects.toMatchObject({ code: 'SPILLWAY_INVALID_INPUT', field: 'atMs' });
    const first = clock.advanceTo(200);
    await expect(clock.advanceTo(300)).rejects.toMatchObject({ field: 'advanceTo' });
    await first;
    expect(clock.nowMs()).toBe(200);
  });

  it.each([-1, NaN, Infinity])('refuses a sleep of %s ms', async (durationMs) => {
    await expect(virtualClock({ startAtMs: 0 }).sleep(durationMs)).rejects.toMatchObject({ field: 'durationMs' });
  });

  it('refuses a start that is no instant', () => {
    expect(() => virtualClock({ startAtMs: NaN })).toThrow('startAtMs must be a finite number, got NaN');
  });
});
