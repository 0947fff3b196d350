import { assert, assertEquals, assertMatch } from "@std/assert";
import { Monitors } from "./_monitored.ts";
import { RawClient } from "./_raw_client.ts";

/** A program with so many tasks that wait, and one that counts its turns. */
const withTasks = (count: number) => `
  globalThis.turns = 0;
  t.run(async () => {
    await listening();
    const items = new queue.Queue();
    for (let i = 0; i < ${count}; i++) {
      t.createTask(() => items.get(), { name: "getter " + i });
    }
    t.createTask(async () => {
      for (;;) {
        globalThis.turns++;
        await t.sleep(1);
      }
    }, { name: "counter" });
    await t.sleep(50);
    console.log("ready");
    await t.sleep(3_600_000);
  });
`;

async function ask(client: RawClient, request: object) {
  await client.send({ id: 1, ...request });
  return (await client.next())?.value;
}

Deno.test("monitor: while 10 000 tasks are listed, the program goes on", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(withTasks(10_000));
  using client = await RawClient.connect(monitors.socketOf(program));
  const turns = async () =>
    Number((await ask(client, { op: "evaluate", code: "turns" })).value);

  for (const op of ["tasks", "watch"]) {
    const before = await turns();
    const answer = await ask(client, { op });
    const { total } = answer.snapshot ?? answer;
    assertEquals(total, 10_002);
    const passed = await turns() - before;
    assert(passed >= 10, `${op}: ${passed} turns`);
  }
});

Deno.test("monitor: of very many tasks the oldest are listed, and the others counted", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(withTasks(30_000));

  const { code, out } = await monitors.cli(["ps", pid]);

  assertEquals(code, 0);
  const lines = out.split("\n");
  assertEquals(lines.length, 1 + 20_000 + 1);
  assertMatch(lines.at(-1)!, /^and 10002 younger ones of 30002$/);
});

Deno.test("monitor: clients that ask at the same time get the same list", async () => {
  await using monitors = await Monitors.create();
  const program = await monitors.start(withTasks(5_000));
  const clients = await Promise.all(
    Array.from(
      { length: 5 },
      () => RawClient.connect(monitors.socketOf(program)),
    ),
  );

  const answers = await Promise.all(
    clients.map((client) => ask(client, { op: "tasks" })),
  );

  assertEquals(answers.map(({ total }) => total), Array(5).fill(5_002));
  assert(new Set(answers.map(({ at }) => at)).size < 5);
  for (const client of clients) client[Symbol.dispose]();
});

/** So many tasks, each of which waits for the next one. */
const chainOf = (count: number) => `
  t.run(async () => {
    await listening();
    let last = t.createTask(() => t.sleep(3_600_000), { name: "last" });
    for (let i = 1; i < ${count}; i++) {
      const next = last;
      last = t.createTask(async () => { await next; });
    }
    await t.sleep(50);
    console.log("ready");
    await last;
  });
`;

Deno.test("monitor: a long chain of tasks is shown whole", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(chainOf(10_000));

  const { code, out } = await monitors.cli(["tree", pid]);

  assertEquals(code, 0);
  const lines = out.split("\n");
  assertEquals(lines.length, 10_001);
  assertMatch(lines.at(-1)!, /└─ task 2 "last": waits for sleep/);
});

Deno.test("monitor: JSON of a long chain of tasks has a number below its last level", async () => {
  await using monitors = await Monitors.create();
  const { pid } = await monitors.start(chainOf(10_000));

  const { tree: [root] } = await monitors.json("tree", pid);

  let levels = 1;
  let node = root;
  for (; node.children?.length > 0; levels++) node = node.children[0];
  assertEquals([levels, levels + node.more], [500, 10_001]);
});

Deno.test("monitor: code of a client that leaves before it has begun never runs", async () => {
  await using monitors = await Monitors.create();
  // It is busy most of the time: what a client sends, and that it has gone, come
  // in one turn.
  const program = await monitors.start(`
    t.run(async () => {
      await listening();
      console.log("ready");
      for (;;) {
        keepBusy(2);
        await t.sleep(0);
      }
    });
  `);
  const socket = monitors.socketOf(program);
  using client = await RawClient.connect(socket);

  for (let i = 0; i < 15; i++) {
    const leaving = await RawClient.connect(socket);
    await leaving.send({ id: 1, op: "evaluate", code: "asyncio.sleep(1e9)" });
    for (let n = 0; n < i; n++) {
      await leaving.send({ id: 2, op: "hello" });
      await leaving.next();
    }
    leaving[Symbol.dispose]();
    await ask(client, { op: "tasks" }); // few are connected at a time
  }

  // The program's own task alone, in the end.
  while ((await ask(client, { op: "tasks" })).total !== 1);
});

Deno.test({
  name: "monitor: clients that break off leave nothing behind",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using monitors = await Monitors.create();
    const program = await monitors.start(withTasks(10));
    const openFiles = () =>
      [...Deno.readDirSync(`/proc/${program.pid}/fd`)].length;
    const requests = [
      "",
      "{",
      '{"id":1,"op":"tasks"}\n',
      '{"id":1,"op":"watch"}\n',
      '{"id":1,"op":"evaluate","code":"asyncio.sleep(1e9)"}\n',
    ];
    // Those that the program opens on first use are open then.
    const breakOff = async (request: string) => {
      using client = await RawClient.connect(monitors.socketOf(program));
      await client.send(request);
      if (request.endsWith("\n")) await client.send('{"id":2,"op":"hello"}\n');
      if (request.endsWith("\n")) await client.next();
    };
    for (const request of requests) await breakOff(request);
    const isQuiet = async () => {
      using client = await RawClient.connect(monitors.socketOf(program));
      return (await ask(client, { op: "tasks" }))?.total === 12;
    };
    while (!await isQuiet());
    const before = openFiles();

    for (let i = 0; i < 20; i++) {
      for (const request of requests) await breakOff(request);
    }

    while (!await isQuiet());
    while (openFiles() > before) await isQuiet();
  },
});
