import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatChange, formatNumber, formatPercent, formatTable } from '../src/report/format.ts';
import { htmlReport } from '../src/report/html-report.ts';
import { textReport } from '../src/report/text-report.ts';
import type { SimulationReport } from '../src/simulation/report.ts';
import { simulate } from '../src/simulation/simulate.ts';
import { smallTraces } from './small-traces.ts';

const { openbDirectory } = smallTraces();
let report: SimulationReport;

beforeAll(async () => {
  report = await simulate({ seed: 7, openbDirectory });
}, 60_000);

describe('simulate', () => {
  it('gives the same bytes for the same seed and others for another', async () => {
    const digest = (value: SimulationReport): string =>
      createHash('sha256').update(JSON.stringify(value)).digest('hex');

    const again = await simulate({ seed: 7, openbDirectory });
    const other = await simulate({ seed: 8, openbDirectory });

    expect(digest(again)).toBe(digest(report));
    expect(digest(other)).not.toBe(digest(report));
  }, 60_000);

  it('accounts for every job of the cluster', () => {
    const { cluster } = report;
    const [ours] = cluster.rows;

    expect(cluster.rows.map(({ rule }) => rule)).toEqual(['spillway', 'best-fit', 'first-fit']);
    expect(cluster.gpuCount).toBe(20);
    expect(cluster.nodes.reduce((sum, node) => sum + node.allocatedMilli, 0) / 1000).toBe(ours!.gpusAllocated);
    expect(cluster.unplacedByReason.reduce((sum, { jobs }) => sum + jobs, 0)).toBe(ours!.unplacedJobs);
    for (const row of cluster.rows) expect(row.gpusAllocated).toBeLessThanOrEqual(cluster.gpusBound);
    expect(cluster.rows[0]!.nodesAtHalfLoad).toBeGreaterThanOrEqual(cluster.nodesAtHalfLoadBound);
  });

  it('serves the recorded hour on three tiers, interruptions included, for less than standing capacity', () => {
    const { endpoint } = report;

    expect(endpoint.requests).toBe(19_366);
    expect(endpoint.tiers.map(({ kind }) => kind)).toEqual(['fixed', 'spot', 'hourly']);
    expect(endpoint.costUsd).toBeLessThan(endpoint.staticPeak.costUsd);
    expect(endpoint.costUsd).toBeCloseTo(
      endpoint.tiers.reduce((sum, tier) => sum + tier.replicaHours * tier.priceUsdPerHour, 0),
      9,
    );
    for (const point of endpoint.timeline) {
      for (const { tierId, capacity } of endpoint.tiers)
        expect(point.readyByTier[tierId]).toBeLessThanOrEqual(capacity!);
    }
  });

  it('runs the week between the best there could be and run-now, and meets every deadline', () => {
    const { rows, missedDeadlines, regretRatio, stretches, jobCount } = report.week;
    const [runNow, ours, best] = rows;

    expect(missedDeadlines).toBe(0);
    expect(new Set(stretches.map(({ jobId }) => jobId)).size).toBe(jobCount);
    expect(ours!.carbonGrams).toBeLessThan(runNow!.carbonGrams);
    expect(ours!.carbonGrams).toBeGreaterThanOrEqual(best!.carbonGrams);
    expect(regretRatio).toBeGreaterThanOrEqual(0);
    expect(ours!.energyWattHours).toBeCloseTo(runNow!.energyWattHours, 3);
  });

  it('refuses a trace that is missing or malformed before it replays anything', async () => {
    const stages: string[] = [];
    const onProgress = ({ stage }: { readonly stage: string }): number => stages.push(stage);
    const negative = smallTraces(['p0,-5,16384,1,1000,,LS,Running,0,10,0']).openbDirectory;
    const notANumber = smallTraces(['p0,12000,16384,1,NaN,,LS,Running,0,10,0']).openbDirectory;
    const twice = smallTraces(['p0,1,1,1,1000,,LS,R,0,1,0', 'p0,1,1,1,1000,,LS,R,0,1,0']).openbDirectory;

    await expect(simulate({ seed: 1, onProgress, openbDirectory: '/no/such/folder' })).rejects.toThrow(
      /no\/such\/folder/,
    );
    await expect(simulate({ seed: 1, onProgress, openbDirectory: negative })).rejects.toThrow(/cpu_milli.*-5/);
    await expect(simulate({ seed: 1, onProgress, openbDirectory: notANumber })).rejects.toThrow(/gpu_milli.*NaN/);
    await expect(simulate({ seed: 1, onProgress, openbDirectory: twice })).rejects.toThrow(/p0/);
    await expect(simulate({ seed: 1, onProgress, carbonFile: '/no/such.csv' })).rejects.toThrow(/no\/such\.csv/);
    const oneZone = join(tmpdir(), 'spillway-one-zone.csv');
    writeFileSync(oneZone, 'time,ES\n2021-01-01T00:00Z,100\n');
    await expect(simulate({ seed: 1, onProgress, openbDirectory, carbonFile: oneZone })).rejects.toThrow(
      /zone 'ES' must cover 2021-04-05T00:00:00.000Z/,
    );
    await expect(simulate({ seed: 0.5, onProgress, openbDirectory })).rejects.toThrow(/seed/);
    expect(stages).toEqual([]);
  });
});

describe('the reports', () => {
  it('say that they are simulated, in text and on the page', () => {
    expect(textReport(report)).toContain('SIMULATED');
    expect(textReport(report)).toContain('no money was spent');
    expect(htmlReport(report)).toContain('no money was spent');
  });

  it('name every source with its licence', () => {
    for (const { name, licence } of report.sources) {
      expect(textReport(report).replaceAll(/\s+/g, ' ')).toContain(`${name}: ${licence}`);
    }
    expect(htmlReport(report)).toContain('Attribution: Electricity Maps'.replace('A', 'a'));
  });

  it('make a page that needs nothing else: three charts, no script, no address but namespaces', () => {
    const page = htmlReport(report);

    expect(page.match(/<svg /g)).toHaveLength(3);
    expect(page).not.toMatch(/<script|<link|src=|@import|url\(/);
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('escape what comes from a trace', () => {
    const [first, ...rest] = report.cluster.nodes;
    const nodes = [{ ...first!, model: '<script>alert(1)</script>' }, ...rest];

    expect(htmlReport({ ...report, cluster: { ...report.cluster, nodes } })).not.toContain('<script>');
  });
});

describe('formats', () => {
  it('group thousands and keep the sign', () => {
    expect(formatNumber(1234567.891, 1)).toBe('1,234,567.9');
    expect(formatNumber(-1234, 0)).toBe('-1,234');
    expect(formatNumber(-0.04, 1)).toBe('0.0');
    expect(formatPercent(0.12345, 2)).toBe('12.35 %');
  });

  it('show a change against a base', () => {
    expect(formatChange(200, 150)).toBe('-25.0 %');
    expect(formatChange(200, 250)).toBe('+25.0 %');
    expect(formatChange(0, 0)).toBe('0.0 %');
    expect(formatChange(0, 1)).toBe('n/a');
  });

  it('align columns', () => {
    expect(
      formatTable(
        ['rule', 'n'],
        [
          ['fgd', '10'],
          ['best-fit', '7'],
        ],
      ),
    ).toBe(['rule       n', '--------  --', 'fgd       10', 'best-fit   7'].join('\n'));
  });
});
