/** Number with thousands separated by commas, the same in every locale. */
export function formatNumber(value: number, digits = 0): string {
  const [whole = '0', fraction] = Math.abs(value).toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && Number(text.replaceAll(',', '')) !== 0 ? `-${text}` : text;
}

/** A ratio as a percentage. */
export function formatPercent(ratio: number, digits = 1): string {
  return `${formatNumber(ratio * 100, digits)} %`;
}

/** The change from one amount to another, signed: `-31.2 %`. */
export function formatChange(from: number, to: number): string {
  if (from === 0) return to === 0 ? '0.0 %' : 'n/a';
  const ratio = to / from - 1;
  return `${ratio > 0 ? '+' : ''}${formatPercent(ratio)}`;
}

/** Rows of cells as aligned text; the first column to the left, the others to the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}
