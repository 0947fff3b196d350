import { assertEquals } from "@std/assert";
import { createTask, Future, run } from "@asyncio/asyncio/tasks";

Deno.test("wake-ups that are spread over turns of the runtime's own loop need no turn of ours", async () => {
  await run(async () => {
    let late = 0;
    for (let i = 0; i < 400; i++) {
      // As much as the runtime does between two messages of a socket.
      await new Promise((resolve) => setTimeout(resolve));
      const future = new Future<void>();
      let resumed = false;
      const task = createTask(async () => {
        await future;
        resumed = true;
      });
      for (let hop = 0; hop < 10; hop++) await Promise.resolve();
      future.setResult();
      for (let hop = 0; hop < 10; hop++) await Promise.resolve();
      if (!resumed) late++;
      await task;
    }
    assertEquals(late, 0);
  });
});
