// SPDX-License-Identifier: Apache-2.0

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Lines at the end of a terminal that are drawn over themselves. */
export interface RedrawnBlock {
  draw(lines: readonly string[]): void;
  /** Text that stays, above the lines. */
  say(text: string): void;
}

export function redrawnBlock(
  write: (text: string) => void,
  size: () => TerminalSize,
): RedrawnBlock {
  let drawn: readonly string[] = [];
  // https://ecma-international.org/publications-and-standards/standards/ecma-48/ 8.3.22 (up) and 8.3.39 (clear to the end)
  const erased = () => (drawn.length === 0 ? '' : `\u001b[${drawn.length}A\u001b[0J`);
  const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
  return {
    draw(lines) {
      const { columns, rows } = size();
      // A line that goes on in the next one, or one above the first row, could not be drawn over.
      const fitting = lines
        .slice(0, Math.max(1, rows - 1))
        .map((line) => line.slice(0, columns - 1));
      const before = erased();
      drawn = fitting;
      write(before + textOf(fitting));
    },
    say: (text) => write(erased() + text + textOf(drawn)),
  };
}
