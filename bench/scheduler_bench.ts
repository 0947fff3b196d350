/** What tasks and their waits cost, beside the bare promises that are the floor. */
import {
  createTask,
  Future,
  gather,
  getRunningLoop,
  sleep,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "@asyncio/asyncio/tasks";

const N = 1000;

async function body(): Promise<void> {
  await null;
}

function bodies(): (() => Promise<void>)[] {
  return Array.from({ length: N }, () => body);
}

// --- 1000 pieces of work, side by side ---------------------------------------

Deno.bench("bare Promise.all of 1000", {
  group: "spawn",
  baseline: true,
}, async () => {
  await Promise.all(bodies().map((work) => work()));
});

Deno.bench("createTask of 1000, awaited", { group: "spawn" }, async () => {
  const tasks = bodies().map((work) => createTask(work));
  for (const task of tasks) await task;
});

Deno.bench("gather of 1000", { group: "spawn" }, async () => {
  await gather(bodies());
});

Deno.bench("taskGroup of 1000", { group: "spawn" }, async () => {
  await taskGroup((group) => {
    for (const work of bodies()) group.createTask(work);
  });
});

// --- Giving way --------------------------------------------------------------

Deno.bench("a bare turn (setImmediate)", {
  group: "turn",
  baseline: true,
}, async () => {
  for (let i = 0; i < N; i++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
});

Deno.bench("sleep(0), alone", { group: "turn" }, async () => {
  for (let i = 0; i < N; i++) await sleep(0);
});

Deno.bench("100 bare async functions sharing turns", {
  group: "turn, shared",
  baseline: true,
}, async () => {
  await Promise.all(Array.from({ length: 100 }, async () => {
    for (let i = 0; i < N / 100; i++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }));
});

Deno.bench("sleep(0), 100 tasks sharing turns", {
  group: "turn, shared",
}, async () => {
  await taskGroup((group) => {
    for (let task = 0; task < 100; task++) {
      group.createTask(async () => {
        for (let i = 0; i < N / 100; i++) await sleep(0);
      });
    }
  });
});

// --- Timers ------------------------------------------------------------------

Deno.bench("1000 × setTimeout, cleared", {
  group: "timers set and cancelled",
  baseline: true,
}, () => {
  const timers = [];
  for (let i = 0; i < N; i++) timers.push(setTimeout(() => {}, 1000 + i));
  for (const timer of timers) clearTimeout(timer);
});

Deno.bench("1000 × callLater, cancelled", {
  group: "timers set and cancelled",
}, () => {
  const loop = getRunningLoop();
  const handles = [];
  for (let i = 0; i < N; i++) handles.push(loop.callLater(1000 + i, () => {}));
  for (const handle of handles) handle.cancel();
});

Deno.bench("1000 × setTimeout, side by side", {
  group: "sleeps",
  baseline: true,
}, async () => {
  await Promise.all(Array.from(
    { length: N },
    (_, i) => new Promise((resolve) => setTimeout(resolve, 1 + i % 5)),
  ));
});

Deno.bench("1000 × sleep, side by side", { group: "sleeps" }, async () => {
  await Promise.all(Array.from({ length: N }, (_, i) => sleep(1 + i % 5)));
});

// --- One wait ----------------------------------------------------------------

Deno.bench("a bare promise, resolved and awaited", {
  group: "one wait",
  baseline: true,
}, async () => {
  for (let i = 0; i < N; i++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    resolve();
    await promise;
  }
});

Deno.bench("a Future, set and awaited", { group: "one wait" }, async () => {
  for (let i = 0; i < N; i++) {
    const future = new Future<void>();
    future.setResult();
    await future;
  }
});

// --- A limit to a wait -------------------------------------------------------

Deno.bench("a bare race against a timer, cleared", {
  group: "timeout that is not needed",
  baseline: true,
}, async () => {
  for (let i = 0; i < N; i++) {
    const { promise, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error("too late")), 60_000);
    await Promise.race([body(), promise]);
    clearTimeout(timer);
  }
});

Deno.bench("waitFor", { group: "timeout that is not needed" }, async () => {
  for (let i = 0; i < N; i++) await waitFor(body, 60_000);
});

Deno.bench("timeout", { group: "timeout that is not needed" }, async () => {
  for (let i = 0; i < N; i++) await timeout(60_000, body);
});

// --- Giving up ---------------------------------------------------------------

Deno.bench("a bare promise, rejected with a new error", {
  group: "1000 waits given up",
  baseline: true,
}, async () => {
  const waits = Array.from({ length: N }, () => Promise.withResolvers<void>());
  const ends = Promise.allSettled(waits.map(({ promise }) => promise));
  await null;
  for (const { reject } of waits) reject(new Error("given up"));
  await ends;
});

Deno.bench("a bare promise, rejected by an AbortSignal of its own", {
  group: "1000 waits given up",
}, async () => {
  const controllers = Array.from({ length: N }, () => new AbortController());
  const ends = Promise.allSettled(
    controllers.map(({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      })
    ),
  );
  await null;
  for (const controller of controllers) controller.abort();
  await ends;
});

Deno.bench("createTask, cancelled in its wait", {
  group: "1000 waits given up",
}, async () => {
  const tasks = Array.from(
    { length: N },
    () => createTask(() => new Future<void>()),
  );
  await sleep(0);
  for (const task of tasks) task.cancel();
  await wait(tasks);
});
