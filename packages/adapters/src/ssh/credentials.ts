import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';

import { ProviderError } from '../contract/provider-error.ts';
import type { Ssh2Login } from './ssh2.ts';
import type { SecretReference, SshTarget } from './types.ts';

/** Where keys and passwords come from. */
export interface CredentialSource {
  /** Content of a file. @defaultValue from the disk, `~` being the home directory */
  readonly readFile?: (path: string) => Promise<Buffer>;
  /** Environment variables. @defaultValue those of this process */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * The ways to log in to a machine, in the order they are tried: keys, password, and the agent (`SSH_AUTH_SOCK`) when
 * there is neither. Read anew for each connection, so that a key can be replaced while the program runs.
 *
 * @throws ProviderError of code `auth`, naming the file or variable and never its content.
 */
export async function readLogins(provider: string, target: SshTarget, source: CredentialSource): Promise<Ssh2Login[]> {
  const { env = process.env, readFile: read = readFromDisk } = source;
  const username = target.user;
  const refuse = (what: string, cause?: unknown): ProviderError =>
    new ProviderError(provider, 'auth', `${what} for ${target.user}@${target.hostName}`, { cause, isAmbiguous: false });
  const readOne = async (path: string): Promise<Buffer> => {
    try {
      return await read(path);
    } catch (cause) {
      throw refuse(`cannot read '${path}'`, cause);
    }
  };
  const secret = async (reference: SecretReference): Promise<string> => {
    if ('file' in reference) return (await readOne(reference.file)).toString('utf8').replace(/\r?\n$/, '');
    const value = env[reference.env];
    if (value === undefined || value === '') throw refuse(`there is no environment variable ${reference.env}`);
    return value;
  };
  const logins: Ssh2Login[] = [];
  for (const path of target.identityFiles) logins.push({ type: 'publickey', username, key: await readOne(path) });
  if (target.password) logins.push({ type: 'password', username, password: await secret(target.password) });
  const agent = env['SSH_AUTH_SOCK'];
  if (logins.length === 0 && agent !== undefined && agent !== '') logins.push({ type: 'agent', username, agent });
  if (logins.length > 0) return logins;
  throw refuse('there is no identity file, password or agent');
}

function readFromDisk(path: string): Promise<Buffer> {
  return readFile(path.replace(/^~(?=\/|$)/, homedir()));
}
