/**
 * An HTTP server for the benchmarks: `server.ts SERVER HANDLER` prints its port.
 *
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { run, serve, sleep } from "@asyncio/asyncio";

const [server, handler] = Deno.args as [string, string];
const LOOPBACK = { hostname: "127.0.0.1" };

type Handler = (request: Request) => Response | Promise<Response>;

const handlers: Record<string, Handler> = {
  "at once": () => new Response("hello"),
  // deno-lint-ignore require-await -- as handlers are written
  "async": async () => new Response("hello"),
  "after 1 ms": async () => {
    await (server === "serve" ? sleep(1) : new Promise((resolve) => {
      setTimeout(resolve, 1);
    }));
    return new Response("hello");
  },
};

const handle = handlers[handler]!;

/** What users write to be told that a client has gone. */
function glued(request: Request): Promise<Response> {
  return new Promise((resolve, reject) => {
    request.signal.addEventListener("abort", () => reject(new Error("gone")));
    Promise.resolve(handle(request)).then(resolve, reject);
  });
}

function serveByRuntime(handler: Handler): void {
  const onListen = ({ port }: Deno.NetAddr) => console.log(port);
  Deno.serve({ ...LOOPBACK, port: 0, onListen }, handler);
}

switch (server) {
  case "serve":
    await run(async () => {
      const server = await serve(handle, LOOPBACK);
      console.log((server.addresses[0] as Deno.NetAddr).port);
      await server.serveForever();
    });
    break;
  case "Deno.serve":
    serveByRuntime((request) => handle(request));
    break;
  case "Deno.serve and a listener":
    serveByRuntime(glued);
    break;
  case "node:http in Deno": {
    const server = createServer((_request, response) => {
      response.setHeader("content-type", "text/plain;charset=UTF-8");
      response.setHeader("content-length", "5");
      if (handler === "after 1 ms") {
        setTimeout(() => response.end("hello"), 1);
      } else response.end("hello");
    });
    server.listen(0, LOOPBACK.hostname, () => {
      console.log((server.address() as AddressInfo).port);
    });
  }
}
