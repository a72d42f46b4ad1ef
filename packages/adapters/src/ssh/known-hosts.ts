import { createHmac, timingSafeEqual } from 'node:crypto';

import { InvalidInputError } from '@spillway/core';

import { matchesPatterns } from './ssh-config.ts';

/** What the pinned keys say of the key that a server showed. */
export type HostKeyVerdict =
  | { readonly kind: 'trusted'; readonly line: number }
  /** Nothing is pinned for this name; with `isAuthorityKnown` only an authority, and certificates are not read. */
  | { readonly kind: 'unknown'; readonly isAuthorityKnown: boolean }
  /** Other keys are pinned: another machine, a new installation, or somebody in between. */
  | { readonly kind: 'changed'; readonly lines: readonly number[] }
  | { readonly kind: 'revoked'; readonly line: number };

/** Pinned host keys. */
export interface KnownHosts {
  /** Judges the key a server showed. A revoked key is never trusted, whatever else is pinned. `O(lines)`. */
  readonly judge: (hostName: string, port: number, key: Uint8Array) => HostKeyVerdict;
  /** Key types pinned for a server, in order: ask it for these, or it may show a good key of another type. `O(lines)`. */
  readonly keyTypesOf: (hostName: string, port: number) => readonly string[];
}

interface Entry {
  readonly line: number;
  readonly marker: '' | '@revoked' | '@cert-authority';
  readonly isFor: (name: string) => boolean;
  readonly type: string;
  readonly key: Buffer;
}

const MARKERS: ReadonlySet<string> = new Set(['@revoked', '@cert-authority']);

/**
 * Reads pinned host keys in OpenSSH's `known_hosts` form: plain names, `[host]:port`, wildcards and negation, hashed names
 * (`|1|salt|hash`), `@revoked` and `@cert-authority`.
 *
 * @param text - content of the file.
 * @throws InvalidInputError for a line that cannot be read: passing over a mangled `@revoked` would trust its key.
 *
 * @example
 * ```ts
 * const known = readKnownHosts(await readFile('known_hosts', 'utf8'));
 * known.judge('gpu-1', 22, key).kind; // 'trusted', 'unknown', 'changed' or 'revoked'
 * ```
 */
export function readKnownHosts(text: string): KnownHosts {
  const entries = text.split('\n').flatMap((raw, index) => readLine(raw.trim(), index + 1) ?? []);
  const entriesFor = (hostName: string, port: number): Entry[] => {
    const name = hostName.toLowerCase();
    const asked = port === 22 ? name : `[${name}]:${port}`;
    return entries.filter(({ isFor }) => isFor(asked));
  };
  return {
    judge: (hostName, port, key) => {
      const known = entriesFor(hostName, port);
      const same = known.filter((entry) => isSame(entry.key, key));
      const revoked = same.find(({ marker }) => marker === '@revoked');
      if (revoked !== undefined) return { kind: 'revoked', line: revoked.line };
      const trusted = same.find(({ marker }) => marker === '');
      if (trusted !== undefined) return { kind: 'trusted', line: trusted.line };
      const others = known.filter(({ marker }) => marker === '');
      if (others.length > 0) return { kind: 'changed', lines: others.map(({ line }) => line) };
      return { kind: 'unknown', isAuthorityKnown: known.some(({ marker }) => marker === '@cert-authority') };
    },
    keyTypesOf: (hostName, port) => [
      ...new Set(entriesFor(hostName, port).flatMap(({ marker, type }) => (marker === '' ? [type] : []))),
    ],
  };
}

function readLine(text: string, line: number): Entry | undefined {
  if (text === '' || text.startsWith('#')) return undefined;
  const fields = text.split(/\s+/);
  const marker = text.startsWith('@') ? fields.shift()! : '';
  if (marker !== '' && !MARKERS.has(marker)) throw invalid(line, 'must use a known marker', marker);
  const [names, type, encoded] = fields;
  if (names === undefined || type === undefined || encoded === undefined) {
    throw invalid(line, 'must have names, a key type and a key', text);
  }
  const key = Buffer.from(encoded, 'base64');
  // A key starts with its type: a length of four bytes, then the name.
  if (key.length < 4 || key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1') !== type) {
    throw invalid(line, `must hold a key of type ${type}`, encoded);
  }
  return { line, marker: marker as Entry['marker'], isFor: nameTest(names, line), type, key };
}

function nameTest(names: string, line: number): Entry['isFor'] {
  if (!names.startsWith('|')) {
    const patterns = names.toLowerCase().split(',');
    return (name) => matchesPatterns(name, patterns);
  }
  const [, salt, hash] = /^\|1\|([A-Za-z0-9+/]+=*)\|([A-Za-z0-9+/]+=*)$/.exec(names) ?? [];
  if (salt === undefined || hash === undefined) throw invalid(line, 'must have a salt and a hash of kind 1', names);
  const wanted = Buffer.from(hash, 'base64');
  const secret = Buffer.from(salt, 'base64');
  return (name) => isSame(createHmac('sha1', secret).update(name).digest(), wanted);
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function invalid(line: number, requirement: string, value: string): InvalidInputError {
  return new InvalidInputError(`known_hosts line ${line}`, requirement, value, {
    hint: 'Write the line anew with ssh-keyscan, and check its fingerprint.',
  });
}
