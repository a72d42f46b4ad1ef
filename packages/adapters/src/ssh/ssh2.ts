import type { Duplex, Readable } from 'node:stream';

import { ProviderError } from '../contract/provider-error.ts';

/** What is used of the package `ssh2`. */
export interface Ssh2 {
  readonly Client: new () => Ssh2Client;
}

/** Registers for one kind of event. */
export type Ssh2Listen<Event extends string, Values extends unknown[]> = (
  event: Event,
  listener: (...values: Values) => void,
) => unknown;

/** One connection. */
export interface Ssh2Client {
  readonly on: Ssh2Listen<'ready', []> & Ssh2Listen<'error', [error: Error]> & Ssh2Listen<'close', []>;
  readonly connect: (settings: Ssh2Settings) => unknown;
  readonly exec: (command: string, done: (error: Error | undefined, channel: Ssh2Channel) => void) => unknown;
  readonly forwardOut: (
    fromHost: string,
    fromPort: number,
    toHost: string,
    toPort: number,
    done: (error: Error | undefined, channel: Duplex) => void,
  ) => unknown;
  readonly setNoDelay: (isOn: boolean) => unknown;
  readonly destroy: () => unknown;
}

/** One running command. */
export interface Ssh2Channel extends Duplex {
  readonly stderr: Readable;
}

/** One way to log in. */
export type Ssh2Login =
  | { readonly type: 'publickey'; readonly username: string; readonly key: Buffer }
  | { readonly type: 'password'; readonly username: string; readonly password: string }
  | { readonly type: 'agent'; readonly username: string; readonly agent: string };

/** How a server can prove that it has a host key. RSA keys sign by SHA-2; SHA-1 is not asked for. */
export type HostKeyAlgorithm =
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
  | 'rsa-sha2-512'
  | 'rsa-sha2-256';

/** How a connection is made. */
export interface Ssh2Settings {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly sock?: Duplex;
  readonly readyTimeout: number;
  readonly keepaliveInterval: number;
  readonly keepaliveCountMax: number;
  readonly authHandler: Ssh2Login[];
  readonly hostVerifier: (key: Buffer) => boolean;
  readonly algorithms: {
    readonly serverHostKey: {
      readonly remove: HostKeyAlgorithm[];
      readonly prepend: HostKeyAlgorithm[];
      readonly append: [];
    };
  };
}

/** Loads the package `ssh2`. @throws ProviderError when it is not installed. */
export async function loadSsh2(provider: string): Promise<Ssh2> {
  try {
    const module = (await import('ssh2')) as unknown as { readonly default?: Ssh2 } & Ssh2;
    return module.default ?? module;
  } catch (cause) {
    throw new ProviderError(provider, 'invalid-request', "the package 'ssh2' is not installed", {
      cause,
      hint: 'npm install ssh2',
    });
  }
}
