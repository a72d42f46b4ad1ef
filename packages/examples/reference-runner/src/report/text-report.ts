import type { SimulationReport } from '../simulation/report.ts';
import { formatTable } from './format.ts';
import { sections } from './tables.ts';

/** The report as plain text, at most 120 columns wide for the traces of the repository. */
export function textReport(report: SimulationReport): string {
  const parts = sections(report).map(({ title, lead, tables, remarks }) =>
    [
      title,
      wrap(lead),
      '',
      ...tables.flatMap(({ header, rows }) => [formatTable(header, rows), '']),
      ...remarks.map((remark) => wrap(remark)),
    ].join('\n'),
  );
  const sources = report.sources.map(({ name, licence }) => wrap(`${name}: ${licence}`));
  return [`${report.notice} Seed ${report.seed}.`, ...parts, ['Data', ...sources].join('\n')].join('\n\n');
}

function wrap(text: string, width = 110): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line.length + word.length < width || line === '')
      lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `  ${line}`).join('\n');
}
