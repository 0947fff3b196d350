import { assertStringIncludes } from "@std/assert";
import { openConnection, startServer } from "@asyncio/asyncio/streams";
import { createTask, run, sleep } from "@asyncio/asyncio/tasks";

Deno.test("a task that reads is shown with its peer", async () => {
  await run(async () => {
    const server = await startServer(() => {}, { hostname: "127.0.0.1" });
    const { port } = server.addresses[0] as Deno.NetAddr;
    const { reader } = await openConnection({ hostname: "127.0.0.1", port });
    const task = createTask(() => reader.readLine());
    await sleep(0);
    assertStringIncludes(
      Deno.inspect(task),
      `StreamReader.readLine 127.0.0.1:${port}`,
    );
  });
});
