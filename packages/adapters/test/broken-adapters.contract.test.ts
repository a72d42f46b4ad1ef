import { describe, expect, it } from 'vitest';

import { brokenAdapters, checkConformance, formatConformance } from '@spillway/adapters/testing';

import { soundCapacity } from '../src/testing/broken/capacity.ts';
import { soundMarket } from '../src/testing/broken/market.ts';
import { soundMetrics, soundRuntime, soundSignals } from '../src/testing/broken/others.ts';

describe('the kit catches broken adapters', () => {
  const all = brokenAdapters();

  it('has at least 30 of them, each broken in a way of its own', () => {
    expect(all.length).toBeGreaterThanOrEqual(30);
    expect(new Set(all.map(({ fault }) => fault)).size).toBe(all.length);
  });

  it.each([
    ['capacity', soundCapacity],
    ['market', soundMarket],
    ['metrics', soundMetrics],
    ['runtime', soundRuntime],
    ['signals', soundSignals],
  ] as const)('and finds nothing in the %s they were made of', async (_, make) => {
    const report = await checkConformance(make);

    expect(report.isConformant, formatConformance(report)).toBe(true);
  });

  it.each(all.map((each) => [each.contract, each.fault, each] as const))(
    '%s: one that %s',
    async (contract, _, { make }) => {
      const report = await checkConformance(make);

      expect(report.contract).toBe(contract);
      expect(report.isConformant).toBe(false);
    },
  );
});
