import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY_MS, HOUR_MS, InvalidInputError } from '@spillway/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCarbonSeries, readMachineLearningJobs } from '../src/lets-wait-awhile-data.ts';
import { latestFinishAtMs } from '../src/lets-wait-awhile-deadlines.ts';
import { formatNightly, nightlyBenchmark } from '../src/lets-wait-awhile-nightly.ts';
import { formatLetsWaitAwhile, letsWaitAwhileBenchmark } from '../src/lets-wait-awhile.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lets-wait-awhile-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Writes two weeks from Wednesday 2020-01-01, half-hourly. */
function writeRegion(region: string, intensityAt: (slot: number) => number): void {
  const rows = Array.from({ length: 14 * 48 }, (_, slot) => {
    const time = new Date(Date.UTC(2020, 0, 1) + slot * 30 * 60_000).toISOString().slice(0, 16);
    return `${time},${intensityAt(slot)}`;
  });
  writeFileSync(join(directory, `${region}_2020_30min.csv`), ['time,gco2_per_kwh', ...rows, ''].join('\n'));
}

function writeJobs(...rows: readonly string[]): string {
  const path = join(directory, 'jobs.csv');
  writeFileSync(path, ['id,startSlot,slots', ...rows, ''].join('\n'));
  return path;
}

const writeAll = (intensityAt: (slot: number) => number) => {
  for (const region of ['DE', 'GB', 'FR']) writeRegion(region, intensityAt);
};

describe('nightlyBenchmark', () => {
  it('saves nothing where every hour is alike, but for the night that the published sum drops', () => {
    writeAll(() => 200);

    const cells = nightlyBenchmark({ dataDirectory: directory });

    expect(cells.map(({ region }) => region)).toEqual(['DE', 'GB', 'FR']);
    for (const cell of cells) {
      expect(cell.allNightsPercent).toBeCloseTo(0, 9);
      // Fourteen days hold thirteen nights with eight hours after them.
      expect(cell.oursPercent).toBeCloseTo(100 / 13, 9);
    }
  });

  it('moves each night into the clean hour within eight hours, and not into a cleaner one beyond', () => {
    // 01:00 is at 400; 09:00 at 100 is the last slot in reach, 09:30 at 10 is out of it.
    writeAll((slot) => (slot % 48 === 18 ? 100 : slot % 48 === 19 ? 10 : 400));

    const [cell] = nightlyBenchmark({ dataDirectory: directory });

    expect(cell!.allNightsPercent).toBeCloseTo(75, 9);
    expect(cell!.perfectPercent).toBeCloseTo(75, 9);
    expect(cell!.oursPercent).toBeCloseTo(100 * (1 - (12 * 100) / (13 * 400)), 9);
    expect(cell!.differencePoints).toBeCloseTo(cell!.oursPercent - 11.74, 9);
    expect(formatNightly([cell!]).split('\n').length).toBe(4);
  });
});

describe('letsWaitAwhileBenchmark', () => {
  it('saves nothing where every hour is alike and nothing can be forecast', () => {
    const jobsFile = writeJobs('0,19,8');
    writeAll(() => 200);

    const cells = letsWaitAwhileBenchmark({ dataDirectory: directory, jobsFile });

    for (const cell of cells) expect(cell.oursPercent).toBeCloseTo(0, 9);
  });

  it('finds the clean night that noise cannot hide, as far as each constraint lets it', () => {
    // Clean from 20:00 to 04:00. The job takes 8 hours from Wednesday 10:00, so it would end at 18:00.
    writeAll((slot) => (slot % 48 >= 40 || slot % 48 < 8 ? 100 : 400));
    const jobsFile = writeJobs('0,20,16');

    const cells = letsWaitAwhileBenchmark({ dataDirectory: directory, jobsFile, seed: 3 });

    expect(cells.map(({ region, constraint, mode }) => `${region} ${constraint} ${mode}`)).toEqual([
      'DE next-workday contiguous',
      'DE next-workday interruptible',
      'DE semi-weekly contiguous',
      'DE semi-weekly interruptible',
      'GB next-workday contiguous',
      'GB next-workday interruptible',
      'GB semi-weekly contiguous',
      'GB semi-weekly interruptible',
      'FR next-workday contiguous',
      'FR next-workday interruptible',
      'FR semi-weekly contiguous',
      'FR semi-weekly interruptible',
    ]);
    for (const cell of cells) {
      expect(cell.oursPercent).toBeCloseTo(75, 9);
      expect(cell.differencePoints).toBeCloseTo(75 - cell.publishedPercent, 9);
    }
  });

  it('leaves a job alone that ends in office hours, unless it may wait for a meeting', () => {
    writeAll((slot) => (slot % 48 >= 40 ? 100 : 400));
    const jobsFile = writeJobs('0,18,8');

    const [workdayPiece, workdayPieces, weekPiece] = letsWaitAwhileBenchmark({ dataDirectory: directory, jobsFile });

    expect(workdayPiece!.oursPercent).toBeCloseTo(0, 9);
    expect(workdayPieces!.oursPercent).toBeCloseTo(0, 9);
    expect(weekPiece!.oursPercent).toBeCloseTo(75, 9);
  });

  it('gives the same figures for the same seed, and others for another', () => {
    writeAll((slot) => 200 + (slot % 7));
    const jobsFile = writeJobs('0,20,16', '1,90,30', '2,130,60');
    const figures = (seed: number) =>
      letsWaitAwhileBenchmark({ dataDirectory: directory, jobsFile, seed }).map((cell) => cell.oursPercent);

    expect(figures(1)).toEqual(figures(1));
    expect(figures(1)).not.toEqual(figures(100));
  });

  it('carries the twelve published figures', () => {
    writeAll(() => 100);

    const cells = letsWaitAwhileBenchmark({ dataDirectory: directory, jobsFile: writeJobs('0,19,8') });

    expect(cells.map((cell) => cell.publishedPercent)).toEqual([
      5.91, 7.93, 14.11, 18.11, 6.56, 9.03, 14.73, 19.66, 4.77, 5.92, 11.11, 13.33,
    ]);
  });
});

describe('formatLetsWaitAwhile', () => {
  it('prints a table that ends with the largest difference', () => {
    const cell = { region: 'DE', publishedPercent: 5.91, oursPercent: 5.8, differencePoints: -0.11 } as const;

    expect(
      formatLetsWaitAwhile([
        { ...cell, constraint: 'next-workday', mode: 'contiguous' },
        { ...cell, constraint: 'semi-weekly', mode: 'interruptible', oursPercent: 6, differencePoints: 0.09 },
      ]),
    ).toBe(
      [
        "Let's Wait Awhile, scenario II: carbon saved by waiting, % of running at once",
        'region  constraint    mode           published %   ours %  difference',
        'DE      next-workday  contiguous            5.91     5.80       -0.11',
        'DE      semi-weekly   interruptible         5.91     6.00       +0.09',
        'largest difference: 0.11 points',
      ].join('\n'),
    );
  });
});

describe('latestFinishAtMs', () => {
  // 2020-01-06 was a Monday.
  const at = (weekday: number, hour: number) => Date.UTC(2020, 0, 6) + weekday * DAY_MS + hour * HOUR_MS;

  it.each([
    ['Monday 08:30 to 09:00 of the day', 0, 8.5, 0, 9],
    ['Monday 09:00 to itself', 0, 9, 0, 9],
    ['Tuesday 17:00 to itself', 1, 17, 1, 17],
    ['Tuesday 17:30 to Wednesday', 1, 17.5, 2, 9],
    ['Friday 18:00 to Saturday, as published', 4, 18, 5, 9],
    ['Saturday 03:00 to Monday', 5, 3, 7, 9],
    ['Sunday 23:30 to Monday', 6, 23.5, 7, 9],
  ])('gives work a workday morning: %s', (_name, weekday, hour, wantedDay, wantedHour) => {
    expect(latestFinishAtMs(at(weekday, hour), 'next-workday')).toBe(at(wantedDay, wantedHour));
  });

  it.each([
    ['Monday 00:00 to Monday', 0, 0, 0],
    ['Monday 09:00 to itself', 0, 9, 0],
    ['Monday 09:30 to Thursday', 0, 9.5, 3],
    ['Wednesday 23:30 to Thursday', 2, 23.5, 3],
    ['Thursday 09:00 to itself', 3, 9, 3],
    ['Thursday 09:30 to Monday', 3, 9.5, 7],
    ['Sunday 12:00 to Monday', 6, 12, 7],
  ])('gives work the next meeting at 09:00: %s', (_name, weekday, hour, wantedDay) => {
    expect(latestFinishAtMs(at(weekday, hour), 'semi-weekly')).toBe(at(wantedDay, 9));
  });

  it('knows the days before 1970', () => {
    // 1969-12-29 was a Monday.
    expect(latestFinishAtMs(Date.UTC(1969, 11, 30), 'semi-weekly')).toBe(Date.UTC(1970, 0, 1, 9));
  });
});

describe('the files', () => {
  const write = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };

  it('are read as UTC half hours and as slots', () => {
    write('DE_2020_30min.csv', 'time,gco2_per_kwh\r\n2020-01-01T00:00,353.32\r\n2020-01-01T00:30,351.25\r\n');

    expect(readCarbonSeries(directory, 'DE')).toEqual({
      startAtMs: 1_577_836_800_000,
      stepMs: 1_800_000,
      unit: 'gCO2e/kWh',
      kind: 'average',
      scope: 'life-cycle',
      values: [353.32, 351.25],
    });
    expect(readMachineLearningJobs(writeJobs('7,19,106'))).toEqual([{ id: 'ml-7', startSlot: 19, slotCount: 106 }]);
  });

  it('are missed by name, with the flags to pass', () => {
    const path = join(directory, 'DE_2020_30min.csv');

    const act = () => readCarbonSeries(directory, 'DE');

    expect(act).toThrow(InvalidInputError);
    expect(act).toThrow('dataDirectory must lead to a readable file');
    expect(act).toThrow(expect.objectContaining({ value: path, cause: expect.any(Error) as Error }) as Error);
    expect(() => readMachineLearningJobs(path)).toThrow('jobsFile must lead to a readable file');
  });

  it.each([
    ['no rows', 'time,gco2_per_kwh\n', 'must have rows after its header'],
    ['a row too short', 'time,gco2_per_kwh\n2020-01-01T00:00\n', 'must have 2 columns'],
    ['an intensity that is no number', 'h\n2020-01-01T00:00,n/a\n', "must be a value >= 0, got 'n/a'"],
    ['an intensity that is missing', 'h\n2020-01-01T00:00,\n', "must be a value >= 0, got ''"],
    ['an intensity below zero', 'h\n2020-01-01T00:00,-1\n', "must be a value >= 0, got '-1'"],
    ['a time that is none', 'h\nyesterday,1\n', 'time in row 2'],
    ['a gap', 'h\n2020-01-01T00:00,1\n2020-01-01T01:00,1\n', 'must be half an hour after the row before'],
  ])('are refused with %s', (_name, text, message) => {
    write('DE_2020_30min.csv', text);

    const act = () => readCarbonSeries(directory, 'DE');

    expect(act).toThrow(InvalidInputError);
    expect(act).toThrow(message);
  });

  it('are refused when a job is no whole number of slots', () => {
    expect(() => readMachineLearningJobs(writeJobs('0,19.5,8'))).toThrow(InvalidInputError);
    expect(() => readMachineLearningJobs(writeJobs('0,19,0'))).toThrow(InvalidInputError);
  });
});
