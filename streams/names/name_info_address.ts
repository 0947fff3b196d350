/** @module */

/** What {@linkcode getnameinfo} looks up: an address and a port. */
export interface NameInfoAddress {
  /** The address of the host. */
  hostname: string;
  /** The port. */
  port: number;
  /** As a `Deno.NetAddr` has it; it changes nothing. */
  transport?: Deno.NetAddr["transport"] | undefined;
}
