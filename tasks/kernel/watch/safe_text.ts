/** Text from anywhere, made safe to show. @module */

/**
 * Control characters, and those that change the direction of text: a name may
 * come from outside of the program, and must not control a terminal.
 */
const UNSAFE =
  // deno-lint-ignore no-control-regex -- to be replaced
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Returns `text` on one line, with escapes in place of control characters. */
export function safe(text: string): string {
  return text.replace(
    UNSAFE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Does the same for each line of `text`. */
export function safeLines(text: string): string {
  return text.replace(/[^\n\t]+/g, safe);
}

/** Returns a name in quotes. */
export function quoted(name: string | undefined): string {
  return safe(String(JSON.stringify(name)));
}
