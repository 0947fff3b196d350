/** @module */
import { allBytesOf, bytesOf } from "../bytes_of.ts";
import { checkProtocol } from "./check_protocol.ts";
import type { BaseProtocol } from "./base.ts";
import { bufferedOf, fill, memoryOf } from "./fill_buffer.ts";
import { ProtocolCalls } from "./protocol_calls.ts";
import type {
  BufferedProtocol,
  Protocol,
  StreamProtocol,
} from "./protocols.ts";
import { ReadLoop, type ReadSource } from "./read_loop.ts";
import { dispose, TransportState } from "./transport_state.ts";
import type { TransportSocket } from "./transport_socket.ts";
import { Transport, type WriteBufferLimits } from "./transport.ts";
import { WriteLimits } from "./write_limits.ts";
import { WriteQueue, type WriteSink } from "./write_queue.ts";
import { printable } from "../../tasks/kernel/watch/inspect.ts";

/** A transport over a socket. */
export class StreamTransport extends Transport implements AsyncDisposable {
  // The files of this folder use these; users see a `Transport`.
  readonly socket: TransportSocket;
  readonly calls = new ProtocolCalls();
  readonly #limits = new WriteLimits();
  readonly reader: ReadLoop;
  readonly writer: WriteQueue;
  #protocol!: StreamProtocol;
  #buffered: BufferedProtocol | undefined;
  readonly #state = new TransportState(this, this.calls);
  #eof: "no" | "asked" | "sent" = "no";
  /** Why nothing can be written at present. */
  #reservation: string | undefined;
  /** Called after `connectionLost`. */
  onClosed: ((transport: object) => void) | undefined;

  constructor(socket: TransportSocket, protocol: BaseProtocol) {
    super();
    this.socket = socket;
    this.reader = new ReadLoop(socket as ReadSource, this);
    this.writer = new WriteQueue(socket as WriteSink, this);
    socket.closed?.catch((error) => this.#readerGone(error));
    this.setProtocol(protocol);
  }

  /**
   * Tells the protocol that the connection is there, and begins to read.
   *
   * @param isAwaited Code that awaits the connection is to go on before anything
   * is received.
   */
  start({ isAwaited }: { isAwaited: boolean }): void {
    const calls = this.calls;
    calls.call("connectionMade", () => this.#protocol.connectionMade?.(this));
    if (this.socket.read === undefined) return;
    if (isAwaited) calls.nextTurn(() => this.reader.deliver());
    else calls.enter(() => this.reader.deliver());
  }

  getExtraInfo(name: string, fallback?: unknown): unknown {
    return this.socket.info(name) ?? fallback;
  }

  get isClosing(): boolean {
    return !this.#state.isOpen;
  }

  setProtocol(protocol: BaseProtocol): void {
    checkProtocol(protocol);
    this.#protocol = protocol as StreamProtocol;
    this.#buffered = bufferedOf(this.#protocol);
  }

  getProtocol(): StreamProtocol {
    return this.#protocol;
  }

  get isReading(): boolean {
    return this.#state.isOpen && !this.reader.isPaused &&
      this.socket.read !== undefined;
  }

  pauseReading(): void {
    this.reader.pause();
  }

  resumeReading(): void {
    if (!this.#state.isOpen || !this.reader.isPaused) return;
    this.reader.unpause();
    this.calls.soon("dataReceived", () => this.reader.deliver());
  }

  write(data: Uint8Array | string): void {
    const bytes = bytesOf(data, "write");
    if (!this.canWrite) {
      throw new Error(
        "Cannot write: the transport is of a stream that is read",
      );
    }
    if (this.#eof !== "no") {
      throw new Error("Cannot write: writeEof was called before");
    }
    if (this.#reservation !== undefined) {
      throw new Error(`Cannot write: ${this.#reservation}`);
    }
    if (bytes.length === 0) return;
    if (!this.#state.isOpen) return this.#state.dropped();
    this.writer.add(bytes);
    this.#limits.grown(this.writer.size, this.#protocol, this.calls);
  }

  writeLines(data: Iterable<Uint8Array | string>): void {
    for (const bytes of allBytesOf(data, "write")) this.write(bytes);
  }

  /** Whether this direction was ended. */
  get hasWrittenEof(): boolean {
    return this.#eof !== "no";
  }

  get canWriteEof(): boolean {
    return this.#isOneWay || this.socket.closeWrite !== undefined;
  }

  writeEof(): void {
    if (!this.canWriteEof) {
      throw new Error(
        "Cannot end one direction: an encrypted connection ends in both",
      );
    }
    if (!this.#state.isOpen || this.#eof !== "no") return;
    this.#eof = "asked";
    this.#endIfDue();
  }

  get canWrite(): boolean {
    return this.socket.write !== undefined;
  }

  /**
   * Keeps all others from writing until the returned function is called.
   *
   * @throws {Error} It is closing, or reserved already.
   */
  reserve(reason: string): () => void {
    const obstacle = this.isClosing
      ? "the transport is closing"
      : this.#eof !== "no"
      ? "writeEof was called before"
      : this.#reservation;
    if (obstacle !== undefined) throw new Error(`Cannot write: ${obstacle}`);
    this.#reservation = reason;
    return () => {
      this.#reservation = undefined;
      this.#endIfDue();
    };
  }

  close(): void {
    if (!this.#state.close()) return;
    this.reader.stop();
    if (this.writer.size > 0) return;
    const confirmed = this.socket.confirmEnd?.();
    if (confirmed === undefined) this.#state.lose(undefined);
    else this.#finishAfter(confirmed);
  }

  /** The end of one direction is the end. */
  get #isOneWay(): boolean {
    return this.socket.read === undefined;
  }

  abort(): void {
    this.forceClose(undefined);
  }

  getWriteBufferSize(): number {
    return this.writer.size;
  }

  getWriteBufferLimits(): { low: number; high: number } {
    return this.#limits.limits;
  }

  setWriteBufferLimits(limits: WriteBufferLimits = {}): void {
    this.#limits.set(limits);
    this.#limits.grown(this.writer.size, this.#protocol, this.calls);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return dispose(this, this.#state);
  }

  received(
    memory: Uint8Array<ArrayBuffer>,
    from: number,
    to: number,
  ): number {
    const buffered = this.#buffered;
    const start = this.calls.begin();
    let taken = to - from;
    let method = "dataReceived";
    try {
      if (buffered === undefined) {
        (this.#protocol as Protocol).dataReceived(memory.slice(from, to));
      } else {
        method = "getBuffer";
        taken = fill(memoryOf(buffered, to - from), memory, from, to);
        method = "bufferUpdated";
        buffered.bufferUpdated(taken);
      }
    } catch (error) {
      this.#failedIn(method, error);
    }
    if (start !== 0) this.calls.end(method, start);
    return taken;
  }

  get isWriting(): boolean {
    return this.writer.size > 0;
  }

  /** An encrypted connection that is cut off counts as ended, as in CPython. */
  readFailed(error: unknown): void {
    if (error instanceof Deno.errors.UnexpectedEof) this.ended();
    else this.forceClose(error);
  }

  writeFailed(error: unknown): void {
    this.forceClose(error);
  }

  ended(): void {
    let keepsOpen: unknown;
    try {
      keepsOpen = this.#protocol.eofReceived?.();
    } catch (error) {
      return this.#failedIn("eofReceived", error);
    }
    if (!keepsOpen || this.socket.closeWrite === undefined) this.close();
  }

  sent(): void {
    this.#limits.shrunk(this.writer.size, this.#protocol, this.calls);
    if (this.writer.size > 0) return;
    this.reader.written();
    if (this.#state.isClosing) {
      const confirmed = this.socket.confirmEnd?.();
      if (confirmed === undefined) this.#state.finish();
      else this.#finishAfter(confirmed);
    } else this.#endIfDue();
  }

  #finishAfter(confirmed: Promise<void>): void {
    confirmed.then(
      () => this.#state.finish(),
      (error) => this.forceClose(error),
    );
  }

  /** Ends this direction, if that was asked for and everything is sent. */
  #endIfDue(): void {
    const isDue = this.#eof === "asked" && this.#reservation === undefined;
    if (!isDue || !this.#state.isOpen) return;
    if (this.#isOneWay) return this.close();
    if (this.writer.size > 0) return;
    this.#eof = "sent";
    this.socket.closeWrite!().catch((error) => this.forceClose(error));
  }

  /** A callback of the protocol has thrown `error`. */
  #failedIn(name: string, error: unknown): void {
    this.calls.report(`Fatal error: protocol.${name}() call failed`, error);
    this.forceClose(error);
  }

  /** As in CPython, it is no error of a pipe if everything was sent before. */
  #readerGone(error: unknown): void {
    const isEnd = error instanceof Deno.errors.BrokenPipe && !this.isWriting;
    this.forceClose(isEnd ? undefined : error);
  }

  /** The connection is lost. */
  forceClose(error: unknown): void {
    if (!this.#state.lose(error)) return;
    this.reader.stop();
    this.writer.stop();
  }

  release(): void {
    this.writer.stop();
    this.socket.abort();
    this.onClosed?.(this);
  }

  static {
    printable(StreamTransport, (transport) => ({
      peer: transport.socket.name,
      protocol: transport.#protocol.constructor.name,
      state: transport.#state.name,
      reading: transport.isReading,
      unsent: transport.writer.size,
    }));
  }
}
