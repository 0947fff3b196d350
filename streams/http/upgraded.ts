/** @module */
import { keyOf, propertyOf } from "./private_property.ts";

let headers: { key: symbol | undefined } | undefined;

/**
 * Whether a request that is not answered yet was upgraded to a WebSocket. If
 * anything but the upgrade is answered then, the runtime ends the whole server.
 *
 * Only an upgraded request has no address any more. As it takes a while to ask
 * for that, this looks first at whether the headers were looked at, which every
 * upgrade does; in a runtime that keeps them elsewhere it asks each time.
 */
export function isUpgraded(
  request: Request,
  info: Deno.ServeHandlerInfo,
): boolean {
  const { key } = headers ??= {
    key: keyOf(new Request("http://localhost/"), "headers cache"),
  };
  if (key !== undefined && propertyOf(request, key) === undefined) return false;
  try {
    void info.remoteAddr;
    return false;
  } catch {
    return true;
  }
}
