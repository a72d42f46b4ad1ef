/** Rows of cells as aligned text: the columns named to the left, the others to the right. */
export function formatTable(
  head: readonly string[],
  body: readonly (readonly string[])[],
  leftColumns: readonly number[] = [0],
): string {
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        leftColumns.includes(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ');
  return [head, ...body].map(line).join('\n');
}
