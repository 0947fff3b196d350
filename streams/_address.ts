/** @module */

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
