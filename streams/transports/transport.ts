/**
 * Transports: a protocol writes to one, and controls its connection by it. They
 * are made by `createConnection` and the like.
 *
 * @module
 */
import { BaseTransport } from "./base.ts";

/** The marks for unsent bytes: see {@linkcode WriteTransport}. */
export interface WriteBufferLimits {
  /**
   * With more bytes than this unsent, writing is paused: 65536, or four times
   * `low`, unless given.
   */
  high?: number | undefined;
  /** With this many, it is resumed: a quarter of `high` unless given. */
  low?: number | undefined;
}

/** A transport that is read. Mirrors `asyncio.ReadTransport`. */
export abstract class ReadTransport extends BaseTransport {
  /** `instanceof`: a {@linkcode Transport} is read as well. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return Function.prototype[Symbol.hasInstance].call(this, value) ||
      this === ReadTransport && value instanceof Transport;
  }

  /**
   * Whether what comes is handed to the protocol. Mirrors
   * `asyncio.ReadTransport.is_reading`.
   */
  abstract get isReading(): boolean;

  /**
   * Hands nothing to the protocol until {@linkcode
   * ReadTransport.resumeReading}. The system's buffers fill up, and then the
   * peer has to wait. Mirrors `asyncio.ReadTransport.pause_reading`.
   */
  abstract pauseReading(): void;

  /**
   * Hands to the protocol what has come meanwhile, and reads on. Mirrors
   * `asyncio.ReadTransport.resume_reading`.
   */
  abstract resumeReading(): void;
}

/** A transport that is written to. Mirrors `asyncio.WriteTransport`. */
export abstract class WriteTransport extends BaseTransport {
  /**
   * Sends bytes, or text as UTF-8; never waits. They are taken as they are now.
   * After {@linkcode BaseTransport.close}, and when the connection is lost,
   * they are dropped. Mirrors `asyncio.WriteTransport.write`.
   *
   * @throws {TypeError} It is neither bytes nor text.
   * @throws {Error} After {@linkcode WriteTransport.writeEof}.
   */
  abstract write(data: Uint8Array | string): void;

  /**
   * Sends all of them: nothing is put between them. Mirrors
   * `asyncio.WriteTransport.writelines`.
   *
   * @throws {TypeError | Error} As {@linkcode WriteTransport.write}; then none is
   * sent.
   */
  abstract writeLines(data: Iterable<Uint8Array | string>): void;

  /**
   * Ends this direction when everything is sent; the other one stays as it is.
   * Mirrors `asyncio.WriteTransport.write_eof`.
   *
   * @throws {Error} An encrypted connection has no end of one direction.
   */
  abstract writeEof(): void;

  /**
   * Whether {@linkcode WriteTransport.writeEof} is possible. Mirrors
   * `asyncio.WriteTransport.can_write_eof`.
   */
  abstract get canWriteEof(): boolean;

  /**
   * Closes the transport at once: what is unsent is dropped, then
   * `connectionLost(undefined)` is called. Mirrors
   * `asyncio.WriteTransport.abort`.
   */
  abstract abort(): void;

  /**
   * How many bytes the system has not confirmed. (In CPython it counts only
   * what the system has refused to take at once.) Mirrors
   * `asyncio.WriteTransport.get_write_buffer_size`.
   */
  abstract getWriteBufferSize(): number;

  /**
   * The marks for unsent bytes. Mirrors
   * `asyncio.WriteTransport.get_write_buffer_limits`.
   */
  abstract getWriteBufferLimits(): { low: number; high: number };

  /**
   * Sets from how many unsent bytes on `pauseWriting` is called, and at how
   * many `resumeWriting` follows. Mirrors
   * `asyncio.WriteTransport.set_write_buffer_limits`.
   *
   * @throws {RangeError} Not `high >= low >= 0`.
   */
  abstract setWriteBufferLimits(limits?: WriteBufferLimits): void;
}

/** A transport in both directions. Mirrors `asyncio.Transport`. */
export abstract class Transport extends WriteTransport
  implements ReadTransport {
  /** As {@linkcode ReadTransport.isReading}. */
  abstract get isReading(): boolean;

  /** As {@linkcode ReadTransport.pauseReading}. */
  abstract pauseReading(): void;

  /** As {@linkcode ReadTransport.resumeReading}. */
  abstract resumeReading(): void;
}

/** A transport of datagrams. Mirrors `asyncio.DatagramTransport`. */
export abstract class DatagramTransport extends BaseTransport {
  /**
   * Sends a datagram: to `to`, or to the `remote` it was opened with. What the
   * system refuses comes as `errorReceived`. Mirrors
   * `asyncio.DatagramTransport.sendto`.
   *
   * @throws {TypeError} There is no address, or another one than `remote`.
   */
  abstract sendTo(
    data: Uint8Array | string,
    to?: { hostname: string; port: number },
  ): void;

  /** Closes the transport at once, and drops what is unsent. */
  abstract abort(): void;

  /** As {@linkcode WriteTransport.getWriteBufferSize}. */
  abstract getWriteBufferSize(): number;

  /** As {@linkcode WriteTransport.getWriteBufferLimits}. */
  abstract getWriteBufferLimits(): { low: number; high: number };

  /** As {@linkcode WriteTransport.setWriteBufferLimits}. */
  abstract setWriteBufferLimits(limits?: WriteBufferLimits): void;
}

/** A transport to a subprocess. Mirrors `asyncio.SubprocessTransport`. */
export abstract class SubprocessTransport extends BaseTransport {
  /** The process ID. Mirrors `asyncio.SubprocessTransport.get_pid`. */
  abstract getPid(): number;

  /**
   * The transport of a pipe: 0, 1 or 2; `undefined` if there is no such pipe.
   * Mirrors `asyncio.SubprocessTransport.get_pipe_transport`.
   */
  abstract getPipeTransport(
    fd: number,
  ): ReadTransport | WriteTransport | undefined;

  /**
   * The return code, negative for a signal; `undefined` while it runs. Mirrors
   * `asyncio.SubprocessTransport.get_returncode`.
   */
  abstract getReturnCode(): number | undefined;

  /** Sends SIGKILL. Mirrors `asyncio.SubprocessTransport.kill`. */
  abstract kill(): void;

  /**
   * Sends a signal to the program, and to its group if it has one. Mirrors
   * `asyncio.SubprocessTransport.send_signal`.
   */
  abstract sendSignal(signal: Deno.Signal): void;

  /** Sends SIGTERM. Mirrors `asyncio.SubprocessTransport.terminate`. */
  abstract terminate(): void;
}
