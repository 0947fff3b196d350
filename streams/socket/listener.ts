/** @module */

/** What listens on an address. */
export interface Bound {
  /** The address, as users know it. */
  readonly sockname: Deno.Addr;
  close(): void;
}

/** A socket that takes clients. */
export interface Listener extends Bound {
  accept(): Promise<Deno.Conn>;
}
