/** @module */
import { bytesOf } from "../bytes_of.ts";
import { ProtocolCalls } from "./protocol_calls.ts";
import type {
  BaseProtocol,
  BufferedProtocol,
  Protocol,
  StreamProtocol,
} from "./protocols.ts";
import { ReadLoop } from "./read_loop.ts";
import { Transport, type WriteBufferLimits } from "./transport.ts";
import { WriteLimits } from "./write_limits.ts";
import { WriteQueue } from "./write_queue.ts";
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { describe } from "../../tasks/kernel/types.ts";
import { sleep } from "../../tasks/sleep.ts";

/** What a transport stands on: a socket, encrypted or not. */
export interface TransportSocket {
  /** The peer, in a word. */
  readonly name?: string | undefined;
  /**
   * Reads at least one byte and resolves to their number; to `null` at the end.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes at least one byte and resolves to their number. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends this direction; left out if there is no such thing. */
  readonly closeWrite?: (() => Promise<void>) | undefined;
  /** Tells the peer that all was sent, where the end alone does not. */
  sayGoodbye(): Promise<void> | undefined;
  /** Closes it at once. */
  abort(): void;
  info(name: string): unknown;
}

/** So many turns of the loop may what is unsent take at the end of a run. */
const IO_TURNS = 64;
/** More writes than this after the end are told. */
const MANY_WRITES = 5;

/**
 * A transport over a socket.
 *
 * ```text
 * open ── close() ──► closing ── all is sent ──► lost ── connectionLost ──► closed
 *   └──────────────── abort(), a failure ──────────►┘
 * ```
 */
export class StreamTransport extends Transport implements AsyncDisposable {
  readonly #socket: TransportSocket;
  readonly #calls = new ProtocolCalls();
  readonly #limits = new WriteLimits();
  readonly #reader: ReadLoop;
  readonly #writer: WriteQueue;
  #protocol!: StreamProtocol;
  #buffered: BufferedProtocol | undefined;
  #state: "open" | "closing" | "lost" | "closed" = "open";
  #eof: "no" | "asked" | "sent" = "no";
  #writesAfterEnd = 0;
  /** Called after `connectionLost`. */
  onClosed: (() => void) | undefined;

  constructor(socket: TransportSocket, protocol: StreamProtocol) {
    super();
    this.#socket = socket;
    this.#reader = new ReadLoop(socket, this);
    this.#writer = new WriteQueue(socket, this);
    this.setProtocol(protocol);
  }

  /**
   * Tells the protocol that the connection is there, and begins to read.
   *
   * @param isAwaited Code that awaits the connection is to go on before anything
   * is received.
   */
  start({ isAwaited }: { isAwaited: boolean }): void {
    const calls = this.#calls;
    calls.call("connectionMade", () => this.#protocol.connectionMade?.(this));
    if (isAwaited) calls.nextTurn(() => this.#reader.deliver());
    else calls.enter(() => this.#reader.deliver());
  }

  getExtraInfo(name: string, fallback?: unknown): unknown {
    return this.#socket.info(name) ?? fallback;
  }

  get isClosing(): boolean {
    return this.#state !== "open";
  }

  setProtocol(protocol: BaseProtocol): void {
    checkProtocol(protocol);
    this.#protocol = protocol as StreamProtocol;
    this.#buffered = "getBuffer" in protocol
      ? protocol as BufferedProtocol
      : undefined;
  }

  getProtocol(): StreamProtocol {
    return this.#protocol;
  }

  get isReading(): boolean {
    return this.#state === "open" && !this.#reader.isPaused;
  }

  pauseReading(): void {
    this.#reader.pause();
  }

  resumeReading(): void {
    if (this.#state !== "open" || !this.#reader.isPaused) return;
    this.#reader.unpause();
    this.#calls.soon("dataReceived", () => this.#reader.deliver());
  }

  write(data: Uint8Array | string): void {
    const bytes = bytesOf(data, "write");
    if (this.#eof !== "no") {
      throw new Error("Cannot write: writeEof was called before");
    }
    if (bytes.length === 0) return;
    if (this.#state !== "open") return this.#dropped();
    this.#writer.add(bytes);
    this.#limits.grown(this.#writer.size, this.#protocol, this.#calls);
  }

  writeLines(data: Iterable<Uint8Array | string>): void {
    for (const each of data) this.write(each);
  }

  get canWriteEof(): boolean {
    return this.#socket.closeWrite !== undefined;
  }

  writeEof(): void {
    if (!this.canWriteEof) {
      throw new Error(
        "Cannot end one direction: an encrypted connection ends in both",
      );
    }
    if (this.#state !== "open" || this.#eof !== "no") return;
    this.#eof = "asked";
    if (this.#writer.size === 0) this.#sendEof();
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#reader.stop();
    if (this.#writer.size > 0) return;
    const goodbye = this.#socket.sayGoodbye();
    if (goodbye !== undefined) goodbye.then(this.#finish);
    else this.#loseSoon(undefined);
  }

  abort(): void {
    this.#forceClose(undefined);
  }

  getWriteBufferSize(): number {
    return this.#writer.size;
  }

  getWriteBufferLimits(): { low: number; high: number } {
    return this.#limits.limits;
  }

  setWriteBufferLimits(limits: WriteBufferLimits = {}): void {
    this.#limits.set(limits);
    this.#limits.grown(this.#writer.size, this.#protocol, this.#calls);
  }

  /** Closes it, sends what the peer takes at once, and drops the rest. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    for (let turn = 0; turn < IO_TURNS && !this.#isClosed; turn++) {
      await detached(() => sleep(0));
    }
    this.abort();
    while (!this.#isClosed) await detached(() => sleep(0));
  }

  get #isClosed(): boolean {
    return this.#state === "closed";
  }

  received(bytes: Uint8Array<ArrayBuffer>): number {
    const buffered = this.#buffered;
    const name = buffered === undefined ? "dataReceived" : "bufferUpdated";
    const start = this.#calls.begin();
    let taken = bytes.length;
    try {
      if (buffered !== undefined) taken = fill(buffered, bytes);
      else (this.#protocol as Protocol).dataReceived(bytes.slice());
    } catch (error) {
      this.#failedIn(name, error);
    }
    this.#calls.end(name, start);
    return taken;
  }

  get isWriting(): boolean {
    return this.#writer.size > 0;
  }

  /** An encrypted connection that is cut off counts as ended, as in CPython. */
  readFailed(error: unknown): void {
    if (error instanceof Deno.errors.UnexpectedEof) this.ended();
    else this.#forceClose(error);
  }

  writeFailed(error: unknown): void {
    this.#forceClose(error);
  }

  ended(): void {
    let keepsOpen: unknown;
    try {
      keepsOpen = this.#protocol.eofReceived?.();
    } catch (error) {
      return this.#failedIn("eofReceived", error);
    }
    if (!keepsOpen || !this.canWriteEof) this.close();
  }

  sent(): void {
    this.#limits.shrunk(this.#writer.size, this.#protocol, this.#calls);
    if (this.#writer.size > 0) return;
    this.#reader.written();
    if (this.#state === "closing") {
      const goodbye = this.#socket.sayGoodbye();
      if (goodbye !== undefined) goodbye.then(this.#finish);
      else this.#finish();
    } else if (this.#eof === "asked") this.#sendEof();
  }

  #sendEof(): void {
    this.#eof = "sent";
    this.#socket.closeWrite!().catch((error) => this.#forceClose(error));
  }

  /** A callback of the protocol has thrown `error`. */
  #failedIn(name: string, error: unknown): void {
    this.#calls.report(`Fatal error: protocol.${name}() call failed`, error);
    this.#forceClose(error);
  }

  #forceClose(error: unknown): void {
    if (this.#state === "lost" || this.#isClosed) return;
    this.#reader.stop();
    this.#writer.stop();
    this.#loseSoon(error);
  }

  #loseSoon(error: unknown): void {
    this.#state = "lost";
    this.#calls.soon("protocol.connectionLost", () => this.#lost(error));
  }

  #finish = (): void => {
    if (this.#state !== "closing") return;
    this.#state = "lost";
    this.#calls.call("connectionLost", () => this.#lost(undefined));
  };

  #lost(error: unknown): void {
    try {
      this.#protocol.connectionLost?.(error);
    } finally {
      this.#state = "closed";
      this.#socket.abort();
      this.onClosed?.();
    }
  }

  #dropped(): void {
    if (++this.#writesAfterEnd !== MANY_WRITES) return;
    this.#calls.scheduler.report({
      message:
        `${this.#protocol.constructor.name} goes on writing to a transport that is closed: all of it is dropped`,
    });
  }

  static {
    printable(StreamTransport, (transport) => ({
      peer: transport.#socket.name,
      protocol: transport.#protocol.constructor.name,
      state: transport.#state,
      reading: transport.isReading,
      unsent: transport.#writer.size,
    }));
  }
}

/** Hands over as many bytes as fit into the protocol's memory. */
function fill(
  protocol: BufferedProtocol,
  bytes: Uint8Array<ArrayBuffer>,
): number {
  const memory = protocol.getBuffer(bytes.length);
  if (!(memory instanceof Uint8Array) || memory.length === 0) {
    throw new TypeError(
      `getBuffer returns a Uint8Array that is not empty, received ${
        describe(memory)
      }`,
    );
  }
  const count = Math.min(memory.length, bytes.length);
  memory.set(count === bytes.length ? bytes : bytes.subarray(0, count));
  protocol.bufferUpdated(count);
  return count;
}

/** @throws {TypeError} It is no protocol on a stream. */
function checkProtocol(protocol: unknown): void {
  if (typeof protocol === "object" && protocol !== null) return;
  throw new TypeError(`expected a protocol, received ${describe(protocol)}`);
}
