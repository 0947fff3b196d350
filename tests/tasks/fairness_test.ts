import { assert, assertEquals } from "@std/assert";
import {
  any,
  asCompleted,
  cancellable,
  createTask,
  Future,
  gather,
  getRunningLoop,
  moveOnAfter,
  race,
  retry,
  run,
  select,
  shield,
  shielded,
  sleep,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "@asyncio/asyncio/tasks";

/** Runs `step` again and again, and sees whether an interval of the runtime gets its turns meanwhile. */
async function starves(step: () => PromiseLike<unknown>): Promise<boolean> {
  let ticks = 0;
  const interval = setInterval(() => ticks++, 1);
  const end = performance.now() + 10_000;
  try {
    while (ticks < 3) {
      await step();
      if (performance.now() > end) return true;
    }
    return false;
  } finally {
    clearInterval(interval);
  }
}

const done = new Future<number>();
done.setResult(1);
const failed = new Future<number>();
failed.setException(new Error("boom"));
failed.exception();
const cancelled = new Future<number>();
cancelled.cancel();

const steps: Record<string, () => PromiseLike<unknown>> = {
  "await of a done future": () => done,
  "await of a failed future": () => failed.catch(() => {}),
  "await of a cancelled future": () => cancelled.catch(() => {}),
  "await of a done task": () => createTask(() => 1, { eager: true }),
  "await of a new task": () => createTask(() => 1),
  "gather of nothing": () => gather([]),
  "gather of what is done": () => gather([done, done]),
  "wait for what is done": () => wait([done]),
  "wait with no time": () => wait([new Future()], { timeout: 0 }),
  "waitFor of what is done": () => waitFor(done, 1000),
  "waitFor of a function that never waits": () => waitFor(() => 1, 1000),
  "waitFor with no time": () => waitFor(() => 1, 0).catch(() => {}),
  "asCompleted of what is done": () =>
    asCompleted([done])[Symbol.asyncIterator]().next(),
  "shield of what is done": () => shield(done),
  "cancellable of a resolved promise": () => cancellable(Promise.resolve(1)),
  "a timeout whose body never waits": () => timeout(1000, () => 1),
  "a timeout that is up at once": () => moveOnAfter(0, () => sleep(1)),
  "a group without children": () => taskGroup(() => 1),
  "a group whose children never wait": () =>
    taskGroup((group) => void group.createTask(() => 1)),
  "race with a function that never waits": () => race([() => 1]),
  "race with a function that fails": () =>
    race([() => Promise.reject(1)]).catch(() => {}),
  "race with a resolved promise": () => race([Promise.resolve(1)]),
  "select with a function that never waits": () => select({ only: () => 1 }),
  "any with a function that never waits": () => any([() => 1]),
  "any with a function that fails": () =>
    any([() => Promise.reject(1)]).catch(() => {}),
  "retry of a function that never waits": () => retry(() => 1),
  "shielded with a body that never waits": () => shielded(() => 1),
  "a run that never waits": () => run(() => 1, { handleInterrupt: false }),
};

for (const [name, step] of Object.entries(steps)) {
  Deno.test(`a task that does nothing but ${name} does not starve the rest`, async () => {
    assertEquals(await run(() => starves(step)), false);
    assertEquals(await starves(step), false); // in no task
  });
}

Deno.test("tasks that hand values around flat out do not starve an interval, nor each other", async () => {
  await run(async () => {
    let ticks = 0;
    let hops = 0;
    let callbacks = 0;
    let stopped = false;
    const interval = setInterval(() => ticks++, 1);
    let [ping, pong] = [new Future<void>(), new Future<void>()];
    const players = [
      createTask(async () => {
        while (!stopped) {
          const next = pong;
          ping.setResult();
          await next;
          hops++;
        }
      }),
      createTask(async () => {
        while (!stopped) {
          await ping;
          ping = new Future();
          const old = pong;
          pong = new Future();
          old.setResult();
        }
      }),
    ];
    const loop = getRunningLoop();
    loop.callSoon(function again() {
      if (stopped) return;
      if (++callbacks % 1000 !== 0) loop.callSoon(again);
      else loop.callLater(0, again);
    });
    while (ticks < 5) await sleep(1);
    stopped = true;
    clearInterval(interval);
    for (const player of players) player.cancel(); // one may wait for the other
    await gather(players, { returnExceptions: true });
    assert(hops > 5 && callbacks > 5, `${hops} hops, ${callbacks} callbacks`);
  });
});

Deno.test("a callback that calls itself soon, without end, starves no other", async () => {
  const loop = getRunningLoop();
  let calls = 0;
  let stopped = false;
  loop.callSoon(function again() {
    calls++;
    if (!stopped) loop.callSoon(again);
  });
  await sleep(2);
  await new Promise((resolve) => setTimeout(resolve, 2));
  stopped = true;
  assert(calls > 1);
});

Deno.test("tasks that create tasks without end starve no other", async () => {
  await run(async () => {
    let made = 0;
    const spawn = (): void => {
      made++;
      createTask(spawn);
    };
    createTask(spawn);
    await sleep(2);
    assert(made > 1);
  }).catch(() => {});
});

Deno.test("sleep(0) lets every other ready task, callback, and timer go first", async () => {
  await run(async () => {
    const order: string[] = [];
    createTask(() => void order.push("task"));
    getRunningLoop().callSoon(() => void order.push("soon"));
    getRunningLoop().callLater(0, () => void order.push("timer"));
    await sleep(0);
    order.push("sleeper");
    assertEquals(order.toSorted(), [
      "sleeper",
      "soon",
      "task",
      "timer",
    ]);
    assertEquals(order.at(-1), "sleeper");
  });
});

Deno.test("many that sleep(0) take turns", async () => {
  const order: number[] = [];
  await gather([0, 1, 2].map((i) => async () => {
    for (let turn = 0; turn < 3; turn++) {
      order.push(i);
      await sleep(0);
    }
  }));
  assertEquals(order, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
});
