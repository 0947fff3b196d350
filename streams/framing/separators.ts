/** @module */
import { describe } from "../../tasks/kernel/types.ts";

/** A separator as users write it: text, bytes, or several of them. */
export type Separator = string | Uint8Array | (string | Uint8Array)[];

/** One separator, of at least one byte. */
export interface SeparatorBytes {
  readonly bytes: Uint8Array;
  /** The same bytes as text, a character for each. */
  readonly key: string;
}

const encoder = new TextEncoder();
/** How many texts are known: programs have few, and use each again and again. */
const MAX_KNOWN = 64;
const known = new Map<string, SeparatorBytes>();

/** Some separators that are looked for at once. */
export class Separators {
  /** The shortest one first. */
  readonly all: readonly SeparatorBytes[];
  readonly longest: number;

  /** @throws {TypeError} There is none, or an empty one. */
  constructor(separator: Separator) {
    const all = Array.isArray(separator) ? separator : [separator];
    if (all.length === 0) {
      throw new TypeError(
        "Cannot separate: expected at least one separator, received none",
      );
    }
    this.all = all.map(bytesOf).sort((a, b) => a.bytes.length - b.bytes.length);
    this.longest = this.all.at(-1)!.bytes.length;
  }
}

/** The end of a line. */
export const NEWLINE: Separators = new Separators("\n");

function bytesOf(separator: string | Uint8Array): SeparatorBytes {
  if (typeof separator === "string") {
    return known.get(separator) ?? remember(separator);
  }
  if (separator instanceof Uint8Array) return checked(separator.slice());
  throw new TypeError(
    `Cannot separate: expected a separator of text or bytes, received ${
      describe(separator)
    }`,
  );
}

/** Keeps the bytes of `text`: encoding it takes as long as the read itself. */
function remember(text: string): SeparatorBytes {
  const bytes = checked(encoder.encode(text));
  if (known.size === MAX_KNOWN) known.clear();
  known.set(text, bytes);
  return bytes;
}

function checked(bytes: Uint8Array): SeparatorBytes {
  if (bytes.length === 0) {
    throw new TypeError(
      "Cannot separate: expected a separator, received an empty one",
    );
  }
  return { bytes, key: textOf(bytes) };
}

/** A character for each byte. */
function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
