/** @module */

/** What a transport stands on: a socket, encrypted or not, or a pipe. */
export interface TransportSocket {
  /** The peer, in a word. */
  readonly name?: string | undefined;
  /**
   * Reads at least one byte and resolves to their number; to `null` at the end.
   * Left out if it is only written to.
   */
  read?(buffer: Uint8Array): Promise<number | null>;
  /**
   * Writes at least one byte and resolves to their number. Left out if it is
   * only read.
   */
  write?(bytes: Uint8Array): Promise<number>;
  /** Ends this direction; left out if that is the end of both. */
  readonly closeWrite?: (() => Promise<void>) | undefined;
  /** Says that all was sent, if the end alone does not. */
  confirmEnd?(): Promise<void> | undefined;
  /** Rejects when it has failed, if it says so. */
  readonly closed?: Promise<void>;
  /** Closes it at once. */
  abort(): void;
  info(name: string): unknown;
}
