/** @module */
import type { ByteSink, ByteSource } from "../buffer/source_and_sink.ts";
import type { Transport } from "./transport.ts";

/** With more unread bytes than this reading is paused. */
const HIGH_WATER = 65536;
const LOW_WATER = HIGH_WATER / 4;

/**
 * A transport as source and sink: what its protocol is called with is kept until
 * it is read, and a write settles when more may be written.
 */
export class ProtocolEnds implements ByteSource, ByteSink {
  #transport: Transport | undefined;
  readonly #unread: Uint8Array[] = [];
  #size = 0;
  #end: "no" | "eof" | { error: unknown } = "no";
  /** Ends the read that waits. */
  #wake: (() => void) | undefined;
  /** While writing is paused: settles when it goes on. */
  #gate: PromiseWithResolvers<void> | undefined;
  readonly #lost = Promise.withResolvers<void>();

  connected(transport: Transport): void {
    this.#transport = transport;
    this.#wake?.();
  }

  received(bytes: Uint8Array): void {
    this.#unread.push(bytes);
    this.#size += bytes.length;
    if (this.#size > HIGH_WATER) this.#transport?.pauseReading();
    this.#wake?.();
  }

  ended(): void {
    if (this.#end === "no") this.#end = "eof";
    this.#wake?.();
  }

  /** @param error Left out if it was closed in order. */
  lost(error: unknown): void {
    if (error !== undefined) this.#end = { error };
    else this.ended();
    this.#wake?.();
    this.resumed();
    this.#lost.resolve();
  }

  paused(): void {
    this.#gate = Promise.withResolvers();
  }

  resumed(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#size === 0 && this.#end === "no") {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#size > 0) return this.#take(buffer);
    if (this.#end === "eof") return null;
    throw (this.#end as { error: unknown }).error;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.#transport?.write(bytes);
    await this.#gate?.promise;
    const end = this.#end;
    if (typeof end === "object") throw end.error;
    return bytes.length;
  }

  get closeWrite(): (() => Promise<void>) | undefined {
    const transport = this.#transport;
    if (transport?.canWriteEof !== true) return undefined;
    return () => Promise.resolve(transport.writeEof());
  }

  info(name: string): unknown {
    return this.#transport?.getExtraInfo(name);
  }

  close(): Promise<void> {
    this.#transport?.close();
    return this.#lost.promise;
  }

  abort(): void {
    this.#transport?.abort();
  }

  #take(buffer: Uint8Array): number {
    const chunk = this.#unread[0]!;
    const n = Math.min(chunk.length, buffer.length);
    buffer.set(n === chunk.length ? chunk : chunk.subarray(0, n));
    if (n === chunk.length) this.#unread.shift();
    else this.#unread[0] = chunk.subarray(n);
    this.#size -= n;
    if (this.#size <= LOW_WATER) this.#transport?.resumeReading();
    return n;
  }
}
