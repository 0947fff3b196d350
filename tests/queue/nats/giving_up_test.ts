import { assertEquals, assertRejects } from "@std/assert";
import { type Job, LeaseLostError } from "@asyncio/asyncio/queue/jobs";
import { gather, sleep } from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { ignore, NatsServer } from "./_nats_server.ts";
import { open } from "./_open.ts";
import { Proxy } from "./_proxy.ts";

function test(what: string, fn: () => Promise<void>): void {
  Deno.test({ name: `natsJobs: ${what}`, ignore, fn });
}

test("closing while the servers are away does not wait for them", async () => {
  await using server = await NatsServer.start();
  const jobs = await open<string>(server);
  await jobs.put("a");
  const job = await jobs.get();
  await server.kill();
  const waits = [
    new Attempt((options) => jobs.put("b", options)),
    new Attempt((options) => jobs.get(options)),
    new Attempt((options) => jobs.join(options)),
    new Attempt(() => job.done()),
  ];
  await sleep(0);
  await jobs[Symbol.asyncDispose]();
  await gather(waits.map(({ task }) => task));
  assertEquals(
    waits.map(({ outcome }) => outcome),
    [
      "QueueShutDownError",
      "QueueShutDownError",
      "QueueShutDownError",
      "LeaseLostError",
    ],
  );
});

test("closing while the servers are silent does not wait for ever", async () => {
  await using server = await NatsServer.start();
  await using proxy = new Proxy(server.port);
  const jobs = await open<string>(proxy);
  await jobs.put("a");
  const job = await jobs.get();
  proxy.deaf = true;
  await jobs[Symbol.asyncDispose]();
  await assertRejects(() => job.done(), LeaseLostError);
});

test("what waits for servers that are away can be given up", async () => {
  await using server = await NatsServer.start();
  await using jobs = await open<string>(server);
  await jobs.put("a");
  const job = await jobs.get();
  await server.kill();
  const waits = [
    new Attempt((options) => jobs.put("b", options)),
    new Attempt((options) => jobs.get(options)),
    new Attempt((options) => jobs.join(options)),
    new Attempt((options) => jobs.size(options)),
    new Attempt((options) => jobs.deadLetters(options).next()),
    new Attempt(() => job.done()),
  ];
  for (const wait of waits) wait.cancel();
  await gather(waits.map(({ task }) => task));
  for (const { outcome } of waits) assertEquals(outcome, "cancelled");
});

test("a job that comes when the worker has given up goes to another process at once", async () => {
  await using server = await NatsServer.start();
  const options = { lease: 600_000 };
  await using one = await open<number>(server, options);
  await using other = await open<number>(server, options);
  for (let n = 0; n < 30; n++) {
    const get = new Attempt((options) => one.get(options));
    const put = other.put(n);
    for (let turn = n % 10; turn > 0; turn--) await sleep(0);
    get.cancel();
    await get.task.catch(() => {});
    await put;
    const job = get.outcome === "value"
      ? get.value as Job<number>
      : await other.get();
    assertEquals([job.value, job.attempt], [n, 1]);
    await job.done();
  }
});

test("closing gives what is leased back, to another process at once", async () => {
  await using server = await NatsServer.start();
  const options = { lease: 600_000 };
  const one = await open<number>(server, options);
  await using other = await open<number>(server, options);
  for (let n = 0; n < 3; n++) await one.put(n);
  for (let n = 0; n < 3; n++) await one.get();
  const gets = [1, 2, 3].map(() => other.get());
  await one[Symbol.asyncDispose]();
  const got = await Promise.all(gets);
  assertEquals(
    got.map(({ value, attempt }) => [value, attempt]).toSorted(),
    [[0, 1], [1, 1], [2, 1]],
  );
});

for (const unique of ["window", "untilDone"] as const) {
  test(`a put with unique: "${unique}" that is cancelled with a message on its way can be put again`, async () => {
    await using server = await NatsServer.start();
    await using proxy = new Proxy(server.port);
    await using jobs = await open<string>(proxy);
    await jobs.put("first", { id: "first", unique });
    await (await jobs.get()).done();
    const messages = unique === "window" ? 1 : 3; // the job, and its claim twice
    for (let last = 1; last <= messages; last++) {
      const job = { id: `${last}`, unique };
      let sent = 0;
      const put = new Attempt((options) =>
        jobs.put("a", { ...job, ...options })
      );
      proxy.garble = (said) => {
        sent += said.split("HPUB jobs.test.").length - 1;
        if (sent >= last) put.cancel();
        return said;
      };
      await put.task.catch(() => {});
      proxy.garble = undefined;
      assertEquals([sent, put.outcome], [last, "cancelled"]);
      await jobs.put("a", job);
      assertEquals(await jobs.size(), 1, `message ${last}`);
      await (await jobs.get()).done();
    }
  });
}

test("an id until done is free when the job of a put that was cancelled is done", async () => {
  await using server = await NatsServer.start();
  await using proxy = new Proxy(server.port);
  await using jobs = await open<string>(proxy);
  const job = { id: "1", unique: "untilDone" } as const;
  let sent = 0;
  const put = new Attempt((options) => jobs.put("a", { ...job, ...options }));
  proxy.garble = (said) => {
    sent += said.split("HPUB jobs.test.").length - 1;
    if (sent >= 2) put.cancel();
    return said;
  };
  await put.task.catch(() => {});
  proxy.garble = undefined;
  const first = await jobs.get();
  await first.done();
  await jobs.put("b", job);
  assertEquals([first.value, (await jobs.get()).value], ["a", "b"]);
});
