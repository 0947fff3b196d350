/** Standard output. @module */
import { safeLines } from "../../kernel/watch/safe_text.ts";

/** The reader has closed the output, as `head` does: that is no failure. */
export class OutputClosed extends Error {
  override name = "OutputClosed";
}

/** Returns whether the output is a terminal. */
export function isTerminal(): boolean {
  return Deno.stdout.isTerminal();
}

/** Returns the size of the terminal; 80 by 24 if it is not known. */
export function terminalSize(): { columns: number; rows: number } {
  try {
    return Deno.consoleSize();
  } catch {
    return { columns: 80, rows: 24 };
  }
}

/** Prints a text and a line end. */
export function print(text: string): void {
  const bytes = new TextEncoder().encode(`${text}\n`);
  try {
    for (let sent = 0; sent < bytes.length;) {
      sent += Deno.stdout.writeSync(bytes.subarray(sent));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    throw new OutputClosed("nothing reads the output", { cause: error });
  }
}

/** Prints a value as JSON, on one line or on many. */
export function printJson(value: unknown, indent?: number): void {
  const text = JSON.stringify(value, undefined, indent);
  // Control characters can only be in strings.
  print(safeLines(text));
}

/** Styles of text on a terminal. */
export type Style = "bold" | "dim" | "red" | "yellow";

const CODES: Record<Style, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
};

/** Returns `text` in a style, if the output is a terminal. */
export function paint(style: Style, text: string): string {
  if (!isTerminal() || Deno.noColor) return text;
  const [on, off] = CODES[style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** A cell of a table. */
export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
  readonly right?: boolean;
}

/**
 * Returns rows as text, in aligned columns. Text beyond `columns` characters is
 * cut off.
 *
 * @param rows The first has the titles.
 */
export function table(
  rows: readonly (readonly Cell[])[],
  columns = Infinity,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, { text }] of row.entries()) {
      widths[i] = Math.max(widths[i] ?? 0, text.length);
    }
  }
  return rows.map((row) => {
    let left = columns;
    return row.map(({ text, style, right }, i) => {
      const isLast = i === row.length - 1;
      const padded = right
        ? text.padStart(widths[i]!)
        : isLast
        ? text
        : text.padEnd(widths[i]!);
      const shown = padded.slice(0, Math.max(left, 0));
      left -= padded.length + 2;
      return style === undefined ? shown : paint(style, shown);
    }).join("  ").trimEnd();
  }).join("\n");
}
