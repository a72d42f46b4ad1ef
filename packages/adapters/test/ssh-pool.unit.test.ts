import type { AddressInfo } from 'node:net';

import { sshPool, type SshHost, type SshPoolOptions } from '@spillway/adapters/ssh';
import fc from 'fast-check';
import ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { rejection } from './rejection.ts';

const server = ssh2.utils.generateKeyPairSync('ed25519');
const user = ssh2.utils.generateKeyPairSync('ed25519');
const commands: string[] = [];
const logins: string[] = [];
const pools: { close: () => void }[] = [];
let refusedSessions = 0;
let port = 0;

/** A server in this process. It runs nothing: it notes the text of each command, and answers `ok`. */
const listener = new ssh2.Server({ hostKeys: [server.private] }, (client) => {
  client.on('error', () => undefined);
  // Of the connection as it is; the published types leave it out.
  (client as unknown as { setNoDelay: (isOn: boolean) => void }).setNoDelay(true);
  client.on('authentication', (attempt) => {
    logins.push(attempt.method);
    const isRight = attempt.method === 'password' ? attempt.password === 'hunter2' : attempt.method === 'publickey';
    if (isRight) attempt.accept();
    else attempt.reject(['publickey', 'password']);
  });
  client.on('session', (accept, reject) => {
    if (refusedSessions > 0) {
      refusedSessions--;
      reject();
      return;
    }
    accept().on('exec', (acceptCommand, _, { command }) => {
      commands.push(command);
      const stream = acceptCommand();
      stream.write('ok');
      stream.exit(0);
      stream.end();
    });
  });
});
const pin = () => `[127.0.0.1]:${port} ${server.public}`;
function poolOf(host: Partial<SshHost>, options: Partial<SshPoolOptions> = {}) {
  const base = { id: 'a', pool: 'p', hostName: '127.0.0.1', port, user: 'u', identityFiles: ['key'], maxSessions: 2 };
  const pool = sshPool({
    hosts: [{ ...base, ...host }],
    knownHosts: pin(),
    readFile: (path) =>
      path === 'key' ? Promise.resolve(Buffer.from(user.private)) : Promise.reject(new Error('ENOENT')),
    env: { PASSWORD: 'hunter2' },
    backoff: { firstMs: 1, tries: 2 },
    ...options,
  });
  pools.push(pool);
  return pool;
}
/** The arguments that a command text stands for, read without the code that wrote it. */
function argumentsOf(command: string): string[] {
  const [, words] = /^sh -c '[^'\\!\n]*' sh ([A-Za-z0-9_./:,@+= -]*)$/.exec(command) ?? [];
  if (words === undefined) throw new Error(`something of the caller reaches a shell: ${command}`);
  return words
    .split(' ')
    .map((word) => (word.startsWith('_') ? word.slice(1) : Buffer.from(word.slice(1), 'base64').toString()));
}

beforeAll(async () => {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  port = (listener.address() as AddressInfo).port;
});
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});
afterAll(() => {
  listener.close();
});

it('sends a shell nothing of the caller but harmless words', async () => {
  const pool = poolOf({});
  const argument = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(`'; id; '`, '$(id)', '\n', '', '-n', '_', '.'),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        argument.filter((text) => !text.includes('\0')),
        { maxLength: 5 },
      ),
      async (words) => {
        const argv = ['printf', ...words];

        await pool.run('a', argv);

        expect(argumentsOf(commands.at(-1)!)).toEqual(argv);
      },
    ),
    { numRuns: 200 },
  );
});

it('asks again for a session that the server did not give', async () => {
  const pool = poolOf({});
  await pool.run('a', ['true']);
  refusedSessions = 2;

  expect((await pool.run('a', ['true'])).stdout.toString()).toBe('ok');
});

it('refuses a host key that is not pinned, before it logs in', async () => {
  const before = logins.length;

  const error = await rejection(poolOf({}, { knownHosts: '' }).run('a', ['true']));

  expect(error).toMatchObject({ providerCode: 'auth', isAmbiguous: false });
  expect(logins).toHaveLength(before);
});

it('logs in with a password that is only referred to, and never tells it', async () => {
  const right = poolOf({ identityFiles: [], password: { env: 'PASSWORD' } });
  const wrong = poolOf({ identityFiles: [], password: { env: 'PASSWORD' } }, { env: { PASSWORD: 'not it' } });
  const absent = poolOf({ identityFiles: [], password: { env: 'NONE' } });

  expect((await right.run('a', ['true'])).exitCode).toBe(0);
  const error = await rejection(wrong.run('a', ['true']));
  expect(error).toMatchObject({ providerCode: 'auth', isRetryable: false });
  expect(JSON.stringify([error, error.message, error.cause])).not.toContain('not it');
  expect((await rejection(absent.run('a', ['true']))).message).toContain('there is no environment variable NONE');
});

it('names a key file that cannot be read or used', async () => {
  const broken = () => Promise.resolve(Buffer.from('no key'));

  expect((await rejection(poolOf({ identityFiles: ['gone'] }).run('a', ['true']))).message).toContain(
    `cannot read 'gone'`,
  );
  expect((await rejection(poolOf({}, { readFile: broken }).run('a', ['true']))).providerCode).toBe('auth');
  expect((await rejection(poolOf({ identityFiles: [] }).run('a', ['true']))).message).toContain('no identity file');
});

it('gives up at once when it was told to before', async () => {
  const error = await rejection(poolOf({}).run('a', ['true'], { signal: AbortSignal.abort() }));

  expect(error).toMatchObject({ providerCode: 'aborted', isAmbiguous: false });
});

it.each([
  [{ connectTimeoutMs: 0 }, 'connectTimeoutMs'],
  [{ keepAliveMs: -1 }, 'keepAliveMs'],
  [{ maxConnecting: 0.5 }, 'maxConnecting'],
  [{ knownHosts: 'x' }, 'known_hosts line 1'],
])('refuses %j', (options, field) => {
  expect(() => poolOf({}, options)).toThrow(field);
});
