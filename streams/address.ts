/** @module */
import { describe } from "../tasks/kernel/types.ts";

/**
 * An address in short: `127.0.0.1:80`, `[::1]:80`, `/run/service.sock`; of the
 * client of a Unix socket, that has none, `unix`.
 */
export function show(addr: Deno.Addr): string {
  if (!("hostname" in addr)) {
    return ("path" in addr ? addr.path : undefined) ?? addr.transport;
  }
  const { hostname, port } = addr;
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

/** @throws {TypeError} It is no path of a Unix socket. */
export function checkPath(path: unknown): asserts path is string {
  if (typeof path === "string" && path !== "") return;
  throw new TypeError(
    `the path of a Unix socket is a string, and not empty, found ${
      describe(path)
    }`,
  );
}

/** @throws {RangeError} It is no port. */
export function checkPort(port: unknown): asserts port is number {
  if (Number.isInteger(port) && port as number >= 0 && port as number < 65536) {
    return;
  }
  throw new RangeError(
    `a port is a number from 0 to 65535, found ${describe(port)}`,
  );
}
