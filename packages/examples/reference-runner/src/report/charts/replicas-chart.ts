import { scaleLinear, scaleUtc } from 'd3-scale';
import { area, curveStepAfter, line } from 'd3-shape';
import type { EndpointReport } from '../../simulation/report.ts';
import { hourAndMinute, timeAxis, verticalAxis } from './axes.ts';
import { chart, element, label } from './svg.ts';

const WIDTH = 960;
const HEIGHT = 320;
const LEFT = 44;
const TOP = 48;
const BOTTOM = HEIGHT - 28;

/** Ready replicas stacked by tier, under the demand they serve and the target the policy set. */
export function replicasChart({ timeline, tiers }: EndpointReport): string {
  const x = scaleUtc([timeline[0]!.atMs, timeline.at(-1)!.atMs], [LEFT, WIDTH]);
  const ready = (point: EndpointReport['timeline'][number]): number =>
    Object.values(point.readyByTier).reduce((sum, count) => sum + count, 0);
  const top = Math.max(...timeline.map((point) => Math.max(ready(point), point.target, point.demandPerSecond ?? 0)));
  const y = scaleLinear([0, top], [BOTTOM, TOP]).nice();
  const below = timeline.map(() => 0);
  const stack = tiers.map(({ tierId }, index) => {
    const from = [...below];
    timeline.forEach((point, k) => (below[k]! += point.readyByTier[tierId] ?? 0));
    const to = [...below];
    const path = area<EndpointReport['timeline'][number]>()
      .x(({ atMs }) => x(atMs))
      .y0((_, k) => y(from[k]!))
      .y1((_, k) => y(to[k]!))
      .curve(curveStepAfter)(timeline as EndpointReport['timeline'][number][]);
    return element('path', { d: path ?? '', class: `tier-${index}` });
  });
  const demand = line<EndpointReport['timeline'][number]>()
    .defined(({ demandPerSecond }) => demandPerSecond !== null)
    .x(({ atMs }) => x(atMs))
    .y(({ demandPerSecond }) => y(demandPerSecond ?? 0))(timeline as EndpointReport['timeline'][number][]);
  const target = line<EndpointReport['timeline'][number]>()
    .x(({ atMs }) => x(atMs))
    .y((point) => y(point.target))
    .curve(curveStepAfter)(timeline as EndpointReport['timeline'][number][]);
  const legend = [...tiers.map(({ tierId }, index) => ({ text: `ready, ${tierId}`, class: `tier-${index}` }))]
    .map((entry, index) => {
      const left = LEFT + index * 150;
      return (
        element('rect', { x: left, y: 6, width: 12, height: 12, class: entry.class }) + label(left + 18, 16, entry.text)
      );
    })
    .join('');
  const lineLegend =
    element('line', { x1: LEFT + 450, x2: LEFT + 474, y1: 12, y2: 12, class: 'demand' }) +
    label(LEFT + 480, 16, 'requests per second') +
    element('line', { x1: LEFT + 640, x2: LEFT + 664, y1: 12, y2: 12, class: 'target' }) +
    label(LEFT + 670, 16, 'replicas wanted');
  const body = [
    verticalAxis(y, LEFT, WIDTH, 'replicas, requests per second'),
    ...stack,
    element('path', { d: target ?? '', class: 'target' }),
    element('path', { d: demand ?? '', class: 'demand' }),
    timeAxis(x, BOTTOM, hourAndMinute, 8),
    legend,
    lineLegend,
  ];
  const description =
    'Ready replicas by tier as stacked steps, requests per second as a line, replicas wanted as a dashed line.';
  return chart(WIDTH, HEIGHT, 'Replicas over demand', description, body.join(''));
}
