/**
 * An echo server for many clients: a program of its own, started with many file
 * descriptors. Prints its port; the line "stats" is answered with its state.
 *
 * @module
 */
import { startServer } from "@asyncio/asyncio/streams";
import { run } from "@asyncio/asyncio/tasks";

const openDescriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
const decoder = new TextDecoder();

await run(async () => {
  let start = 0;
  const server = await startServer(async (reader, writer) => {
    for await (const line of reader) {
      const text = decoder.decode(line);
      if (text === "end\n") return server.close();
      writer.write(
        text !== "stats\n" ? line : JSON.stringify({
          connections: server.connections,
          megabytes: Deno.memoryUsage().rss / 1e6,
          descriptors: openDescriptors() - start - server.connections,
        }) + "\n",
      );
      await writer.drain();
    }
    writer.close();
  }, { hostname: "127.0.0.1" });
  start = openDescriptors();
  console.log((server.addresses[0] as Deno.NetAddr).port);
  await server.waitClosed();
});
