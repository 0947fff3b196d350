/** Text from anywhere, made safe to show. @module */

/**
 * Control characters, and those that change the direction of text: a name may
 * come from anyone, and must not command a terminal.
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

/** The same for text of several lines. */
export function safeLines(text: string): string {
  return text.replace(/[^\n\t]+/g, safe);
}

/** A name in quotes. */
export function quoted(name: string | undefined): string {
  return safe(String(JSON.stringify(name)));
}
