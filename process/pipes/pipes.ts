/** The pipes of a program. @module */
import { readerOver, type StreamReader } from "../../streams/stream_reader.ts";
import {
  connectionOf,
  sendingStream,
  type StreamWriter,
  writerOver,
} from "../../streams/stream_writer.ts";
import type { SpawnSettings } from "../spawn/settings.ts";
import { PIPE, STDOUT } from "../stdio.ts";
import { FanOut } from "./fan_out.ts";
import type { OpenStdio } from "./open_stdio.ts";
import type { OpenTarget } from "./open_target.ts";
import { PipeSink } from "./pipe_sink.ts";
import { PipeSource } from "./pipe_source.ts";
import { StdinFeed } from "./stdin_feed.ts";

/** What the pipes of a program report. */
export interface PipeEvents {
  /** Called when the pipe of an output was closed, at either end. */
  closed(): void;
  /** Called if the source of the input has failed. */
  inputFailed(error: unknown): void;
  /** Called for an output with targets; `delivered` follows. */
  delivering(): void;
  /** Called when the targets of an output have got everything, or failed. */
  delivered(failure: { error: unknown } | undefined): void;
}

/** The pipes to and from a program. */
export class Pipes {
  readonly stdin: StreamWriter | undefined;
  readonly stdout: StreamReader | undefined;
  readonly stderr: StreamReader | undefined;
  /** Called when bytes of a source were written. */
  onFed: (() => void) | undefined = undefined;
  readonly #feed: StdinFeed | undefined;
  readonly #out: PipeSource | undefined;
  readonly #err: PipeSource | undefined;
  readonly #events: PipeEvents;
  #finished = false;

  constructor(
    child: Deno.ChildProcess,
    { stdin, stdout, stderr, limit }: SpawnSettings,
    { input, ...targets }: OpenStdio,
    events: PipeEvents,
  ) {
    this.#events = events;
    if (stdin === PIPE) {
      this.stdin = writerOver(new PipeSink(child.stdin, child.pid));
    } else if (input !== undefined) {
      this.#feed = new StdinFeed(input, new PipeSink(child.stdin, child.pid), {
        moved: () => this.onFed?.(),
        failed: (error) => events.inputFailed(error),
      });
    }
    if (stdout.stdio === PIPE) {
      this.#out = this.#source(child.stdout, stdout.isRead, targets.stdout);
      if (stdout.isRead) this.stdout = readerOver(this.#out, { limit });
    }
    if (stderr !== STDOUT && stderr.stdio === PIPE) {
      this.#err = this.#source(child.stderr, stderr.isRead, targets.stderr);
      if (stderr.isRead) this.stderr = readerOver(this.#err, { limit });
    }
  }

  /** Whether the pipes of all outputs are closed, at either end. */
  get closed(): boolean {
    return [this.#out, this.#err].every((it) => it?.closed ?? true);
  }

  /** Sets the function that is called when bytes were read. */
  set onBytes(moved: () => void) {
    if (this.#out !== undefined) this.#out.onBytes = moved;
    if (this.#err !== undefined) this.#err.onBytes = moved;
  }

  /** The input, if it is a pipe, as a stream that tells what was sent. */
  openInput(): WritableStream<Uint8Array> | undefined {
    return this.stdin && sendingStream(this.stdin);
  }

  /** Closes all pipes. */
  close(): void {
    this.closeInput();
    this.#out?.close();
    this.#err?.close();
  }

  /** Closes the pipe of the input. */
  closeInput(): void {
    this.stdin?.abort();
    this.#feed?.stop();
  }

  /** Stops reading from the source, as the program has ended. */
  stopFeeding(): void {
    this.#feed?.stop();
  }

  /** Closes the pipe of the output: writes of the program fail. */
  closeStdout(): void {
    this.#out?.close();
  }

  /** The same for the output (1) or the messages (2). */
  closeOutput(fd: number): void {
    (fd === 1 ? this.#out : this.#err)?.close();
  }

  /** Closes all pipes when the program has ended; their bytes can still be read. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    if (this.stdin !== undefined) {
      connectionOf(this.stdin).peerClosed(
        new Deno.errors.BrokenPipe("the program has ended"),
      );
    }
    for (const source of [this.#out, this.#err]) {
      source?.readAhead().catch(() => {}); // the next read rejects as well
    }
  }

  #source(
    pipe: ReadableStream<Uint8Array>,
    isRead: boolean,
    targets: readonly OpenTarget[],
  ): PipeSource {
    const fanOut = targets.length === 0 ? undefined : new FanOut(targets);
    if (fanOut !== undefined) this.#events.delivering();
    return new PipeSource(pipe, {
      isRead,
      fanOut,
      closed: () => {
        this.#events.closed();
        fanOut?.close().then(() => this.#events.delivered(fanOut.failure));
      },
    });
  }
}
