/** Calls with what is no argument: a `TypeError` that tells what to write. */
import { assertFalse, assertRejects, assertThrows } from "@std/assert";
import { Condition, Event } from "@asyncio/asyncio/sync";
import {
  any,
  asCompleted,
  copyContext,
  createTask,
  formatCallGraph,
  Future,
  gather,
  getRunningLoop,
  interval,
  moveOnAfter,
  race,
  run,
  Runner,
  select,
  shielded,
  sleep,
  taskGroup,
  TaskSet,
  timeout,
  timeoutAt,
  wait,
  WorkerPool,
} from "@asyncio/asyncio/tasks";
import { explore, VirtualClock } from "@asyncio/asyncio/testing";

const LIMITS = { timeout, timeoutAt, moveOnAfter };

for (const [name, limit] of Object.entries(LIMITS)) {
  Deno.test(`${name} refuses a body that is no function`, async () => {
    await assertRejects(
      () => limit(10, undefined as never),
      TypeError,
      `Cannot call ${name}: the body is a function, received undefined`,
    );
    await assertRejects(
      () => limit(10, Promise.resolve(1) as never),
      TypeError,
      "received a promise, which runs already: write () => f(x), not f(x)",
    );
  });
}

Deno.test("a wait refuses options that are no object", async () => {
  const event = new Event();
  await assertRejects(
    () => event.wait(5 as never),
    TypeError,
    "Cannot wait: options are an object, as { signal }, received 5",
  );
  await assertRejects(
    () => event.wait(null as never),
    TypeError,
    "options are an object, as { signal }, received null",
  );
  await assertRejects(() => sleep(1, "x" as never), TypeError);
});

Deno.test("createTask and run refuse options that are no object, and start nothing", async () => {
  let started = false;
  const start = () => started = true;
  assertThrows(() => createTask(start, "name" as never), TypeError, '"name"');
  await assertRejects(() => run(start, 5 as never), TypeError, "received 5");
  await sleep(0);
  if (started) throw new Error("it was started");
});

/** Calls with a number in place of the options that have it. */
const WITHOUT_OPTIONS: Record<string, (work: () => void) => unknown> = {
  "any": (work) => any([work], 5 as never),
  "asCompleted": (work) => asCompleted([work], 5 as never),
  "EventLoop.createTask": (work) =>
    getRunningLoop().createTask(work, 5 as never),
  "explore": (work) => explore(work, 5 as never),
  "formatCallGraph": () => formatCallGraph(5 as never),
  "Future": () => new Future(5 as never),
  "gather": (work) => gather([work], 5 as never),
  "interval": () => interval(1, 5 as never),
  "race": (work) => race([work], 5 as never),
  "Runner": () => new Runner(5 as never),
  "select": (work) => select({ work }, 5 as never),
  "shielded": (work) => shielded(work, 5 as never),
  "taskGroup": (work) => taskGroup(work, 5 as never),
  "TaskSet": () => new TaskSet(5 as never),
  "VirtualClock": () => new VirtualClock(5 as never),
  "WorkerPool": () => new WorkerPool(import.meta.url, 5 as never),
};

for (const [name, call] of Object.entries(WITHOUT_OPTIONS)) {
  Deno.test(`${name} refuses options that are no object, and starts nothing`, async () => {
    let started = false;
    await assertRejects(
      async () => await call(() => void (started = true)),
      TypeError,
      "options are an object, received 5",
    );
    await sleep(0);
    assertFalse(started);
  });
}

Deno.test("run refuses what is no clock", async () => {
  await assertRejects(
    () => run(() => {}, { clock: Date as never }),
    TypeError,
    "Cannot run: clock is a Clock, received a function",
  );
});

Deno.test("select refuses a list, whose branches have no names", async () => {
  await assertRejects(
    () => select([() => 1] as never),
    TypeError,
    "Cannot select: expected an object of branches, received an instance of Array",
  );
});

Deno.test("Context.run and Condition.waitFor refuse what is no function", async () => {
  assertThrows(
    () => copyContext().run(5 as never),
    TypeError,
    "Cannot run in a context: the first argument is a function, received 5",
  );
  const condition = new Condition();
  await condition.acquire();
  await assertRejects(
    () => condition.waitFor(5 as never),
    TypeError,
    "Cannot wait: the predicate is a function, received 5",
  );
  condition.release();
});

for (const [name, several] of Object.entries({ gather, wait, asCompleted })) {
  Deno.test(`${name} refuses functions that are in no list`, async () => {
    const call = several as (...functions: unknown[]) => unknown;
    await assertRejects(
      async () => await call(() => 1, () => 2),
      TypeError,
      `write ${name}([f, g]), not ${name}(f, g)`,
    );
  });
}
