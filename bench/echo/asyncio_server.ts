/** This package's echo server. */
import { run } from "../../tasks/mod.ts";
import { startServer } from "../../streams/mod.ts";

await run(async () => {
  const server = await startServer(async (reader, writer) => {
    while (true) {
      const data = await reader.read(65536);
      if (data.length === 0) break;
      writer.write(data);
      await writer.drain();
    }
    writer.close();
  }, { hostname: "127.0.0.1" });
  console.log((server.addresses[0] as Deno.NetAddr).port);
  await server.serveForever();
});
