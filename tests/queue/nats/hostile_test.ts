/** What comes over the wire, and should not. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { work } from "@asyncio/asyncio/queue/jobs";
import { NatsError } from "@asyncio/asyncio/queue/nats";
import { openConnection } from "@asyncio/asyncio/streams";
import {
  createTask,
  getRunningLoop,
  sleep,
  timeout,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { now } from "../../_helpers/now.ts";
import { end, letters, take } from "../jobs/_place.ts";
import { ignore, NatsServer } from "./_nats_server.ts";
import { open } from "./_open.ts";
import { Proxy } from "./_proxy.ts";
import { test } from "./_test_on_server.ts";

/** Publishes as another client would. */
async function publish(
  { port }: NatsServer,
  subject: string,
  headers: Record<string, string>,
  data: string,
): Promise<void> {
  const { reader, writer } = await openConnection({
    hostname: "127.0.0.1",
    port,
  });
  const head = "NATS/1.0\r\n" +
    Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      .join("") +
    "\r\n";
  writer.write(
    'CONNECT {"verbose":false,"headers":true}\r\n' +
      `HPUB ${subject} ${head.length} ${head.length + data.length}\r\n` +
      `${head}${data}\r\nPING\r\n`,
  );
  await reader.readUntil("PONG\r\n");
  writer.close();
  await writer.waitClosed();
}

test("jobs of other clients, whatever their headers, hold up no others", async (server) => {
  await using jobs = await open<string>(server);
  const strange = [
    { "Nats-Msg-Id": "100%" },
    { "Nats-Msg-Id": "a", "Jobs": "{" },
    { "Nats-Msg-Id": "b", "Jobs": "null" },
    { "Nats-Msg-Id": "c", "Jobs": '{"id":7,"due":"x","expires":{},"key":[]}' },
    {},
  ];
  for (const headers of strange) {
    await publish(server, "jobs.test.todo", headers, '"foreign"');
  }
  await publish(server, "jobs.test.todo", {}, "no JSON");
  await jobs.put("own", { id: "own" });
  const taken: string[] = [];
  for (let i = 0; i < 6; i++) {
    const job = await jobs.get();
    taken.push(job.value);
    if (i === 0) assertEquals(job.id, "100%");
    await job.done();
  }
  assertEquals(taken, [...strange.map(() => "foreign"), "own"]);
  await jobs.join();
  const [letter] = await letters(jobs);
  assertEquals(letter!.reason.startsWith("it cannot be decoded"), true);
});

test("a bad dead letter is shown as far as it can be, and hides no others", async (server) => {
  await using jobs = await open<string>(server);
  const bad = { "Jobs-Reason": "100%", "Jobs-Attempts": "many" };
  await publish(server, "jobs.test.dead", bad, "x");
  await jobs.put("a", { id: "a" });
  await (await jobs.get()).fail("no");
  const all = await letters(jobs);
  assertEquals(
    all.map(({ reason, attempts }) => [reason, attempts]),
    [["100%", 0], ["no", 1]],
  );
  await all[0]!.drop();
  assertEquals((await letters(jobs)).length, 1);
});

test("noise on the queue's own subjects disturbs nothing", async (server) => {
  await using jobs = await open<string>(server);
  const join = new Attempt((options) => jobs.join(options));
  await join.task;
  const subjects = ["news", "watching", "control", "holders", "freed", "known"];
  const reported: unknown[] = [];
  getRunningLoop().setExceptionHandler((_, { error }) => reported.push(error));
  await jobs.put("a", { id: "b" });
  const result = new Attempt((options) => jobs.result("b", options));
  for (const subject of subjects) {
    for (const noise of ["{", "null", "7", "[null,7]", '{"id":"b"}']) {
      await publish(server, `jobs.test.${subject}`, {}, noise);
    }
  }
  assertEquals([reported, result.outcome], [[], "pending"]);
  assertEquals(await take(jobs), "a");
  await result.task;
  assertEquals(result.outcome, "value");
});

for (const knowledge of ["1e300", "-1", "null", '"who"', "[]"]) {
  test(`a job is not kept from running by another program that replies ${knowledge}`, async (server) => {
    await using proxy = new Proxy(server.port);
    await using jobs = await open<string>(proxy, { lease: 1000 });
    await using other = await open<string>(server);
    await jobs.put("a");
    await jobs.get();
    proxy.deaf = true; // it does not say that it has the job
    await using stranger = await openConnection({
      hostname: "127.0.0.1",
      port: server.port,
    });
    const { reader, writer } = stranger;
    writer.write('CONNECT {"verbose":false}\r\nSUB jobs.test.known 1\r\n');
    const replying = createTask(async () => {
      const text = new TextDecoder();
      const line = async () => text.decode(await reader.readUntil("\r\n"));
      for (;;) {
        const head = /^MSG jobs\.test\.known 1 (\S+) /.exec(await line());
        if (head === null) continue;
        const [, reply] = head;
        const [key] = JSON.parse(await line());
        const said = `[[${JSON.stringify(key)},${knowledge}],null,7]`;
        writer.write(`PUB ${reply} ${said.length}\r\n${said}\r\n`);
      }
    });
    const job = await timeout(30_000, () => other.get());
    assertEquals([job.value, job.attempt], ["a", 2]);
    replying.cancel();
    await replying.catch(() => {});
    proxy.deaf = false;
  });
}

test("an answer that is no JSON, or no answer, is a NatsError", async (server) => {
  await using proxy = new Proxy(server.port);
  await using jobs = await open<string>(proxy);
  await jobs.put("a");
  await (await jobs.get()).fail("x");
  const asked: (() => Promise<unknown>)[] = [
    () => jobs.size(),
    () => jobs.counts(),
    () => jobs.deadLetters().next(),
    () => jobs.put("b"),
  ];
  const lies: ((json: string) => string)[] = [
    (json) => "{".padEnd(json.length),
    (json) => "null".padEnd(json.length),
    (json) => '{"error":7}'.padEnd(json.length),
    (json) => '"x"'.padEnd(json.length),
  ];
  for (const lie of lies) {
    proxy.lie = (said) => said.replace(/\{"(type|stream)".*/g, lie);
    for (const ask of asked) await assertRejects(ask, NatsError);
  }
  proxy.lie = undefined;
  assertEquals((await letters(jobs)).length, 1);
});

test("a put whose id is just being stored is asked for again", async (server) => {
  await using proxy = new Proxy(server.port);
  await using jobs = await open<string>(proxy);
  let answers = 0;
  proxy.lie = (said) =>
    said.replace(/\{"stream":"JOBS_test".*/, (found) => {
      if (answers++ > 1) return found;
      const error = { err_code: 10158, description: "id is in process" };
      // As long as it was: the description gives way.
      const text = JSON.stringify({ error }).padEnd(found.length);
      return text.length > found.length
        ? '{"error":{"err_code":10158}}'.padEnd(found.length)
        : text;
    });
  await jobs.put("a", { id: "1" });
  assert(answers > 2);
  assertEquals(await jobs.size(), 1);
});

test("a request for jobs that is refused at once is not repeated at once", async (server) => {
  await using proxy = new Proxy(server.port);
  await using jobs = await open<string>(proxy);
  let requests = 0;
  proxy.garble = (said) =>
    said.replace(/\{"batch"/g, () => {
      requests++;
      return '["batch"'; // no JSON: the server refuses
    });
  const start = now();
  const worker = createTask(() => work(jobs, () => {}, { concurrency: 3 }));
  await sleep(1500);
  const most = 5 + (now() - start) / 1500;
  assert(requests >= 1 && requests <= most, `${requests} requests`);
  proxy.garble = undefined;
  await jobs.put("a");
  await jobs.join();
  await end(worker);
});

Deno.test({
  name: "natsJobs: a put into an account whose storage is used up is an error",
  ignore,
  async fn() {
    const config = await Deno.makeTempFile();
    await Deno.writeTextFile(
      config,
      `accounts { A {
        jetstream { max_mem: 1M, max_file: 100K }
        users: [{ user: a, password: b }] } }`,
    );
    await using server = await NatsServer.start(["-c", config]);
    await using jobs = await open<string>(server, { user: "a", password: "b" });
    await assertRejects(async () => {
      for (let i = 0; i < 100; i++) await jobs.put("x".repeat(2000));
    }, NatsError);
    await Deno.remove(config);
  },
});
