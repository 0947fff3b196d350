/** @module */
import { ConnectionState, type LocalEnd } from "./connection_state.ts";
import { BufferedSink, type SinkOwner } from "../buffer/buffered_sink.ts";
import { BufferedSource, type SourceOwner } from "../buffer/buffered_source.ts";
import type { Detached } from "../buffer/byte_buffer.ts";
import type { ByteSink, ByteSource } from "../buffer/source_and_sink.ts";
import { SendQueue } from "./send_queue.ts";
import { takeUnread } from "./take_unread.ts";
import type { StartTlsOptions } from "../tls_options.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";

/** What a connection connects: with a source it has two directions. */
export type ByteEnds = ByteSink & Partial<ByteSource>;

/**
 * What is between the user's reader and writer and a socket, a pipe or a Web
 * Stream: moves the connection from state to state as its owner, its peer and
 * its buffers tell, and does what the state asks for. The buffers know neither
 * each other nor the state.
 *
 * A failure of the sink is kept, and given to `drain` and `waitClosed`: it is
 * never an unhandled rejection.
 */
export class Connection implements SinkOwner, SourceOwner {
  /** Left out if there is one direction only. */
  readonly source: BufferedSource | undefined;
  /** Called once, when it is closed. */
  onClosed: ((connection: object) => void) | undefined = undefined;
  #sink: BufferedSink | undefined;
  readonly #ends: ByteEnds;
  readonly #state: ConnectionState;
  #closers: WaitQueue<void> | undefined;
  #senders: SendQueue | undefined;
  #localEndListeners: Set<(error: unknown) => void> | undefined;
  /** Why nothing more can be written. */
  #localEnd: { readonly error: unknown } | undefined;
  #eofSent = false;
  /** The end of the source is our own from now on. */
  #shutting = false;

  /**
   * @param options.isFed Whether the bytes that come are handed to the source,
   * which has nothing to ask for them; false unless given.
   */
  constructor(ends: ByteEnds, { isFed = false } = {}) {
    this.#ends = ends;
    this.#state = new ConnectionState(ends.oneWay ?? false);
    const hasSource = isFed || ends.read !== undefined;
    const asked = isFed ? undefined : ends as ByteSource;
    this.source = hasSource ? new BufferedSource(asked, this) : undefined;
  }

  /** Made on first use: some connections send nothing. */
  get sink(): BufferedSink {
    return this.#sink ??= new BufferedSink(this.#ends, this);
  }

  /** The pipes that wait to {@linkcode send}. */
  get senders(): SendQueue {
    return this.#senders ??= new SendQueue();
  }

  /** How many bytes are unsent. */
  get unsent(): number {
    return this.#sink?.size ?? 0;
  }

  get canWriteEof(): boolean {
    return this.#ends.oneWay || this.#ends.closeWrite !== undefined;
  }

  get isClosing(): boolean {
    return this.#state.isEnding;
  }

  get isClosed(): boolean {
    return this.#state.phase === "closed";
  }

  /** The error of a connection that was lost. */
  get error(): unknown {
    return this.#state.loss?.error;
  }

  /** Whether the owner of the writer has ended it. */
  get isLocallyEnded(): boolean {
    return this.#state.localEnd !== undefined;
  }

  /** See `StreamWriter.getExtraInfo`. */
  info(name: string): unknown {
    return this.#ends.info?.(name);
  }

  /** See `StreamWriter.startTls`. */
  startTls(_options?: StartTlsOptions): Promise<void> {
    return readyError(
      new Error("Cannot start TLS: this is no connection over a socket"),
    );
  }

  /** @throws {Error} It is closed, or was told that no more comes. */
  checkOpen(): void {
    const end = this.#state.localEnd;
    if (end !== undefined) throw endedBy(end);
  }

  /** Whether bytes that are written now can still be sent. */
  protected get takesBytes(): boolean {
    return this.#state.takesBytes;
  }

  /** See `BufferedSink.canSend`. */
  canSend(): boolean {
    return this.takesBytes && this.sink.canSend();
  }

  /** Sends bytes without a copy; only if {@linkcode canSend}. */
  send(detached: Detached): void {
    this.sink.send(detached);
  }

  /** Bytes that cannot be sent are dropped: `drain` rejects. */
  write(bytes: Uint8Array): void {
    if (this.takesBytes) this.sink.add(bytes);
  }

  /** Waits while too much is unsent. */
  drain(options: WaitOptions | undefined): Promise<void> {
    const failure = this.source?.failure ?? this.#state.failure;
    return rejection(failure, options) ?? this.sink.drained(options);
  }

  /** Waits until nothing is unsent. */
  flushed(options?: WaitOptions): Promise<void> {
    return rejection(this.#state.failure, options) ??
      this.sink.flushed(options);
  }

  waitClosed(options?: WaitOptions): Promise<void> {
    const refusal = rejection(this.#state.loss, options) ??
      checkpointIfCancelled(options);
    if (refusal !== undefined) return refusal;
    if (this.isClosed) return ready(undefined);
    this.#closers ??= new WaitQueue("StreamWriter.waitClosed", {
      external: true,
    });
    return this.#closers.wait(options);
  }

  /** Ends this direction when everything is sent. */
  writeEof(): void {
    if (this.#state.localEnd !== undefined) return;
    this.#state.endLocal();
    this.#localEnded(endedBy("writeEof"));
    this.sink.finish();
  }

  /** Closes it when everything is sent. */
  close(): void {
    if (this.#state.localEnd === "close") return;
    this.#state.close();
    this.#localEnded(endedBy("close"));
    if (this.#state.loss === undefined) this.sink.finish();
    else this.closeIfLost();
  }

  /**
   * Closes it at once, and drops what is unsent.
   *
   * @param reason For the code that reads the Web Stream; an error that says what
   * happened unless given.
   */
  abort(reason?: unknown): void {
    const error = new Deno.errors.ConnectionAborted(
      "the writer was aborted, what was unsent is dropped",
      reason === undefined ? {} : { cause: reason },
    );
    if (this.unsent > 0) this.#state.fail(error, "abort");
    this.#state.close();
    if (this.isClosed) return;
    this.sink.drop(error);
    this.#localEnded(error);
    this.#tearDown(reason ?? error);
  }

  /**
   * What the connection stands on is closed, in order. What has come can still be
   * read; if the owner of the writer has not ended it, writing is no error.
   */
  transportClosed(): void {
    if (this.isLocallyEnded) return this.abort();
    const error = new Deno.errors.ConnectionReset(
      "the connection was lost: its transport is closed",
    );
    this.#state.fail(error, "abort");
    this.#state.abandon();
    this.sink.drop(error);
    this.#localEnded(error);
    this.#finish();
  }

  /**
   * The program that reads the pipe has ended. A call of the sink under way
   * settles whether its bytes were taken; if all were, nothing is lost.
   */
  peerClosed(error: unknown): void {
    if (!this.#state.fail(error, "reader")) return;
    this.#localEnded(error);
    this.#ends.abort(error);
    this.sink.finish();
  }

  /** Nothing can be sent any more. What has come can still be read. */
  connectionLost(error: unknown): void {
    if (!this.#state.fail(error, "peer")) return;
    this.sink.drop(error);
    this.#closers?.failAll(error);
    this.#localEnded(error);
    if (this.#state.phase === "closing") this.#tearDown(error);
  }

  /**
   * Frees what a lost connection holds. Unlike after {@linkcode close}, writing
   * is no error: its owner has not closed the writer.
   */
  closeIfLost(): void {
    const { loss } = this.#state;
    if (loss !== undefined && !this.isClosed) this.#tearDown(loss.error);
  }

  /** Closes it though the owner of the writer has not: writing is no error. */
  protected abandon(error: Error): void {
    this.#state.fail(error, "abort");
    this.#state.abandon();
    this.#localEnded(error);
    this.sink.finish();
  }

  /** It is closed. */
  protected finished(): void {
    this.onClosed?.(this);
  }

  /** Everything is sent: does what the state asks for next. */
  sinkDrained(): void {
    const { phase, failure } = this.#state;
    if (phase === "half-closed, local" && !this.#eofSent) {
      this.#eofSent = true;
      this.#finishWith(this.#ends.closeWrite!(), () => this.sink.resume());
    } else if (phase === "closing" && !this.#shutting) {
      this.#shutting = true;
      this.#finishWith(this.#shut(), () => this.#finish());
    } else if (failure !== undefined) {
      this.#finish();
    } else {
      this.#senders?.resume(() => this.sink.size > 0);
    }
  }

  /**
   * Calls `ended` once with the reason, when nothing more can be written, or at
   * once if that is so already; unless the returned function is called before.
   */
  whenLocallyEnded(ended: (error: unknown) => void): () => void {
    if (this.#localEnd !== undefined) {
      ended(this.#localEnd.error);
      return () => {};
    }
    const listeners = this.#localEndListeners ??= new Set();
    listeners.add(ended);
    return () => listeners.delete(ended);
  }

  sinkFailed(error: unknown): void {
    this.connectionLost(error);
    if (this.source?.isOver ?? true) this.closeIfLost();
  }

  beforeRead(): void {
    this.#sink?.flush();
  }

  /** Nothing to do. */
  sourceIdle(): void {}

  sourceEnded(): void {
    this.#state.endRemote();
    if (this.#state.loss === undefined) this.source!.end();
    else this.closeIfLost(); // a write was told of the reset, the read is not
    if (this.#state.phase === "closing") this.sink.finish();
  }

  sourceFailed(error: unknown): void {
    if (this.#shutting || this.isClosed) return this.source!.end();
    this.#state.endRemote();
    this.connectionLost(error);
    this.closeIfLost();
  }

  /** The last steps of the sink, in which it sends nothing. */
  #finishWith(step: void | Promise<void>, then: () => void): void {
    if (step === undefined) return then();
    this.sink.pause();
    step.then(
      () => this.isClosed || then(),
      (error) => this.isClosed || this.sinkFailed(error),
    );
  }

  #shut(): void | Promise<void> {
    return this.source === undefined
      ? this.#ends.close()
      : this.#shutBoth(this.source);
  }

  async #shutBoth(source: BufferedSource): Promise<void> {
    await this.#ends.confirmEnd?.();
    await takeUnread(source);
    if (!this.isClosed) await this.#ends.close();
  }

  #tearDown(reason: unknown): void {
    this.#ends.abort(reason);
    this.#finish();
  }

  #finish(): void {
    this.#state.finish();
    const { loss, failure } = this.#state;
    if (loss === undefined) this.source?.end();
    else this.source?.fail(loss.error);
    this.#localEnded(failure?.error);
    this.#sink?.end();
    this.#closers?.wakeAll();
    this.finished();
  }

  #localEnded(error: unknown): void {
    this.#localEnd ??= { error };
    const listeners = this.#localEndListeners;
    this.#localEndListeners = undefined;
    for (const listener of listeners ?? []) listener(error);
  }
}

function endedBy(end: LocalEnd): Error {
  return new Error(
    `Cannot write: ${
      end === "close" ? "the writer is closed" : "writeEof was called before"
    }`,
  );
}

/** What `failure` makes of a wait. */
function rejection(
  failure: { readonly error: unknown } | undefined,
  options: WaitOptions | undefined,
): Promise<never> | undefined {
  if (failure === undefined) return undefined;
  return checkpointIfCancelled(options) ?? readyError(failure.error);
}
