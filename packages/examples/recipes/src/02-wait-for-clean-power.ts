// When should work that can wait run, and what does waiting save?
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { HOUR_MS } from '@spillway/core';
import { explainSchedule, schedule, verifySchedule } from '@spillway/core/schedule';

const startAtMs = Date.UTC(2026, 0, 1);
const carbon = {
  startAtMs,
  stepMs: HOUR_MS,
  unit: 'gCO2e/kWh',
  kind: 'average',
  scope: 'life-cycle',
  values: [400, 100, 300, 100, 300, 400],
} as const;
const work = { runtimeMs: 2 * HOUR_MS, powerWatts: 1_000, gpuCount: 1 };
const problem = {
  slots: { startAtMs, stepMs: HOUR_MS, count: 6 },
  locations: [{ id: 'de', carbon, priceUsdPerGpuHour: 2 }],
  jobs: [
    { id: 'train', ...work, mode: 'contiguous' },
    { id: 'evaluate', ...work, mode: 'interruptible' },
  ],
} as const;

/** Plans two jobs by carbon and returns one line a job, the sum, and what an independent check says. */
export function main(): string {
  const result = schedule(problem);

  return [
    ...result.perJob.map(explainSchedule),
    `together ${result.totals.carbonGrams} g instead of ${result.baselines.runNow.carbonGrams} g CO2e`,
    `checked apart from the search: ${verifySchedule(problem, result).isValid ? 'valid' : 'broken'}`,
  ].join('\n');
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) console.log(main());
