import { readSshConfig } from '@spillway/adapters/ssh';
import fc from 'fast-check';
import SSHConfig from 'ssh-config';
import { expect, it } from 'vitest';

const name = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 3 });
// Without `?`: the package lets it stand for no character too, and OpenSSH does not.
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 4 });
const setting = fc.oneof(
  name.map((value) => `User ${value}`),
  name.map((value) => `HostName ${value}`),
  fc.integer({ min: 1, max: 65_535 }).map((value) => `Port ${value}`),
  name.map((value) => `IdentityFile ${value}`),
  name.map((value) => `ProxyJump ${value}`),
);
const section = fc
  .tuple(fc.array(pattern, { minLength: 1, maxLength: 2 }), fc.option(pattern), fc.array(setting, { maxLength: 3 }))
  .map(([some, none, settings]) => [
    `Host ${[...some, ...(none === null ? [] : [`!${none}`])].join(' ')}`,
    ...settings,
  ]);

it('reads as the package ssh-config does', () => {
  fc.assert(
    fc.property(fc.array(section, { maxLength: 4 }), name, (sections, host) => {
      const text = `${sections.flat().join('\n')}\n`;
      const theirs = SSHConfig.parse(text).compute(host, { matchExec: false });
      const list = theirs['IdentityFile'] ?? [];

      const ours = readSshConfig(text)(host);

      expect({ ...ours, port: ours.port === undefined ? undefined : String(ours.port) }).toEqual({
        user: theirs['User'],
        hostName: theirs['HostName'],
        port: theirs['Port'],
        proxyJump: theirs['ProxyJump'],
        identityFiles: typeof list === 'string' ? [list] : list,
      });
    }),
    { numRuns: 300 },
  );
});
