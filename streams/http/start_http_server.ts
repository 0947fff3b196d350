/** Starts HTTP servers. @module */
import type { RequestHandler } from "./exchange.ts";
import { Exchanges } from "./exchanges.ts";
import {
  type HttpListener,
  listenHttp,
  listenHttpUnix,
} from "./http_listener.ts";
import type { HttpServeOptions } from "./serve_options.ts";
import { type HttpServer, serveHttp } from "./http_server.ts";
import { checkHostname, checkPath, checkPort } from "../address.ts";
import { checkTlsOptions, TLS_OPTION_NAMES } from "../tls/check_options.ts";
import {
  checkMilliseconds,
  checkOptions,
  describe,
} from "../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/** Starts a server that answers requests by `handler`. */
export function startHttpServer(
  handler: RequestHandler,
  options?: HttpServeOptions,
): Promise<HttpServer> {
  return composite(() => start(handler, options));
}

async function start(
  handler: RequestHandler,
  options: HttpServeOptions = {},
): Promise<HttpServer> {
  if (typeof handler !== "function") {
    throw new TypeError(
      `Cannot serve: the first argument is a function that answers a request, received ${
        describe(handler)
      }: write serve(handler, options)`,
    );
  }
  checkOptions(options, "serve");
  const { maxConcurrency = Infinity, requestTimeout = Infinity } = options;
  checkMaxConcurrency(maxConcurrency);
  checkMilliseconds(requestTimeout, "Cannot serve: requestTimeout");
  checkTarget(options);
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return rejection;
  const exchanges = new Exchanges({ handler, maxConcurrency, requestTimeout });
  return serveHttp(await listen(options, exchanges.accept), exchanges);
}

function checkMaxConcurrency(max: unknown): void {
  if (max === Infinity || Number.isInteger(max) && max as number > 0) return;
  throw new RangeError(
    `Cannot serve: maxConcurrency is an integer of at least 1, received ${
      describe(max)
    }`,
  );
}

function checkTarget(options: HttpServeOptions): void {
  const { hostname, path, port, tls } = options;
  if (path === undefined) {
    if (hostname !== undefined && hostname !== "") checkHostname(hostname);
    if (port !== undefined) checkPort(port);
    if (tls !== undefined) checkTls(tls);
    return;
  }
  checkPath(path);
  if (port !== undefined) {
    throw new TypeError(
      "Cannot serve: it takes a port or a path, received both",
    );
  }
  if (hostname !== undefined) {
    throw new TypeError(
      "Cannot serve: it takes a hostname or a path, received both",
    );
  }
  if (tls !== undefined) {
    throw new TypeError(
      "Cannot serve with TLS on a Unix socket: the runtime has no HTTP for it",
    );
  }
}

/** With half of a certificate there is no TLS, and no connection in plain. */
function checkTls(tls: object): void {
  checkTlsOptions(tls);
  const { cert, key } = tls as Record<string, unknown>;
  if (cert === undefined || key === undefined) {
    throw new TypeError("Cannot serve: TLS takes both `cert` and `key`");
  }
  // Those that are inherited are no keys.
  const other = [...TLS_OPTION_NAMES, ...Object.keys(tls)].find((name) =>
    name !== "cert" && name !== "key" &&
    (tls as Record<string, unknown>)[name] !== undefined
  );
  if (other === undefined) return;
  throw new TypeError(
    `Cannot serve with tls.${other}: the runtime's HTTP takes cert and key alone`,
  );
}

async function listen(
  options: HttpServeOptions,
  handler: Deno.ServeHandler,
): Promise<HttpListener[]> {
  const { hostname, port = 0, path, tls } = options;
  if (path !== undefined) return [await listenHttpUnix(path, handler, options)];
  const host = { hostname: hostname || "0.0.0.0", port };
  return await listenHttp(host, tls, handler, options);
}
