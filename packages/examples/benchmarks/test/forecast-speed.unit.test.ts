import { describe, expect, it } from 'vitest';
import { keyOf, measureSpeeds, type SpeedTask } from '../src/forecast-speed.ts';

const series = ['H1', 'H2', 'H3', 'H4', 'H5', 'H6'].map((id) => ({ id, train: [1, 2], test: [3] }));

/** A clock that each task moves by what it costs; `loadOf` is how much slower the machine is after so many seconds. */
function simulated(loadOf: (seconds: number) => number) {
  let seconds = 0;
  const calls: string[] = [];
  const task = (kind: SpeedTask['kind'], method: string, cost: number): SpeedTask => ({
    kind,
    method,
    run: () => {
      calls.push(method);
      seconds += cost * loadOf(seconds);
    },
  });
  return { task, calls, cpuSeconds: () => seconds };
}

describe('measureSpeeds', () => {
  it('tells rates, and ratios to the reference of the same kind', () => {
    const { task, cpuSeconds } = simulated(() => 1);
    const tasks = [
      task('point', 'ours', 0.25),
      task('bands', 'ours', 0.5),
      task('point', 'peer', 2),
      task('bands', 'peer', 8),
    ];

    const speeds = measureSpeeds(tasks, series, { reference: 'peer', cpuSeconds, rounds: 3, leastSeconds: 1 });

    const one = (value: number) => ({ median: value, least: value, most: value });
    expect(speeds.get(keyOf({ kind: 'point', method: 'ours' }))).toEqual({ perSecond: 4, ratio: one(8) });
    expect(speeds.get(keyOf({ kind: 'bands', method: 'ours' }))).toEqual({ perSecond: 2, ratio: one(16) });
    expect(speeds.get(keyOf({ kind: 'bands', method: 'peer' }))).toEqual({ perSecond: 0.125, ratio: one(1) });
  });

  it('holds its median when the machine is slow for a while', () => {
    // 40 times as slow for what starts in the ninth second, and compiling makes the first second dear.
    const { task, cpuSeconds } = simulated((at) => (at < 1 ? 10 : at > 8 && at < 9 ? 40 : 1));
    const tasks = [task('point', 'ours', 0.125), task('point', 'peer', 1)];

    const speeds = measureSpeeds(tasks, series, { reference: 'peer', cpuSeconds, rounds: 5, leastSeconds: 1 });

    const { ratio } = speeds.get('point ours')!;
    expect(ratio.median).toBe(8);
    expect(ratio.most > 8 || ratio.least < 8).toBe(true);
  });

  it('turns the order round from round to round, over shares that make up all series', () => {
    const { task, calls, cpuSeconds } = simulated(() => 1);

    measureSpeeds([task('point', 'a', 1), task('point', 'b', 1)], series, {
      reference: 'b',
      cpuSeconds,
      rounds: 3,
      leastSeconds: 0,
    });

    // Two series a round: one round to warm up, then three.
    expect(calls.join('')).toBe('aabb' + 'bbaa' + 'aabb' + 'bbaa');
  });
});
