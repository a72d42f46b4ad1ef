import { checkNumber, InvalidInputError } from '@spillway/core';

import type { SshConfigHost } from './ssh-config.ts';
import type { SecretReference, SshHost, SshTarget } from './types.ts';

/** What else decides how the hosts of a pool file are reached. */
export interface ReadPoolsOptions {
  /** What the client configuration says of a name (`readSshConfig`). @defaultValue nothing */
  readonly configOf?: (host: string) => SshConfigHost;
}

type Fields = Readonly<Record<string, unknown>>;

const SHARED = ['user', 'identity_file', 'password', 'port', 'proxy_jump', 'zone', 'labels'];
const LIMITS = ['price_usd_per_hour', 'max_sessions'];
const POOL_KEYS: ReadonlySet<string> = new Set([...SHARED, ...LIMITS, 'hosts']);
const HOST_KEYS: ReadonlySet<string> = new Set([...SHARED, ...LIMITS, 'ip', 'name']);
/** What OpenSSH servers allow when nothing is configured (sshd_config(5), MaxSessions). */
const DEFAULT_MAX_SESSIONS = 10;
const NO_CONFIG: SshConfigHost = { identityFiles: [] };

/**
 * Reads the pools of a parsed `ssh_node_pools.yaml`: by name, each with a list of hosts, which are names or objects with
 * `ip`. A host's own value goes before its pool's, and both before the client configuration.
 *
 * @param data - the parsed file; of {@link parsePools} for text.
 * @returns the hosts of all pools, in the order of the file. `O(hosts × jumps)`.
 * @throws InvalidInputError naming the field, for unknown keys, a host without a user, a password written out instead of
 * referred to (its text is in no message), a host named twice, and jumps in a circle.
 *
 * @example
 * ```ts
 * readPools({ rack: { user: 'ubuntu', identity_file: '~/.ssh/rack', hosts: ['10.0.0.1', { ip: '10.0.0.2', port: 2222 }] } });
 * ```
 */
export function readPools(data: unknown, options: ReadPoolsOptions = {}): readonly SshHost[] {
  const { configOf = () => NO_CONFIG } = options;
  const hosts: SshHost[] = [];
  for (const [pool, value] of Object.entries(object('the pool file', data))) {
    const shared = object(pool, value, POOL_KEYS);
    const { hosts: list } = shared;
    if (!Array.isArray(list)) {
      throw new InvalidInputError(`${pool}.hosts`, 'must be a list', list, { hint: 'Name one machine a line.' });
    }
    list.forEach((item: unknown, index) => {
      const field = `${pool}.hosts[${index}]`;
      const own = typeof item === 'string' ? { ip: item } : object(field, item, HOST_KEYS);
      const host = readHost({ field, pool, own, shared }, configOf);
      if (hosts.some(({ id }) => id === host.id)) {
        throw new InvalidInputError(field, 'must be named once in its pool', host.id, {
          hint: 'Give it a name of its own.',
        });
      }
      hosts.push(host);
    });
  }
  return hosts;
}

/**
 * Reads the pools of the text of an `ssh_node_pools.yaml`, by the package `yaml`, which is loaded on the first call.
 *
 * @returns as {@link readPools}.
 * @throws InvalidInputError as {@link readPools}, for text that is not YAML, and when `yaml` is not installed.
 *
 * @example
 * ```ts
 * const hosts = await parsePools(await readFile('ssh_node_pools.yaml', 'utf8'));
 * ```
 */
export async function parsePools(text: string, options: ReadPoolsOptions = {}): Promise<readonly SshHost[]> {
  let yaml;
  try {
    yaml = await import('yaml');
  } catch (cause) {
    throw new InvalidInputError("the package 'yaml'", 'must be installed to read pool files', 'nothing', {
      cause,
      hint: 'npm install yaml',
    });
  }
  const document = yaml.parseDocument(text, { prettyErrors: false });
  const problem = document.errors[0];
  if (problem !== undefined) {
    // The message of the parser may quote the line, and the line may hold a password.
    throw new InvalidInputError(
      'the pool file',
      `must be YAML (${problem.code})`,
      `an error at character ${problem.pos[0]}`,
    );
  }
  return readPools(document.toJS({ maxAliasCount: 100 }), options);
}

interface HostSource {
  readonly field: string;
  readonly pool: string;
  readonly own: Fields;
  readonly shared: Fields;
}

function readHost({ field, pool, own, shared }: HostSource, configOf: (host: string) => SshConfigHost): SshHost {
  const address = text(`${field}.ip`, own['ip']);
  const name = optionalText(`${field}.name`, own['name']) ?? address;
  const config = configOf(address);
  const value = (key: string): unknown => own[key] ?? shared[key];
  const at = (key: string): string => (own[key] === undefined ? `${pool}.${key}` : `${field}.${key}`);
  const user = optionalText(at('user'), value('user')) ?? config.user;
  if (user === undefined) {
    throw new InvalidInputError(`${field}.user`, 'must be given', user, {
      hint: 'Give one to the host, its pool or ~/.ssh/config.',
    });
  }
  const identityFile = optionalText(at('identity_file'), value('identity_file'));
  const password = readSecret(at('password'), value('password'));
  const identityFiles = identityFile === undefined ? config.identityFiles : [identityFile];
  const login = { user, identityFiles, ...(password && { password }) };
  const jumps = optionalText(at('proxy_jump'), value('proxy_jump')) ?? config.proxyJump;
  const isJumped = jumps !== undefined && jumps !== 'none';
  const jump = isJumped ? readJumps(at('proxy_jump'), jumps, login, configOf, [address]) : undefined;
  const zone = optionalText(at('zone'), value('zone'));
  const labels = readLabels(field, {
    ...optionalObject(`${pool}.labels`, shared['labels']),
    ...optionalObject(`${field}.labels`, own['labels']),
  });
  const price = optionalNumber(at('price_usd_per_hour'), value('price_usd_per_hour'), 0, Infinity, false);
  return {
    id: `${pool}/${name}`,
    pool,
    hostName: config.hostName ?? address,
    port: optionalNumber(at('port'), value('port'), 1, 65_535) ?? config.port ?? 22,
    ...login,
    ...(jump && { jump }),
    ...(zone !== undefined && { zone }),
    ...(labels && { labels }),
    ...(price !== undefined && { priceUsdPerHour: price }),
    maxSessions: optionalNumber(at('max_sessions'), value('max_sessions'), 1, 1_000) ?? DEFAULT_MAX_SESSIONS,
  };
}

/** Reads `a,b`: b is reached through a. What a jump host does not say of its login, it takes from the host behind it. */
function readJumps(
  field: string,
  jumps: string,
  login: Pick<SshTarget, 'user' | 'identityFiles' | 'password'>,
  configOf: (host: string) => SshConfigHost,
  seen: readonly string[],
): SshTarget {
  const hops = jumps.split(',');
  const last = hops.pop()!.trim();
  const [, user, name, bracketed, port] =
    /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(?:([^@:\s[\]]+)|\[([^\]\s]+)\])(?::([0-9]+))?$/.exec(last) ?? [];
  const host = name ?? bracketed;
  if (host === undefined) throw new InvalidInputError(field, 'must be [user@]host[:port]', jumps);
  if (seen.includes(host)) {
    throw new InvalidInputError(field, 'must not lead in a circle', [...seen, host].join(' through '));
  }
  const config = configOf(host);
  const own = {
    user: user ?? config.user ?? login.user,
    identityFiles: config.identityFiles.length > 0 ? config.identityFiles : login.identityFiles,
  };
  const before = hops.length > 0 ? hops.join(',') : config.proxyJump;
  return {
    hostName: config.hostName ?? host,
    port: optionalNumber(field, port === undefined ? undefined : Number(port), 1, 65_535) ?? config.port ?? 22,
    ...own,
    ...(before !== undefined && { jump: readJumps(field, before, own, configOf, [...seen, host]) }),
  };
}

/** `env:NAME`, `file:PATH`, or the same as an object. A refused value is not repeated: it may be the password. */
function readSecret(field: string, value: unknown): SecretReference | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') {
    const [, kind, reference] = /^(env|file):(.+)$/.exec(value) ?? [];
    if (kind === 'env') return { env: reference! };
    if (kind === 'file') return { file: reference! };
  } else if (typeof value === 'object' && value !== null) {
    const { env, file } = value as Fields;
    if (typeof env === 'string' && env !== '' && file === undefined) return { env };
    if (typeof file === 'string' && file !== '' && env === undefined) return { file };
  }
  throw new InvalidInputError(field, 'must say where the password is, not what it is', '(not shown)', {
    hint: "Write 'env:NAME' or 'file:/path'. A key in identity_file needs none.",
  });
}

function readLabels(field: string, labels: Fields): Readonly<Record<string, string>> | undefined {
  const entries = Object.entries(labels).map(
    ([key, value]) => [key, text(`${field}.labels['${key}']`, value)] as const,
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function object(field: string, value: unknown, keys?: ReadonlySet<string>): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInputError(field, 'must be a mapping', value);
  }
  const unknown = keys && Object.keys(value).find((key) => !keys.has(key));
  if (unknown === undefined) return value as Fields;
  throw new InvalidInputError(`${field}.${unknown}`, 'must be absent: no such key is known', '(not shown)', {
    hint: `Known keys: ${[...keys!].join(', ')}.`,
  });
}

function optionalObject(field: string, value: unknown): Fields {
  return value === undefined ? {} : object(field, value);
}

function text(field: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new InvalidInputError(field, 'must be a non-empty string', value, { hint: 'Put it in quotes.' });
}

function optionalText(field: string, value: unknown): string | undefined {
  return value === undefined ? undefined : text(field, value);
}

function optionalNumber(field: string, value: unknown, min: number, max: number, isWhole = true): number | undefined {
  if (value === undefined) return undefined;
  checkNumber(field, value, { min, ...(max < Infinity && { max }), isWhole });
  return value;
}
