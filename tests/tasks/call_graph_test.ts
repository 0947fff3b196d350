import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  asCompleted,
  captureCallGraph,
  createTask,
  formatCallGraph,
  Future,
  gather,
  InvalidStateError,
  run,
  shield,
  sleep,
  type Task,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { Lock } from "@asyncio/asyncio/sync";
import { Queue } from "@asyncio/asyncio/queue";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { Program } from "../_helpers/program.ts";

/** Runs `main`, with everything that it leaves behind ended. */
function within(main: () => Promise<void>): Promise<void> {
  return run(main, { clock: new VirtualClock() });
}

function sleeper(name: string): Task<void> {
  return createTask(() => sleep(60_000), { name });
}

/** Lets all tasks run up to their waits. */
const settle = () => sleep(1);

/** The names of those who await `task`. */
function awaiters(task: Task<unknown>): string[] {
  return captureCallGraph(task).awaitedBy.map(({ name }) => name);
}

// --- captureCallGraph --------------------------------------------------------

Deno.test("captureCallGraph: shows what a task waits for, and which tasks await it", () =>
  within(async () => {
    const child = sleeper("child");
    createTask(async () => await child, { name: "parent" });
    await settle();
    assertEquals(captureCallGraph(child), {
      name: "child",
      state: "pending",
      awaits: ["sleep 60000"],
      awaitedBy: [{
        name: "parent",
        state: "pending",
        awaits: ['task "child"'],
        awaitedBy: [],
      }],
    });
  }));

Deno.test("captureCallGraph: without a task it is the current one, and runs", () =>
  within(async () => {
    await createTask(() => {
      const { name, state, awaits } = captureCallGraph();
      assertEquals({ name, state, awaits }, {
        name: "me",
        state: "running",
        awaits: [],
      });
      return Promise.resolve();
    }, { name: "me" });
  }));

Deno.test("captureCallGraph: outside of tasks it wants one, and nothing but one", () => {
  assertThrows(() => captureCallGraph(), InvalidStateError, "no current task");
  assertThrows(
    () => captureCallGraph(new Future() as never),
    TypeError,
    "Future",
  );
});

Deno.test("captureCallGraph: knows how far a task is", () =>
  within(async () => {
    const states = (tasks: Task<unknown>[]) =>
      tasks.map((task) => captureCallGraph(task).state);
    const foreign = Promise.withResolvers<void>();
    const tasks = [
      sleeper("waits"),
      createTask(() => 1),
      createTask(() => {
        throw new Error("expected");
      }),
      sleeper("cancelled"),
      createTask(() => foreign.promise),
    ];
    assertEquals(new Set(states(tasks)), new Set(["pending"]));
    await sleep(0);
    tasks[3]!.cancel();
    await sleep(0);
    tasks[2]!.exception();
    foreign.resolve(); // not before this turn is over
    assertEquals(states(tasks), [
      "pending",
      "done",
      "failed",
      "cancelled",
      "running", // it waits for something foreign, which cannot be seen
    ]);
    assertEquals(captureCallGraph(tasks[1]!).awaits, []);
  }));

const links: Record<string, (child: Task<void>) => Promise<unknown>> = {
  "await": async (child) => await child,
  "gather": async (child) => await gather([child]),
  "a gather of gathers": async (child) => await gather([gather([child])]),
  "shield": async (child) => await shield(child),
  "wait": (child) => wait([child]),
  "waitFor": (child) => waitFor(child, 60_000),
  "timeout": (child) => timeout(60_000, () => child),
  "asCompleted": async (child) => {
    for await (const _ of asCompleted([child]));
  },
};
for (const [name, link] of Object.entries(links)) {
  Deno.test(`captureCallGraph: sees through ${name}`, () =>
    within(async () => {
      const child = sleeper("child");
      createTask(() => link(child), { name: "parent" });
      await settle();
      assertEquals(awaiters(child), ["parent"]);
    }));
}

Deno.test("captureCallGraph: sees through a group", () =>
  within(async () => {
    let child: Task<void> | undefined;
    createTask(() =>
      taskGroup((group) => {
        child = group.createTask(() => sleep(60_000), { name: "child" });
      }), { name: "parent" });
    await settle();
    assertEquals(awaiters(child!), ["parent"]);
  }));

Deno.test("captureCallGraph: sees through a run inside a task", () =>
  within(async () => {
    let inner: Task<void> | undefined;
    createTask(() =>
      run(async () => {
        inner = createTask(() => sleep(60_000), { name: "inner" });
        await inner;
      }), { name: "outer" });
    while (inner === undefined) await sleep(0);
    const [main] = captureCallGraph(inner).awaitedBy;
    assertEquals(main!.awaitedBy.map(({ name }) => name), ["outer"]);
  }));

Deno.test("captureCallGraph: a wait that was given up is no link any more", () =>
  within(async () => {
    const child = sleeper("child");
    const parent = createTask(async () => await shield(child));
    await settle();
    parent.cancel();
    await wait([parent]);
    assertEquals(awaiters(child), []);
  }));

Deno.test("captureCallGraph: shows each of several tasks that await it once", () =>
  within(async () => {
    const child = sleeper("child");
    createTask(async () => await gather([child, shield(child)]), { name: "a" });
    createTask(async () => await child, { name: "b" });
    await settle();
    assertEquals(awaiters(child).sort(), ["a", "b"]);
  }));

Deno.test("captureCallGraph: a ring is cut, and marked, where it closes", () =>
  within(async () => {
    const a: Task<void> = createTask(async () => await b, { name: "a" });
    const b: Task<void> = createTask(async () => await a, { name: "b" });
    await settle();
    const graph = captureCallGraph(a);
    assertEquals(graph.awaitedBy[0]!.name, "b");
    assertEquals(graph.awaitedBy[0]!.awaitedBy, [{
      name: "a",
      state: "pending",
      awaits: ['task "b"'],
      awaitedBy: [],
      cut: true,
    }]);
    a.cancel();
  }));

// --- formatCallGraph ---------------------------------------------------------

Deno.test("formatCallGraph: draws the tasks that await a task", () =>
  within(async () => {
    const child = sleeper("child");
    createTask(async () => await child, { name: "a" });
    const b = createTask(async () => await child, { name: "b" });
    createTask(async () => await b, { name: "c" });
    await settle();
    assertEquals(
      formatCallGraph({ task: child }),
      `task "child": waits for sleep 60000
├─ awaited by task "a": waits for task "child"
└─ awaited by task "b": waits for task "child"
   └─ awaited by task "c": waits for task "b"`,
    );
  }));

Deno.test("formatCallGraph: draws all tasks below those that await them", () =>
  within(async () => {
    const lock = new Lock();
    const queue = new Queue<number>();
    await createTask(() => lock.acquire(), { name: "holder" });
    createTask(() =>
      taskGroup((group) => {
        group.createTask(() => lock.acquire(), { name: "locked" });
        group.createTask(() => queue.get(), { name: "getter" });
      }), { name: "parent" });
    await settle();
    createTask(() => 1, { name: "new" });
    assertEquals(
      formatCallGraph({ all: true }).replace(/"Task-\d+"/, '"main"'),
      `task "main": running
task "parent": waits for taskGroup
├─ task "locked": waits for Lock.acquire
└─ task "getter": waits for Queue.get
task "new": not started`,
    );
  }));

Deno.test("formatCallGraph: a deadlock of tasks shows as a ring", () =>
  within(async () => {
    const a: Task<void> = createTask(async () => await b, { name: "a" });
    const b: Task<void> = createTask(async () => await a, { name: "b" });
    await settle();
    assertStringIncludes(
      formatCallGraph({ all: true }),
      `task "a": waits for task "b"
└─ task "b": waits for task "a"
   └─ task "a": a ring, which waits for itself`,
    );
    a.cancel();
  }));

Deno.test("formatCallGraph: what two tasks await stands once, and is named twice", () =>
  within(async () => {
    const child = sleeper("child");
    createTask(async () => await child, { name: "a" });
    createTask(async () => await child, { name: "b" });
    await settle();
    assertStringIncludes(
      formatCallGraph({ all: true }),
      `task "a": waits for task "child"
└─ task "child": waits for sleep 60000
task "b": waits for task "child"
└─ task "child": see above`,
    );
  }));

Deno.test("formatCallGraph: shows all waits of a task", () =>
  within(async () => {
    const task = createTask(async () => {
      await Promise.all([sleep(1000), new Queue().get()]);
    }, { name: "both" });
    await settle();
    assertEquals(
      formatCallGraph({ task }),
      'task "both": waits for sleep 1000 and Queue.get',
    );
  }));

Deno.test("formatCallGraph: outside of tasks it shows all of them", async () => {
  const task = createTask(() => sleep(60_000), { name: "outside" });
  await new Promise((resolve) => setTimeout(resolve));
  assertStringIncludes(formatCallGraph(), 'task "outside": waits for sleep');
  task.cancel();
  await assertRejects(async () => await task);
  assertEquals(formatCallGraph(), "no tasks");
});

Deno.test("formatCallGraph: in debug mode it says for how long, where, and where made", () =>
  run(async () => {
    const task = createTask(async function worker() {
      await new Queue().get();
    }, { name: "worker" });
    await sleep(2500);
    const [first, ...places] = formatCallGraph({ task }).split("\n");
    assertEquals(first, 'task "worker": waits for Queue.get, for 2.5 s');
    assertEquals(places.length, 2);
    const [at, made] = places.map((line) => line.trim());
    assert(/^at .*worker \(.*call_graph_test.ts:\d+:\d+\)$/.test(at!), at);
    assert(/^made at .*call_graph_test.ts:\d+:\d+\)?$/.test(made!), made);
    task.cancel();
    await wait([task]);
  }, { debug: true, clock: new VirtualClock() }));

Deno.test("formatCallGraph: a hundred thousand tasks are drawn", () =>
  within(async () => {
    const tasks = Array.from(
      { length: 100_000 },
      () => createTask(() => sleep(60_000)),
    );
    createTask(async () => await gather(tasks), { name: "all" });
    await settle();
    assertEquals(formatCallGraph({ all: true }).split("\n").length, 100_002);
  }));

Deno.test("formatCallGraph: a long chain of tasks is drawn", () =>
  within(async () => {
    let last = sleeper("first");
    for (let i = 0; i < 500; i++) {
      const before = last;
      last = createTask(async () => await before);
    }
    await settle();
    assertEquals(formatCallGraph({ all: true }).split("\n").length, 502);
    assertEquals(formatCallGraph({ task: last }).split("\n").length, 1);
  }));

// --- dumpOnSignal ------------------------------------------------------------

Deno.test("dumpOnSignal: a signal shows all tasks of a stuck program, which goes on", async () => {
  const program = await Program.start(`
    import { Lock, run, sleep, taskGroup } from "@asyncio/asyncio";
    const print = console.error;
    console.error = (text) => {
      print(text);
      console.log("dumped");
    };
    const left = new Lock();
    const right = new Lock();
    async function take(first, second) {
      await first.acquire();
      await sleep(1);
      await second.acquire();
    }
    await run(() =>
      taskGroup(async (group) => {
        group.createTask(() => take(left, right), { name: "lefty" });
        group.createTask(() => take(right, left), { name: "righty" });
        await sleep(100);
        console.log("stuck");
      }), { dumpOnSignal: "SIGUSR1" });
  `);
  await program.wrote("stuck");
  program.kill("SIGUSR1");
  await program.wrote("dumped");
  program.kill("SIGINT");
  const { code, stderr } = await program.ended();
  assertEquals(code, 130);
  const lines = stderr.trimEnd().split("\n");
  assertEquals(lines[0], "SIGUSR1: 3 tasks");
  for (const name of ["lefty", "righty"]) {
    const line = new RegExp(
      `^[├└]─ task "${name}": waits for Lock.acquire, for \\d+ (ms|s)`,
    );
    assert(lines.some((each) => line.test(each)), stderr);
  }
});

Deno.test("dumpOnSignal: the signal is free again when run has ended", async () => {
  const program = await Program.start(`
    import { run } from "@asyncio/asyncio/tasks";
    await run(() => 1, { dumpOnSignal: "SIGUSR1" });
    console.log("over");
    setTimeout(() => {}, 60_000);
  `);
  await program.wrote("over");
  program.kill("SIGUSR1");
  const { signal, stderr } = await program.ended();
  assertEquals([signal, stderr], ["SIGUSR1", ""]);
});

Deno.test("dumpOnSignal: a run that is refused listens to nothing, and the program ends", async () => {
  const program = await Program.start(`
    import { run } from "@asyncio/asyncio/tasks";
    const dumpOnSignal = "SIGUSR1";
    const signal = AbortSignal.abort("too late");
    await run(() => 1, { dumpOnSignal, signal }).catch(console.log);
    await run(1, { dumpOnSignal }).catch((error) => console.log(error.name));
  `);
  await program.wrote("too late");
  await program.wrote("TypeError");
  const { signal, stderr } = await program.ended();
  assertEquals([signal, stderr], [null, ""]);
});

Deno.test("dumpOnSignal: a signal that does not exist rejects run, and main does not start", async () => {
  let started = false;
  await assertRejects(
    () =>
      run(() => {
        started = true;
      }, { dumpOnSignal: "SIGNONE" as Deno.Signal }),
    TypeError,
  );
  assert(!started);
});

// --- Large graphs ------------------------------------------------------------

Deno.test("captureCallGraph, formatCallGraph: take chains of ten thousand tasks", () =>
  within(async () => {
    const first = sleeper("first");
    let last: Task<void> = first;
    for (let i = 1; i < 10_000; i++) {
      const before = last;
      last = createTask(async () => await before);
    }
    await settle();
    let depth = 1;
    let [above] = captureCallGraph(first).awaitedBy;
    for (; above !== undefined; [above] = above.awaitedBy) depth++;
    assertEquals(depth, 10_000);
    const drawn = formatCallGraph({ task: first });
    assertEquals(drawn.split("\n").length, 10_000);
  }));

Deno.test("captureCallGraph: a task to which many ways lead has one object", () =>
  within(async () => {
    const first = sleeper("first");
    let layer: Task<unknown>[] = [first];
    for (let i = 0; i < 100; i++) { // 2 ** 100 ways
      const below = layer;
      layer = [0, 1].map(() => createTask(async () => await gather(below)));
    }
    await settle();
    let graph = captureCallGraph(first);
    let depth = 0;
    while (graph.awaitedBy.length > 0) {
      const [left, right] = graph.awaitedBy;
      assert(left!.awaitedBy[0] === right!.awaitedBy[0]);
      graph = right!;
      depth++;
    }
    assertEquals(depth, 100);
  }));

Deno.test("captureCallGraph: rings of tasks that share those they await are cut", () =>
  within(async () => {
    const highest: Task<unknown>[] = [];
    const lowest = createTask(async () => (await sleep(2), await highest[0]));
    let layer: Task<unknown>[] = [lowest];
    for (let i = 0; i < 100; i++) {
      const below = layer;
      layer = [0, 1].map(() => createTask(async () => await gather(below)));
    }
    highest.push(layer[1]!);
    await sleep(3);
    let graph = captureCallGraph(lowest);
    for (let i = 0; i < 100; i++) graph = graph.awaitedBy[1]!;
    assertEquals(graph.awaitedBy.map(({ cut }) => cut), [true]);
    assert(formatCallGraph({ task: lowest }).includes("a ring"));
  }));
