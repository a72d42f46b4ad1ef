import { InvalidInputError } from '@spillway/core';

/** What a client configuration says of one host. */
export interface SshConfigHost {
  readonly hostName?: string;
  readonly port?: number;
  readonly user?: string;
  /** In order; the first is tried first. */
  readonly identityFiles: readonly string[];
  /** As written: `[user@]host[:port]`, several separated by commas. Absent: none. */
  readonly proxyJump?: string;
}

/** One `Host` section: what it is for, and what it says. */
interface Section {
  readonly patterns: readonly string[];
  readonly settings: { readonly keyword: string; readonly values: readonly string[]; readonly line: number }[];
}

/** Settings without which a connection would go to another place or in another way than the file says. */
const REFUSED: ReadonlySet<string> = new Set(['proxycommand', 'hostkeyalias', 'canonicalizehostname']);

/**
 * Reads the basics of an OpenSSH client configuration: `Host` with wildcards and negation, `HostName`, `Port`, `User`,
 * `IdentityFile` and `ProxyJump`. As in OpenSSH the first value found counts, and identity files add up. Settings that
 * do not change where a connection goes are passed over.
 *
 * @param text - content of the file.
 * @returns a function that tells what the file says of a host, by the name given to `ssh`. `O(sections × patterns)`.
 * @throws InvalidInputError on `Match` and `Include`, and from the function where a setting that cannot be followed
 * (`ProxyCommand`, `HostKeyAlias`, `CanonicalizeHostname`) applies to the host: a guess could reach another machine.
 *
 * @example
 * ```ts
 * const configOf = readSshConfig('Host gpu-*\n  User ubuntu\n  Port 2222\n');
 * configOf('gpu-1'); // { user: 'ubuntu', port: 2222, identityFiles: [] }
 * ```
 */
export function readSshConfig(text: string): (host: string) => SshConfigHost {
  const sections = readSections(text);
  return (host) => {
    const found = new Map<string, string>();
    const identityFiles: string[] = [];
    for (const { settings } of sections.filter(({ patterns }) => matchesPatterns(host, patterns))) {
      for (const { keyword, values, line } of settings) {
        const value = values[0];
        if (value === undefined) throw invalid(line, 'must have a value', keyword);
        if (REFUSED.has(keyword) && value !== 'none' && value !== 'no') {
          throw invalid(
            line,
            `must not use ${keyword} for '${host}'`,
            value,
            'Use ProxyJump, or name the machine itself.',
          );
        }
        if (keyword === 'identityfile') identityFiles.push(readPath(value, line));
        else if (!found.has(keyword)) found.set(keyword, keyword === 'port' ? readPort(value, line) : value);
      }
    }
    const hostName = found.get('hostname')?.replaceAll(/%(.)/g, (token, letter: string) => {
      if (letter === 'h') return host;
      if (letter === '%') return '%';
      throw new InvalidInputError(`HostName of '${host}'`, 'must use no token but %h', token);
    });
    const port = found.get('port');
    const user = found.get('user');
    const proxyJump = found.get('proxyjump');
    return {
      ...(hostName !== undefined && { hostName }),
      ...(port !== undefined && { port: Number(port) }),
      ...(user !== undefined && { user }),
      identityFiles,
      ...(proxyJump !== undefined && proxyJump !== 'none' && { proxyJump }),
    };
  };
}

/** Whether a host fits a list of patterns with `*`, `?` and `!`; a negated one that fits decides against. */
export function matchesPatterns(host: string, patterns: readonly string[]): boolean {
  let isMatch = false;
  for (const pattern of patterns) {
    const isNegated = pattern.startsWith('!');
    if (!matchesPattern(host, isNegated ? pattern.slice(1) : pattern)) continue;
    if (isNegated) return false;
    isMatch = true;
  }
  return isMatch;
}

/** `O(length × length)` at worst: it goes back to the last star only. */
function matchesPattern(text: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    if (pattern[next] === '*') {
      star = next++;
      starAt = at;
    } else if (next < pattern.length && (pattern[next] === '?' || pattern[next] === text[at])) {
      next++;
      at++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (pattern[next] === '*') next++;
  return next === pattern.length;
}

function readSections(text: string): Section[] {
  let section: Section = { patterns: ['*'], settings: [] };
  const sections = [section];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const [, keyword, rest = ''] = /^\s*([A-Za-z][A-Za-z0-9]*)(?:\s*=\s*|\s+)?(.*?)\s*$/.exec(raw) ?? [];
    if (keyword === undefined) {
      if (/^\s*(#|$)/.test(raw)) continue;
      throw invalid(line, 'must be a keyword and its values', raw.trim());
    }
    const values = readValues(rest, line);
    const name = keyword.toLowerCase();
    if (name === 'host') sections.push((section = { patterns: values, settings: [] }));
    else if (name === 'match' || name === 'include') {
      throw invalid(
        line,
        `must not use ${keyword}`,
        rest,
        'Copy the Host sections that you need into a file of their own.',
      );
    } else section.settings.push({ keyword: name, values, line });
  }
  return sections;
}

/** Splits values at white space; double quotes hold a value together. */
function readValues(text: string, line: number): string[] {
  const values: string[] = [];
  let rest = text;
  while (rest !== '' && !rest.startsWith('#')) {
    const [all, quoted, plain] = /^(?:"([^"]*)"|([^\s"]+))(?:\s+|$)/.exec(rest) ?? [];
    if (all === undefined) throw invalid(line, 'must close its quotes', text);
    values.push(quoted ?? plain ?? '');
    rest = rest.slice(all.length);
  }
  return values;
}

function readPort(value: string, line: number): string {
  if (/^[0-9]{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535) return value;
  throw invalid(line, 'must name a port from 1 to 65535', value);
}

function readPath(value: string, line: number): string {
  const path = value.replace(/^%d(?=\/|$)/, '~');
  if (path.includes('%')) throw invalid(line, 'must use no token but %d', value);
  return path;
}

function invalid(line: number, requirement: string, value: string, hint?: string): InvalidInputError {
  return new InvalidInputError(`ssh config line ${line}`, requirement, value, hint === undefined ? {} : { hint });
}
