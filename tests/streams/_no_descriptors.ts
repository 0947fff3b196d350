/**
 * A server whose handler takes all file descriptors, and fails for the lack of
 * more; then a client cannot be accepted. The reports are those of the default
 * handler.
 *
 * @module
 */
import { startServer } from "@asyncio/asyncio/streams";
import { run, sleep } from "@asyncio/asyncio/tasks";

const LOOPBACK = { hostname: "127.0.0.1" };

await run(async () => {
  const taken: Disposable[] = [];
  const takeAll = () => {
    while (true) taken.push(Deno.openSync("/dev/null"));
  };
  const server = await startServer(takeAll, LOOPBACK);
  const { port } = server.addresses[0] as Deno.NetAddr;
  console.log("started");

  const conn = await Deno.connect({ ...LOOPBACK, port });
  await conn.read(new Uint8Array(1)); // its handler has failed
  taken.pop()![Symbol.dispose]();
  taken.push(await Deno.connect({ ...LOOPBACK, port }));
  await sleep(1200); // in which it is not accepted
  for (const it of taken) it[Symbol.dispose]();
  console.log("the end");
  Deno.exit(0);
});
