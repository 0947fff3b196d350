/**
 * What a reader reads from and a writer writes to: the two ends of a
 * connection, a pipe of a child, a Web Stream. Whoever implements them needs to
 * know nothing of tasks, cancels and buffers.
 *
 * To make a reader or a writer over one: `readerOver` in `stream_reader.ts`,
 * `writerOver` in `stream_writer.ts`.
 *
 * @module
 */

/** Where bytes come from. */
export interface ByteSource {
  /** Where they come from, in a word: `127.0.0.1:8080`. */
  readonly name?: string;
  /**
   * Reads at least one byte into `buffer` and gives their number; `null` at the
   * end. Called again only when it has settled. A rejection is final: the
   * reader gives it to every later read.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Told when `read` has given `null`. */
  ended?(): void;
  /**
   * Nobody reads it any more, as a Web Stream says it; left out where reading
   * may go on.
   */
  cancel?(reason: unknown): Promise<void>;
  /** Told when `read` has failed; false where that is nothing but the end. */
  failed?(error: unknown): boolean;
}

/** Where bytes go to. */
export interface ByteSink {
  /**
   * Writes some of `bytes`, at least one, and gives their number. The memory is
   * its own until it settles, and not longer. Called again only when it has
   * settled. A rejection is final: the connection is lost.
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Told when `write` has failed. */
  lost?(): void;
  /**
   * Says that no more bytes come, and leaves the other direction as it is; left
   * out where that is impossible.
   */
  readonly closeWrite?: (() => Promise<void>) | undefined;
  /**
   * Whether there is no other direction: that no more bytes come is the end,
   * and `close` says it.
   */
  readonly oneWay?: boolean | undefined;
  /** Closes it in order: all is written. */
  close(): void | Promise<void>;
  /** Closes it at once, whatever is under way; that may settle as it likes. */
  abort(): void;
}
