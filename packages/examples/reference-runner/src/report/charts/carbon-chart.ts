import { HOUR_MS } from '@spillway/core';
import { scaleLinear, scaleUtc } from 'd3-scale';
import { curveStepAfter, line } from 'd3-shape';
import type { WeekReport } from '../../simulation/report.ts';
import { dayOfMonth, timeAxis, verticalAxis } from './axes.ts';
import { chart, element, escapeText, label } from './svg.ts';

const WIDTH = 960;
const LEFT = 44;
const PANEL = 225;
const CURVE_TOP = 42;
const CURVE = 110;
const LANES = 64;

/** Carbon intensity of each zone with the jobs that ran there below it, on one time axis. */
export function carbonChart(week: WeekReport): string {
  const x = scaleUtc([week.fromMs, week.toMs], [LEFT, WIDTH]);
  const zones = Object.entries(week.carbon);
  const panels = zones.map(([zone, values], index) => panel(week, zone, values, x, index * PANEL));
  const height = zones.length * PANEL + 24;
  const axis = timeAxis(x, zones.length * PANEL, dayOfMonth, 8);
  const description =
    'One panel a zone: carbon intensity by the hour as a line, below it one bar for each stretch of a job that ran there.';
  return chart(WIDTH, height, 'Carbon intensity and the jobs that ran', description, panels.join('') + axis);
}

function panel(
  week: WeekReport,
  zone: string,
  values: readonly number[],
  x: ReturnType<typeof scaleUtc<number, number>>,
  top: number,
): string {
  const y = scaleLinear([0, Math.max(...values)], [top + CURVE_TOP + CURVE, top + CURVE_TOP]).nice(3);
  // Steps need the end of the last hour too.
  const points = [...values, values.at(-1)!].map((value, hour): [number, number] => [
    x(week.fromMs + hour * HOUR_MS),
    y(value),
  ]);
  const stretches = week.stretches.filter((stretch) => stretch.zone === zone);
  const gpuHours = stretches.reduce(
    (sum, { gpuCount, startAtMs, endAtMs }) => sum + (gpuCount * (endAtMs - startAtMs)) / HOUR_MS,
    0,
  );
  const lanes = assignLanes(stretches);
  const laneHeight = Math.min(6, LANES / Math.max(1, ...lanes.map((lane) => lane + 1)));
  const bars = stretches.map(({ jobId, home, gpuCount, startAtMs, endAtMs }, k) => {
    const tip = `<title>${escapeText(`${jobId}: ${gpuCount} GPUs, home ${home}`)}</title>`;
    return element(
      'rect',
      {
        x: x(startAtMs),
        y: top + CURVE_TOP + CURVE + 5 + lanes[k]! * laneHeight,
        width: Math.max(1, x(endAtMs) - x(startAtMs) - 0.5),
        height: Math.max(0.8, laneHeight - 1),
        class: home === zone ? 'home' : 'moved',
      },
      tip,
    );
  });
  const caption = `${zone}: ${Math.round(gpuHours)} GPU-hours ran here`;
  return [
    label(LEFT, top + 10, caption, { class: 'caption' }),
    verticalAxis(y, LEFT, WIDTH, 'gCO2e/kWh', 3),
    element('path', { d: line().curve(curveStepAfter)(points) ?? '', class: 'carbon' }),
    ...bars,
  ].join('');
}

/** The first free lane for each stretch, in order of start, so that bars do not overlap. */
function assignLanes(stretches: WeekReport['stretches']): readonly number[] {
  const lanes = new Array<number>(stretches.length).fill(0);
  const endOfLane: number[] = [];
  const order = [...stretches.keys()].sort((a, b) => stretches[a]!.startAtMs - stretches[b]!.startAtMs || a - b);
  for (const k of order) {
    const { startAtMs, endAtMs } = stretches[k]!;
    const free = endOfLane.findIndex((end) => end <= startAtMs);
    const lane = free < 0 ? endOfLane.length : free;
    endOfLane[lane] = endAtMs;
    lanes[k] = lane;
  }
  return lanes;
}
