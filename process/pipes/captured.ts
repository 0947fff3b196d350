/** Captured output, and its forms. @module */
import { joined } from "./joined.ts";
import type { OpenTarget } from "./open_target.ts";

/** The form in which captured output is returned. */
export interface CaptureFormat {
  readonly encoding: "utf-8" | "buffer";
  /** Whether text is split into lines. */
  readonly lines: boolean;
  /** Whether both outputs are also returned together. */
  readonly all: boolean;
}

/** Captured output; `undefined` if it was not captured. */
export interface Captured<T> {
  /** The output. */
  stdout?: T | undefined;
  /** The messages. */
  stderr?: T | undefined;
  /** Both, in order of arrival. */
  all?: T | undefined;
}

/** Captured output, in any form. */
export type CapturedData = string | Uint8Array | string[];

/** An output of a program. */
export type OutputName = "stdout" | "stderr";

/** Bytes that were read together. */
interface Part {
  readonly output: OutputName;
  readonly bytes: Uint8Array;
}

/** How much is kept. */
export interface CaptureLimit {
  /** The limit of each output. */
  readonly bytes: number;
  /** Called whenever bytes of an output are dropped, with their number. */
  exceeded(output: OutputName, bytes: number): void;
}

/** Keeps what a program writes, in order of arrival. */
export class CaptureLog {
  readonly #limit: CaptureLimit;
  readonly #parts: Part[] = [];
  /** The bytes of each output that is captured. */
  readonly #sizes = new Map<OutputName, number>();

  constructor(limit: CaptureLimit) {
    this.#limit = limit;
  }

  /** Returns a target that captures an output. */
  targetFor(output: OutputName): OpenTarget {
    this.#sizes.set(output, 0);
    return {
      keepsBytes: false,
      write: (bytes) => Promise.resolve(this.#add(output, bytes)),
      close: () => Promise.resolve(),
      release() {},
    };
  }

  /** The output with the most bytes. */
  get largest(): OutputName {
    const { stdout = 0, stderr = 0 } = Object.fromEntries(this.#sizes);
    return stderr > stdout ? "stderr" : "stdout";
  }

  /** @throws A text would be longer than a string can be. */
  formatted(format: CaptureFormat): Captured<CapturedData> {
    const form = formOf(format);
    const captured: Captured<CapturedData> = {};
    for (const output of this.#sizes.keys()) {
      captured[output] = form(this.#parts.filter((it) => it.output === output));
    }
    if (format.all) captured.all = form(this.#parts);
    return captured;
  }

  #add(output: OutputName, bytes: Uint8Array): void {
    const size = this.#sizes.get(output)!;
    const left = this.#limit.bytes - size;
    const kept = bytes.slice(0, left);
    if (kept.length > 0) this.#parts.push({ output, bytes: kept });
    this.#sizes.set(output, size + kept.length);
    const dropped = bytes.length - kept.length;
    if (dropped > 0) this.#limit.exceeded(output, dropped);
  }
}

function formOf(
  { encoding, lines }: CaptureFormat,
): (parts: Part[]) => CapturedData {
  if (encoding === "buffer") return bytesOf;
  return lines ? linesOf : textOf;
}

function bytesOf(parts: Part[]): Uint8Array {
  return joined(parts.map(({ bytes }) => bytes));
}

/** A character may begin in one part and end in the next one of its output. */
function textOf(parts: Part[]): string {
  const decoders = { stdout: decoder(), stderr: decoder() };
  const texts = parts.map(({ output, bytes }) =>
    decoders[output].decode(bytes, { stream: true })
  );
  texts.push(decoders.stdout.decode(), decoders.stderr.decode());
  return texts.join("");
}

/** A line may, too: its place is that of its end. */
function linesOf(parts: Part[]): string[] {
  const lines: string[] = [];
  const splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() };
  for (const { output, bytes } of parts) {
    splitters[output].add(bytes, lines);
  }
  splitters.stdout.end(lines);
  splitters.stderr.end(lines);
  return lines;
}

/**
 * Looks at each character once, however long a line is: the parts of a line that
 * has not ended are kept as they are.
 */
class LineSplitter {
  readonly #decoder = decoder();
  #begun: string[] = [];

  /** Adds the lines that end in `bytes` to `lines`. */
  add(bytes: Uint8Array, lines: string[]): void {
    this.#split(this.#decoder.decode(bytes, { stream: true }), lines);
  }

  /** Adds the last line, if it has no end. */
  end(lines: string[]): void {
    this.#split(this.#decoder.decode(), lines);
    const rest = this.#begun.join("");
    if (rest !== "") lines.push(rest);
  }

  #split(text: string, lines: string[]): void {
    let from = 0;
    let newline = text.indexOf("\n");
    while (newline >= 0) {
      lines.push(this.#ended(text.slice(from, newline)));
      from = newline + 1;
      newline = text.indexOf("\n", from);
    }
    if (from < text.length) this.#begun.push(text.slice(from));
  }

  /** Returns the line that ends with `text`. */
  #ended(text: string): string {
    let line = text;
    if (this.#begun.length > 0) {
      line = this.#begun.join("") + text;
      this.#begun = [];
    }
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}

function decoder(): TextDecoder {
  return new TextDecoder("utf-8", { ignoreBOM: true });
}
