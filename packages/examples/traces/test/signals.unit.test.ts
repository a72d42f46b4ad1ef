import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HOUR_MS, InvalidInputError, valueAt } from '@spillway/core';
import { describe, expect, it } from 'vitest';
import { loadAzureConversation, loadCarbon } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'spillway-traces-'));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('loadCarbon', () => {
  it('holds the whole of 2021 for three zones', () => {
    const zones = loadCarbon();

    expect(Object.keys(zones)).toEqual(['ES', 'NO', 'US-CAL-CISO']);
    for (const series of Object.values(zones)) {
      expect(series).toMatchObject({ unit: 'gCO2e/kWh', kind: 'average', scope: 'life-cycle', stepMs: HOUR_MS });
      expect(series.values).toHaveLength(365 * 24);
    }
    expect(valueAt(zones['ES']!, Date.UTC(2021, 0, 1, 1, 30))).toBe(139.96);
    expect(valueAt(zones['ES']!, Date.UTC(2021, 11, 31, 23))).toBe(147.56);
  });

  it.each([
    ['a gap in time', 'time,X\n2021-01-01T00:00Z,1\n2021-01-01T02:00Z,1\n', /line 3, column 'time'/],
    ['a cell that is no number', 'time,X\n2021-01-01T00:00Z,n/a\n', /line 2, column 'X'.*'n\/a'/],
    ['a negative value', 'time,X\n2021-01-01T00:00Z,-1\n', />= 0, got '-1'/],
    ['an empty cell', 'time,X\n2021-01-01T00:00Z,\n', /line 2, column 'X'/],
    ['a missing column', 'when,X\n2021-01-01T00:00Z,1\n', /column 'time'/],
    ['a row that is cut off', 'time,X,Y\n2021-01-01T00:00Z,1\n', /line 2 must have 3 cells/],
    ['no rows', 'time,X\n', /at least one hour/],
  ])('refuses %s, naming the place', (_, text, message) => {
    const path = file('carbon.csv', text);

    expect(() => loadCarbon({ file: path })).toThrow(message);
    expect(() => loadCarbon({ file: path })).toThrow(InvalidInputError);
  });
});

describe('loadAzureConversation', () => {
  it('holds 58.5 minutes with 19,366 requests', () => {
    const rate = loadAzureConversation();

    expect(rate).toMatchObject({ unit: '1/s', stepMs: 10_000, startAtMs: Date.UTC(2023, 10, 16, 18, 15, 46, 680) });
    expect(rate.values).toHaveLength(351);
    expect(rate.values.reduce((sum, perSecond) => sum + perSecond * 10, 0)).toBeCloseTo(19_366, 6);
  });

  it.each([
    ['no file', undefined, /must be readable, got '.*missing\.json'/],
    ['no JSON', '{', /must be JSON/],
    ['a list', 'null', /must hold a JSON object/],
    [
      'a step of zero',
      '{"start":"2023-11-16 18:15:46","stepSec":0,"requests":[1]}',
      /stepSec must be a number of seconds > 0, got 0/,
    ],
    ['no start', '{"stepSec":10,"requests":[1]}', /start must be a date and time, got undefined/],
    ['no counts', '{"start":"2023-11-16 18:15:46","stepSec":10,"requests":[]}', /requests must be a list of counts/],
    [
      'a negative count',
      '{"start":"2023-11-16 18:15:46","stepSec":10,"requests":[1,-2]}',
      /requests\[1\] must be a number >= 0, got -2/,
    ],
    [
      'a count that is text',
      '{"start":"2023-11-16 18:15:46","stepSec":10,"requests":["1"]}',
      /requests\[0\] must be a number >= 0, got '1'/,
    ],
  ])('refuses %s, naming the field', (_, text, message) => {
    const path = text === undefined ? join(folder, 'missing.json') : file('requests.json', text);

    expect(() => loadAzureConversation({ file: path })).toThrow(message);
  });
});
