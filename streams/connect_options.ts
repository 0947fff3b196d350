/** @module */
import type { TlsOptions } from "./tls_options.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";

/** Where {@linkcode openConnection} connects to, and how. */
export interface ConnectOptions extends WaitOptions {
  /** The host: a name, or an address. `"127.0.0.1"` unless given. */
  hostname?: string | undefined;
  /** The TCP port. */
  port?: number | undefined;
  /** In place of host and port: the path of a Unix socket. */
  path?: string | undefined;
  /** Whether, and how, the connection is encrypted. */
  tls?: boolean | TlsOptions | undefined;
  /** How long a line may be, in bytes: 65536 unless given. */
  limit?: number | undefined;
  /**
   * Whether small writes leave at once (TCP_NODELAY); true unless given. With a
   * client's certificate only if given: that goes through `node:tls` then.
   */
  noDelay?: boolean | undefined;
  /**
   * Whether a silent connection is probed (SO_KEEPALIVE); false unless given.
   */
  keepAlive?: boolean | undefined;
  /**
   * The IP address of this machine to connect from. It and `family` go through
   * `node:net`.
   */
  localAddress?: string | undefined;
  /** Only the addresses of this family: of IPv4 or of IPv6. */
  family?: 4 | 6 | undefined;
  /**
   * A name may have several addresses: how long one is tried alone before the
   * next is tried beside it (RFC 8305), in milliseconds; 250 unless given.
   */
  happyEyeballsDelay?: number | undefined;
  /**
   * How long the TLS handshake may take, in milliseconds: 60 000 unless given.
   */
  handshakeTimeout?: number | undefined;
}

/** How {@linkcode openUnixConnection} connects. */
export type UnixConnectOptions = Pick<
  ConnectOptions,
  "limit" | "tls" | "handshakeTimeout" | "signal"
>;
