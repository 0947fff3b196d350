/** @module */
import type { ServerTlsOptions } from "./tls_options.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";

/** Where {@linkcode startServer} listens, and how it serves. */
export interface ServeOptions extends WaitOptions {
  /**
   * The address to listen on, or a name: then all addresses of that name.
   * `"0.0.0.0"`, every IPv4 address of the machine, unless given, or empty.
   */
  hostname?: string | undefined;
  /** The TCP port; 0, or left out: a free one. */
  port?: number | undefined;
  /** In place of host and port: the path of a Unix socket. */
  path?: string | undefined;
  /** The certificate to show: connections are encrypted. */
  tls?: ServerTlsOptions | undefined;
  /** How long a line may be, in bytes: 65536 unless given. */
  limit?: number | undefined;
  /**
   * Whether small writes leave at once (TCP_NODELAY); true unless given. With
   * `tls` only if given: the runtime cannot set it on an encrypted connection,
   * so that goes through `node:tls`, which takes more time.
   */
  noDelay?: boolean | undefined;
  /**
   * Whether a silent connection is probed (SO_KEEPALIVE); false unless given.
   * With `tls` it goes through `node:tls`, as `noDelay`.
   */
  keepAlive?: boolean | undefined;
  /**
   * How many clients the system lets wait to be accepted: 511 unless given. Of a
   * Unix socket the runtime chooses it; a client for which there is no room
   * waits in {@linkcode openUnixConnection}.
   */
  backlog?: number | undefined;
  /**
   * Whether several processes may listen on the same port; false unless given.
   * The runtime wants the flag `--unstable-net` for it.
   */
  reusePort?: boolean | undefined;
  /**
   * With this many connections, no more clients are accepted until one is closed.
   * Clients in their TLS handshake do not count yet.
   */
  maxConnections?: number | undefined;
  /**
   * With `path`: who may connect, as the mode of the socket's file. It is in
   * force before the first client can connect. 0o600 is this user alone, 0o666
   * everybody; unless given, it is what the process leaves to new files.
   */
  mode?: number | undefined;
  /**
   * How long a client may take for its TLS handshake, in milliseconds: 60 000
   * unless given. Then its connection is dropped. (The runtime holds the socket
   * of a client that says nothing until that goes away.)
   */
  handshakeTimeout?: number | undefined;
}

/** Where {@linkcode startUnixServer} listens, and how it serves. */
export type UnixServeOptions =
  & Pick<
    ServeOptions,
    | "limit"
    | "backlog"
    | "maxConnections"
    | "mode"
    | "tls"
    | "handshakeTimeout"
    | "signal"
  >
  & {
    /** The path of the socket. */
    path: string;
  };
