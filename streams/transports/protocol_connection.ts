/** @module */
import type { ByteSink } from "../buffer/source_and_sink.ts";
import { Connection } from "../connection/connection.ts";
import type { Transport } from "./transport.ts";

/** With more unread bytes than this, and no read that needs them, it pauses. */
const HIGH_WATER = 65536;
/** With no more unread than this, it goes on. */
const LOW_WATER = HIGH_WATER / 4;

/** Sends to a transport: a call settles when more may be written. */
class TransportSink implements ByteSink {
  transport: Transport | undefined;
  /** While writing is paused: settles when it goes on. */
  #gate: PromiseWithResolvers<void> | undefined;
  readonly #lost = Promise.withResolvers<void>();

  async write(bytes: Uint8Array): Promise<number> {
    this.transport?.write(bytes);
    await this.#gate?.promise;
    return bytes.length;
  }

  get closeWrite(): (() => Promise<void>) | undefined {
    const { transport } = this;
    if (transport?.canWriteEof !== true) return undefined;
    return () => Promise.resolve(transport.writeEof());
  }

  info(name: string): unknown {
    return this.transport?.getExtraInfo(name);
  }

  close(): Promise<void> {
    this.transport?.close();
    return this.#lost.promise;
  }

  abort(): void {
    this.transport?.abort();
  }

  pause(): void {
    this.#gate = Promise.withResolvers();
  }

  resume(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  lost(): void {
    this.resume();
    this.#lost.resolve();
  }
}

/**
 * A connection over a transport, which buffers what is unsent. So bytes pass
 * through at once in both directions: what comes is in the buffer of the reader
 * when the transport is closed, and what is written is with the transport when
 * its owner sends a file by that.
 */
export class ProtocolConnection extends Connection {
  readonly #ends: TransportSink;
  #isReadingPaused = false;

  constructor() {
    const ends = new TransportSink();
    super(ends, { isFed: true });
    this.#ends = ends;
    this.sink.pause(); // what is written before there is a transport waits for it
  }

  /** The transport can be used. */
  connected(transport: Transport): void {
    this.#ends.transport = transport;
    if (this.isClosed) transport.abort();
    this.sink.resume();
  }

  received(bytes: Uint8Array): void {
    const source = this.source!;
    const isWanted = source.add(bytes);
    if (!isWanted && source.buffer.size > HIGH_WATER) this.#pauseReading();
  }

  /** @param error Left out if the transport was closed in order. */
  lost(error: unknown): void {
    this.#ends.lost();
    if (error === undefined) return this.transportClosed();
    this.connectionLost(error);
    this.closeIfLost();
  }

  pauseWriting(): void {
    this.#ends.pause();
    this.sink.holdDrain();
  }

  resumeWriting(): void {
    this.#ends.resume();
    this.sink.releaseDrain();
  }

  /** What the transport holds counts as well. */
  override get unsent(): number {
    return super.unsent + (this.#ends.transport?.getWriteBufferSize() ?? 0);
  }

  /** @throws {Error} The transport takes nothing now. */
  override write(bytes: Uint8Array): void {
    const { transport } = this.#ends;
    if (transport === undefined) super.write(bytes);
    else if (this.takesBytes) transport.write(bytes);
  }

  /** A read needs more bytes. */
  override beforeRead(): void {
    super.beforeRead();
    this.#resumeReading();
  }

  /** A read was served, or given up. */
  override sourceIdle(): void {
    if (this.source!.buffer.size <= LOW_WATER) this.#resumeReading();
  }

  #pauseReading(): void {
    this.#isReadingPaused = true;
    this.#ends.transport?.pauseReading();
  }

  #resumeReading(): void {
    if (!this.#isReadingPaused) return;
    this.#isReadingPaused = false;
    this.#ends.transport?.resumeReading();
  }
}
