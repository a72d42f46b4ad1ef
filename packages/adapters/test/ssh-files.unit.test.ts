import { parsePools, readKnownHosts, readPools, readSshConfig } from '@spillway/adapters/ssh';
import { describe, expect, it } from 'vitest';

/** The blob of a key: its type, then bytes that stand for the rest. */
function keyOf(type: string, rest: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.from(rest)]);
}
const line = (names: string, key: Buffer, type = 'ssh-ed25519') =>
  `${names} ${type} ${key.toString('base64')} a comment`;
const ours = keyOf('ssh-ed25519', 'ours');
const theirs = keyOf('ssh-ed25519', 'theirs');

describe('readKnownHosts', () => {
  it.each([
    ['gpu-1', 22, 'gpu-1'],
    ['GPU-1', 22, 'gpu-1'],
    ['gpu-1', 2222, '[gpu-1]:2222'],
    ['10.0.0.7', 22, 'gpu-1,10.0.0.*'],
    ['gpu-1', 22, 'gpu-?,!gpu-2'],
  ])('trusts %s:%i by the line for %s', (host, port, names) => {
    expect(readKnownHosts(`# pinned\n\n${line(names, ours)}\n`).judge(host, port, ours)).toEqual({
      kind: 'trusted',
      line: 3,
    });
  });

  it.each([
    ['gpu-1', 2222, 'gpu-1'],
    ['gpu-1', 22, '[gpu-1]:2222'],
    ['gpu-2', 22, 'gpu-*,!gpu-2'],
    ['gpu-10', 22, 'gpu-?'],
    ['axb', 22, 'a.b'],
  ])('knows nothing of %s:%i by the line for %s', (host, port, names) => {
    const verdict = readKnownHosts(line(names, ours)).judge(host, port, ours);

    expect(verdict).toEqual({ kind: 'unknown', isAuthorityKnown: false });
  });

  it('reads names that ssh-keygen -H has hashed', () => {
    const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIPgXynW54TxUMNCnAfnkPf6g529zu8JBNRGvhdM+YzzF';
    const known = readKnownHosts(
      `|1|lWCdM8hMIQUGYCq5QWgs+jrFrQ8=|N0fg5Yf/oZCnj9bQIN5VKut/K50= ssh-ed25519 ${key}\n` +
        `|1|zXdWCCKs6pOw4QlRmqaX9KNuTIY=|d5QpEPMh+h4nNqtjWppCIoXL1QI= ssh-ed25519 ${key}\n`,
    );

    const judge = (host: string, port: number) => known.judge(host, port, Buffer.from(key, 'base64'));
    expect(judge('gpu-1.example', 22)).toEqual({ kind: 'trusted', line: 1 });
    expect(judge('gpu-2.example', 2222)).toEqual({ kind: 'trusted', line: 2 });
    expect(judge('gpu-2.example', 22).kind).toBe('unknown');
  });

  it('tells a changed key from an unknown host, and names the lines', () => {
    const known = readKnownHosts(`${line('gpu-1', ours)}\n${line('gpu-*', ours)}`);

    expect(known.judge('gpu-1', 22, theirs)).toEqual({ kind: 'changed', lines: [1, 2] });
    expect(known.judge('other', 22, theirs).kind).toBe('unknown');
  });

  it('never trusts a revoked key, wherever the line stands', () => {
    const known = readKnownHosts(`${line('gpu-1', ours)}\n@revoked ${line('*', ours)}`);

    expect(known.judge('gpu-1', 22, ours)).toEqual({ kind: 'revoked', line: 2 });
  });

  it('does not take the key of an authority for the key of a host', () => {
    const known = readKnownHosts(`@cert-authority ${line('*.example', ours)}`);

    expect(known.judge('a.example', 22, ours)).toEqual({ kind: 'unknown', isAuthorityKnown: true });
    expect(known.keyTypesOf('a.example', 22)).toEqual([]);
  });

  it('says which types of key are pinned', () => {
    const rsa = keyOf('ssh-rsa', 'r');
    const known = readKnownHosts(`${line('gpu-1', ours)}\n${line('gpu-1', rsa, 'ssh-rsa')}\n${line('x', theirs)}`);

    expect(known.keyTypesOf('gpu-1', 22)).toEqual(['ssh-ed25519', 'ssh-rsa']);
  });

  it.each([
    ['gpu-1 ssh-ed25519', 'must have names, a key type and a key'],
    [line('gpu-1', ours, 'ssh-rsa'), 'must hold a key of type ssh-rsa'],
    [`@revokd ${line('*', ours)}`, 'must use a known marker'],
    [line('|1|salt', ours), 'must have a salt and a hash'],
  ])('refuses %s', (text, message) => {
    expect(() => readKnownHosts(`\n${text}`)).toThrow(`known_hosts line 2 ${message}`);
  });
});

describe('readSshConfig', () => {
  it('takes the first value, and adds up identity files', () => {
    const configOf = readSshConfig(
      'Host gpu-* !gpu-9\n  User=alice\n  IdentityFile "~/my keys/a" # mine\n  Port 2222\nHost *\n  User bob\n  IdentityFile %d/b\n  HostName %h.example\n',
    );

    expect(configOf('gpu-1')).toEqual({
      user: 'alice',
      port: 2222,
      hostName: 'gpu-1.example',
      identityFiles: ['~/my keys/a', '~/b'],
    });
    expect(configOf('gpu-9')).toEqual({ user: 'bob', hostName: 'gpu-9.example', identityFiles: ['~/b'] });
  });

  it.each([
    ['Match exec "touch /tmp/x"\n', 'must not use Match'],
    ['Include other\n', 'must not use Include'],
    ['Port 70000\n', 'must name a port'],
    ['ProxyCommand nc %h %p\n', 'must not use proxycommand'],
    ['HostName %n\n', 'must use no token but %h'],
    ['IdentityFile "open\n', 'must close its quotes'],
    ['User\n', 'must have a value'],
    ['%%\n', 'must be a keyword'],
  ])('refuses %j', (text, message) => {
    expect(() => readSshConfig(text)('host')).toThrow(message);
  });

  it('refuses a proxy command only where it applies', () => {
    const configOf = readSshConfig('Host other\n ProxyCommand nc\nHost *\n User u\n ProxyJump none\n');

    expect(configOf('gpu-1')).toEqual({ user: 'u', identityFiles: [] });
    expect(() => configOf('other')).toThrow('must not use proxycommand');
  });
});

describe('readPools', () => {
  it('takes what a host says, then its pool, then the client configuration', () => {
    const configOf = readSshConfig('Host gpu-*\n User config\n Port 2200\n HostName %h.example\n IdentityFile ~/c\n');

    const hosts = readPools(
      {
        rack: {
          user: 'pool',
          identity_file: '~/p',
          zone: 'z',
          labels: { a: '1', b: '1' },
          hosts: ['gpu-1', { ip: 'gpu-2', user: 'own', port: 22, labels: { b: '2' }, price_usd_per_hour: 2.5 }],
        },
        bare: { hosts: [{ ip: 'gpu-1', name: 'first', max_sessions: 2, password: 'env:GPU_PASSWORD' }] },
      },
      { configOf },
    );

    const rack = { pool: 'rack', identityFiles: ['~/p'], zone: 'z', maxSessions: 10 };
    expect(hosts).toEqual([
      { ...rack, id: 'rack/gpu-1', hostName: 'gpu-1.example', port: 2200, user: 'pool', labels: { a: '1', b: '1' } },
      {
        ...rack,
        id: 'rack/gpu-2',
        hostName: 'gpu-2.example',
        port: 22,
        user: 'own',
        labels: { a: '1', b: '2' },
        priceUsdPerHour: 2.5,
      },
      {
        id: 'bare/first',
        pool: 'bare',
        hostName: 'gpu-1.example',
        port: 2200,
        user: 'config',
        identityFiles: ['~/c'],
        password: { env: 'GPU_PASSWORD' },
        maxSessions: 2,
      },
    ]);
  });

  it('builds a chain of jumps, each with its own login, and keeps the password from them', () => {
    const configOf = readSshConfig('Host inner\n User i\n ProxyJump outer:2022\nHost outer\n IdentityFile ~/o\n');

    const [host] = readPools(
      { p: { user: 'u', identity_file: '~/k', password: 'file:/run/pw', proxy_jump: 'j@inner', hosts: ['gpu'] } },
      { configOf },
    );

    expect(host!.jump).toEqual({
      hostName: 'inner',
      port: 22,
      user: 'j',
      identityFiles: ['~/k'],
      jump: { hostName: 'outer', port: 2022, user: 'j', identityFiles: ['~/o'] },
    });
  });

  it.each([
    [{ p: { hosts: ['a'] } }, 'p.hosts[0].user must be given'],
    [{ p: { user: 'u', hosts: 'a' } }, 'p.hosts must be a list'],
    [{ p: { user: 'u', hosts: ['a', 'a'] } }, 'must be named once'],
    [{ p: { user: 'u', hosts: [{ ip: 'a', prot: 1 }] } }, 'p.hosts[0].prot must be absent'],
    [{ p: { user: 'u', port: 0, hosts: ['a'] } }, 'p.port must be a whole number from 1 to 65535'],
    [{ p: { user: 'u', hosts: [{ ip: 'a', max_sessions: 0.5 }] } }, 'p.hosts[0].max_sessions'],
    [{ p: { user: 'u', proxy_jump: 'a', hosts: ['a'] } }, 'must not lead in a circle'],
    [{ p: { user: 'u', proxy_jump: '-oProxyCommand=x y', hosts: ['a'] } }, 'must be [user@]host[:port]'],
    [[], 'the pool file must be a mapping'],
  ])('refuses %j', (data, message) => {
    expect(() => readPools(data)).toThrow(message);
  });

  it.each(['hunter2', { env: '' }, { value: 'hunter2' }, 5])(
    'refuses the password %j and does not repeat it',
    (password) => {
      const read = () => readPools({ p: { user: 'u', password, hosts: ['a'] } });

      expect(read).toThrow('must say where the password is');
      expect(read).not.toThrow('hunter2');
    },
  );
});

describe('parsePools', () => {
  it('reads YAML', async () => {
    const hosts = await parsePools(
      'rack:\n  user: ubuntu\n  hosts:\n    - 10.0.0.1\n    - ip: 10.0.0.2\n      port: 2222\n',
    );

    expect(hosts.map(({ id, port }) => [id, port])).toEqual([
      ['rack/10.0.0.1', 22],
      ['rack/10.0.0.2', 2222],
    ]);
  });

  it('refuses what is not YAML, without repeating it', async () => {
    const reading = parsePools('rack: {password: hunter2');

    await expect(reading).rejects.toThrow('the pool file must be YAML');
    await expect(reading).rejects.not.toThrow('hunter2');
  });
});
