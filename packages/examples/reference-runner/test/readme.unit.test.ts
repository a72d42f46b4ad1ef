import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { textReport } from '../src/report/text-report.ts';
import { simulate } from '../src/simulation/simulate.ts';

const README = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');

it('prints what the README shows of npm start', async () => {
  const [, shown] = /```text\n(SIMULATED[^]*?)```/.exec(README)!;

  const printed = textReport(await simulate({ seed: 42 }));

  expect(printed.startsWith(shown!.trimEnd())).toBe(true);
}, 120_000);
