/**
 * Connections that have carried a lot and are idle now: a program of its own,
 * started with `gc`. Prints an empty line, and the kilobytes that each end of a
 * connection keeps outside of the heap.
 *
 * @module
 */
import { openConnection, startServer } from "@asyncio/asyncio/streams";
import { Future, gather, run, sleep } from "@asyncio/asyncio/tasks";

declare const gc: () => void;
const CLIENTS = 1000;
const MUCH = new Uint8Array(200_000);

async function external(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    gc();
    await sleep(1);
  }
  return Deno.memoryUsage().external;
}

console.log();
await run(async () => {
  const arrived = new Future<void>();
  let missing = CLIENTS * MUCH.length;
  await using server = await startServer(async (reader, writer) => {
    for (let n; (n = (await reader.read(100_000)).length) > 0;) {
      missing -= n;
      if (missing === 0) arrived.setResult();
    }
    writer.close();
  }, { hostname: "127.0.0.1" });
  const { port } = server.addresses[0] as Deno.NetAddr;
  const before = await external();
  const clients = await gather(
    Array.from({ length: CLIENTS }, () => () => openConnection({ port })),
  );
  for (const { writer } of clients) {
    writer.write(MUCH);
    await writer.drain();
  }
  await arrived;
  const kept = await external() - before;
  console.log(Math.round(kept / (2 * CLIENTS) / 1000));
  for (const { writer } of clients) writer.close();
});
