import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { NatsError, natsJobs } from "@asyncio/asyncio/queue/nats";
import {
  cancellable,
  CancelledError,
  createTask,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { freePort } from "../../_helpers/free_port.ts";
import { take } from "../jobs/_place.ts";
import { ignore, NatsServer } from "./_nats_server.ts";
import { open } from "./_open.ts";
import { asCluster, Proxy } from "./_proxy.ts";

function test(what: string, fn: () => Promise<void>): void {
  Deno.test({ name: `natsJobs: ${what}`, ignore, fn });
}

test("servers that are not there are an error that names them, within a time limit", async () => {
  const [one, other] = [freePort(), freePort()];
  const servers = [`127.0.0.1:${one}`, `nats://ada:secret@127.0.0.1:${other}`];
  const error = await assertRejects(
    () => natsJobs({ servers, name: "test", connectTimeout: 5000 }),
    NatsError,
    `no NATS server at 127.0.0.1:${one}, 127.0.0.1:${other} within 5000 ms`,
  );
  assertMatch(String(error.cause), /refused/);
  assert(!error.message.includes("secret"));
});

test("a server that comes up within the time limit is found", async () => {
  const port = freePort();
  const opening = createTask(() =>
    natsJobs<string>({
      servers: `127.0.0.1:${port}`,
      name: "test",
      connectTimeout: 20_000,
    })
  );
  await sleep(0);
  await using _server = await NatsServer.start([], { port });
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
        connectTimeout: 1000,
      }),
    NatsError,
    "within 1000 ms",
  );
  (await accepting).close();
});

test("a server that was given up is disconnected from, and keeps no program running", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const servers = `127.0.0.1:${listener.addr.port}`;
  const opening = natsJobs({ servers, name: "test", connectTimeout: 1000 });
  using connection = await listener.accept();
  await assertRejects(() => opening, NatsError);
  const end = await timeout(
    20_000,
    () => cancellable(connection.read(new Uint8Array(1))),
  );
  assertEquals(end, null);
});

test("servers that refuse and then say nothing are an error that says why they refused", async () => {
  await using server = await NatsServer.start();
  await using proxy = new Proxy(server.port);
  proxy.lie = (said) =>
    asCluster(said).replace(/\{"type":"[^"]*stream_create_.*/, (found) => {
      proxy.deaf = true;
      const description = "no suitable peers for placement";
      const error = { code: 400, err_code: 10005, description };
      return JSON.stringify({ error }).padEnd(found.length);
    });
  await assertRejects(
    () => open(proxy, { connectTimeout: 5000 }),
    NatsError,
    "unless `replicas` says otherwise",
  );
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
      () => open(server, { ...options }),
      NatsError,
      `NATS at ${server.address} lets no client in with this user and password`,
    );
    assertEquals((error.cause as Error).name, "AuthorizationError");
  });
}

test("being refused again and again is nothing but an error", async () => {
  await using server = await NatsServer.start(["--auth", "right"]);
  await Promise.all(Array.from({ length: 100 }, () =>
    assertRejects(
      () => open(server),
      NatsError,
      "lets no client in",
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
    () => open(server, { user: "ada", password: "x" }),
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
  test(`${what} let in a client that has them`, async () => {
    await using server = await NatsServer.start([...login]);
    await using jobs = await natsJobs<string>({
      servers: `${url}${server.address}`,
      name: "test",
      connectTimeout: 30_000,
      ...options,
    });
    await jobs.put("a");
    assertEquals(await take(jobs), "a");
  });
}

test("a server without JetStream is an error that shows the fix", async () => {
  await using server = await NatsServer.start([], { jetStream: false });
  await assertRejects(
    () => open(server),
    NatsError,
    "start it with nats-server -js",
  );
});

test("opening can be given up by a cancel, a timeout or a signal", async () => {
  const port = freePort();
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
    const opening = createTask(() => open(server));
    for (let turn = 0; turn < turns; turn++) await sleep(0);
    opening.cancel();
    try {
      await (await opening)[Symbol.asyncDispose]();
    } catch (error) {
      assert(error instanceof CancelledError);
    }
  }
  // The sanitizers would see a connection, but for those that are closing.
  await (await open(server))
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
      { servers: [4222 as unknown as string] },
      { user: 5 as unknown as string },
      { token: null as unknown as string },
      { credentials: {} as unknown as string },
    ]
  ) await assertRejects(() => natsJobs({ ...good, ...bad }), TypeError);
  for (
    const bad of [{ connectTimeout: NaN }, { replicas: 2 as 1 }, { lease: 0 }]
  ) await assertRejects(() => natsJobs({ ...good, ...bad }), RangeError);
});

/** A server that asks for a login, and accepts none. */
class LoginTrap implements AsyncDisposable {
  /** What it was sent. */
  sent = "";
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly address = `127.0.0.1:${this.#listener.addr.port}`;
  readonly #serving: Promise<void> = this.#serve();

  async #serve(): Promise<void> {
    const encoder = new TextEncoder();
    for await (const client of this.#listener) {
      const info = { server_id: "x", version: "2.9.10", proto: 1 };
      const rest = { headers: true, max_payload: 1048576, auth_required: true };
      const text = `INFO ${JSON.stringify({ ...info, ...rest })}\r\n`;
      await client.write(encoder.encode(text));
      const buffer = new Uint8Array(4096);
      const length = await client.read(buffer);
      this.sent += new TextDecoder().decode(buffer.subarray(0, length ?? 0));
      await client.write(encoder.encode("-ERR 'Authorization Violation'\r\n"));
      client.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving.catch(() => {});
  }
}

test("a login in the URL of a server is sent to no other", async () => {
  await using one = new LoginTrap();
  await using other = new LoginTrap();
  const servers = [
    `nats://ada:secret-1@${one.address}`,
    `nats://bob:secret-2@${other.address}`,
  ];
  await assertRejects(
    () => natsJobs({ servers, name: "test", connectTimeout: 30_000 }),
    NatsError,
  );
  assertMatch(one.sent, /"ada".*"secret-1"/);
  assertMatch(other.sent, /"bob".*"secret-2"/);
  assert(!one.sent.includes("secret-2") && !other.sent.includes("secret-1"));
});

test("a server without a login in its URL is sent none, unless there is one for all", async () => {
  await using one = new LoginTrap();
  await using open = new LoginTrap();
  const servers = [`nats://ada:secret@${one.address}`, open.address];
  await assertRejects(
    () => natsJobs({ servers, name: "test", connectTimeout: 30_000 }),
    NatsError,
  );
  assert(open.sent.includes("CONNECT") && !open.sent.includes("secret"));
  const common = { user: "bob", password: "common" };
  await assertRejects(
    () =>
      natsJobs({ servers, name: "test", connectTimeout: 30_000, ...common }),
    NatsError,
  );
  assertMatch(open.sent, /"bob".*"common"/);
});

test("a login is remembered for its server when the connection is made again", async () => {
  await using server = await NatsServer.start(["--user", "a", "--pass", "b"]);
  await using jobs = await natsJobs<string>({
    servers: [
      `nats://x:y@127.0.0.1:${freePort()}`,
      `a:b@${server.address}`,
    ],
    name: "test",
    connectTimeout: 30_000,
  });
  await server.kill();
  await server.restart();
  await jobs.put("a");
  assertEquals(await take(jobs), "a");
});
