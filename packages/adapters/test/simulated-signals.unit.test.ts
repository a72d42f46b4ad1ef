import type { CarbonSeries, Series } from '@spillway/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { simulatedSignals, virtualClock } from '@spillway/adapters/simulated';

import { rejection } from './rejection.ts';

const HOUR_MS = 3_600_000;
const fr: CarbonSeries = {
  startAtMs: 10 * HOUR_MS,
  stepMs: HOUR_MS,
  unit: 'gCO2e/kWh',
  kind: 'average',
  scope: 'life-cycle',
  values: [50, 51, 52, 53],
};
const price: Series<'USD/kWh'> = { startAtMs: 0, stepMs: HOUR_MS, unit: 'USD/kWh', values: [0.1, -0.02] };

function start(nowHours: number) {
  const clock = virtualClock({ startAtMs: nowHours * HOUR_MS });
  const signals = simulatedSignals({
    clock,
    carbon: { FR: fr, DE: { ...fr, values: [300] } },
    energyPrice: { FR: price },
  });
  const read = (fromHours: number, toHours: number, zone = 'FR') =>
    signals.carbon.readHistory(zone, { fromMs: fromHours * HOUR_MS, toMs: toHours * HOUR_MS });
  return { clock, signals, read };
}

describe('simulatedSignals', () => {
  it('tells the slots that have ended, whole, and nothing of the one under way', async () => {
    expect((await start(12).read(10, 20)).values).toEqual([50, 51]);
    expect((await start(12.99).read(10, 20)).values).toEqual([50, 51]);
    expect((await start(13).read(10, 20)).values).toEqual([50, 51, 52]);
  });

  it('keeps what the series is', async () => {
    expect(await start(20).read(11, 13)).toEqual({ ...fr, startAtMs: 11 * HOUR_MS, values: [51, 52] });
  });

  it('gives the whole slots that a range overlaps', async () => {
    expect(await start(20).read(11.5, 12.5)).toMatchObject({ startAtMs: 11 * HOUR_MS, values: [51, 52] });
    expect(await start(20).read(11, 12)).toMatchObject({ startAtMs: 11 * HOUR_MS, values: [51] });
  });

  it('clips a range that reaches beyond the series', async () => {
    expect(await start(100).read(0, 99)).toMatchObject({ startAtMs: 10 * HOUR_MS, values: [50, 51, 52, 53] });
  });

  it('answers with a series without values when nothing was observed', async () => {
    expect(await start(5).read(0, 5)).toMatchObject({ startAtMs: 10 * HOUR_MS, values: [], unit: 'gCO2e/kWh' });
    expect(await start(11).read(12, 13)).toMatchObject({ startAtMs: 12 * HOUR_MS, values: [] });
    expect(await start(99).read(50, 60)).toMatchObject({ startAtMs: 14 * HOUR_MS, values: [] });
    expect((await start(99).read(11, 11)).values).toEqual([]);
  });

  it('lists zones in order of code units', async () => {
    expect(await start(0).signals.carbon.listZones()).toEqual(['DE', 'FR']);
  });

  it('has prices too, also below 0', async () => {
    const { signals } = start(9);

    const history = await signals.energyPrice.readHistory('FR', { fromMs: 0, toMs: 9 * HOUR_MS });

    expect(history).toEqual(price);
  });

  it('has exactly the groups that it was given series for', () => {
    const clock = virtualClock({ startAtMs: 0 });

    expect('energyPrice' in simulatedSignals({ clock, carbon: {} })).toBe(false);
    expect('carbon' in simulatedSignals({ clock, energyPrice: {} })).toBe(false);
  });

  it('refuses unknown zones, senseless ranges and aborted calls', async () => {
    const { read, signals } = start(20);

    expect((await rejection(read(0, 1, 'XX'))).providerCode).toBe('not-found');
    expect((await rejection(read(0, 1, 'constructor'))).providerCode).toBe('not-found');
    expect((await rejection(read(2, 1))).providerCode).toBe('invalid-request');
    expect((await rejection(read(NaN, 1))).providerCode).toBe('invalid-request');
    const aborted = signals.carbon.listZones({ signal: AbortSignal.abort() });
    expect((await rejection(aborted)).providerCode).toBe('aborted');
  });

  it('refuses a series that is not one', () => {
    const clock = virtualClock({ startAtMs: 0 });
    const carbon = { FR: { ...fr, values: [NaN] } };

    expect(() => simulatedSignals({ clock, carbon })).toThrow(
      "carbon['FR'].values[0] must be a finite number, got NaN",
    );
  });

  it('never tells what has not ended, and never changes what it told', async () => {
    const hours = fc.integer({ min: 0, max: 2_000 }).map((n) => n / 100);
    await fc.assert(
      fc.asyncProperty(hours, hours, hours, hours, async (nowHours, laterHours, x, y) => {
        const [from, to] = [Math.min(x, y), Math.max(x, y)];
        const { clock, read } = start(nowHours);

        const early = await read(from, to);
        await clock.advanceTo(Math.max(nowHours, laterHours) * HOUR_MS);
        const late = await read(from, to);

        expect(early.startAtMs + early.values.length * HOUR_MS).toBeLessThanOrEqual(
          Math.max(early.startAtMs, nowHours * HOUR_MS),
        );
        expect(late.startAtMs).toBe(early.startAtMs);
        expect(late.values.slice(0, early.values.length)).toEqual(early.values);
        early.values.forEach((value, k) => {
          expect(value).toBe(fr.values[Math.round((early.startAtMs - fr.startAtMs) / HOUR_MS) + k]);
        });
      }),
      { numRuns: 200 },
    );
  });
});
