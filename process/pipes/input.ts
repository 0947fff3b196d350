/** The sources of a program's input, as chunks. @module */
import { detached } from "../../tasks/kernel/context/detached.ts";
import { StreamReader } from "../../streams/stream_reader.ts";
import type { InputSource } from "../stdio.ts";
import { isFile } from "../spawn/output_settings.ts";

/** How many bytes of an input in memory are in a chunk. */
const CHUNK_SIZE = 65536;

const NO_MEMORY = new Uint8Array();

/** An open source. */
export interface InputChunks {
  next(): Promise<IteratorResult<unknown, unknown>>;
  /** Cancels the source, as the program reads no more. */
  cancel(): void;
  /** Releases the source unread, as the program was not started. */
  release(): void;
}

/** @throws {Deno.errors.NotFound} There is no such file. */
export function openInput(source: InputSource): InputChunks {
  if (source instanceof ReadableStream) return new StreamChunks(source);
  if (source instanceof StreamReader) return new ReaderChunks(source);
  if (!isFile(source)) return new IterableChunks(source);
  return new FileChunks(Deno.openSync(source.file));
}

/** Makes a source of a copy of `input`. */
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

/** The callbacks of the stream belong to no task. */
class StreamChunks implements InputChunks {
  readonly #reader: ReadableStreamDefaultReader<unknown>;

  constructor(stream: ReadableStream<unknown>) {
    this.#reader = stream.getReader();
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    return detached(() => this.#reader.read()) as Promise<
      IteratorResult<unknown, unknown>
    >;
  }

  cancel(): void {
    detached(() => this.#reader.cancel()).catch(() => {});
  }

  release(): void {
    this.#reader.releaseLock();
  }
}

/** How many bytes of a file are read at a time. */
const FILE_CHUNK_SIZE = 262_144;

/** Reads the next chunk while the one before it is written. */
class FileChunks implements InputChunks {
  readonly #file: Deno.FsFile;
  readonly #memory = [NO_MEMORY, NO_MEMORY];
  #turn = 0;
  #ahead: Promise<IteratorResult<unknown, unknown>> | undefined = undefined;
  #isOpen = true;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    const chunk = this.#ahead ?? this.#read();
    this.#ahead = chunk.then((it) => it.done ? it : this.#read());
    this.#ahead.catch(() => {}); // the next call returns it
    return chunk;
  }

  cancel(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#file.close();
  }

  release(): void {
    this.cancel();
  }

  async #read(): Promise<IteratorResult<unknown, unknown>> {
    const turn = this.#turn;
    this.#turn = 1 - turn;
    if (this.#memory[turn] === NO_MEMORY) {
      this.#memory[turn] = new Uint8Array(FILE_CHUNK_SIZE);
    }
    const memory = this.#memory[turn]!;
    const count = await this.#file.read(memory);
    if (count === null) this.cancel();
    return { done: count === null, value: memory.subarray(0, count ?? 0) };
  }
}

/** Reads bytes: an iteration over a reader is by lines, which have a limit. */
class ReaderChunks implements InputChunks {
  readonly #reader: StreamReader;

  constructor(reader: StreamReader) {
    this.#reader = reader;
  }

  async next(): Promise<IteratorResult<unknown, unknown>> {
    const value = await this.#reader.read(CHUNK_SIZE);
    return { done: value.length === 0, value };
  }

  cancel(): void {} // other code may go on reading

  release(): void {}
}

class IterableChunks implements InputChunks {
  readonly #source: AsyncIterable<unknown> | Iterable<unknown>;
  /** Made by the first step. */
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

  /** If a generator waits for a promise, it ends after that. */
  async cancel(): Promise<void> {
    try {
      await this.#iterator?.return?.();
    } catch {
      // The clean-up of a generator has failed; the program needs no more input.
    }
  }

  release(): void {}
}
