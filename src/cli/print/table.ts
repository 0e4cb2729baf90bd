/** Columns as Docker prints them: at least ten wide, or as said, three spaces apart, the last one unpadded. */
export function printTable(rows: readonly (readonly string[])[], least = 10): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? least, cell.length + 3);
  }
  const print = (row: readonly string[]) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at]!))).join('');
  return rows.map(row => `${print(row)}\n`).join('');
}

/** Shortens to `length` characters, the last of which is then `…`. */
export function ellipsis(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
