/** Feeding a program and reading its output at the same time. @module */
import { sourceOf, type StreamReader } from "../../streams/stream_reader.ts";
import type { StreamWriter } from "../../streams/stream_writer.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { describe, type WaitOptions } from "../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import type { ExitWatcher } from "../signals/exit_watcher.ts";
import { throwFailure } from "./throw_failure.ts";

/** What a program has written; `undefined` for an output that is not piped. */
export interface ProcessOutput {
  /** The output. */
  stdout?: Uint8Array<ArrayBuffer>;
  /** The messages. */
  stderr?: Uint8Array<ArrayBuffer>;
}

/** The pipes of a program. */
export interface ProcessPipes {
  readonly stdin?: StreamWriter | undefined;
  readonly stdout?: StreamReader | undefined;
  readonly stderr?: StreamReader | undefined;
}

/** How many bytes of the input are written at a time. */
const CHUNK = 65536;

const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();

/**
 * Feeds a program and reads all that it writes, at the same time. If a call is
 * given up, the next one goes on from there.
 */
export class Communication {
  readonly #exit: ExitWatcher;
  readonly #stdin: StreamWriter | undefined;
  readonly #stdout: StreamReader | undefined;
  readonly #stderr: StreamReader | undefined;
  /** What is left of the input. */
  #input: Uint8Array | undefined = undefined;
  #running = false;

  /** @param streams The pipes that are used. */
  constructor(exit: ExitWatcher, streams: ProcessPipes) {
    this.#exit = exit;
    this.#stdin = streams.stdin;
    this.#stdout = streams.stdout;
    this.#stderr = streams.stderr;
  }

  run(
    input: string | Uint8Array | undefined,
    options: WaitOptions | undefined,
  ): Promise<ProcessOutput> {
    try {
      this.#check(input);
    } catch (error) {
      return Promise.reject(error);
    }
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    this.#input ??= input === undefined ? EMPTY : toBytes(input);
    this.#running = true;
    return composite(() => this.#run(options));
  }

  #check(input: string | Uint8Array | undefined): void {
    if (this.#running) {
      throw new Error("Cannot communicate: another call is under way");
    }
    for (const reader of [this.#stdout, this.#stderr]) {
      const reading = reader && sourceOf(reader).waitsFor;
      if (reading === undefined) continue;
      throw new Error(
        `Cannot communicate: ${reading} is waiting`,
      );
    }
    if (input === undefined) return;
    checkInput(input);
    if (input.length === 0) return;
    if (this.#stdin === undefined) {
      throw new TypeError("Cannot communicate: input takes stdin: PIPE");
    }
    if (this.#input !== undefined) {
      throw new Error(
        "Cannot communicate: the input was given before (a call without it goes on with what is left)",
      );
    }
  }

  async #run(options: WaitOptions | undefined): Promise<ProcessOutput> {
    const enough = new AbortController();
    detached(() => this.#feed(enough.signal));
    const outcomes = await Promise.allSettled([
      this.#exit.wait(options),
      untilEnd(this.#stdout, options),
      untilEnd(this.#stderr, options),
    ]);
    this.#running = false;
    enough.abort();
    throwFailure(outcomes);
    const output: ProcessOutput = {};
    if (this.#stdout !== undefined) output.stdout = takeAll(this.#stdout);
    if (this.#stderr !== undefined) output.stderr = takeAll(this.#stderr);
    return output;
  }

  /** Writes the input. It is no failure if the program reads no more. */
  async #feed(signal: AbortSignal): Promise<void> {
    const stdin = this.#stdin;
    if (stdin === undefined || stdin.isClosing) return;
    try {
      while (this.#input!.length > 0) {
        stdin.write(this.#input!.subarray(0, CHUNK));
        this.#input = this.#input!.subarray(CHUNK);
        await stdin.drain({ signal });
      }
      stdin.close();
    } catch {
      if (!signal.aborted) this.#input = EMPTY;
    }
  }
}

/**
 * Waits for the end of an output, and leaves all bytes in the reader, so that none
 * are lost if the wait is given up.
 */
function untilEnd(
  reader: StreamReader | undefined,
  options: WaitOptions | undefined,
): Promise<unknown> | undefined {
  if (reader === undefined) return undefined;
  const source = sourceOf(reader);
  const ended = () => source.eof ? true : undefined;
  return source.read("Process.communicate", ended, options);
}

function takeAll(reader: StreamReader): Uint8Array<ArrayBuffer> {
  return sourceOf(reader).buffer.takeAll();
}

/** @throws {TypeError} `input` is neither text nor bytes. */
function checkInput(
  input: unknown,
): asserts input is string | Uint8Array {
  if (typeof input === "string" || input instanceof Uint8Array) return;
  throw new TypeError(
    `Cannot communicate: input is a string or a Uint8Array, received ${
      describe(input)
    }`,
  );
}

function toBytes(input: string | Uint8Array): Uint8Array {
  return typeof input === "string" ? encoder.encode(input) : input.slice();
}
