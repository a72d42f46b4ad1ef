import { HOUR_MS, hoursFromMs, type CarbonSeries } from '@spillway/core';
import { simulatedCapacity, simulatedRuntime, simulatedSignals, virtualClock } from '@spillway/adapters/simulated';
import { createRunner } from '../loop/runner.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { StageOptions, WeekReport } from './report.ts';
import { createNodes, createSubmissions, DEFER, WEEK_START_MS } from './week-of-jobs.ts';
import { reportWeek } from './week-report.ts';

/** Runs a week of work that can wait through the loop, on forecasts, and charges what the grids then did. */
export async function deferWork(
  carbon: Readonly<Record<string, CarbonSeries>>,
  { seed, onProgress, pace }: StageOptions,
): Promise<WeekReport> {
  const submissions = createSubmissions(seed);
  const endAtMs = Math.max(...submissions.map(({ flexible }) => flexible.deadlineAtMs));
  const clock = virtualClock({ startAtMs: WEEK_START_MS });
  const nodes = createNodes();
  const runtime = simulatedRuntime({ clock, nodes });
  const runner = createRunner({
    clock,
    store: memoryStore(),
    runtime,
    capacity: simulatedCapacity({ clock, nodes }),
    signals: simulatedSignals({ clock, carbon }),
    policy: { defer: DEFER },
  });
  while (clock.nowMs() < endAtMs) {
    for (const { job, flexible } of submissions.filter(({ submittedAtMs }) => submittedAtMs === clock.nowMs())) {
      await runner.submit({ job, flexible });
    }
    await runner.tick();
    await clock.advanceTo(clock.nowMs() + HOUR_MS);
    await pace?.(HOUR_MS);
    onProgress?.({
      stage: 'week',
      doneRatio: (clock.nowMs() - WEEK_START_MS) / (endAtMs - WEEK_START_MS),
      message: `hour ${hoursFromMs(clock.nowMs() - WEEK_START_MS)}`,
    });
  }
  return reportWeek(submissions, await runtime.list(), carbon, endAtMs);
}
