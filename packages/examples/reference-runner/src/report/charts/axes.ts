import type { ScaleLinear, ScaleTime } from 'd3-scale';
import { element, label } from './svg.ts';

/** Grid lines and values of a vertical axis, with its unit above. */
export function verticalAxis(
  y: ScaleLinear<number, number>,
  left: number,
  right: number,
  unit: string,
  count = 4,
): string {
  const lines = y.ticks(count).map((value) => {
    const line = element('line', { x1: left, x2: right, y1: y(value), y2: y(value), class: 'grid' });
    return line + label(left - 6, y(value) + 4, String(value), { anchor: 'end', class: 'tick' });
  });
  return lines.join('') + label(left, (y.range()[1] ?? 0) - 8, unit, { class: 'tick' });
}

/** Values of a time axis below the chart, UTC. */
export function timeAxis(
  x: ScaleTime<number, number>,
  bottom: number,
  format: (at: Date) => string,
  count: number,
): string {
  return x
    .ticks(count)
    .map((instant) => {
      const mark = element('line', { x1: x(instant), x2: x(instant), y1: bottom, y2: bottom + 4, class: 'axis' });
      return mark + label(x(instant), bottom + 18, format(instant), { anchor: 'middle', class: 'tick' });
    })
    .join('');
}

/** `18:30` */
export function hourAndMinute(instant: Date): string {
  return instant.toISOString().slice(11, 16);
}

/** `Mon 3 May` */
export function dayOfMonth(instant: Date): string {
  const [weekday, day, month] = instant.toUTCString().split(/,? /);
  return `${weekday} ${Number(day)} ${month}`;
}
