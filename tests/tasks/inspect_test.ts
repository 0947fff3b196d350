import { assert, assertEquals } from "@std/assert";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  gather,
  getRunningLoop,
  InterruptError,
  InvalidStateError,
  isCancelled,
  run,
  signals,
  sleep,
  taskGroup,
  TimeoutError,
  wait,
} from "@asyncio/asyncio/tasks";
import { inspect } from "node:util";
import { turns } from "../_helpers/turns.ts";

Deno.test("every error's name is its class's name, and isCancelled knows the one", () => {
  for (
    const type of [
      CancelledError,
      TimeoutError,
      InvalidStateError,
      InterruptError,
    ]
  ) {
    const error = new type("message", { cause: "cause" });
    assertEquals([error.name, error.message, error.cause], [
      type.name,
      "message",
      "cause",
    ]);
    assert(error instanceof Error && String(error) === `${type.name}: message`);
    assertEquals(isCancelled(error), type === CancelledError);
  }
  for (
    const other of [undefined, null, "CancelledError", {
      name: "CancelledError",
    }]
  ) {
    assertEquals(isCancelled(other), false);
  }
});

Deno.test("a future prints its state, its result or its error", () => {
  const [done, failed, cancelled] = [
    new Future<number>(),
    new Future(),
    new Future(),
  ];
  assertEquals(Deno.inspect(done), 'Future { state: "pending" }');
  done.setResult(1);
  failed.setException("error");
  failed.exception();
  cancelled.cancel();
  assertEquals(Deno.inspect(done), 'Future { state: "done", result: 1 }');
  assertEquals(
    Deno.inspect(failed),
    'Future { state: "failed", error: "error" }',
  );
  assertEquals(Deno.inspect(cancelled), 'Future { state: "cancelled" }');
});

Deno.test("a subclass prints its own name", () => {
  class Answer extends Future<number> {}
  assert(Deno.inspect(new Answer()).startsWith("Answer {"));
});

const waits: Record<string, () => PromiseLike<unknown>> = {
  "sleep 60000": () => sleep(60_000),
  Future: () => new Future(),
  'task "inner"': () => createTask(() => sleep(60_000), { name: "inner" }),
  "wait for 2 futures": () => wait([new Future(), new Future()]),
  gather: () => gather([new Future()]),
  taskGroup: () =>
    taskGroup((group) => void group.createTask(() => sleep(60_000))),
};

for (const [what, begin] of Object.entries(waits)) {
  Deno.test(`a task prints what it waits for: ${what}`, async () => {
    const task = createTask(async () => void await begin(), { name: "outer" });
    await turns(1);
    const text = Deno.inspect(task);
    assert(text.includes(what), text);
    assert(text.includes('"outer"') && text.includes('"pending"'), text);
    task.cancel();
    await turns();
    assertEquals(
      Deno.inspect(task),
      'Task { name: "outer", state: "cancelled" }',
    );
  });
}

Deno.test("a loop prints how many tasks it has", async () => {
  await run(() => {
    createTask(() => {});
    assert(
      Deno.inspect(getRunningLoop()).startsWith("EventLoop { tasks: 2"),
      Deno.inspect(getRunningLoop()),
    );
  });
});

Deno.test("handles print whether they were cancelled", () => {
  const loop = getRunningLoop();
  const [soon, later] = [loop.callSoon(() => {}), loop.callAt(1e9, () => {})];
  assertEquals(Deno.inspect(soon), "Handle { cancelled: false }");
  assertEquals(
    Deno.inspect(later),
    "TimerHandle { when: 1000000000, cancelled: false }",
  );
  soon.cancel();
  later.cancel();
  assertEquals(Deno.inspect(soon), "Handle { cancelled: true }");
});

Deno.test("signals print which they are, and whether they listen", () => {
  const arriving = signals("SIGUSR1", "SIGUSR2", "SIGUSR1");
  const names = '[ "SIGUSR1", "SIGUSR2" ]';
  assertEquals(
    Deno.inspect(arriving),
    `Signals { signals: ${names}, listening: true }`,
  );
  arriving[Symbol.dispose]();
  assertEquals(
    Deno.inspect(arriving),
    `Signals { signals: ${names}, listening: false }`,
  );
});

Deno.test("Node's inspect shows the same", async () => {
  const future = new Future<string>();
  future.setResult("value");
  assertEquals(inspect(future), "Future { state: 'done', result: 'value' }");
  await createTask(() => {
    assert(inspect(currentTask()).startsWith("Task {"));
  });
});

Deno.test("printing a task that waits for itself in a ring ends", async () => {
  const ring: PromiseLike<unknown>[] = [];
  const make = (i: number) =>
    createTask(async () => {
      await sleep(0);
      await ring[i];
    });
  const [a, b] = [make(1), make(0)];
  ring.push(a, b);
  await turns();
  assert(Deno.inspect([a, b]).includes("pending"));
  a.cancel();
  await turns();
});
