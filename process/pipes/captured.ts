/** What a program has written, as its caller wants it. @module */
import type { OutputName, ProcessOutput } from "./communicate.ts";

/** How what was captured is given. */
export interface CaptureFormat {
  readonly encoding: "utf-8" | "buffer";
  /** Whether text is given as lines. */
  readonly lines: boolean;
  /** Whether both outputs are given together as well. */
  readonly all: boolean;
}

/** What was captured; `undefined` if it was not. */
export interface Captured<T> {
  /** Of the output. */
  stdout?: T | undefined;
  /** Of the messages. */
  stderr?: T | undefined;
  /** Of both, in order of arrival. */
  all?: T | undefined;
}

/** In which order the bytes of two outputs came. */
export class ArrivalOrder {
  readonly #parts: { output: OutputName; count: number }[] = [];

  note(output: OutputName, count: number): void {
    const last = this.#parts.at(-1);
    if (last?.output === output) last.count += count;
    else this.#parts.push({ output, count });
  }

  /** The bytes of both, part by part. */
  *parts(output: ProcessOutput): Generator<Part> {
    const taken = { stdout: 0, stderr: 0 };
    for (const { output: name, count } of this.#parts) {
      const at = taken[name];
      taken[name] += count;
      const bytes = output[name]?.subarray(at, at + count);
      if (bytes?.length) yield { output: name, bytes };
    }
  }
}

/** What is captured, in each of the forms. */
export type CapturedData = string | Uint8Array | string[];

/** How much is decoded at once. */
const PAGE_SIZE = 1 << 20;

/** @throws A text would be longer than a string can be. */
export function formatted(
  output: ProcessOutput,
  order: ArrivalOrder,
  format: CaptureFormat,
): Captured<CapturedData> {
  const { stdout, stderr } = output;
  const parts = () => [...order.parts(output)];
  const form = formOf(format);
  return {
    ...(stdout !== undefined && { stdout: form([only("stdout", stdout)]) }),
    ...(stderr !== undefined && { stderr: form([only("stderr", stderr)]) }),
    ...(format.all && { all: form(parts()) }),
  };
}

interface Part {
  readonly output: OutputName;
  readonly bytes: Uint8Array;
}

function only(output: OutputName, bytes: Uint8Array): Part {
  return { output, bytes };
}

function formOf(
  { encoding, lines }: CaptureFormat,
): (parts: Part[]) => CapturedData {
  if (encoding === "buffer") return joined;
  return lines ? linesOf : textOf;
}

function joined(parts: Part[]): Uint8Array {
  if (parts.length === 1) return parts[0]!.bytes;
  const size = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const all = new Uint8Array(size);
  let at = 0;
  for (const { bytes } of parts) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}

/** A character may begin in one part, and end in the next of the same output. */
function textOf(parts: Part[]): string {
  const decoders = { stdout: decoder(), stderr: decoder() };
  if (parts.length === 1) return decoders.stdout.decode(parts[0]!.bytes);
  const texts = parts.map(({ output, bytes }) =>
    decoders[output].decode(bytes, { stream: true })
  );
  texts.push(decoders.stdout.decode(), decoders.stderr.decode());
  return texts.join("");
}

/** So may a line: it comes where it ends. */
function linesOf(parts: Part[]): string[] {
  const lines: string[] = [];
  const splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() };
  for (const { output, bytes } of parts) {
    for (let at = 0; at < bytes.length; at += PAGE_SIZE) {
      const page = bytes.subarray(at, at + PAGE_SIZE);
      for (const line of splitters[output].add(page)) lines.push(line);
    }
  }
  lines.push(...splitters.stdout.end(), ...splitters.stderr.end());
  return lines;
}

class LineSplitter {
  readonly #decoder = decoder();
  #rest = "";

  add(bytes: Uint8Array): string[] {
    return this.#split(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): string[] {
    const lines = this.#split(this.#decoder.decode());
    return this.#rest === "" ? lines : [...lines, this.#rest];
  }

  #split(text: string): string[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    return lines.map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
  }
}

function decoder(): TextDecoder {
  return new TextDecoder("utf-8", { ignoreBOM: true });
}
