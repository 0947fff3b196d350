/** Finding one job among many. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createTask, moveOnAfter } from "@asyncio/asyncio/tasks";
import { openConnection } from "@asyncio/asyncio/streams";
import { ignore, NatsServer } from "./_nats_server.ts";
import { open } from "./_open.ts";

const JOBS = 300;

/** Counts how often JetStream is asked while `body` runs. */
async function requestsOf(
  port: number,
  body: () => Promise<unknown>,
): Promise<number> {
  await using connection = await openConnection({
    hostname: "127.0.0.1",
    port,
  });
  const { reader, writer } = connection;
  let count = 0;
  const flush = async () => {
    writer.write("PING\r\n");
    for await (const line of reader.lines()) {
      if (line.startsWith("MSG $JS.API.")) count++;
      if (line === "PONG") return;
    }
  };
  writer.write('CONNECT {"verbose":false}\r\nSUB $JS.API.> 1\r\n');
  await flush();
  await body();
  await flush();
  return count;
}

Deno.test({
  name:
    "natsJobs: the job that a process has put is found without a look at the others",
  ignore,
  async fn() {
    await using server = await NatsServer.start();
    await using jobs = await open<number>(server);
    await jobs.putMany(
      Array.from({ length: JOBS }, (_, i) => ({ value: i, id: `${i}` })),
    );
    const last = `${JOBS - 1}`;
    const asked = await requestsOf(server.port, async () => {
      const waits = createTask(() => jobs.result(last), { eager: true });
      assertEquals(await jobs.cancel(last), true);
      await assertRejects(async () => await waits, Error, "cancelled");
      await assertRejects(() => jobs.result(last), Error, "cancelled");
      await (await jobs.get()).done("kept");
      assertEquals(await jobs.result("0"), "kept");
    });
    assert(asked < 50, `${asked} requests`);
  },
});

Deno.test({
  name:
    "natsJobs: a job whose id another process has put again is found by its id",
  ignore,
  async fn() {
    await using server = await NatsServer.start();
    const options = { window: 100, retention: { done: 0 } };
    await using jobs = await open<string>(server, options);
    await using other = await open<string>(server);
    await jobs.put("first", { id: "1" });
    await (await jobs.get()).done();
    while ((await other.counts()).waiting < 1) {
      await other.put("second", { id: "1" }); // once the window is over
    }
    // It waits, and does not reject as if there were no such job.
    assertEquals(await moveOnAfter(300, () => jobs.result("1")), undefined);
    assertEquals(await jobs.remove("1"), true);
    await other.put("third", { id: "2" });
    assertEquals([await jobs.remove("2"), await jobs.size()], [true, 0]);
  },
});
