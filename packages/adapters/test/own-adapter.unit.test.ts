import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { brokenAdapters, checkConformance, conformanceCommand, formatConformance } from '@spillway/adapters/testing';

import { makeSubject } from './fixtures/own-adapter-subject.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const blocks = (page: string) => [...read(`../../../docs/how-to/${page}`).matchAll(/```(\w+)\n(.*?)```/gs)];

describe('the page on adapters of your own', () => {
  it('shows an adapter of under 100 lines and its subject, as they are tested here', () => {
    const [adapter, subject] = blocks('write-your-own-adapter.md').filter(([, language]) => language === 'ts');

    expect(adapter![2]).toBe(read('fixtures/own-adapter.ts'));
    expect(adapter![2]!.split('\n').length).toBeLessThan(100);
    expect(subject![2]).toBe(read('fixtures/own-adapter-subject.ts'));
  });

  it('shows an adapter that keeps the contract, and what the command prints of it', async () => {
    const report = await checkConformance(makeSubject);

    expect(report.isConformant, formatConformance(report)).toBe(true);
    const printed = blocks('write-your-own-adapter.md').find(([, language]) => language === 'text')![2];
    expect(printed).toBe(formatConformance(report));
  });
});

describe('spillway-conformance', () => {
  const run = async (...args: string[]) => {
    let text = '';
    const status = await conformanceCommand(args, (part) => (text += part));
    return { status, text };
  };
  const module = fileURLToPath(new URL('fixtures/own-adapter-subject.ts', import.meta.url));

  it('prints the report and exits with 0', async () => {
    const { status, text } = await run(module);

    expect(status).toBe(0);
    expect(text).toBe(formatConformance(await checkConformance(makeSubject)));
    expect(JSON.parse((await run(module, '--export', 'makeSubject', '--json')).text)).toMatchObject({
      isConformant: true,
    });
  });

  it('exits with 1 and says what is wrong when a rule is broken', async () => {
    const { status, text } = await run(fileURLToPath(new URL('fixtures/broken-subject.ts', import.meta.url)));

    expect(status).toBe(1);
    expect(text).toContain(
      "FAILED  shape       has a name in kebab-case and the version of the contract\n                    the name is 'no name'",
    );
    expect(text).toContain('NOT conformant');
  });

  it.each([
    [[], 'usage:'],
    [['a.mjs', 'b.mjs'], 'usage:'],
    [['--export'], 'usage:'],
    [['--bogus'], 'usage:'],
    [['/no/such/module.mjs'], 'error:'],
    [[module, '--export', 'nothing'], "exports no function 'nothing'"],
  ])('exits with 2 for %j', async (args, message) => {
    const { status, text } = await run(...args);

    expect(status).toBe(2);
    expect(text).toContain(message);
  });
});

describe('checkConformance', () => {
  const name = 'refuses an unknown tier with invalid-request';

  it('leaves out what it is told to, with the reason', async () => {
    const { outcomes } = await checkConformance(makeSubject, { skips: { [name]: 'one tier only' } });

    expect(outcomes.find((each) => each.name === name)).toMatchObject({ status: 'skipped', detail: 'one tier only' });
  });

  it('wants skips that name a case and have a reason, and an adapter of some contract', async () => {
    await expect(checkConformance(makeSubject, { skips: { bogus: 'x' } })).rejects.toThrow("there is no case 'bogus'");
    await expect(checkConformance(makeSubject, { skips: { [name]: ' ' } })).rejects.toThrow('needs a reason');
    const nothing = { provider: { name: 'x', specVersion: 1 } as never };
    await expect(checkConformance(() => nothing)).rejects.toThrow('no method of any contract');
  });
});

describe('the page on the kit', () => {
  it('says which groups of rules catch which broken adapter', async () => {
    const rows: string[] = [];
    for (const { contract, fault, make } of brokenAdapters()) {
      const { outcomes } = await checkConformance(make);
      const groups = new Set(outcomes.filter(({ status }) => status === 'failed').map(({ group }) => group));
      rows.push(`| ${contract} | ${fault} | ${[...groups].sort().join(', ')} |`);
    }
    const page = read('../../../docs/explanation/conformance.md').replaceAll(/ +/g, ' ');

    expect(rows.filter((row) => !page.includes(row))).toEqual([]);
  });
});
