import { readFileSync } from 'node:fs';
import { format } from 'node:util';

import { expect, it, vi } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

it('prints what the README says, from the code that the README shows', async () => {
  const readme = read('../README.md');
  const [, snippet] = /```ts\n(.*?)```/s.exec(readme)!;
  const [, output] = /```text\n(.*?)```/s.exec(readme)!;
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
    lines.push(`${format(...values)}\n`);
  });

  await import('./fixtures/readme-snippet.ts').finally(() => {
    log.mockRestore();
  });

  expect(snippet).toBe(read('./fixtures/readme-snippet.ts'));
  expect(lines.join('')).toBe(output);
});
