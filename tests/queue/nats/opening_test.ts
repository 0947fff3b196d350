import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { NatsError, natsJobs } from "@asyncio/asyncio/queue/nats";
import { QueueShutDownError } from "@asyncio/asyncio/queue/jobs";
import {
  CancelledError,
  createTask,
  run,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { letters, take } from "../jobs/_contract.ts";
import { askServer } from "./_admin.ts";
import { freePorts, ignore, NatsServer } from "./_nats_server.ts";

function test(what: string, fn: () => Promise<void>): void {
  Deno.test({ name: `natsJobs: ${what}`, ignore, fn });
}

test("servers that are not there are an error that names them, within a time limit", async () => {
  const [one, other] = freePorts(2);
  const servers = [`127.0.0.1:${one}`, `nats://ada:secret@127.0.0.1:${other}`];
  const error = await assertRejects(
    () => natsJobs({ servers, name: "test", connectTimeout: 200 }),
    NatsError,
    `no NATS server at 127.0.0.1:${one}, 127.0.0.1:${other} within 200 ms`,
  );
  assertMatch(String(error.cause), /refused/);
  assert(!error.message.includes("secret"));
});

test("a server that comes up within the time limit is found", async () => {
  const [port] = freePorts(1);
  const opening = createTask(() =>
    natsJobs<string>({
      servers: `127.0.0.1:${port}`,
      name: "test",
      connectTimeout: 20_000,
    })
  );
  await sleep(0);
  await using _server = await NatsServer.start([], { port: port! });
  await using jobs = await opening;
  assertEquals(await jobs.size(), 0);
});

test("a server that says nothing is an error as well", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  await assertRejects(
    () =>
      natsJobs({
        servers: `127.0.0.1:${listener.addr.port}`,
        name: "test",
        connectTimeout: 200,
      }),
    NatsError,
    "within 200 ms",
  );
  (await accepting).close();
});

for (
  const [what, login, options] of [
    ["a wrong password", ["--user", "ada", "--pass", "right"], {
      user: "ada",
      password: "wrong",
    }],
    ["no password", ["--user", "ada", "--pass", "right"], {}],
    ["a wrong token", ["--auth", "right"], { token: "wrong" }],
  ] as const
) {
  test(`${what} is an error at once, with the client's as its cause`, async () => {
    await using server = await NatsServer.start([...login]);
    const error = await assertRejects(
      () => natsJobs({ servers: server.address, name: "test", ...options }),
      NatsError,
      `NATS at ${server.address} lets nobody in with this user and password`,
    );
    assertEquals((error.cause as Error).name, "AuthorizationError");
  });
}

test("being refused again and again is nothing but an error", async () => {
  await using server = await NatsServer.start(["--auth", "right"]);
  await Promise.all(Array.from({ length: 100 }, () =>
    assertRejects(
      () => natsJobs({ servers: server.address, name: "test" }),
      NatsError,
      "lets nobody in",
    )));
});

test("a user who may not use JetStream is an error that says so", async () => {
  const config = await Deno.makeTempFile();
  await Deno.writeTextFile(
    config,
    `authorization { users: [{ user: ada, password: x, permissions: {
      publish: "nothing", subscribe: ">" } }] }`,
  );
  await using server = await NatsServer.start(["-c", config]);
  await assertRejects(
    () =>
      natsJobs({
        servers: server.address,
        name: "test",
        user: "ada",
        password: "x",
      }),
    NatsError,
    "NATS refuses: Permissions Violation",
  );
  await Deno.remove(config);
});

for (
  const [what, login, url, options] of [
    ["user and password", ["--user", "ada", "--pass", "a:b@c"], "", {
      user: "ada",
      password: "a:b@c",
    }],
    [
      "user and password in the URL",
      ["--user", "ada", "--pass", "a:b@c"],
      "nats://ada:a%3Ab%40c@",
      {},
    ],
    ["a token", ["--auth", "t0ken"], "", { token: "t0ken" }],
    ["a token in the URL", ["--auth", "t0ken"], "nats://t0ken@", {}],
  ] as const
) {
  test(`${what} let in who has them`, async () => {
    await using server = await NatsServer.start([...login]);
    await using jobs = await natsJobs<string>({
      servers: `${url}${server.address}`,
      name: "test",
      ...options,
    });
    await jobs.put("a");
    assertEquals(await take(jobs), "a");
  });
}

test("a server without JetStream is an error that shows the fix", async () => {
  await using server = await NatsServer.start([], { jetStream: false });
  await assertRejects(
    () => natsJobs({ servers: server.address, name: "test" }),
    NatsError,
    "start it with nats-server -js",
  );
});

test("opening can be given up by a cancel, a timeout or a signal", async () => {
  const [port] = freePorts(1);
  const options = { servers: `127.0.0.1:${port}`, name: "test" };
  const task = createTask(() => natsJobs(options), { eager: true });
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  await assertRejects(() => timeout(20, () => natsJobs(options)), TimeoutError);
  const controller = new AbortController();
  const { signal } = controller;
  const opening = natsJobs({ ...options, signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => opening, Error, "enough");
});

test("wherever opening is cancelled, no connection is left", async () => {
  await using server = await NatsServer.start();
  for (let turns = 0; turns < 40; turns++) {
    const opening = createTask(() =>
      natsJobs({ servers: server.address, name: "test" })
    );
    for (let turn = 0; turn < turns; turn++) await sleep(0);
    opening.cancel();
    try {
      await (await opening)[Symbol.asyncDispose]();
    } catch (error) {
      assert(error instanceof CancelledError);
    }
  }
  // The sanitizers would see a connection, but for those that are closing.
  await (await natsJobs({ servers: server.address, name: "test" }))
    [Symbol.asyncDispose]();
});

test("bad options are refused before anything is connected", async () => {
  const good = { servers: "127.0.0.1:1", name: "test" };
  for (
    const bad of [
      { name: "" },
      { name: "a.b" },
      { name: "a b" },
      { servers: [] },
      { servers: "http://127.0.0.1" },
      { servers: "a/b" },
    ]
  ) await assertRejects(() => natsJobs({ ...good, ...bad }), TypeError);
  for (
    const bad of [{ connectTimeout: NaN }, { replicas: 2 as 1 }, { lease: 0 }]
  ) await assertRejects(() => natsJobs({ ...good, ...bad }), RangeError);
});

test("who opens a queue later keeps what it does not name, and changes what it names", async () => {
  await using server = await NatsServer.start();
  const where = { servers: server.address, name: "test" };
  {
    await using jobs = await natsJobs({
      ...where,
      lease: 7000,
      maxAttempts: Infinity,
      maxSize: 3,
    });
    await jobs.put(1);
  }
  await using kept = await natsJobs(where);
  assertMatch(Deno.inspect(kept), /maxSize: 3/);
  const job = await kept.get();
  assertEquals(job.lease, 7000);
  await job.release();
  await using changed = await natsJobs({
    ...where,
    lease: Infinity,
    maxAttempts: 1,
    maxSize: 0,
  });
  assertMatch(Deno.inspect(changed), /maxSize: Infinity/);
  const last = await changed.get();
  assertEquals(last.lease, Infinity);
  await last.retry(0, "no");
  assertEquals((await letters(changed)).length, 1);
});

test("a stream of that name that is no queue of jobs is left alone", async () => {
  await using server = await NatsServer.start();
  const config = '{"name":"JOBS_test","subjects":["other"],"num_replicas":1}';
  await askServer(server.port, "STREAM.CREATE.JOBS_test", config);
  await assertRejects(
    () => natsJobs({ servers: server.address, name: "test" }),
    NatsError,
    "no queue of jobs",
  );
  const { config: left } = await askServer(
    server.port,
    "STREAM.INFO.JOBS_test",
  );
  assertEquals(left.subjects, ["other"]);
});

test("a window may be shorter than servers have it", async () => {
  await using server = await NatsServer.start();
  await using jobs = await natsJobs<number>({
    servers: server.address,
    name: "test",
    window: 1,
  });
  await jobs.put(1, { id: "1" });
  while (await jobs.size() < 2) await jobs.put(2, { id: "1" });
});

test("many that open a new queue at once all get it", async () => {
  await using server = await NatsServer.start();
  const all = await Promise.all(
    Array.from({ length: 6 }, (_, i) =>
      natsJobs<number>({
        servers: server.address,
        name: "test",
        lease: 1000 * (i + 1),
      })),
  );
  for (const [i, jobs] of all.entries()) await jobs.put(i);
  for (const [i, jobs] of all.entries()) assertEquals(await take(jobs), i);
  for (const jobs of all) await jobs[Symbol.asyncDispose]();
});

test("queues of other names are other queues", async () => {
  await using server = await NatsServer.start();
  const { address: servers } = server;
  await using mails = await natsJobs<string>({ servers, name: "mails" });
  await using others = await natsJobs<string>({ servers, name: "mails_DEAD" });
  await mails.put("a");
  assertEquals([await mails.size(), await others.size()], [1, 0]);
});

test("the end of the run closes it", async () => {
  await using server = await NatsServer.start();
  const jobs = await run(async () =>
    await natsJobs({ servers: server.address, name: "test" })
  );
  await assertRejects(() => jobs.get(), QueueShutDownError);
});

test("a job that is too long for the servers is a RangeError", async () => {
  await using server = await NatsServer.start();
  await using jobs = await natsJobs<string>({
    servers: server.address,
    name: "test",
  });
  await assertRejects(
    () => jobs.put("x".repeat(2 ** 20)),
    RangeError,
    "1048576 bytes",
  );
  await jobs.put("x".repeat(2 ** 20 - 7000));
  await (await jobs.get()).fail("ü".repeat(5000)); // fits, whatever the reason
  assertEquals((await letters(jobs)).length, 1);
});

test("what is noted of jobs that were given back goes with them", async () => {
  await using server = await NatsServer.start();
  await using jobs = await natsJobs<string>({
    servers: server.address,
    name: "test",
  });
  const notes = async () =>
    (await askServer(server.port, "STREAM.INFO.RETURNED_JOBS_test")).state
      .messages;
  await jobs.put("a", { delay: 50 });
  await jobs.put("b");
  const b = await jobs.get();
  await b.release();
  for (const _ of "ab") {
    const job = await jobs.get();
    assertEquals([job.attempt, await notes() > 0], [1, true]);
    await job.done();
  }
  while (await notes() > 0) await jobs.size();
});

test("a queue that an operator deletes is an error for those who use it", async () => {
  await using server = await NatsServer.start();
  await using jobs = await natsJobs<string>({
    servers: server.address,
    name: "test",
  });
  const get = jobs.get();
  await jobs.size();
  await askServer(server.port, "STREAM.DELETE.JOBS_test");
  await assertRejects(() => get, NatsError, "no stream JOBS_test any more");
  await assertRejects(() => jobs.put("a"), NatsError, "stream not found");
  await assertRejects(() => jobs.size(), NatsError, "stream not found");
});
