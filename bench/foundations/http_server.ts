/** An HTTP server of the runtime, or of `serve`: it prints its port. @module */
import { run, serve, sleep } from "@asyncio/asyncio";

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };

// deno-lint-ignore require-await -- as handlers are written
const handle = async () => new Response("hello\n");

if (Deno.args[0] === "serve") {
  await run(async () => {
    const server = await serve(handle, LOOPBACK);
    console.log((server.addresses[0] as Deno.NetAddr).port);
    await sleep(Infinity);
  });
} else {
  const onListen = ({ port }: Deno.NetAddr) => console.log(port);
  Deno.serve({ ...LOOPBACK, onListen }, handle);
}
