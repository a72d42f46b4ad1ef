import { describe, expect, it } from 'vitest';
import { createLoopState, memoryStore, type Action, type Plan } from '../src/index.ts';
import { job } from './builders.ts';

function start(token: string, jobId: string): Action {
  const placement = { jobId, nodeId: 'n', gpus: [{ index: 0, milli: 1000 }] };
  return { kind: 'start-job', token, job: job(jobId, 1), placement };
}

function plan(actions: readonly Action[], planned: Plan['planned'] = []): Plan {
  return { atMs: 5, actions, planned, unplaced: [], notes: [] };
}

async function filled() {
  const store = memoryStore();
  for (const id of ['a', 'b', 'c']) await store.acceptJob({ job: job(id, 1), submittedAtMs: 0 });
  const waiting = async (): Promise<readonly string[]> => (await store.listWaiting()).map((entry) => entry.job.id);
  return { store, waiting };
}

describe('memoryStore', () => {
  it('accepts a job once and keeps the order of acceptance', async () => {
    const { store, waiting } = await filled();

    expect(await store.acceptJob({ job: job('b', 1), submittedAtMs: 9 })).toBe(false);
    expect(await waiting()).toEqual(['a', 'b', 'c']);
    expect((await store.findJob('b'))?.submittedAtMs).toBe(0);
  });

  it('takes a started job off the list, and puts it back in its old place when the start failed', async () => {
    const { store, waiting } = await filled();

    await store.commitPlan(plan([start('t1', 'a'), start('t2', 'b')]), createLoopState());
    const whilePending = await waiting();
    await store.settleIntent('t1', { status: 'failed', error: 'no' });
    await store.settleIntent('t2', { status: 'done' });

    expect(whilePending).toEqual(['c']);
    expect(await waiting()).toEqual(['a', 'c']);
  });

  it('lists intents until their outcome is known, counting attempts', async () => {
    const { store } = await filled();
    await store.commitPlan(plan([start('t1', 'a')]), createLoopState());

    await store.settleIntent('t1', { status: 'pending', error: 'no answer' });
    const unknown = await store.listPendingIntents();
    await store.settleIntent('t1', { status: 'done' });

    expect(unknown).toMatchObject([{ token: 't1', attempts: 1, error: 'no answer', writtenAtMs: 5 }]);
    expect(await store.listPendingIntents()).toEqual([]);
    expect(await store.findIntent('t1')).toMatchObject({ status: 'done', attempts: 2 });
  });

  it('writes an intent once: the same plan again changes nothing', async () => {
    const { store } = await filled();
    const once = plan([start('t1', 'a')]);

    await store.commitPlan(once, createLoopState());
    await store.settleIntent('t1', { status: 'done' });
    await store.commitPlan(once, { ...createLoopState(), orderCount: 1 });

    expect(await store.findIntent('t1')).toMatchObject({ status: 'done', attempts: 1 });
    expect(await store.loadState()).toMatchObject({ orderCount: 1 });
  });

  it('replaces a planned job by its pieces', async () => {
    const { store, waiting } = await filled();
    const planned = { jobId: 'b', zone: 'z', notBeforeMs: 7 };

    await store.commitPlan(
      plan([], [{ jobId: 'b', pieces: [{ job: job('b#1', 1), submittedAtMs: 0, planned }] }]),
      createLoopState(),
    );

    expect(await waiting()).toEqual(['a', 'c', 'b#1']);
    expect((await store.findJob('b'))?.job.id).toBe('b');
  });

  it('refuses to settle what was never written', async () => {
    const { store } = await filled();

    await expect(async () => store.settleIntent('ghost', { status: 'done' })).rejects.toThrow(/'ghost'/);
  });
});
