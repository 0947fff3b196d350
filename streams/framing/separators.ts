/** @module */
import { describe } from "../../tasks/kernel/types.ts";

/** A separator as users write it: text, bytes, or several of them. */
export type Separator = string | Uint8Array | (string | Uint8Array)[];

const encoder = new TextEncoder();

/** Some separators that are looked for at once, each at least one byte. */
export class Separators {
  /** The shortest one first. */
  readonly all: readonly Uint8Array[];
  readonly longest: number;

  /** @throws {TypeError} There is none, or an empty one. */
  constructor(separator: Separator) {
    const all = Array.isArray(separator) ? separator : [separator];
    if (all.length === 0) {
      throw new TypeError("expected at least one separator, found none");
    }
    this.all = all.map(toBytes).sort((a, b) => a.length - b.length);
    this.longest = this.all.at(-1)!.length;
  }

  equals(other: Separators): boolean {
    return this === other ||
      this.all.length === other.all.length &&
        this.all.every((bytes, i) => equal(bytes, other.all[i]!));
  }
}

function toBytes(separator: string | Uint8Array): Uint8Array {
  if (typeof separator !== "string" && !(separator instanceof Uint8Array)) {
    throw new TypeError(
      `expected a separator of text or bytes, found ${describe(separator)}`,
    );
  }
  const bytes = typeof separator === "string"
    ? encoder.encode(separator)
    : separator.slice();
  if (bytes.length === 0) {
    throw new TypeError("expected a separator, found an empty one");
  }
  return bytes;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
