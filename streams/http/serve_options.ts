/** @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/** Where {@linkcode serve} listens, and how it answers. */
export interface HttpServeOptions extends WaitOptions {
  /**
   * The address to listen on, or a name: then all addresses of that name.
   * `"0.0.0.0"`, every IPv4 address of the machine, unless given, or empty.
   */
  hostname?: string | undefined;
  /** The TCP port; 0, or left out: a free one. */
  port?: number | undefined;
  /** In place of host and port: the path of a Unix socket. */
  path?: string | undefined;
  /**
   * The certificate to show and its key, as PEM: connections are encrypted, and
   * speak HTTP/2 if the client can.
   */
  tls?: { cert: string; key: string } | undefined;
  /**
   * How many requests are handled at a time; the others wait, first come, first
   * served. No limit unless given.
   */
  maxConcurrency?: number | undefined;
  /**
   * How long an answer may take, in milliseconds, from the arrival of the
   * request to the answer of the handler. Then the client gets a 503, and the
   * task is cancelled. No limit unless given.
   */
  requestTimeout?: number | undefined;
}
