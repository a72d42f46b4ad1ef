import type { WorkloadRuntime } from '../contract/types.ts';
import { check, checkInstant, checkSame, insisting, refused, refusesLate } from './check.ts';
import type { Rule, Subject } from './subject.ts';

const canRun = ({ jobs }: Subject): boolean => jobs !== undefined;

function parts(subject: Subject) {
  const runtime = subject.provider as WorkloadRuntime;
  const [first, second] = subject.jobs!;
  const start = (token: string, what = first) => insisting(() => runtime.start({ token, ...what }));
  const stop = (jobId: string) => insisting(() => runtime.stop(jobId));
  const list = () => insisting(() => runtime.list());
  return { runtime, first, second, start, stop, list };
}

/** What every runtime must keep. */
export const RUNTIME_RULES: readonly Rule[] = [
  {
    group: 'life-cycle',
    name: 'lists what it started, as it answered',
    when: canRun,
    check: async (subject) => {
      const { start, list, first } = parts(subject);
      const job = await start('a');
      checkSame([job.jobId, job.status], [first.job.id, 'running'], 'id and status');
      checkSame(job.placement, first.placement, 'placement');
      checkSame(await list(), [job], 'list');
    },
  },
  {
    group: 'time',
    name: 'gives instants in ms',
    when: canRun,
    check: async (subject) => {
      checkInstant((await parts(subject).start('a')).startedAtMs, (subject.nowMs ?? Date.now)(), 'startedAtMs');
    },
  },
  {
    group: 'idempotency',
    name: 'starts once a token, also when asked 20 times at once',
    when: canRun,
    check: async (subject) => {
      const { start, list } = parts(subject);
      await Promise.all(Array.from({ length: 20 }, () => start('a')));
      checkSame((await list()).length, 1, 'jobs listed');
    },
  },
  {
    group: 'idempotency',
    name: 'returns what became of a start for its token',
    when: canRun,
    check: async (subject) => {
      const { start, stop, list, first } = parts(subject);
      await start('a');
      await stop(first.job.id);
      checkSame((await start('a')).status, 'stopped', 'status for the old token');
      checkSame(
        (await list()).map(({ status }) => status),
        ['stopped'],
        'statuses listed',
      );
    },
  },
  {
    group: 'concurrency',
    name: 'refuses what is taken, and a job that runs already, with conflict',
    when: canRun,
    check: async (subject) => {
      const { start, list, second } = parts(subject);
      await start('a');
      await refused(subject, 'conflict', () => start('b', second), 'a job where another runs');
      await refused(subject, 'conflict', () => start('c'), 'a job that runs already');
      checkSame((await list()).length, 1, 'jobs listed');
    },
  },
  {
    group: 'life-cycle',
    name: 'stops what runs, what has ended and what never was; what it held is free again',
    when: canRun,
    check: async (subject) => {
      const { start, stop, list, first, second } = parts(subject);
      await start('a');
      await stop(first.job.id);
      await stop(first.job.id);
      await stop('never-started');
      const [job] = await list();
      checkSame(job?.status, 'stopped', 'status');
      check(job?.endedAtMs !== undefined && job.endedAtMs >= job.startedAtMs, 'a job that has ended says when');
      await start('b', second);
    },
  },
  {
    group: 'abort',
    name: 'starts and stops nothing when aborted or late',
    when: canRun,
    check: async (subject) => {
      const { runtime, start, list, first, second } = parts(subject);
      await start('a');
      await refusesLate(subject, 'start', (options) => runtime.start({ token: 'late', ...second }, options));
      await refusesLate(subject, 'stop', (options) => runtime.stop(first.job.id, options));
      await refusesLate(subject, 'list', (options) => runtime.list(options));
      checkSame(
        (await list()).map(({ jobId, status }) => [jobId, status]),
        [[first.job.id, 'running']],
        'jobs listed',
      );
    },
  },
];
