/** Text for a terminal. @module */

import { safe } from "../../tasks/kernel/watch/safe_text.ts";

/** A value as JSON on one line, of at most `most` characters. */
export function shown(value: unknown, most = Infinity): string {
  const text = safe(JSON.stringify(value) ?? "?");
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Rows in columns of equal width. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    }
  }
  return rows.map((row) =>
    row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()
  ).join("\n");
}
