/** A table of text for a terminal; what is longer than a cell goes on in the next line. */
export function table(rows: readonly (readonly string[])[], widest: number): string {
  const cells = rows.map((row) => row.map((text) => wrapped(text, widest)));
  const widths = rows[0]!.map((_, column) =>
    Math.max(...cells.flatMap((row) => row[column]!.map((line) => line.length))),
  );
  const lines = cells.map((row) =>
    Array.from({ length: Math.max(...row.map((cell) => cell.length)) }, (_, at) =>
      row
        .map((cell, column) => (cell[at] ?? '').padEnd(widths[column]!))
        .join('   ')
        .trimEnd(),
    ).join('\n'),
  );
  return [lines[0], widths.map((width) => '─'.repeat(width)).join('   '), ...lines.slice(1)].join('\n');
}

function wrapped(text: string, widest: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= widest) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
