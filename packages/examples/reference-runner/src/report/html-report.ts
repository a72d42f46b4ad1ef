import type { SimulationReport } from '../simulation/report.ts';
import { carbonChart } from './charts/carbon-chart.ts';
import { fleetMap } from './charts/fleet-map.ts';
import { replicasChart } from './charts/replicas-chart.ts';
import { escapeText } from './charts/svg.ts';
import { sections, type Section } from './tables.ts';

/** The report as one HTML file that needs nothing else: no script, no network. */
export function htmlReport(report: SimulationReport): string {
  const charts = [
    {
      svg: fleetMap(report.cluster),
      caption: 'Each cell is a node; its filled height is the share of its GPUs in use at the end.',
    },
    {
      svg: replicasChart(report.endpoint),
      caption: 'Replicas follow demand: up after 30 s of a higher wish, down after 300 s of a lower one.',
    },
    {
      svg: carbonChart(report.week),
      caption:
        'Each zone has its own scale. Bars are stretches of jobs: blue in their home zone, orange when moved there from another.',
    },
  ];
  const body = sections(report).map((section, index) => renderSection(section, charts[index]!));
  const sources = report.sources
    .map(({ name, licence, use }) => `<li>${escapeText(name)}. ${escapeText(licence)}. ${escapeText(use)}.</li>`)
    .join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Spillway simulation, seed ${report.seed}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Spillway simulation</h1>
<p class="notice"><strong>${escapeText(report.notice)}</strong> Seed ${report.seed}: the same seed gives the same report.</p>
${body.join('\n')}
<section><h2>Data</h2><ul>${sources}</ul></section>
</main>
</body>
</html>
`;
}

function renderSection(section: Section, { svg, caption }: { readonly svg: string; readonly caption: string }): string {
  const tables = section.tables.map(({ header, rows }) => {
    const head = header.map((cell) => `<th scope="col">${escapeText(cell)}</th>`).join('');
    const lines = rows
      .map(
        (row) =>
          `<tr${row[0] === 'spillway' ? ' class="ours"' : ''}>${row.map((cell) => `<td>${escapeText(cell)}</td>`).join('')}</tr>`,
      )
      .join('');
    return `<div class="table"><table><thead><tr>${head}</tr></thead><tbody>${lines}</tbody></table></div>`;
  });
  const remarks = section.remarks.map((remark) => `<li>${escapeText(remark)}</li>`).join('');
  return `<section>
<h2>${escapeText(section.title)}</h2>
<p>${escapeText(section.lead)}</p>
${tables.join('\n')}
<figure>${svg}<figcaption>${escapeText(caption)}</figcaption></figure>
<ul>${remarks}</ul>
</section>`;
}

const STYLE = `
:root { --ink: #16202c; --soft: #5b6876; --line: #d9dfe6; --paper: #fff; --fill: #2563a8; --accent: #c2570c; --third: #7a9cc4; }
body { margin: 0; background: #f4f6f8; color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1020px; margin: 0 auto; padding: 24px 20px 60px; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 8px 24px 20px; margin: 20px 0; }
h1 { margin: 8px 0; } h2 { margin: 12px 0 4px; font-size: 20px; }
.notice { border-left: 4px solid var(--accent); padding: 8px 14px; background: #fff7ef; }
.table { overflow-x: auto; }
table { border-collapse: collapse; margin: 10px 0; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 14px 4px 0; text-align: right; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; font-size: 13px; }
th:first-child, td:first-child { text-align: left; }
.ours td { font-weight: 600; background: #eef4fb; }
figure { margin: 18px 0 8px; } figcaption { color: var(--soft); font-size: 13px; margin-top: 6px; }
svg { width: 100%; height: auto; font-family: inherit; fill: var(--ink); }
svg .tick { fill: var(--soft); font-size: 11px; } svg .caption { font-weight: 600; font-size: 13px; }
svg .grid { stroke: var(--line); } svg .axis { stroke: var(--soft); }
svg .free { fill: #fff; stroke: #b8c2cd; stroke-width: 1; } svg .used { fill: var(--fill); }
svg .tier-0 { fill: #1d4f8a; } svg .tier-1 { fill: #7fb0dd; } svg .tier-2 { fill: #f0a35e; }
svg .demand { fill: none; stroke: #111; stroke-width: 1.6; }
svg .target { fill: none; stroke: var(--accent); stroke-width: 1.4; stroke-dasharray: 5 3; }
svg .carbon { fill: none; stroke: var(--ink); stroke-width: 1.3; }
svg .home { fill: var(--fill); } svg .moved { fill: var(--accent); }
`;
