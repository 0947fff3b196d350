/** @module */
import { readerOver, type StreamReader } from "../../streams/stream_reader.ts";
import {
  connectionOf,
  type StreamWriter,
  writerOver,
} from "../../streams/stream_writer.ts";
import { PipeSink } from "./pipe_sink.ts";
import { PipeSource } from "./pipe_source.ts";
import type { SpawnSettings } from "../options.ts";
import { PIPE } from "../stdio.ts";

/** The pipes to and from a program. */
export class Pipes {
  readonly stdin: StreamWriter | undefined;
  readonly stdout: StreamReader | undefined;
  readonly stderr: StreamReader | undefined;
  readonly #out: PipeSource | undefined;
  readonly #err: PipeSource | undefined;
  #finished = false;

  /** @param onClose Is called when one of those that are read is closed. */
  constructor(
    child: Deno.ChildProcess,
    { stdin, stdout, stderr, limit }: SpawnSettings,
    onClose: () => void,
  ) {
    if (stdin === PIPE) {
      this.stdin = writerOver(new PipeSink(child.stdin, child.pid));
    }
    if (stdout === PIPE) {
      this.#out = new PipeSource(child.stdout, onClose);
      this.stdout = readerOver(this.#out, { limit });
    }
    if (stderr === PIPE) {
      this.#err = new PipeSource(child.stderr, onClose);
      this.stderr = readerOver(this.#err, { limit });
    }
  }

  /** Whether all that are read are closed, at either end. */
  get closed(): boolean {
    return [this.#out, this.#err].every((it) => it?.closed ?? true);
  }

  /** Sets what is called when bytes have come. */
  set onBytes(moved: () => void) {
    if (this.#out !== undefined) this.#out.onBytes = moved;
    if (this.#err !== undefined) this.#err.onBytes = moved;
  }

  /** Closes them. */
  close(): void {
    this.stdin?.abort();
    this.#out?.close();
    this.#err?.close();
  }

  /** Reads no more of the program's output, which makes writing to it fail. */
  closeStdout(): void {
    this.#out?.close();
  }

  /**
   * Closes them where nobody is at the other end any more; what has come can
   * still be read.
   */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    if (this.stdin !== undefined) {
      connectionOf(this.stdin).peerClosed(
        new Deno.errors.BrokenPipe("the program has ended"),
      );
    }
    for (const source of [this.#out, this.#err]) {
      source?.readAhead().catch(() => {}); // the next read says it
    }
  }
}
