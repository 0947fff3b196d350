import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Program } from "../../_helpers/program.ts";
import { Monitors, programForTests } from "./_monitored.ts";
import { RawClient } from "./_raw_client.ts";

const MAX_CLIENTS = 16;

const WAITING = `
  const forever = t.createTask(() => t.sleep(3_600_000), { name: "forever" });
  t.run(async () => {
    await listening();
    t.createTask(() => t.sleep(3_600_000), { name: "sleeper" });
    console.log("ready");
    await t.sleep(3_600_000);
  });
`;

async function withProgram(
  fn: (
    connect: () => Promise<RawClient>,
    program: Program,
    monitors: Monitors,
  ) => Promise<void>,
  code = WAITING,
): Promise<void> {
  await using monitors = await Monitors.create();
  const program = await monitors.start(code);
  await fn(
    () => RawClient.connect(monitors.socketOf(program)),
    program,
    monitors,
  );
}

const shared = programForTests(WAITING);

/** The same with a program that all such tests share. */
async function withSharedProgram(
  fn: (connect: () => Promise<RawClient>) => Promise<void>,
): Promise<void> {
  const { monitors, program } = shared();
  await fn(() => RawClient.connect(monitors.socketOf(program)));
}

/** What is wrong with each, and what the client is told. */
const BAD_INPUT: Record<string, [string | Uint8Array, string]> = {
  "no JSON": ["hello\n", "the request is not JSON"],
  "no object": ["5\n", "a request is an object with an id and an op"],
  "null": ["null\n", "a request is an object with an id and an op"],
  "no id": ['{"op":"tasks"}\n', "a request is an object with an id and an op"],
  "no op": ['{"id":1}\n', "a request is an object with an id and an op"],
  "no UTF-8": [
    new Uint8Array([0xc3, 0x28, 0x0a]),
    "the request is not UTF-8",
  ],
  "no end": ["x".repeat((1 << 20) + 1), "the request is too long"],
  "a line without measure": [
    `${JSON.stringify({ id: 1, op: "tasks", more: "x".repeat(1 << 20) })}\n`,
    "the request is too long",
  ],
};

for (const [name, [input, error]] of Object.entries(BAD_INPUT)) {
  Deno.test(`monitor: a client that sends ${name} is told so, and the connection ends`, () =>
    withSharedProgram(async (connect) => {
      using client = await connect();
      await client.send(input);
      assertEquals(await client.next(), { error });
      assertEquals(await client.next(), undefined);

      using other = await connect();
      await other.send({ id: 1, op: "tasks" });
      assertEquals((await other.next()).value.total, 2);
    }));
}

/** Requests that make no sense, and what is said of them. */
const BAD_REQUESTS: [object, string][] = [
  [{ op: "explode" }, "there is no op explode"],
  [{ op: "constructor" }, "there is no op constructor"],
  [{ op: "cancel" }, "the member task of cancel is missing or wrong"],
  [{ op: "cancel", task: 1 }, "the member task of cancel is missing or wrong"],
  [
    { op: "evaluate", code: {} },
    "the member code of evaluate is missing or wrong",
  ],
  [
    { op: "watch", follow: ["a"] },
    "the member follow of watch is missing or wrong",
  ],
  [{ op: "cancel", task: "missing" }, 'there is no task "missing"'],
];

Deno.test("monitor: a request that makes no sense gets an error, and the connection stays", () =>
  withSharedProgram(async (connect) => {
    using client = await connect();
    for (const [id, [request, error]] of BAD_REQUESTS.entries()) {
      await client.send({ id, ...request });
      assertEquals(await client.next(), { id, error });
    }
    await client.send({ id: 99, op: "tasks" });
    assertEquals((await client.next()).id, 99);
  }));

Deno.test("monitor: a request may come in pieces, and many in one", () =>
  withSharedProgram(async (connect) => {
    using client = await connect();
    const line = `${JSON.stringify({ id: 1, op: "cancel", task: "ü" })}\n`;
    const bytes = new TextEncoder().encode(line);
    for (const byte of bytes) await client.send(Uint8Array.of(byte));
    assertEquals(await client.next(), { id: 1, error: 'there is no task "ü"' });

    await client.send(`{"id":2,"op":"hello"}\n{"id":3,"op":"hello"}\n`);
    assertEquals([(await client.next()).id, (await client.next()).id], [2, 3]);
  }));

Deno.test("monitor: a client that closes its side gets the answers to what it has asked", () =>
  withSharedProgram(async (connect) => {
    using client = await connect();
    await client.send({ id: 1, op: "tasks" }, { id: 2, op: "tasks" });
    await client.closeWrite();

    const ids = [(await client.next()).id, (await client.next()).id];
    assertEquals(ids, [1, 2]);
    assertEquals(await client.next(), undefined);
  }));

Deno.test("monitor: more requests at a time than a few are turned away", () =>
  withSharedProgram(async (connect) => {
    using client = await connect();
    const ids = Array.from({ length: 20 }, (_, id) => id);
    await client.send(
      ids.map((id) => JSON.stringify({ id, op: "tasks" }) + "\n").join(""),
    );

    const answers = [];
    for (const _ of ids) answers.push(await client.next());
    const refused = answers.filter(({ error }) =>
      error === "too many requests at a time"
    );
    assertEquals(answers.map(({ id }) => id).sort((a, b) => a - b), ids);
    assertEquals(refused.length, 12);
  }));

Deno.test("monitor: more clients than some are turned away, until one goes", () =>
  withProgram(async (connect) => {
    const clients: RawClient[] = [];
    for (let i = 0; i < MAX_CLIENTS; i++) {
      const client = await connect();
      await client.send({ id: 1, op: "hello" });
      await client.next();
      clients.push(client);
    }
    using refused = await connect();
    assertEquals(await refused.next(), {
      error: "too many programs look already",
    });
    assertEquals(await refused.next(), undefined);

    for (const client of clients) client[Symbol.dispose]();
    let answer;
    while (answer?.value === undefined) {
      using another = await connect();
      await another.send({ id: 1, op: "hello" }).catch(() => {});
      answer = await another.next();
    }
  }));

Deno.test("monitor: a request that was given up while the loop was busy is not carried out", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(`
    t.run(async () => {
      await listening();
      const task = t.createTask(() => t.sleep(3_600_000), { name: "sleeper" });
      const go = Deno.env.get("XDG_RUNTIME_DIR") + "/go";
      console.log("ready");
      for (;;) {
        try {
          Deno.statSync(go);
          break;
        } catch {
          // Busy: nothing else gets its turn.
        }
      }
      await t.sleep(300);
      console.log(task.cancelled, task.cancelling);
    });
  `);
  {
    using client = await RawClient.connect(monitors.socketOf(program));
    await client.send({ id: 1, op: "cancel", task: "sleeper" });
    assertMatch(JSON.stringify(await client.nextMessage()), /"busy"/);
  }
  // As many as are served at a time: once all are, the first is known to be gone.
  await using clients = new AsyncDisposableStack();
  for (let served = 0; served < MAX_CLIENTS;) {
    const client = await RawClient.connect(monitors.socketOf(program));
    clients.use(client);
    await client.send({ id: 1, op: "hello" }).catch(() => {});
    if ((await client.next())?.value !== undefined) served++;
  }
  await Deno.writeTextFile(`${monitors.runtimeDir}/go`, "");

  const { stdout } = await program.ended();
  assertEquals(stdout, "ready\nfalse 0\n");
});

Deno.test("monitor: code of a client that goes is cancelled", () =>
  withProgram(async (connect, _program, monitors) => {
    using client = await connect();
    await client.send({
      id: 1,
      op: "evaluate",
      code: "asyncio.sleep(3_600_000)",
    });
    using other = await connect();
    const names = async (): Promise<string[]> => {
      await other.send({ id: 1, op: "tasks" });
      return (await other.next()).value.tasks.map((it: { name: string }) =>
        it.name
      );
    };
    while (!(await names()).includes("monitor repl"));
    client[Symbol.dispose]();
    while ((await names()).includes("monitor repl"));
    assert(monitors);
  }));

Deno.test("monitor: a client is told the end of the program, and the run is not held up", () =>
  withProgram(async (connect, program) => {
    using client = await connect();
    await client.send({
      id: 1,
      op: "evaluate",
      code: "asyncio.sleep(3_600_000)",
    });
    await client.send({ id: 2, op: "cancel", task: "Task-1" });

    const answers = [];
    for (let it = await client.next(); it; it = await client.next()) {
      answers.push(it);
    }
    assert(answers.length <= 2);
    await program.ended();
  }, WAITING.replace(/.*forever.*\n/, "")));

Deno.test("monitor: a client that asks for nothing, or does not read, has to go", () =>
  withProgram(async (connect) => {
    using idle = await connect();
    using deaf = await connect();
    const answers = 8;
    // More than what the system keeps for a reader.
    const code = `"x".repeat(90_000)`;
    for (let id = 0; id < answers; id++) {
      await deaf.send({ id, op: "evaluate", code });
    }

    assertEquals(await idle.next(), { error: "nothing was asked for" });
    assertEquals(await idle.next(), undefined);
    let isOpen = true;
    while (isOpen) {
      using other = await connect();
      await other.send({ id: 1, op: "hello" });
      await other.next();
      isOpen = await deaf.send({ id: 1, op: "hello" }).then(
        () => true,
        () => false,
      );
    }
    let got = 0;
    for (let it = await deaf.next(); it; it = await deaf.next()) {
      if (it.value?.value?.length > 90_000) got++;
    }
    assert(got < answers, `${got} answers`);
  }));
