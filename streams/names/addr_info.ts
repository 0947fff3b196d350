/** @module */
import type { LookupOptions } from "./lookup_options.ts";

/** One address of a host. */
export interface AddrInfo {
  /** 4 for IPv4, 6 for IPv6. */
  family: 4 | 6;
  /** The address. */
  hostname: string;
  /** The port that was given, or 0. */
  port: number;
}

/** How {@linkcode getaddrinfo} looks a name up. */
export interface AddrInfoOptions extends LookupOptions {
  /** Only addresses of this family: 4 or 6. */
  family?: 4 | 6 | undefined;
}
