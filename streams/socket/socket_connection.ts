/** @module */
import { UNIX_HOST } from "./connect.ts";
import { unwatchIdle, type Watched, watchIdle } from "./idle_watch.ts";
import { untilSentAtOnce } from "./io_turns.ts";
import { Socket, type SocketParts } from "./socket.ts";
import {
  acceptTls,
  checkHandshakeTimeout,
  checkOwnCertificate,
  shakeHands,
  startTls,
  TlsHandshake,
} from "./tls.ts";
import { Unattended } from "./unattended.ts";
import type { Detached } from "../buffer/byte_buffer.ts";
import { Connection } from "../connection/connection.ts";
import { readerOn, type StreamReader } from "../stream_reader.ts";
import { type StreamWriter, writerOn } from "../stream_writer.ts";
import { checkServerTls, checkTlsOptions } from "../tls/check_options.ts";
import type { Early } from "../tls/conn_duplex.ts";
import type {
  ServerTlsOptions,
  StartTlsOptions,
  TlsOptions,
} from "../tls_options.ts";
import { checkOptions } from "../../tasks/kernel/types.ts";
import { isCancelled } from "../../tasks/kernel/errors.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/** How much is read ahead of the reader, in bytes. */
const MAX_READ_AHEAD = 65536;

/**
 * A connection over a socket, with its reader and its writer. It notices the end of
 * the peer also while nothing waits for bytes.
 */
export class SocketConnection extends Connection
  implements AsyncDisposable, Watched {
  readonly reader: StreamReader;
  readonly writer: StreamWriter;
  readonly #socket: Socket;
  #isWatched = false;
  /** Its handler has returned, and nothing has used it since. */
  #unattended: Unattended | undefined;

  constructor(parts: SocketParts & { limit?: number | undefined }) {
    const socket = new Socket(parts);
    super(socket);
    this.#socket = socket;
    this.reader = readerOn(this.source!, { limit: parts.limit });
    this.writer = writerOn(this);
    this.sourceIdle();
  }

  /** Closes it, sends what the peer takes at once, and drops the rest. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await untilSentAtOnce(() => this.isClosed);
    this.abort();
  }

  override write(bytes: Uint8Array): void {
    this.#unattended?.stop();
    super.write(bytes);
  }

  override send(detached: Detached): void {
    this.#unattended?.stop();
    super.send(detached);
  }

  override sourceIdle(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    watchIdle(this);
  }

  get idleAt(): number | undefined {
    const { buffer, isIdle } = this.source!;
    if (!isIdle || buffer.size >= MAX_READ_AHEAD) return undefined;
    return buffer.position + buffer.size;
  }

  watched(isIdle: boolean): void {
    this.#isWatched = false;
    if (isIdle) this.source!.readAhead();
  }

  override sourceEnded(): void {
    this.#unattended?.peerEnded();
    super.sourceEnded();
  }

  /**
   * Nothing is known that uses it any more: it is closed when the peer has ended,
   * unless it is used before.
   */
  leaveUnattended(): void {
    this.closeIfLost();
    if (this.isClosing) return;
    const source = this.source!;
    this.#unattended = new Unattended(source, () =>
      this.abandon(
        new Deno.errors.ConnectionAborted(
          "the connection was closed: its handler had returned, and its peer had ended",
        ),
      ));
    if (source.isOver) this.#unattended.peerEnded();
    else source.readAhead();
  }

  protected override finished(): void {
    unwatchIdle(this);
    this.#unattended?.stop();
    super.finished();
  }

  /** In the handshake it is the end of both directions. */
  override abort(reason?: unknown): void {
    if (this.#socket.isUpgrading) this.#handshakeFailed(undefined);
    super.abort(reason);
  }

  override startTls(options: StartTlsOptions = {}): Promise<void> {
    return composite(() => this.#startTls(options));
  }

  async #startTls(options: StartTlsOptions): Promise<void> {
    checkOptions(options, "start TLS");
    const socket = this.#socket;
    const timeout = checkHandshakeTimeout(options.handshakeTimeout);
    if (socket.isAccepted) checkServerTls(options);
    else checkTlsOptions(options);
    this.#checkUpgrade();
    await checkOwnCertificate(options);
    await this.flushed(options);
    this.#checkUpgrade();
    const { conn, hostname = UNIX_HOST } = socket;
    const peer = socket.isAccepted ? socket.name : hostname;
    const handshake = new TlsHandshake(
      "StreamWriter.startTls",
      () =>
        socket.isAccepted
          ? acceptTls(conn, options as ServerTlsOptions, this.#takeEarly())
          : startTls(conn, options as TlsOptions, hostname, this.#takeEarly()),
      peer,
    );
    socket.beginUpgrade(handshake);
    this.source!.pause();
    this.sink.pause();
    try {
      socket.endUpgrade(await shakeHands(handshake, timeout, options));
    } catch (error) {
      if (handshake.started) this.#handshakeFailed(error);
      socket.endUpgrade();
      throw error;
    } finally {
      this.source!.resume();
      this.sink.resume();
    }
  }

  /** What was read already: a client may begin the handshake at once. */
  #takeEarly(): Early[] {
    const { buffer } = this.source!;
    const underWay = this.source!.takeOver();
    return [
      ...(buffer.size > 0 ? [buffer.take(buffer.size)] : []),
      ...(underWay === undefined ? [] : [underWay]),
    ];
  }

  /** @throws {Error} TLS cannot be started now; nothing is changed. */
  #checkUpgrade(): void {
    const socket = this.#socket;
    const refusal = socket.isEncrypted
      ? "the connection is encrypted"
      : socket.isUpgrading
      ? "it is being started"
      : this.isClosing
      ? "the writer is closed"
      : this.isLocallyEnded
      ? "writeEof was called before"
      : this.#hasPendingRead || this.#hasUnreadText
      ? "a read is pending, or bytes are unread"
      : undefined;
    if (refusal !== undefined) {
      throw new Error(`Cannot start TLS: ${refusal}`);
    }
  }

  get #hasPendingRead(): boolean {
    const { isIdle, isReadingAhead, isOver } = this.source!;
    return !(isIdle || isReadingAhead || isOver);
  }

  /** To a client, what is unread is not of TLS: the server has not begun it. */
  get #hasUnreadText(): boolean {
    return !this.#socket.isAccepted && this.source!.buffer.size > 0;
  }

  /**
   * The handshake takes the socket with it.
   *
   * @param cause Of a handshake that was given up, the cancel, or none.
   */
  #handshakeFailed(cause: unknown): void {
    this.connectionLost(
      cause === undefined || isCancelled(cause)
        ? new Error("the TLS handshake was given up", { cause })
        : cause,
    );
    this.closeIfLost();
  }
}
