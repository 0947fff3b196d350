/** Text for a terminal. @module */

/**
 * Control characters, and those that change the direction of text: what is in a
 * queue may come from anyone, and must not command a terminal.
 */
const UNSAFE =
  // deno-lint-ignore no-control-regex -- they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** `text` on one line, with nothing in it that a terminal obeys. */
export function safe(text: string): string {
  return text.replace(
    UNSAFE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A value on one line, not longer than `most` characters. */
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
