/** Where the input of a program comes from, chunk by chunk. @module */
import { StreamReader } from "../../streams/stream_reader.ts";
import type { InputSource } from "../stdio.ts";
import { isFile } from "../spawn/output_settings.ts";

/** How much of text and bytes that are there is given at a time. */
const CHUNK_SIZE = 65536;

/** An open source. */
export interface InputChunks {
  next(): Promise<IteratorResult<unknown, unknown>>;
  /** Cancels the source: the program reads no more. */
  cancel(): void;
  /** Leaves the source as it was: the program was not started. */
  release(): void;
}

/** @throws {Deno.errors.NotFound} There is no such file. */
export function openInput(source: InputSource): InputChunks {
  if (source instanceof ReadableStream) return new StreamChunks(source);
  if (source instanceof StreamReader) return new ReaderChunks(source);
  if (!isFile(source)) return new IterableChunks(source);
  return new FileChunks(Deno.openSync(source.file));
}

/** The bytes of `input`, as a source. They are copied. */
export function inputOf(
  input: string | Uint8Array,
): AsyncIterable<Uint8Array> {
  const bytes = typeof input === "string"
    ? new TextEncoder().encode(input)
    : input.slice();
  return async function* () {
    for (let at = 0; at < bytes.length; at += CHUNK_SIZE) {
      yield bytes.subarray(at, at + CHUNK_SIZE);
    }
  }();
}

class StreamChunks implements InputChunks {
  readonly #reader: ReadableStreamDefaultReader<unknown>;

  constructor(stream: ReadableStream<unknown>) {
    this.#reader = stream.getReader();
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    return this.#reader.read() as Promise<IteratorResult<unknown, unknown>>;
  }

  cancel(): void {
    this.#reader.cancel().catch(() => {});
  }

  release(): void {
    this.#reader.releaseLock();
  }
}

class FileChunks extends StreamChunks {
  constructor(file: Deno.FsFile) {
    super(file.readable);
  }

  override release(): void {
    this.cancel();
  }
}

/** A reader would iterate over lines, which have a limit. */
class ReaderChunks implements InputChunks {
  readonly #reader: StreamReader;

  constructor(reader: StreamReader) {
    this.#reader = reader;
  }

  async next(): Promise<IteratorResult<unknown, unknown>> {
    const value = await this.#reader.read(CHUNK_SIZE);
    return { done: value.length === 0, value };
  }

  cancel(): void {} // it may be read on

  release(): void {}
}

class IterableChunks implements InputChunks {
  readonly #source: AsyncIterable<unknown> | Iterable<unknown>;
  /** Made when it is first asked for: a generator begins then. */
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined = undefined;

  constructor(source: AsyncIterable<unknown> | Iterable<unknown>) {
    this.#source = source;
  }

  async next(): Promise<IteratorResult<unknown, unknown>> {
    this.#iterator ??= Symbol.asyncIterator in this.#source
      ? this.#source[Symbol.asyncIterator]()
      : this.#source[Symbol.iterator]();
    return await this.#iterator.next();
  }

  /** A generator that waits in a foreign promise closes after that. */
  async cancel(): Promise<void> {
    try {
      await this.#iterator?.return?.();
    } catch {
      // Its clean-up failed, after the program has read what it wanted.
    }
  }

  release(): void {}
}
