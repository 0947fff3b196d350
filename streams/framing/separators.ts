/** @module */
import { Buffer } from "node:buffer";
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
    this.all = all.map(toBytes)
      .sort((a, b) => a.length - b.length)
      .map((bytes) => ({ bytes, key: Buffer.from(bytes).toString("latin1") }));
    this.longest = this.all.at(-1)!.bytes.length;
  }
}

function toBytes(separator: string | Uint8Array): Uint8Array {
  if (typeof separator !== "string" && !(separator instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot separate: expected a separator of text or bytes, received ${
        describe(separator)
      }`,
    );
  }
  const bytes = typeof separator === "string"
    ? encoder.encode(separator)
    : separator.slice();
  if (bytes.length === 0) {
    throw new TypeError(
      "Cannot separate: expected a separator, received an empty one",
    );
  }
  return bytes;
}
