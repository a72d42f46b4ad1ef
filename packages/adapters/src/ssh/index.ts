export { parsePools, readPools } from './pool-file.ts';
export type { ReadPoolsOptions } from './pool-file.ts';
export { readKnownHosts } from './known-hosts.ts';
export type { HostKeyVerdict, KnownHosts } from './known-hosts.ts';
export { readSshConfig } from './ssh-config.ts';
export type { SshConfigHost } from './ssh-config.ts';
export type { SecretReference, SshHost, SshTarget } from './types.ts';
