import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  gather,
  getRunningLoop,
  sleep,
  wait,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";

/** A signal that counts what listens to it. */
class Watched {
  readonly #controller = new AbortController();
  readonly signal = this.#controller.signal;
  listeners = 0;
  added = 0;

  constructor() {
    const { signal } = this;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: unknown[]) => {
      this.listeners++;
      this.added++;
      return addEventListener.apply(signal, args as never);
    };
    signal.removeEventListener = (...args: unknown[]) => {
      this.listeners--;
      return removeEventListener.apply(signal, args as never);
    };
  }

  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }
}

const waits: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
  sleep: (signal) => sleep(60_000, { signal }),
  "sleep(0)": (signal) => sleep(0, { signal }),
  wait: (signal) => wait([new Future()], { signal }),
  "wait with a timeout": (signal) =>
    wait([new Future()], { signal, timeout: 60_000 }),
  "waitFor a function": (signal) =>
    waitFor(() => sleep(60_000), 1e6, { signal }),
  "waitFor a future": (signal) => waitFor(new Future(), Infinity, { signal }),
  "waitFor a promise": (signal) =>
    waitFor(new Promise(() => {}), 1e6, { signal }),
};

for (const [name, begin] of Object.entries(waits)) {
  Deno.test(`${name}: an abort ends it with the reason, and leaves no listener`, async () => {
    for (const inTask of [true, false]) {
      const watched = new Watched();
      const start = () => begin(watched.signal).catch((error) => [error]);
      const ended = inTask ? createTask(start) : start();
      await Promise.resolve();
      if (inTask) { while (watched.added === 0) await Promise.resolve(); }
      assertEquals(watched.listeners, 1);
      watched.abort("reason");
      assertEquals(await ended, ["reason"]);
      assertEquals(watched.listeners, 0);
    }
  });

  Deno.test(`${name}: a signal aborted already refuses it at once, and is not listened to`, async () => {
    const watched = new Watched();
    watched.abort("reason");
    assertEquals(await begin(watched.signal).catch((error) => [error]), [
      "reason",
    ]);
    assertEquals(watched.added, 0);
  });

  Deno.test(`${name}: a cancel ends it, and leaves no listener`, async () => {
    const watched = new Watched();
    const task = createTask(() => begin(watched.signal), { eager: true });
    assertEquals(watched.listeners, 1);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    await turns(1);
    assertEquals(watched.listeners, 0);
  });

  Deno.test(`${name}: an undelivered cancel comes before an aborted signal`, async () => {
    const task = createTask(() => {
      currentTask()!.cancel("first");
      return begin(AbortSignal.abort("second"));
    });
    await assertRejects(async () => await task, CancelledError, "first");
  });

  Deno.test(`${name}: a signal that is none is a TypeError, and leaves no wait behind`, async () => {
    for (const bad of [1, {}, "s", null] as never[]) {
      const task = createTask(async () => {
        let promise: Promise<unknown>;
        try {
          promise = begin(bad);
        } catch (error) {
          throw new Error("it threw instead of rejecting", { cause: error });
        }
        await assertRejects(() => promise, TypeError);
        assert(
          Deno.inspect(currentTask()).includes("waitsFor: []"),
          Deno.inspect(currentTask()),
        );
      });
      await task;
    }
  });
}

Deno.test("a wait that ends otherwise leaves no listener", async () => {
  const watched = new Watched();
  const { signal } = watched;
  const future = new Future<number>();
  const ends = gather([
    sleep(1, { signal }),
    sleep(0, { signal }),
    wait([future], { signal }),
    waitFor(() => sleep(1), 1e6, { signal }),
  ]);
  getRunningLoop().callLater(1, () => future.setResult(1));
  await ends;
  assertEquals(watched.listeners, 0);
});

for (const order of ["abort first", "cancel first"]) {
  Deno.test(`abort and cancel in the same turn, ${order}: the first one wins, and the cancel is not lost`, async () => {
    const watched = new Watched();
    const seen: unknown[] = [];
    const task = createTask(async () => {
      await sleep(60_000, { signal: watched.signal }).catch((error) =>
        seen.push(error?.message ?? error)
      );
      await sleep(0).catch((error) => seen.push(error.message));
    }, { eager: true });
    const steps = [() => watched.abort("abort"), () => task.cancel("cancel")];
    if (order === "cancel first") steps.reverse();
    for (const step of steps) step();
    await task;
    assertEquals(
      seen,
      order === "abort first" ? ["abort", "cancel"] : ["cancel"],
    );
  });
}

Deno.test("a wake-up before the abort in the same turn wins", async () => {
  const watched = new Watched();
  const future = new Future<string>();
  const waiting = wait([future], { signal: watched.signal });
  await turns(1);
  future.setResult("value");
  watched.abort("reason");
  assertEquals((await waiting).done.has(future), true);
});

Deno.test("ten thousand waits hang on one listener, and leave none", async () => {
  const watched = new Watched();
  const { signal } = watched;
  const waits = Array.from(
    { length: 10_000 },
    () => sleep(60_000, { signal }).catch((error) => error),
  );
  assertEquals([watched.listeners, watched.added], [1, 1]);
  watched.abort("reason");
  assertEquals(new Set(await Promise.all(waits)), new Set(["reason"]));
  assertEquals(watched.listeners, 0);
});

Deno.test("ten thousand waits on one signal that are cancelled, the newest first, leave no listener", async () => {
  const watched = new Watched();
  const tasks = Array.from(
    { length: 10_000 },
    () =>
      createTask(() => sleep(60_000, { signal: watched.signal }), {
        eager: true,
      }),
  );
  for (const task of tasks.toReversed()) task.cancel();
  await turns();
  assert(tasks.every((task) => task.cancelled));
  assertEquals([watched.listeners, watched.added], [0, 1]);
});

Deno.test("waits on many signals in a row leave no listener on any", async () => {
  for (let i = 0; i < 100; i++) {
    const watched = new Watched();
    await sleep(0, { signal: watched.signal });
    assertEquals(watched.listeners, 0);
  }
});

Deno.test("a floating wait that is aborted is as loud as any rejection", async () => {
  const heard = new Promise<unknown>((resolve) => {
    globalThis.addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      resolve(event.reason);
    }, { once: true });
  });
  const controller = new AbortController();
  sleep(60_000, { signal: controller.signal });
  controller.abort("this is not caught");
  assertEquals(await heard, "this is not caught");
});

Deno.test("an abort whose listener runs in another task ends the right wait", async () => {
  const controller = new AbortController();
  const waiting = createTask(
    () =>
      sleep(60_000, { signal: controller.signal }).catch(() =>
        currentTask()!.name
      ),
    {
      name: "waiting",
    },
  );
  await turns(1);
  await createTask(() => controller.abort("reason"), { name: "aborting" });
  assertEquals(await waiting, "waiting");
});
