/**
 * What a reader reads from and a writer writes to: a socket, a pipe of a child,
 * a Web Stream. An implementation needs to know nothing of tasks, cancels and
 * buffers.
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
   * Reads at least one byte into `buffer` and resolves to their number; to
   * `null` at the end. Called again only after it has settled. A rejection is
   * final.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Whether a read under way keeps the program alive: as it does at first. */
  keepAlive?(keeps: boolean): void;
  /**
   * The consumer of a Web Stream has cancelled it. Left out if reading may go
   * on.
   */
  cancel?(reason: unknown): Promise<void>;
}

/** Where bytes go to. */
export interface ByteSink {
  /**
   * Writes some of `bytes`, at least one, and resolves to their number. It may
   * use the memory until it settles, and no longer. Called again only after it
   * has settled. A rejection is final: the connection is lost.
   */
  write(bytes: Uint8Array): Promise<number>;
  /**
   * Ends this direction, and leaves the other one open; left out if that is
   * impossible.
   */
  readonly closeWrite?: (() => Promise<void>) | undefined;
  /** Whether there is no other direction: then `close` ends this one. */
  readonly oneWay?: boolean | undefined;
  /** Tells the peer that nothing was cut off, before `close`. */
  confirmEnd?(): Promise<void> | undefined;
  /** See `StreamWriter.getExtraInfo`. */
  info?(name: string): unknown;
  /** Closes it after everything is written. */
  close(): void | Promise<void>;
  /**
   * Closes it at once; a call under way may settle in any way.
   *
   * @param reason For the code that reads the other end, if it can be passed on.
   */
  abort(reason: unknown): void;
}
