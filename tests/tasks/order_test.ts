import { assertEquals } from "@std/assert";
import {
  type Coroutine,
  createTask,
  Future,
  gather,
  getRunningLoop,
  run,
  sleep,
  type Task,
  wait,
} from "@asyncio/asyncio/tasks";
import { Event } from "@asyncio/asyncio/sync";

/** Runs `main`, and returns in which order it has called `see`. */
async function order(
  main: (see: (what: string) => void) => unknown,
): Promise<string> {
  const seen: string[] = [];
  await run(async () => {
    await main((what) => seen.push(what));
    await sleep(5);
  });
  return seen.join(", ");
}

/** A task that waits, and then tells so. */
async function waiting(
  wait: () => PromiseLike<unknown>,
  told: () => void,
): Promise<void> {
  createTask(async () => {
    await wait();
    told();
  });
  await sleep(0);
}

/** Something that wakes code, with the code that waits for it. */
const CAUSES: Record<
  string,
  (see: (what: string) => void) => Promise<() => void>
> = {
  "a future": async (see) => {
    const future = new Future<void>();
    future.addDoneCallback(() => see("done callback"));
    await waiting(() => future, () => see("awaiter"));
    return () => future.setResult();
  },
  "a future that fails": async (see) => {
    const future = new Future<void>();
    future.addDoneCallback(() => see("done callback"));
    await waiting(() => future.catch(() => {}), () => see("awaiter"));
    return () => future.setException(new Error("as expected"));
  },
  "an event": async (see) => {
    const event = new Event();
    await waiting(() => event.wait(), () => see("awaiter"));
    return () => event.set();
  },
};

for (const [name, prepare] of Object.entries(CAUSES)) {
  const own = name === "an event" ? "awaiter" : "done callback, awaiter";

  Deno.test(`a callback asked for after ${name} was set is called after the code that awaits it`, async () => {
    assertEquals(
      await order(async (see) => {
        const set = await prepare(see);
        set();
        getRunningLoop().callSoon(() => see("callSoon"));
      }),
      `${own}, callSoon`,
    );
  });

  Deno.test(`a callback asked for before ${name} is set is called before the code that awaits it`, async () => {
    assertEquals(
      await order(async (see) => {
        const set = await prepare(see);
        getRunningLoop().callSoon(() => see("callSoon"));
        set();
      }),
      `callSoon, ${own}`,
    );
  });

  Deno.test(`callbacks around ${name} keep their places`, async () => {
    assertEquals(
      await order(async (see) => {
        const set = await prepare(see);
        const loop = getRunningLoop();
        loop.callSoon(() => see("first"));
        set();
        loop.callSoon(() => see("second"));
        loop.callSoon(() => see("third"));
      }),
      `first, ${own}, second, third`,
    );
  });

  Deno.test(`${name} set by a callback, which then asks for another: the code that awaits it goes first`, async () => {
    assertEquals(
      await order(async (see) => {
        const set = await prepare(see);
        const loop = getRunningLoop();
        loop.callSoon(() => {
          set();
          loop.callSoon(() => see("callSoon"));
        });
      }),
      `${own}, callSoon`,
    );
  });

  Deno.test(`${name} set by a callback after it has asked for another: that goes first`, async () => {
    assertEquals(
      await order(async (see) => {
        const set = await prepare(see);
        const loop = getRunningLoop();
        loop.callSoon(() => {
          loop.callSoon(() => see("callSoon"));
          set();
        });
      }),
      `callSoon, ${own}`,
    );
  });
}

/** Returns what wakes the code that calls `see`, and nothing else. */
const WAKE_UPS: Record<string, (see: () => void) => Promise<() => void>> = {
  "a future": async (see) => {
    const future = new Future<void>();
    await waiting(() => future, see);
    return () => future.setResult();
  },
  "a future that fails": async (see) => {
    const future = new Future<void>();
    await waiting(() => future.catch(() => {}), see);
    return () => future.setException(new Error("as expected"));
  },
  "a future by then": async (see) => {
    const future = new Future<void>();
    await waiting(() => future.then(), see);
    return () => future.setResult();
  },
  "an event": async (see) => {
    const event = new Event();
    await waiting(() => event.wait(), see);
    return () => event.set();
  },
};

for (const first of Object.keys(WAKE_UPS)) {
  for (const second of Object.keys(WAKE_UPS)) {
    Deno.test(`the code that awaits ${first} goes on before that of ${second}, which was set after it`, async () => {
      assertEquals(
        await order(async (see) => {
          const setFirst = await WAKE_UPS[first]!(() => see("first"));
          const setSecond = await WAKE_UPS[second]!(() => see("second"));
          setFirst();
          setSecond();
        }),
        "first, second",
      );
    });
  }
}

Deno.test("the code that awaits futures goes on before that of an event which a microtask sets after them", async () => {
  assertEquals(
    await order(async (see) => {
      const futures = [new Future<void>(), new Future<void>()];
      const event = new Event();
      for (const future of futures) {
        await waiting(() => future, () => see("future"));
      }
      await waiting(() => event.wait(), () => see("event"));
      futures[0]!.setResult();
      queueMicrotask(() => event.set());
      futures[1]!.setResult();
    }),
    "future, future, event",
  );
});

Deno.test("the code that awaits a task goes on before a callback that the task asked for last", async () => {
  assertEquals(
    await order(async (see) => {
      const task = createTask(async () => {
        await sleep(1);
        getRunningLoop().callSoon(() => see("callSoon"));
      });
      await waiting(() => task, () => see("awaiter"));
      await task;
    }),
    "callSoon, awaiter",
  );
});

Deno.test("the code that awaits a future goes on before that of an event which was set after it, behind a callback", async () => {
  assertEquals(
    await order(async (see) => {
      const future = new Future<void>();
      const event = new Event();
      await waiting(() => future, () => see("future"));
      await waiting(() => event.wait(), () => see("event"));
      getRunningLoop().callSoon(() => see("callback"));
      future.setResult();
      event.set();
    }),
    "callback, future, event",
  );
});

Deno.test("what a callback asks for is called after the timers that were due before", async () => {
  assertEquals(
    await order((see) => {
      const loop = getRunningLoop();
      loop.callLater(0, () => see("timer"));
      loop.callSoon(() => see("first"));
      loop.callSoon(() => {
        see("second");
        loop.callSoon(() => see("third"));
      });
    }),
    "first, second, timer, third",
  );
});

Deno.test("timers of one moment, callbacks and sleeps, keep the order in which they were asked for", async () => {
  assertEquals(
    await order(async (see) => {
      const loop = getRunningLoop();
      const when = loop.time() + 3;
      const future = new Future<void>();
      await waiting(() => future, () => see("awaiter"));
      loop.callAt(when, () => see("first"));
      loop.callAt(when, () => future.setResult());
      loop.callAt(when, () => see("third"));
    }),
    "first, third, awaiter",
  );
});

Deno.test("the done callbacks of tasks that the end of a run cancels are called before the run ends", async () => {
  const seen: string[] = [];
  await run(async () => {
    const task = createTask(() => sleep(60_000));
    task.addDoneCallback(() => seen.push("done callback"));
    await sleep(0);
  });
  assertEquals(seen, ["done callback"]);
});

type Note = (task: Task<void>) => void;

const ENDINGS: Record<
  string,
  (work: Coroutine<void>, note: Note) => PromiseLike<unknown>
> = {
  wait: (work, note) => {
    const task = createTask(work);
    note(task);
    return wait([task]);
  },
  gather: (work, note) => {
    const task = createTask(work);
    note(task);
    return gather([task]);
  },
};

for (const [name, ended] of Object.entries(ENDINGS)) {
  Deno.test(`the code that awaits ${name} goes on after the done callback of the last task, as it was added before`, async () => {
    assertEquals(
      await order(async (see) => {
        await ended(
          () => sleep(1),
          (task) => task.addDoneCallback(() => see("done callback")),
        );
        see("awaiter");
      }),
      "done callback, awaiter",
    );
  });
}
