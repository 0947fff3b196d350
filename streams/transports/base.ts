/**
 * What all transports and all protocols have in common. Each names the other: a
 * protocol is told its transport, and a transport hands its connection over to
 * another protocol.
 *
 * @module
 */

/**
 * What all protocols have in common. Mirrors `asyncio.BaseProtocol`.
 *
 * `connectionMade` and `connectionLost` are called exactly once each, and all
 * others in between. No two calls overlap, and none runs in a task:
 * `currentTask()` is `undefined` in them. A call cannot wait: start a task for
 * that.
 */
export class BaseProtocol {
  /** The transport can be used. */
  connectionMade(_transport: BaseTransport): void {}

  /**
   * The connection is over: nothing more is called.
   *
   * @param _error Why it was lost; `undefined` if it was closed or aborted, or
   * the peer has ended it.
   */
  connectionLost(_error: unknown): void {}

  /**
   * More than the high-water mark is unsent: write no more until
   * {@linkcode BaseProtocol.resumeWriting}. See
   * {@linkcode WriteTransport.setWriteBufferLimits}.
   */
  pauseWriting(): void {}

  /** No more than the low-water mark is unsent: writing may go on. */
  resumeWriting(): void {}
}

/** What all transports have in common. Mirrors `asyncio.BaseTransport`. */
export abstract class BaseTransport {
  /**
   * Facts about the connection, as `StreamWriter.getExtraInfo` has them:
   * `"peername"`, `"sockname"`, `"conn"`, `"tls"`; `"pipe"` of a pipe,
   * `"subprocess"`. They can also be asked for after its end. Mirrors
   * `asyncio.BaseTransport.get_extra_info`.
   */
  abstract getExtraInfo(name: string, fallback?: unknown): unknown;

  /**
   * Closes the transport: nothing more is received, what is unsent is sent,
   * then `connectionLost(undefined)` is called. Harmless when it is closing.
   * Mirrors `asyncio.BaseTransport.close`.
   */
  abstract close(): void;

  /**
   * Whether it is closing or closed. Mirrors
   * `asyncio.BaseTransport.is_closing`.
   */
  abstract get isClosing(): boolean;

  /**
   * Hands the connection over to another protocol. Mirrors
   * `asyncio.BaseTransport.set_protocol`.
   */
  abstract setProtocol(protocol: BaseProtocol): void;

  /** The current protocol. Mirrors `asyncio.BaseTransport.get_protocol`. */
  abstract getProtocol(): BaseProtocol;
}
