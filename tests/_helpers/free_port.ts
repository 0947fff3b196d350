/** Ports for programs that cannot choose one themselves, or that are started again. @module */
import { fail } from "@std/assert";

/**
 * Systems give the ports from 32 768 on to connections, and to programs that ask for
 * any: a port from there may be taken before the program that is to have it starts.
 */
const FIRST = 10_000, LAST = 32_000;

/** Where the search goes on: elsewhere in each process of tests. */
let next = FIRST + Math.floor(Math.random() * (LAST - FIRST));

/** A port of 127.0.0.1 that is free, and that no later call returns. */
export function freePort(): number {
  for (let tries = 0; tries < LAST - FIRST; tries++) {
    const port = next;
    next = port === LAST ? FIRST : port + 1;
    if (isFree(port)) return port;
  }
  fail("no port is free");
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
