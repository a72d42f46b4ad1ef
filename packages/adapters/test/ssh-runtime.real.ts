import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { SshRuntime } from '@spillway/adapters/ssh';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import { rejection } from './rejection.ts';
import { logOf, sshRuntimes, WAIT, type SshRuntimes } from './ssh-runtimes.ts';
import { startSshServers, wireTo, type SshServers } from './ssh-servers.ts';

let servers: SshServers;
let runtimes: SshRuntimes;
let count = 0;
const opened: { close: () => unknown }[] = [];

beforeAll(async () => {
  servers = await startSshServers();
  writeFileSync(join(servers.gpuFolder, 'uuids'), '0, GPU-zero\n1, GPU-one\n');
}, 60_000);
beforeEach(() => {
  runtimes = sshRuntimes(servers);
  count++;
});
afterEach(async () => {
  await runtimes.stop();
  for (const one of opened.splice(0)) await one.close();
}, 60_000);
afterAll(async () => {
  await servers.stop();
});

const newRuntime: SshRuntimes['create'] = (changes) => runtimes.create(changes);
const requestOf: SshRuntimes['request'] = (...given) => runtimes.request(...given);
const statusOf = async (runtime: SshRuntime, jobId: string) =>
  (await runtime.list()).find((job) => job.jobId === jobId)?.status;

it('runs a job with its arguments, environment, folder and GPUs, and tells how it ended', async () => {
  const runtime = newRuntime();
  const script = 'printf "%s|%s|%s|%s" "$1" "$NOTE" "$PWD" "$CUDA_VISIBLE_DEVICES"; umask >&2; exit 3';
  const command = { argv: ['sh', '-c', script, 'sh', `it's "$HOME"\n`], env: { NOTE: `'\n$(id)` }, folder: '/tmp' };

  const job = await runtime.start(requestOf('a job/../x', command, { gpus: [{ index: 1, milli: 1000 }] }));

  expect(job).toMatchObject({ jobId: 'a job/../x', placement: { nodeId: 'a', gpus: [{ index: 1, milli: 1000 }] } });
  expect(await logOf(runtime, 'a job/../x')).toBe(`it's "$HOME"\n|'\n$(id)|/tmp|GPU-one0022\n`);
  const [ended] = await runtime.list();
  expect(ended).toMatchObject({ jobId: 'a job/../x', status: 'failed' });
  expect(ended!.endedAtMs).toBeGreaterThanOrEqual(ended!.startedAtMs);
});

it('loses no job and no line of a log when the connection is cut again and again', async () => {
  const line = await wireTo(servers.ports[0]);
  opened.push(line);
  const knownHosts = `[127.0.0.1]:${line.port} ${servers.publicKeys[0]}\n`;
  const runtime = newRuntime({ hosts: [servers.host('a', line.port)], knownHosts });
  const script =
    'i=0; while [ $i -lt 2000 ]; do echo "line $i é"; [ $((i % 40)) -eq 0 ] && sleep 0.1; i=$((i+1)); done';
  await runtime.start(requestOf('talker', ['sh', '-c', script]));

  let text = '';
  let cuts = 0;
  const cutting = setInterval(() => {
    cuts++;
    line.cut();
  }, 900);
  let at = 0;
  for await (const chunk of runtime.logs('talker')) {
    expect(chunk.fromByte).toBe(at);
    at = chunk.toByte;
    text += chunk.text;
  }
  clearInterval(cutting);

  expect(text).toBe(Array.from({ length: 2_000 }, (_, index) => `line ${index} é\n`).join(''));
  expect(cuts).toBeGreaterThan(2);
  expect(await statusOf(runtime, 'talker')).toBe('succeeded');
}, 60_000);

it('gives whole lines, also of a program that writes them in parts', async () => {
  const runtime = newRuntime();
  const script = 'for i in 1 2 3; do printf "a\\303"; sleep 0.4; printf "\\251 $i\\n"; done; printf end';
  await runtime.start(requestOf('stutterer', ['sh', '-c', script]));

  const pieces = [];
  for await (const { text } of runtime.logs('stutterer')) pieces.push(text);

  expect(pieces.join('')).toBe('aé 1\naé 2\naé 3\nend');
  expect(pieces.slice(0, -1).every((text) => text.endsWith('\n'))).toBe(true);
});

it('starts a job once, although the connection is cut while it starts', async () => {
  const line = await wireTo(servers.ports[0]);
  opened.push(line);
  const knownHosts = `[127.0.0.1]:${line.port} ${servers.publicKeys[0]}\n`;
  const runtime = newRuntime({ hosts: [servers.host('a', line.port)], knownHosts });
  await runtime.list();
  const mark = join(servers.folder, `starts ${count}`);
  writeFileSync(mark, '');
  const ids = Array.from({ length: 6 }, (_, index) => `job ${index}`);

  for (const [index, id] of ids.entries()) {
    const request = requestOf(id, ['sh', '-c', 'echo "$1" >>"$2"', 'sh', id, mark]);
    let isDone = false;
    for (let attempt = 0; !isDone; attempt++) {
      // Each try is cut at another moment of its way; from the fourth on it is left alone.
      const cutting = attempt < 4 ? setTimeout(line.cut, 15 + 35 * index + 60 * attempt) : undefined;
      try {
        await runtime.start(request);
        isDone = true;
      } catch (error) {
        expect(error).toMatchObject({ providerCode: 'unavailable' });
      } finally {
        clearTimeout(cutting);
      }
    }
  }

  for (const id of ids) await logOf(runtime, id);
  expect(readFileSync(mark, 'utf8').trim().split('\n').sort()).toEqual(ids);
}, 60_000);

it('knows the jobs of the process before it, and goes on with their logs', async () => {
  const before = newRuntime();
  const go = join(servers.folder, 'go');
  const script = 'echo one; while [ ! -f "$1" ]; do sleep 0.1; done; echo two';
  const request = requestOf('long', ['sh', '-c', script, 'sh', go]);
  const first = await before.start(request);
  runtimes.pools[0]!.close();

  const after = newRuntime();

  expect(await after.list()).toEqual([first]);
  expect(await after.start(request)).toEqual(first);
  writeFileSync(go, '');
  expect(await logOf(after, 'long')).toBe('one\ntwo\n');
  const chunks = [];
  for await (const chunk of after.logs('long', { fromByte: 4 })) chunks.push(chunk);
  expect(chunks).toEqual([{ text: 'two\n', fromByte: 4, toByte: 8 }]);
});

it('sends the checkpoint signal to the program', async () => {
  const runtime = newRuntime();
  await runtime.start(
    requestOf('saver', ['sh', '-c', 'trap "echo saved; exit 0" USR1; echo ready; while :; do sleep 0.1; done']),
  );
  for await (const { text } of runtime.logs('saver')) {
    if (text.includes('ready')) expect(await runtime.checkpoint('saver')).toBe(true);
  }

  expect(await statusOf(runtime, 'saver')).toBe('succeeded');
  expect(await runtime.checkpoint('saver')).toBe(false);
  expect(await runtime.checkpoint('nobody')).toBe(false);
});

it('stops a job by TERM, and by KILL when it does not listen, with all it has started', async () => {
  const runtime = newRuntime();
  const marker = `6${Date.now() % 100_000}`;
  await runtime.start(requestOf('polite', WAIT));
  await runtime.start(requestOf('deaf', ['sh', '-c', `trap "" TERM; sleep ${marker} & sleep ${marker}`]));

  await Promise.all([runtime.stop('polite'), runtime.stop('deaf'), runtime.stop('nobody')]);

  expect([await statusOf(runtime, 'polite'), await statusOf(runtime, 'deaf')]).toEqual(['stopped', 'stopped']);
  expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(`sleep ${marker}`);
  await runtime.stop('deaf');
});

it('refuses a share of a GPU that is taken, a GPU that is absent, and a job that runs already', async () => {
  const runtime = newRuntime();
  const half = [{ index: 0, milli: 500 }];
  await runtime.start(requestOf('one', WAIT, { gpus: half }));
  await runtime.start(requestOf('two', WAIT, { gpus: half }));

  const refused = async (request: ReturnType<typeof requestOf>) =>
    (await rejection(runtime.start(request))).providerCode;
  expect(await refused(requestOf('three', WAIT, { gpus: half }))).toBe('conflict');
  expect(await refused(requestOf('one', WAIT, { gpus: [{ index: 1, milli: 500 }], token: 'other' }))).toBe('conflict');
  expect(await refused(requestOf('four', WAIT, { token: 'token of one' }))).toBe('conflict');
  expect(await refused(requestOf('five', WAIT, { gpus: [{ index: 2, milli: 1000 }] }))).toBe('invalid-request');
  expect(await refused(requestOf('six', WAIT, { nodeId: 'nowhere' }))).toBe('not-found');

  await runtime.stop('one');
  expect(await runtime.start(requestOf('three', WAIT, { gpus: half }))).toMatchObject({ status: 'running' });
  expect((await runtime.list()).map(({ jobId }) => jobId)).toEqual(['one', 'two', 'three']);
});

it('gives no GPU away twice among many starts at once', async () => {
  const [left, right] = [newRuntime(), newRuntime()];
  // A slow driver leaves much time between looking at what is taken and taking it.
  writeFileSync(join(servers.gpuFolder, 'slow'), '');
  const requests = Array.from({ length: 8 }, (_, index) =>
    requestOf(`job ${index}`, WAIT, { gpus: [{ index: 0, milli: 400 }] }),
  );

  const outcomes = await Promise.allSettled(
    requests.map((request, index) => (index % 2 === 0 ? left : right).start(request)),
  );

  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  rmSync(join(servers.gpuFolder, 'slow'));
});

it('calls a job failed whose keeper and program were killed', async () => {
  const runtime = newRuntime();
  await runtime.start(requestOf('victim', WAIT));
  execFileSync('sh', [
    '-c',
    'for f in "$1"/jobs/*/keeper "$1"/jobs/*/pid; do read -r p rest <"$f"; kill -KILL "$p"; done; sleep 0.3',
    'sh',
    runtimes.stateFolder,
  ]);

  expect(await statusOf(runtime, 'victim')).toBe('failed');
  expect(await logOf(runtime, 'victim')).toBe('begun\n');
});

it('takes a program that is not there for a failure of the job, not of the machine', async () => {
  const runtime = newRuntime();
  await runtime.start(requestOf('typo', ['no-such-program']));

  expect(await logOf(runtime, 'typo')).toContain('no-such-program');
  expect(await statusOf(runtime, 'typo')).toBe('failed');
  expect((await rejection(logOf(runtime, 'nobody'))).providerCode).toBe('not-found');
});

it('stops following a log when it is told to', async () => {
  const runtime = newRuntime();
  await runtime.start(requestOf('quiet', WAIT));
  const controller = new AbortController();
  const following = (async () => {
    for await (const { text } of runtime.logs('quiet', { signal: controller.signal })) {
      if (text === 'begun\n')
        setTimeout(() => {
          controller.abort();
        }, 300);
    }
  })();

  expect((await rejection(following)).providerCode).toBe('aborted');
  expect(await statusOf(runtime, 'quiet')).toBe('running');
});

it('keeps apart a token used on another machine', async () => {
  const hosts = [servers.host('a', servers.ports[0]), servers.host('b', servers.ports[1])];
  const runtime = newRuntime({ hosts });
  const first = await runtime.start(requestOf('once', WAIT));

  expect(await runtime.start(requestOf('once', WAIT, { nodeId: 'b' }))).toEqual(first);
});
