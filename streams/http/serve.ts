/** @module */
import type { RequestHandler } from "./exchange.ts";
import type { HttpServer } from "./http_server.ts";
import type { HttpServeOptions } from "./serve_options.ts";
import { LazyModule } from "../../tasks/kernel/wait/lazy_module.ts";

const servers = new LazyModule(() => import("./start_http_server.ts"));

/**
 * Serves HTTP: `Deno.serve` with a task for each request. `handler` answers it
 * with a `Response`, as there.
 *
 * - The task is cancelled when its client goes, when `requestTimeout` is over,
 *   and when the server is shut down; what the handler waits for ends with it.
 *   `currentTask()`, `currentSignal()`, timeouts and groups work as in every
 *   task, and each request has a copy of the context variables that were set
 *   when `serve` was called.
 * - A handler that throws, or gives no `Response`, is reported through the
 *   loop's exception handler, and its client gets a 500 that says nothing of
 *   the error. If the client breaks off the body that a handler reads, that is
 *   not reported. (Over HTTP/2, a client that gives its request up ends the body,
 *   and the runtime gives the handler what has come as all of it: compare its
 *   length with `content-length` before it is kept.)
 * - A body that code makes (a `ReadableStream`) is sent by the same task. It is
 *   cancelled when the client goes, so also a generator that waits for the next
 *   event ends, and closes what it has opened. If it fails, the client sees the
 *   connection break off. Text, bytes, and the streams of files and of `fetch`
 *   are sent by the runtime, after the task has ended.
 * - A request that still waits for `maxConcurrency` when its client goes, or its
 *   time is over, never reaches the handler.
 * - The server ends with the `run` that it was started in.
 *
 * **Cancel safety:** given up, nothing is left listening.
 *
 * @throws {TypeError} `handler` is no function; there are both a path and a
 * port; `tls` with `path`, or without both `cert` and `key`, or with anything
 * else, which the runtime cannot.
 * @throws {RangeError} The port is none, `maxConcurrency` is below 1, or
 * `requestTimeout` is `NaN`.
 * @throws {Deno.errors.AddrInUse} The address is in use.
 *
 * @example
 * ```ts
 * import { currentSignal, run, serve, sleep } from "@asyncio/asyncio";
 * import { assertEquals } from "@std/assert";
 *
 * await run(async () => {
 *   const server = await serve(async (request) => {
 *     if (request.url.endsWith("/slow")) await sleep(60_000);
 *     return new Response("hello");
 *   }, { hostname: "127.0.0.1", requestTimeout: 20 });
 *
 *   const { port } = server.addresses[0] as Deno.NetAddr;
 *   const get = async (path: string) => {
 *     const url = `http://127.0.0.1:${port}/${path}`;
 *     const response = await fetch(url, { signal: currentSignal() });
 *     return [response.status, await response.text()];
 *   };
 *   assertEquals(await get(""), [200, "hello"]);
 *   assertEquals(await get("slow"), [503, "Service Unavailable"]);
 * });
 * ```
 *
 * @example Events, for as long as the client listens
 * ```ts
 * import { run, serve, sleep } from "@asyncio/asyncio";
 * import { assertEquals } from "@std/assert";
 *
 * async function* ticks() {
 *   try {
 *     for (let i = 0;; i++) {
 *       yield `data: ${i}\n\n`;
 *       await sleep(1);
 *     }
 *   } finally {
 *     console.log("the client has gone");
 *   }
 * }
 *
 * await run(async () => {
 *   const server = await serve(() => {
 *     const body = ReadableStream.from(ticks());
 *     return new Response(body.pipeThrough(new TextEncoderStream()), {
 *       headers: { "content-type": "text/event-stream" },
 *     });
 *   }, { hostname: "127.0.0.1" });
 *
 *   const { port } = server.addresses[0] as Deno.NetAddr;
 *   const response = await fetch(`http://127.0.0.1:${port}/`);
 *   const events = response.body!.pipeThrough(new TextDecoderStream());
 *   for await (const event of events) {
 *     assertEquals(event.startsWith("data: 0"), true);
 *     break;
 *   }
 * });
 * ```
 */
export function serve(
  handler: RequestHandler,
  options?: HttpServeOptions,
): Promise<HttpServer> {
  return servers.use(
    ({ startHttpServer }) => startHttpServer(handler, options),
    options,
  );
}
