/** @module */
import { describe } from "../tasks/kernel/types.ts";

/**
 * An address as text: `127.0.0.1:80`, `[::1]:80`, `/run/service.sock`, `@name` if
 * that is abstract; `unix` for the client of a Unix socket, which has none.
 */
export function formatAddress(addr: Deno.Addr): string {
  if (!("hostname" in addr)) {
    const path = "path" in addr ? addr.path : undefined;
    return path ? formatPath(path) : addr.transport;
  }
  const { hostname, port } = addr;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  // In one piece: a template would keep its parts, which takes twice as much.
  return [host, port].join(":");
}

/** How many bytes the path of a Unix socket may have. */
export const MAX_UNIX_PATH = Deno.build.os === "linux" ? 107 : 103;

/** Whether `path` is an abstract one: a name in Linux, without a file. */
export function isAbstract(path: string): boolean {
  return path.startsWith("\0");
}

/** The path of a Unix socket as text: an abstract one as `ss` shows it, `@name`. */
export function formatPath(path: string): string {
  return isAbstract(path) ? `@${path.slice(1)}` : path;
}

/** @throws {TypeError} `path` is no path of a Unix socket. */
export function checkPath(path: unknown): asserts path is string {
  if (typeof path !== "string" || path === "") {
    throw new TypeError(
      `Cannot use an address: the path of a Unix socket is a string, and not empty, received ${
        describe(path)
      }`,
    );
  }
  if (path.includes("\0", 1) || path === "\0") {
    throw new TypeError(
      `Cannot use an address: the path of a Unix socket holds no NUL, except that an abstract one begins with it and has a name after it, received ${
        describe(path)
      }`,
    );
  }
  if (isAbstract(path) && Deno.build.os !== "linux") {
    throw new TypeError(
      `Cannot use an address: only Linux has abstract Unix sockets, received ${
        describe(path)
      }`,
    );
  }
  const { length } = new TextEncoder().encode(path);
  if (length <= MAX_UNIX_PATH) return;
  throw new TypeError(
    `Cannot use an address: the path of a Unix socket has at most ${MAX_UNIX_PATH} bytes on this system, received ${length} (a relative path may be shorter)`,
  );
}

/** @throws {TypeError} `value` is no text, or empty. */
export function checkHostname(
  value: unknown,
  what = "hostname",
): asserts value is string {
  if (typeof value === "string" && value !== "") return;
  throw new TypeError(
    `Cannot use an address: ${what} is an address or a name, received ${
      describe(value)
    }`,
  );
}

/** @throws {RangeError} `port` is no number of a port. */
export function checkPort(port: unknown): asserts port is number {
  if (Number.isInteger(port) && port as number >= 0 && port as number < 65536) {
    return;
  }
  throw new RangeError(
    `Cannot use an address: a port is a number from 0 to 65535, received ${
      describe(port)
    }`,
  );
}
