import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

import { readSshConfig, sshPool, type SshHost, type SshPoolOptions } from '@spillway/adapters/ssh';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { rejection } from './rejection.ts';
import { startSshServers, wireTo, type SshServers, type Wire } from './ssh-servers.ts';

let servers: SshServers;
const opened: { close: () => unknown }[] = [];

beforeAll(async () => {
  servers = await startSshServers();
}, 60_000);
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
afterAll(async () => {
  await servers.stop();
});

function poolOf(hosts: readonly SshHost[], options: Partial<SshPoolOptions> = {}) {
  const backoff = { firstMs: 20, tries: 3 };
  const pool = sshPool({ hosts, knownHosts: servers.knownHosts, backoff, ...options });
  opened.push(pool);
  return pool;
}
async function wire(port: number): Promise<Wire> {
  const made = await wireTo(port);
  opened.push(made);
  return made;
}
const pin = (port: number, key = servers.publicKeys[0]) => `[127.0.0.1]:${port} ${key}\n`;
/** Prints its arguments, each ended by NUL. */
const ECHO = ['printf', '%s\\0'];

describe('commands', () => {
  it('runs 50 at a time over one connection, each with its own answer', async () => {
    const line = await wire(servers.ports[0]);
    const pool = poolOf([servers.host('a', line.port)], { knownHosts: pin(line.port) });

    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        pool.run(
          'a',
          ['sh', '-c', 'cat; sleep 0.05; printf %s "$1" >&2; exit "$2"', 'sh', `err ${index}`, `${index}`],
          {
            stdin: `in ${index}`,
          },
        ),
      ),
    );

    // What the start-up files of the login shell have to say comes before.
    const last = (text: string) => text.split('\n').at(-1);
    expect(results.map(({ exitCode, stdout, stderr }) => [exitCode, stdout.toString(), last(stderr)])).toEqual(
      Array.from({ length: 50 }, (_, index) => [index, `in ${index}`, `err ${index}`]),
    );
    expect(line.count()).toBe(1);
  }, 60_000);

  it('hands 1,000 hostile arguments over byte for byte, and none to a shell', async () => {
    const pool = poolOf([servers.host('a', servers.ports[0])]);
    const canary = `${servers.folder}/canary`;
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: fc.constantFrom(...'\'"`$(){}[]<>|&;*?!~#\\\n\t\r =,^%-@+:/.'.split('')), maxLength: 20 }),
      fc.constantFrom(
        `'; touch ${canary}; '`,
        `"; touch ${canary}; "`,
        `$(touch ${canary})`,
        `\`touch ${canary}\``,
        `\n touch ${canary}\n`,
        `'\\''; touch ${canary} #`,
        `\\'; touch ${canary}; \\'`,
        '-n',
        '--',
        '',
        '\n\n',
        '%s%n',
        '!!',
        '~root',
        '*',
        '${IFS}',
        'é\u{1F600}',
      ),
    );
    const texts = fc
      .sample(hostile, { numRuns: 1_200, seed: 7 })
      .filter((text) => !text.includes('\0') && Buffer.from(text).toString() === text)
      .slice(0, 1_000);
    expect(texts).toHaveLength(1_000);

    for (let from = 0; from < texts.length; from += 50) {
      const some = texts.slice(from, from + 50);
      const { stdout } = await pool.run('a', [...ECHO, ...some]);
      expect(stdout.toString().split('\0').slice(0, -1)).toEqual(some);
    }
    expect(readdirSync(servers.folder)).not.toContain('canary');
  }, 120_000);

  it('refuses a program that cannot be given, before anything is sent', async () => {
    const line = await wire(servers.ports[0]);
    const pool = poolOf([servers.host('a', line.port)], { knownHosts: pin(line.port) });

    await expect(pool.run('a', [])).rejects.toThrow('argv must start with a program');
    await expect(pool.run('a', ['echo', 'a\0b'])).rejects.toThrow('argv[1] must be text without NUL');
    await expect(pool.run('a', ['echo', '\uD800'])).rejects.toThrow('lone surrogates');
    await expect(pool.run('a', ['echo', 'x'.repeat(130_000)])).rejects.toThrow('argv must fit into 120000 characters');
    expect((await rejection(pool.run('b', ['true']))).providerCode).toBe('not-found');
    expect(line.count()).toBe(0);
  });

  it('tells an exit code from a signal, and stops output that is too long', async () => {
    const pool = poolOf([servers.host('a', servers.ports[0])]);

    expect(await pool.run('a', ['sh', '-c', 'kill -KILL $$'])).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(await pool.run('a', ['no-such-program'])).toMatchObject({ exitCode: 127 });
    const error = await rejection(pool.run('a', ['head', '-c', '100000', '/dev/zero'], { maxOutputBytes: 1_000 }));
    expect(error.providerCode).toBe('bad-response');
  });

  it('gives up when told to and at the deadline, and says whether it was sent', async () => {
    const pool = poolOf([servers.host('a', servers.ports[0], { maxSessions: 1 })]);
    const controller = new AbortController();
    const late = rejection(pool.run('a', ['sleep', '5'], { timeoutMs: 500 }));
    const waiting = rejection(pool.run('a', ['sleep', '5'], { signal: controller.signal }));

    controller.abort();

    expect(await waiting).toMatchObject({ providerCode: 'aborted', isAmbiguous: false });
    expect(await late).toMatchObject({ providerCode: 'timeout', isAmbiguous: true });
    expect((await pool.run('a', ['echo', 'next'])).stdout.toString()).toBe('next\n');
  });
});

describe('connections', () => {
  it('says that a command may have run when the connection is cut, and connects again', async () => {
    const line = await wire(servers.ports[0]);
    const pool = poolOf([servers.host('a', line.port)], { knownHosts: pin(line.port) });
    await pool.run('a', ['true']);
    const running = rejection(pool.run('a', ['sleep', '5']));
    await new Promise((resolve) => setTimeout(resolve, 200));

    line.cut();

    expect(await running).toMatchObject({ providerCode: 'unavailable', isAmbiguous: true });
    expect((await pool.run('a', ['echo', 'again'])).stdout.toString()).toBe('again\n');
    expect(line.count()).toBe(2);
  });

  it('takes a silent connection for lost', async () => {
    const line = await wire(servers.ports[0]);
    const pool = poolOf([servers.host('a', line.port)], { knownHosts: pin(line.port), keepAliveMs: 100 });
    await pool.run('a', ['true']);

    line.stall();

    expect((await rejection(pool.run('a', ['sleep', '5']))).providerCode).toBe('unavailable');
    expect((await pool.run('a', ['echo', 'again'])).stdout.toString()).toBe('again\n');
  });

  it('waits between tries, and gives up after the last', async () => {
    const waits: number[] = [];
    const clock = {
      nowMs: () => 0,
      sleep: async (durationMs: number, options?: { readonly signal?: AbortSignal }) => {
        if (durationMs < 60_000) waits.push(durationMs);
        else await new Promise((resolve) => options?.signal?.addEventListener('abort', resolve));
      },
    };
    const backoff = { firstMs: 100, maxMs: 250, tries: 4 };
    const closed = await wire(servers.ports[0]);
    await closed.close();
    const pool = poolOf([servers.host('a', closed.port)], { clock, random: () => 0.5, backoff });

    const error = await rejection(pool.run('a', ['true']));

    expect(error).toMatchObject({ providerCode: 'unavailable', isAmbiguous: false });
    expect(waits).toEqual([75, 150, 188]);
  });

  it('reaches a machine behind a jump host, over one connection to the jump host', async () => {
    const line = await wire(servers.ports[0]);
    const jump = servers.host('jump', line.port);
    const hosts = ['a', 'b'].map((id) => servers.host(id, servers.ports[1], { jump }));
    const pool = poolOf(hosts, { knownHosts: servers.knownHosts + pin(line.port), maxConnecting: 1 });

    const [a, b] = await Promise.all(
      hosts.map(async ({ id }) => await pool.run(id, ['sh', '-c', 'echo $SSH_CONNECTION'])),
    );

    for (const result of [a, b]) expect(result!.stdout.toString().trim()).toMatch(new RegExp(` ${servers.ports[1]}$`));
    expect(line.count()).toBe(1);
    const running = rejection(pool.run('a', ['sleep', '5']));
    await new Promise((resolve) => setTimeout(resolve, 200));
    line.cut();
    expect(await running).toMatchObject({ providerCode: 'unavailable', isAmbiguous: true });
    expect((await pool.run('b', ['echo', 'again'])).stdout.toString()).toBe('again\n');
  });
});

describe('host keys', () => {
  it.each([
    ['of another machine', (port: number) => pin(port, servers.publicKeys[1]), 'is not the one pinned in line 1'],
    ['that nobody pinned', () => '', 'is not pinned in known_hosts'],
    [
      'that was revoked',
      (port: number) => `${pin(port)}@revoked * ${servers.publicKeys[0]}\n`,
      'line 2 of known_hosts revokes',
    ],
    ['of an authority', (port: number) => `@cert-authority ${pin(port)}`, 'certificates of an authority are not read'],
  ])('refuses a key %s, and does not try again', async (_, knownHosts, message) => {
    const line = await wire(servers.ports[0]);
    const pool = poolOf([servers.host('a', line.port)], { knownHosts: knownHosts(line.port) });

    const error = await rejection(pool.run('a', ['true']));

    expect(error).toMatchObject({ providerCode: 'auth', isRetryable: false, isAmbiguous: false });
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/SHA256:[A-Za-z0-9+/]{43}/);
    expect(line.count()).toBe(1);
  });

  it('refuses a jump host whose key is wrong, although the machine behind it is pinned', async () => {
    const jump = servers.host('jump', servers.ports[0]);
    const pool = poolOf([servers.host('a', servers.ports[1], { jump })], {
      knownHosts: pin(servers.ports[1], servers.publicKeys[1]),
    });

    expect((await rejection(pool.run('a', ['true']))).message).toContain(`:${servers.ports[0]} showed a host key`);
  });

  it('accepts a name that ssh-keygen hashed', async () => {
    const file = `${servers.folder}/hashed`;
    execFileSync('sh', ['-c', 'cat > "$1" && ssh-keygen -q -H -f "$1" 2>/dev/null', 'sh', file], {
      input: servers.knownHosts,
    });
    const knownHosts = execFileSync('cat', [file], { encoding: 'utf8' });
    const pool = poolOf([servers.host('a', servers.ports[0])], { knownHosts });

    expect(knownHosts).toMatch(/^\|1\|/);
    expect((await pool.run('a', ['true'])).exitCode).toBe(0);
  });

  it('refuses a login with a key that the server does not know', async () => {
    const pool = poolOf([servers.host('a', servers.ports[0], { identityFiles: [`${servers.folder}/inner`] })]);

    expect(await rejection(pool.run('a', ['true']))).toMatchObject({ providerCode: 'auth', isRetryable: false });
  });
});

it('reads client configurations as OpenSSH does', () => {
  const file = `${servers.folder}/config`;
  const word = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 4 });
  const setting = fc.oneof(
    word.map((value) => `User ${value}`),
    word.map((value) => `HostName ${value}`),
    fc.integer({ min: 1, max: 65_535 }).map((value) => `Port ${value}`),
  );
  const section = fc
    .tuple(fc.array(pattern, { minLength: 1, maxLength: 3 }), fc.option(pattern), fc.array(setting, { maxLength: 3 }))
    .map(([some, none, settings]) => [
      `Host ${[...some, ...(none === null ? [] : [`!${none}`])].join(' ')}`,
      ...settings,
    ]);
  fc.assert(
    fc.property(fc.array(section, { maxLength: 4 }), word, (sections, host) => {
      const text = `${sections.flat().join('\n')}\n`;
      execFileSync('sh', ['-c', 'cat > "$1"', 'sh', file], { input: text });
      const answer = execFileSync('ssh', ['-G', '-F', file, host], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const theirs = new Map(answer.split('\n').map((line) => line.split(' ', 2) as [string, string]));

      const ours = readSshConfig(text)(host);

      expect([ours.hostName ?? host, String(ours.port ?? 22)]).toEqual([theirs.get('hostname'), theirs.get('port')]);
      if (ours.user !== undefined) expect(theirs.get('user')).toBe(ours.user);
    }),
    { numRuns: 100 },
  );
}, 60_000);
