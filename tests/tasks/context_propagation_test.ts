// Where the current task and its context travel, and where they do not: AsyncLocalStorage has its own ideas in
// listeners, async generators and thenables.
import { assertEquals, assertStrictEquals } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import {
  cancellable,
  ContextVar,
  createTask,
  currentTask,
  Future,
  moveOnAfter,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";

const ways: Record<string, (look: () => void) => unknown> = {
  "await of a native promise": async (look) => {
    await Promise.resolve();
    look();
  },
  "await of a timer": async (look) => {
    await new Promise((resolve) => setTimeout(resolve));
    look();
  },
  "a timer": (look) =>
    new Promise<void>((resolve) => {
      setTimeout(() => {
        look();
        resolve();
      });
    }),
  "a microtask": (look) => queueMicrotask(look),
  "setImmediate": (look) =>
    new Promise<void>((resolve) => setImmediate(() => resolve(look()))),
  "then of a promise": (look) => Promise.resolve().then(look),
  "await of a thenable": async (look) => {
    await { then: (resolve: (value: unknown) => void) => resolve(look()) };
    look();
  },
  "await of a future that other code settles": async (look) => {
    const future = new Future<void>();
    setTimeout(() => future.setResult());
    await future;
    look();
  },
  "await of a task": async (look) => {
    await createTask(() => sleep(0));
    look();
  },
  "then of a future": async (look) => {
    const future = new Future<void>();
    setTimeout(() => future.setResult());
    await future.then(look);
  },
  "a cancellable": async (look) => {
    await cancellable(new Promise((resolve) => setTimeout(resolve)));
    look();
  },
  "for await over an async generator": async (look) => {
    async function* generate() {
      look();
      yield 1;
      await sleep(0);
      look();
      yield 2;
    }
    for await (const _ of generate()) look();
  },
  "reading a file": async (look) => {
    await Deno.stat(".");
    look();
  },
  "an event listener": (look) => {
    const target = new EventTarget();
    target.addEventListener("event", look);
    target.dispatchEvent(new Event("event"));
  },
};

for (const [name, way] of Object.entries(ways)) {
  Deno.test(`the current task and its variables come through ${name}`, async () => {
    const user = new ContextVar("user", { default: "guest" });
    let looks = 0;
    const task = createTask(async () => {
      user.set("ada");
      await way(() => {
        looks++;
        assertStrictEquals(currentTask(), task);
        assertEquals(user.get(), "ada");
      });
      await turns(1);
    });
    await task;
    assertEquals(looks > 0, true);
    assertEquals([currentTask(), user.get()], [undefined, "guest"]);
  });
}

Deno.test("an abort listener sees the task that aborts, and its waits are that task's", async () => {
  const controller = new AbortController();
  const seen: unknown[] = [];
  const listening = createTask(async () => {
    controller.signal.addEventListener(
      "abort",
      () => seen.push(currentTask()?.name),
    );
    await sleep(60_000);
  }, { name: "listening" });
  await turns(1);
  await createTask(() => controller.abort(), { name: "aborting" });
  assertEquals(seen, ["aborting"]);
  listening.cancel();
  await turns();
});

Deno.test("an async generator sees the task that asks for its next value", async () => {
  async function* names() {
    while (true) {
      await sleep(0);
      yield currentTask()?.name;
    }
  }
  const generator = names();
  const next = async () => (await generator.next()).value;
  assertEquals(await createTask(next, { name: "a" }), "a");
  assertEquals(await createTask(next, { name: "b" }), "b");
  assertEquals(await next(), undefined);
  await generator.return();
});

Deno.test("a cancel ends the wait inside an async generator that the task asks, and not one that others ask", async () => {
  const seen: string[] = [];
  async function* generate() {
    try {
      yield 1;
      await sleep(60_000);
    } finally {
      seen.push("closed");
    }
  }
  const task = createTask(async () => {
    for await (const _ of generate()) seen.push("value");
  });
  await turns();
  task.cancel();
  await turns();
  assertEquals([task.cancelled, seen], [true, ["value", "closed"]]);
});

Deno.test("resolve(future) calls its then where it is resolved: in the resolver's task", async () => {
  const future = new Future<string>();
  let resolve!: (value: PromiseLike<string>) => void;
  const promise = new Promise<string>((it) => resolve = it);
  const waiting = createTask(async () => await promise);
  const resolver = createTask(async () => {
    resolve(future);
    await sleep(60_000);
  });
  await turns();
  resolver.cancel(); // the wait for the future is its own
  await turns();
  assertEquals([future.cancelled, resolver.cancelled, waiting.cancelled], [
    true,
    true,
    true,
  ]);
});

Deno.test("a native promise that is awaited by two tasks wakes each in its own context", async () => {
  const promise = new Promise((resolve) => setTimeout(resolve));
  const names = await Promise.all(
    ["a", "b"].map((name) =>
      createTask(async () => {
        await promise;
        return currentTask()!.name;
      }, { name })
    ),
  );
  assertEquals(names, ["a", "b"]);
});

Deno.test("an AsyncLocalStorage of the user's own comes through tasks, waits and callbacks", async () => {
  const storage = new AsyncLocalStorage<string>();
  await run(() =>
    storage.run("mine", async () => {
      const task = createTask(async () => {
        await sleep(0);
        return storage.getStore();
      });
      await sleep(1);
      assertEquals(await task, "mine");
      await moveOnAfter(1, () => sleep(60_000));
      assertEquals(storage.getStore(), "mine");
      const future = new Future<void>();
      const seen: unknown[] = [];
      future.addDoneCallback(() => seen.push(storage.getStore()));
      future.setResult();
      currentTask()!.loop.callSoon(() => seen.push(storage.getStore()));
      await sleep(0);
      assertEquals(seen, ["mine", "mine"]);
    })
  );
});

Deno.test("thousands of callbacks keep a foreign AsyncLocalStorage apart, past any budget", async () => {
  const storage = new AsyncLocalStorage<number>();
  const seen: unknown[] = [];
  await run(async () => {
    const { loop } = currentTask()!;
    for (let i = 0; i < 2000; i++) {
      storage.run(
        i,
        () => loop.callSoon(() => void seen.push(storage.getStore())),
      );
    }
    await sleep(1);
  });
  assertEquals(seen, Array.from({ length: 2000 }, (_, i) => i));
});
