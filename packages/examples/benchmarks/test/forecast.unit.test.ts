import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidInputError } from '@spillway/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forecastCarbonBenchmark, formatForecastCarbon } from '../src/forecast-carbon.ts';
import { forecastDomainBenchmark, formatForecastDomain } from '../src/forecast-domain.ts';
import { forecastM4Benchmark, formatForecastM4 } from '../src/forecast-m4.ts';
import { coverage, intervalScore, mape, meanAbsoluteError, seasonalScale, smape } from '../src/forecast-measures.ts';
import { AUGURS_VERSION, augursMstl } from '../src/forecast-peer.ts';
import { forecastPlot } from '../src/forecast-plot.ts';
import { forecastPriceBenchmark, formatForecastPrice } from '../src/forecast-price.ts';
import { forecastSeasonsBenchmark, formatForecastSeasons } from '../src/forecast-seasons.ts';
import { forecastRecentBenchmark, formatForecastRecent } from '../src/forecast-recent.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'forecast-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const write = (name: string, value: unknown) => {
  writeFileSync(join(directory, name), typeof value === 'string' ? value : JSON.stringify(value));
};
/** A day with a busy half, a quiet weekend, and something that no model knows. */
const hours = (count: number, from = 0) =>
  Array.from({ length: count }, (_, k) => {
    const hour = from + k;
    const isBusy = hour % 24 >= 12 && hour % 168 < 120;
    return (isBusy ? 200 : 100) + ((hour * 7919) % 13);
  });

describe('measures', () => {
  it('are those of the M4 competition', () => {
    expect(seasonalScale([1, 5, 4, 5], 2)).toBe(1.5);
    // |10 - 30| / 40 and 0 / 0, times 200, over two.
    expect(smape([10, 0], [30, 0])).toBe(50);
    expect(meanAbsoluteError([1, 2], [2, 4])).toBe(1.5);
    expect(mape([0, 4], [9, 5])).toBe(25);
  });

  it('charge a band its width, and forty times what falls outside at 0.95', () => {
    const band = { low: [0, 0, 0], high: [10, 10, 10] };

    expect(intervalScore([5, 11, -2], band, 0.95)).toBeCloseTo(10 + (40 + 80) / 3, 9);
    expect(coverage([5, 11, 0], band)).toBeCloseTo(2 / 3, 12);
  });
});

describe('forecastM4Benchmark', () => {
  const quick = { rounds: 1, leastSeconds: 0 };
  const series = [0, 5].map((from) => ({ id: `H${from}`, train: hours(700, from), test: hours(48, 700 + from) }));

  it('scores every method beside the published rows', () => {
    write('m4-hourly-odd.json', { series });

    const rows = forecastM4Benchmark(directory, quick);

    const [full, fast] = rows;
    expect(full).toMatchObject({ method: 'full', kind: 'measured', seriesCount: 2 });
    expect(full!.mase).toBeLessThan(rows.find(({ method }) => method === 'sNaive')!.mase);
    expect(fast!.owa).toBeCloseTo((fast!.smapePercent / 18.383 + fast!.mase / 2.395) / 2, 12);
    expect(rows.filter(({ kind }) => kind === 'published').map(({ seriesCount }) => seriesCount)).toEqual(
      Array.from({ length: 8 }, () => 414),
    );
    const text = formatForecastM4(rows).split('\n');
    expect(text.length).toBe(rows.length + 1);
    // The peer is what the others are measured by.
    expect(text.find((line) => line.includes('augurs'))!.match(/\(1\.0x, 1\.0-1\.0\)/g)?.length).toBe(2);
  });

  it('reads the files of the competition as well', () => {
    const csv = (pick: 'train' | 'test') =>
      [
        '"V1","V2"',
        ...series.map((one) => `"${one.id}",${one[pick].map((value) => `"${value}"`).join(',')},,""`),
        '',
      ].join('\n');
    write('Hourly-train.csv', csv('train'));
    write('Hourly-test.csv', csv('test'));
    const fromCsv = forecastM4Benchmark(directory, quick);
    rmSync(join(directory, 'Hourly-train.csv'));
    write('m4-hourly-odd.json', { series });

    const scores = (rows: typeof fromCsv) => rows.map(({ mase, smapePercent }) => [mase, smapePercent]);
    expect(scores(fromCsv)).toEqual(scores(forecastM4Benchmark(directory, quick)));
  });

  it.each([
    ['no file', undefined],
    ['no JSON', '{'],
    ['no numbers', { series: [{ id: 'H1', train: ['x'], test: [1] }] }],
  ])('refuses a folder with %s', (_, content) => {
    if (content !== undefined) write('m4-hourly-odd.json', content);

    expect(() => forecastM4Benchmark(directory)).toThrow(InvalidInputError);
  });
});

describe('augursMstl', () => {
  const options = { horizon: 6, seasons: [4, 12] };
  const cycle = [10, 20, 40, 20];
  const history = Array.from({ length: 96 }, (_, k) => cycle[k % 4]! + ((k * 7919) % 13) / 13);

  it('continues a season, within a band of the level asked for', () => {
    const { mean, band } = augursMstl(history, { ...options, level: 0.95 });

    mean.forEach((value, step) => {
      expect(Math.abs(value - cycle[step % 4]! - 0.5)).toBeLessThan(2);
      expect(band!.low[step]).toBeLessThan(value);
      expect(band!.high[step]).toBeGreaterThan(value);
    });
    expect(augursMstl(history, options)).toEqual({ mean });
  });

  it('is cut off at zero where the past never was below', () => {
    const falling = Array.from({ length: 96 }, (_, k) => Math.max(0, 95 - k) + ((k * 7919) % 13) / 13);

    const { band } = augursMstl(falling, { ...options, horizon: 24, level: 0.95 });

    expect(Math.min(...band!.low)).toBe(0);
  });

  it('refuses a history of fewer than two cycles', () => {
    expect(() => augursMstl(history.slice(0, 23), options)).toThrow(InvalidInputError);
  });

  it('is of the version its row names', () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };

    expect(manifest.devDependencies['@bsull/augurs']).toBe(AUGURS_VERSION);
  });
});

describe('forecastSeasonsBenchmark', () => {
  it('draws every kind, with and without a season, the same for a seed', () => {
    const rows = forecastSeasonsBenchmark({ seriesCount: 3 });

    expect(rows.length).toBe(11 + 9);
    // Two lengths; with a season three of them and three shapes as well.
    expect(new Set(rows.map(({ seriesCount }) => seriesCount))).toEqual(new Set([6, 18]));
    expect(rows.slice(0, 11).every(({ missedCount }) => missedCount === undefined)).toBe(true);
    expect(rows.slice(11).every(({ missedCount }) => missedCount !== undefined)).toBe(true);
    expect(forecastSeasonsBenchmark({ seriesCount: 3 })).toEqual(rows);
    expect(formatForecastSeasons(rows).split('\n').length).toBe(21);
  });
});

describe('forecastDomainBenchmark', () => {
  it('rolls over the last two fifths, and measures all methods on the same steps', () => {
    const values: (number | null)[] = hours(1_400);
    values[3] = null;
    write('domain-first60.json', { series: [{ id: 'load', seasons: [24, 168], horizon: 24, values }] });

    const rows = forecastDomainBenchmark({ dataDirectory: directory, origins: 5 });

    // From 840 every 107 hours, the odd fifth of what is left, to 1375; the last day starts at 1376.
    expect(rows.map(({ method, originCount }) => `${method} ${originCount}`)).toEqual(['sNaive 6', 'fast 6', 'full 6']);
    expect(rows[0]!.savedPercent).toBe(0);
    // A day repeated misses every weekend; the recipes know the week.
    expect(rows[1]!.savedPercent).toBeGreaterThan(30);
    expect(rows[2]!.savedPercent).toBeGreaterThan(30);
    expect(formatForecastDomain(rows)).toContain('load');
  });
});

describe('forecastCarbonBenchmark', () => {
  it('starts at midnight from July on, and averages half hours', () => {
    const startMs = Date.UTC(2020, 4, 1);
    const time = (step: number, minutes: number) =>
      new Date(startMs + step * minutes * 60_000).toISOString().slice(0, 16);
    const days = 70;
    const halves = hours(24 * days).flatMap((value, hour) => [
      `${time(2 * hour, 30)},${value - 1}`,
      `${time(2 * hour + 1, 30)},${value + 1}`,
    ]);
    for (const grid of ['DE', 'GB', 'FR']) write(`${grid}_2020_30min.csv`, ['time,gco2_per_kwh', ...halves].join('\n'));
    const whole = hours(24 * days).map((value, hour) => `${time(hour, 60)},0,${value}`);
    write('ES_2021_60min.csv', ['time,direct,lca', ...whole].join('\n'));

    const rows = forecastCarbonBenchmark({ dataDirectory: directory });

    // 70 days from 1 May reach to 9 July; the last origin with four days after it is 6 July.
    expect(rows.filter(({ grid }) => grid !== 'mean').map(({ originCount }) => originCount)).toEqual(
      Array.from({ length: 12 }, () => 6),
    );
    // Half hours around the hourly value average to it: all grids are alike.
    expect(rows[0]!.percent).toBeCloseTo(rows[3]!.percent, 9);
    expect(rows.find(({ method, grid }) => method === 'full' && grid === 'mean')!.savedPercent).toBeGreaterThan(15);
    expect(formatForecastCarbon(rows)).toContain('mean');
  });
});

describe('forecastPriceBenchmark', () => {
  it('sets each carbon hour beside the price of that hour', () => {
    const time = (startMs: number, hour: number) => new Date(startMs + hour * 3_600_000).toISOString().slice(0, 16);
    // Prices start two days before the carbon series; carbon is a linear function of the price of its hour.
    const [carbonMs, priceMs] = [Date.UTC(2020, 4, 1), Date.UTC(2020, 3, 29)];
    const count = 24 * 66;
    const prices = hours(count + 48).map((value, hour) => value + ((hour * hour) % 37));
    const carbon = prices.slice(48).map((price) => 50 + 2 * price);
    for (const grid of ['DE', 'GB', 'FR']) {
      const rows = carbon.map((value, hour) => `${time(carbonMs, hour)},${value}`);
      write(`${grid}_2020_30min.csv`, ['time,gco2_per_kwh', ...rows].join('\n'));
      const priced = prices.map((value, hour) => `${time(priceMs, hour)}Z,${value}`);
      write(`${grid}_dayahead_2019-2020_60min.csv`, ['time,eur_per_mwh', ...priced].join('\n'));
    }
    write('ES_2021_60min.csv', ['time,direct,lca', `${time(carbonMs, 0)},0,1`].join('\n'));

    const rows = forecastPriceBenchmark(directory);

    // 66 days from 1 May end with 5 July: five days from 1 July.
    expect(rows.map(({ grid, method, originCount }) => `${grid} ${method} ${originCount}`)).toEqual(
      ['DE', 'FR'].flatMap((grid) => ['sNaive', 'fast', 'full'].map((method) => `${grid} ${method} 5`)),
    );
    for (const { percent } of rows) {
      expect(percent.without).toBeGreaterThan(1);
      expect(percent.with).toBeLessThan(1e-6);
    }
    expect(formatForecastPrice(rows)).toContain('with price');
  });
});

describe('forecastPlot', () => {
  it('is the figure of the explanation page', () => {
    const figure = readFileSync(new URL('../../../../docs/explanation/forecast-bands.svg', import.meta.url), 'utf8');

    expect(forecastPlot()).toBe(figure);
    expect(figure.match(/<polygon/g)?.length).toBe(4);
  });
});

describe('forecastRecentBenchmark', () => {
  it('keeps the goal for the next minute on the trace of the repository', () => {
    const fitted = forecastRecentBenchmark().find(({ method }) => method.includes('fitted'))!;

    expect(fitted.wapePercent).toBeLessThan(13.5);
  });

  it('finds a half-life near the best fixed one, for noise around a level', () => {
    write('azure-llm-2023-conv.json', { requests: Array.from({ length: 120 }, (_, k) => 50 + ((k * 7919) % 31)) });

    const rows = forecastRecentBenchmark(directory);

    const of = (name: string) => rows.find(({ method }) => method.includes(name))!.wapePercent;
    expect(of('fitted')).toBeLessThan(of('last value'));
    expect(of('fitted')).toBeLessThan(1.1 * of('300 s'));
    expect(formatForecastRecent(rows)).toContain('%');
  });
});
