import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../../../', import.meta.url);
const PAGES = [
  ['README.md', 1],
  ['packages/core/README.md', 1],
  ['docs/tutorials/first-plan.md', 1],
  ['docs/how-to/embed-pack-in-a-scheduler.md', 3],
] as const;

/** What a page says is run, and what it says comes out: each js block with the text block that follows it. */
function snippetsOf(page: string) {
  const text = readFileSync(new URL(page, ROOT), 'utf8');
  const pairs = /```js\n([^]*?)```(?:(?!```)[^])*?```text\n([^]*?)```/g;
  return [...text.matchAll(pairs)].map((match, index) => ({ number: index + 1, code: match[1]!, output: match[2]! }));
}

/** Runs code as a module next to this package, so that it finds `@spillway/core` as a user's file would. */
function run(code: string): string {
  const flags = ['--import', 'tsx', '--conditions=@spillway/source', '--input-type=module', '-e', code];
  return execFileSync(process.execPath, flags, {
    cwd: fileURLToPath(new URL('../', import.meta.url)),
    encoding: 'utf8',
  });
}

describe.each(PAGES)('%s', (page, count) => {
  const snippets = snippetsOf(page);

  it('has its snippets', () => {
    expect(snippets.length).toBe(count);
  });

  it.each(snippets)(
    'prints what it says, snippet $number',
    ({ code, output }) => {
      expect(run(code)).toBe(output);
    },
    30_000,
  );
});
