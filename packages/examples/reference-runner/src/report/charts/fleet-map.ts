import { GPU_MILLI } from '@spillway/core';
import type { ClusterReport } from '../../simulation/report.ts';
import { formatNumber } from '../format.ts';
import { chart, element, escapeText, label } from './svg.ts';

const WIDTH = 960;
const CELL = 13;
const GAP = 3;
const PER_ROW = Math.floor(WIDTH / (CELL + GAP));

/** Every node of the cluster as a small gauge, filled to the share of its GPUs in use, grouped by GPU model. */
export function fleetMap({ nodes }: ClusterReport): string {
  const models = [...new Set(nodes.map(({ model }) => model))].sort();
  let top = 24;
  const body: string[] = [];
  for (const model of models) {
    const group = nodes.filter((node) => node.model === model);
    const used = group.reduce((sum, { allocatedMilli }) => sum + allocatedMilli, 0) / GPU_MILLI;
    const total = group.reduce((sum, { gpuCount }) => sum + gpuCount, 0);
    const caption = `${model}: ${formatNumber(used, 1)} of ${formatNumber(total)} GPUs on ${formatNumber(group.length)} nodes`;
    body.push(label(0, top - 8, caption, { class: 'caption' }));
    group.forEach((node, index) => {
      const x = (index % PER_ROW) * (CELL + GAP);
      const y = top + Math.floor(index / PER_ROW) * (CELL + GAP);
      body.push(gauge(node, x, y));
    });
    top += Math.ceil(group.length / PER_ROW) * (CELL + GAP) + 30;
  }
  const description = `${nodes.length} nodes by GPU model; the filled height of a cell is the share of its GPUs in use.`;
  return chart(WIDTH, top - 20, 'Fleet map', description, body.join(''));
}

function gauge({ id, gpuCount, allocatedMilli }: ClusterReport['nodes'][number], x: number, y: number): string {
  const height = (CELL * allocatedMilli) / (gpuCount * GPU_MILLI);
  const tip = `<title>${escapeText(`${id}: ${allocatedMilli / GPU_MILLI} of ${gpuCount} GPUs`)}</title>`;
  const frame = element('rect', { x, y, width: CELL, height: CELL, class: 'free' }, tip);
  return height === 0
    ? frame
    : frame + element('rect', { x, y: y + CELL - height, width: CELL, height, class: 'used' });
}
