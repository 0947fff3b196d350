/**
 * The life of a connection.
 *
 * | phase               | `endLocal`         | `endRemote`         | `close`, `abandon` | `finish` |
 * | ------------------- | ------------------ | ------------------- | ------------------ | -------- |
 * | open                | half-closed, local | half-closed, remote | closing            | closed   |
 * | half-closed, local  |                    | closing             | closing            | closed   |
 * | half-closed, remote | closing            |                     | closing            | closed   |
 * | closing             |                    |                     |                    | closed   |
 * | closed              |                    |                     |                    |          |
 *
 * Half-closed on the local side, no more bytes are taken, and the peer may still
 * send. Half-closed on the remote side, the peer has ended, and bytes still go to
 * it. Closing, what is unsent goes, and then the connection. An empty cell: the
 * event changes nothing.
 *
 * A pipe or a Web Stream has one direction only: as it has no remote side, it
 * begins half-closed there.
 *
 * Beside the phase there is the failure: the first error that ended a direction,
 * and who caused it. A failure ends the local side, as nothing can be sent any
 * more; the remote side is read to its end first.
 *
 * @module
 */

/** See the table of the module. */
export type ConnectionPhase =
  | "open"
  | "half-closed, local"
  | "half-closed, remote"
  | "closing"
  | "closed";

/** Why nothing can be sent any more. */
export interface ConnectionFailure {
  readonly error: unknown;
  /**
   * - `"peer"`: the connection is lost. Every wait rejects with the error.
   * - `"reader"`: the program that reads the pipe has ended. `drain` rejects.
   * - `"abort"`: `abort` has dropped unsent bytes. `drain` rejects.
   */
  readonly by: "peer" | "reader" | "abort";
}

/** How the owner of the writer has ended it. */
export type LocalEnd = "writeEof" | "close";

/** One object holds all that is known of how far a connection has ended. */
export class ConnectionState {
  #phase: ConnectionPhase;
  #failure: ConnectionFailure | undefined;
  #loss: ConnectionFailure | undefined;
  #localEnd: LocalEnd | undefined;

  /** @param oneWay Whether there is no remote side. */
  constructor(oneWay: boolean) {
    this.#phase = oneWay ? "half-closed, remote" : "open";
  }

  get phase(): ConnectionPhase {
    return this.#phase;
  }

  /** The first one. */
  get failure(): ConnectionFailure | undefined {
    return this.#failure;
  }

  /** The failure by the peer, which may follow another one. */
  get loss(): ConnectionFailure | undefined {
    return this.#loss;
  }

  /** What the owner of the writer has called; `undefined` while it may write. */
  get localEnd(): LocalEnd | undefined {
    return this.#localEnd;
  }

  /** Whether bytes that are written now can still be sent. */
  get takesBytes(): boolean {
    return this.#failure === undefined &&
      (this.#phase === "open" || this.#phase === "half-closed, remote");
  }

  /** Whether the connection is closed, will be soon, or is of no more use. */
  get isEnding(): boolean {
    return this.#phase === "closing" || this.#phase === "closed" ||
      this.#failure !== undefined;
  }

  /** `writeEof` was called. */
  endLocal(): void {
    this.#localEnd ??= "writeEof";
    if (this.#phase === "open") this.#phase = "half-closed, local";
    else if (this.#phase === "half-closed, remote") this.#phase = "closing";
  }

  /** The peer sends no more. */
  endRemote(): void {
    if (this.#phase === "open") this.#phase = "half-closed, remote";
    else if (this.#phase === "half-closed, local") this.#phase = "closing";
  }

  /** `close` or `abort` was called. */
  close(): void {
    this.#localEnd = "close";
    this.abandon();
  }

  /** Nothing can be sent any more; false if that was known. */
  fail(error: unknown, by: ConnectionFailure["by"]): boolean {
    const known = by === "peer" ? this.#loss : this.#failure;
    if (this.#phase === "closed" || known !== undefined) return false;
    const failure = { error, by };
    this.#failure ??= failure;
    if (by === "peer") this.#loss = failure;
    return true;
  }

  /** It is closed though the owner of the writer has not asked for it. */
  abandon(): void {
    if (this.#phase !== "closed") this.#phase = "closing";
  }

  /** The connection is closed. */
  finish(): void {
    this.#phase = "closed";
  }
}
