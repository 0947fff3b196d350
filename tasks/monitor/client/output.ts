/** Standard output. @module */
import { safe } from "../../kernel/watch/safe_text.ts";

/** The reader of the output has closed it, as `head` does: no failure. */
export class OutputClosed extends Error {
  override name = "OutputClosed";
}

/** Whether a person reads it. */
export function isTerminal(): boolean {
  return Deno.stdout.isTerminal();
}

/** The size of the terminal; that of an old one if it has none. */
export function terminalSize(): { columns: number; rows: number } {
  try {
    return Deno.consoleSize();
  } catch {
    return { columns: 80, rows: 24 };
  }
}

/** Writes a text, and a line end. */
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

/** Writes a value as JSON, on one line or on many. */
export function printJson(value: unknown, indent?: number): void {
  const text = JSON.stringify(value, undefined, indent);
  // What a terminal would obey can only be in strings.
  print(text.split("\n").map(safe).join("\n"));
}

/** Styles of text; none unless a person reads it. */
export type Style = "bold" | "dim" | "red" | "yellow";

const CODES: Record<Style, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
};

/** `text` in a style. */
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
 * Rows in columns of equal width. What reaches beyond `columns` is cut off.
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
