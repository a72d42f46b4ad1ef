import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { smallTraces, TASK_HEADER } from './small-traces.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const { folder, openbDirectory } = smallTraces();

function spillway(...flags: readonly string[]) {
  const run = spawnSync(process.execPath, ['--import', 'tsx', '--conditions=@spillway/source', main, ...flags], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const NODE = { id: 'n1', gpus: [{ model: 'H100' }, { model: 'H100' }], cpuMilli: 8_000, memoryMib: 65_536 };
const JOB = { id: 'train', gpuCount: 2, cpuMilli: 4_000, memoryMib: 8_192 };

describe('spillway simulate', () => {
  it('prints the same JSON twice, writes the page, and shows plain progress when piped', () => {
    const html = join(folder, 'report.html');
    const flags = ['simulate', '--seed', '7', '--json', '--openb', openbDirectory, '--html', html];

    const first = spillway(...flags);
    const second = spillway(...flags);

    expect(first.status).toBe(0);
    expect(first.stdout).toBe(second.stdout);
    expect((JSON.parse(first.stdout) as { seed: number }).seed).toBe(7);
    expect(readFileSync(html, 'utf8')).toContain('<!doctype html>');
    expect(first.stderr).toMatch(/^cluster .*%: /m);
    expect(first.stderr).not.toContain('\u001b');
  }, 60_000);

  it('ends with 3 and says why when a trace holds a job that no node could ever hold', () => {
    const huge = smallTraces(['p0,12000,16384,8,1000,,LS,R,0,1,0', 'p1,999000,16384,1,1000,,LS,R,0,1,0']);

    const run = spillway('simulate', '--openb', huge.openbDirectory, '--html', join(folder, 'huge.html'));

    expect(run.status).toBe(3);
    expect(run.stderr).toMatch(/not feasible: \d+ jobs/);
    expect(run.stderr).toContain('999000');
  }, 60_000);
});

describe('mistakes', () => {
  it.each([
    ['an unknown flag', ['simulate', '--sed', '7'], /unknown option '--sed'/],
    ['an unknown command', ['simulat'], /unknown command 'simulat'/],
    ['a seed that is no number', ['simulate', '--seed', 'abc'], /--seed must be a whole number, got 'abc'/],
    ['a fractional seed', ['simulate', '--seed', '0.5'], /--seed must be a whole number/],
    ['a speed of zero', ['simulate', '--speed', '0'], /--speed must be a number > 0, got '0'/],
    ['a trace that is not there', ['simulate', '--openb', '/no/such'], /\/no\/such.*\n?.*hint: /s],
    ['one argument too many', ['pack', 'a.json', 'b.json'], /too many arguments/],
    ['a problem that is not there', ['pack', '/no/such.json'], /problem file must be readable JSON/],
  ])(
    '%s ends with 2 and says what to do',
    (_, flags, message) => {
      const run = spillway(...flags);

      expect(run.status).toBe(2);
      expect(run.stderr).toMatch(message);
      expect(run.stdout).toBe('');
    },
    30_000,
  );

  it('names file, line, column and value of a malformed trace', () => {
    const broken = smallTraces();
    writeFileSync(join(broken.openbDirectory, 'pods.csv'), `${TASK_HEADER}\np0,12000,oops,1,1000,,LS,R,0,1,0\n`);

    const run = spillway('simulate', '--openb', broken.openbDirectory);

    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/pods\.csv line 2.*memory_mib.*'oops'/);
  }, 30_000);

  it('asking for help is none', () => {
    const run = spillway('--help');

    expect(run.status).toBe(0);
    expect(run.stdout).toContain('simulate');
  }, 30_000);
});

describe('spillway pack', () => {
  it('places the jobs of a file', () => {
    const run = spillway('pack', file('good.json', { nodes: [NODE], jobs: [JOB] }));

    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/train\s+n1\s+0 1/);
  }, 30_000);

  it('ends with 3 and explains a job that fits nowhere', () => {
    const run = spillway('pack', file('big.json', { nodes: [NODE], jobs: [{ ...JOB, gpuCount: 3 }] }));

    expect(run.status).toBe(3);
    expect(run.stdout).toMatch(/not placed: train: .*3/);
  }, 30_000);

  it.each([
    ['a negative size', { nodes: [{ ...NODE, cpuMilli: -1 }], jobs: [JOB] }, /cpuMilli.*-1/s],
    ['a duplicate id', { nodes: [NODE], jobs: [JOB, JOB] }, /unique.*'train'|'train'.*unique/s],
    ['an unknown key', { nodes: [NODE], jobs: [{ ...JOB, gpus: 2 }] }, /gpus/],
    ['no JSON', '{ nodes: ', /problem file must be readable JSON/],
  ])(
    'ends with 2 on %s',
    (_, content, message) => {
      const run = spillway('pack', file('bad.json', content));

      expect(run.status).toBe(2);
      expect(run.stderr).toMatch(message);
    },
    30_000,
  );
});
