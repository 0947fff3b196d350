import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  any,
  asCompleted,
  cancellable,
  CancelledError,
  createTask,
  currentTask,
  ensureFuture,
  Future,
  gather,
  race,
  run,
  sleep,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { Queue } from "@asyncio/asyncio/queue";
import { map } from "@asyncio/asyncio/streams/operators";
import { virtually } from "../_helpers/virtually.ts";

type Combine = (futures: PromiseLike<unknown>[]) => PromiseLike<unknown>;

/** What resolves although a wait that was handed over has been cancelled. */
const COMBINE: Record<string, Combine> = {
  "wait, FIRST_COMPLETED": (futures) =>
    wait(futures.map(ensureFuture), { returnWhen: "FIRST_COMPLETED" }),
  "wait for the promise, FIRST_COMPLETED": (futures) =>
    wait(futures as Promise<unknown>[], { returnWhen: "FIRST_COMPLETED" }),
  "asCompleted": (futures) =>
    asCompleted(futures)[Symbol.asyncIterator]().next(),
};

for (const [name, combine] of Object.entries(COMBINE)) {
  for (const cancels of [1, 2]) {
    Deno.test(`${name}: after the wake-up ${cancels} cancels are not used up by a wait that was handed over`, () =>
      virtually(async () => {
        const queue = new Queue<number>();
        const stop = new Future<void>();
        const reached: string[] = [];
        const task = createTask(async () => {
          await combine([stop, queue.get()]);
          reached.push("woken");
          await sleep(1);
          reached.push("not reached");
        });
        await sleep(0);
        stop.setResult();
        for (let i = 0; i < cancels; i++) task.cancel("stop");
        await assertRejects(async () => await task, CancelledError, "stop");
        assertEquals(reached, ["woken"]);
        queue.putNowait(1);
        assertEquals(queue.getNowait(), 1);
      }));
  }
}

/** Waits that consist of other waits, or end in their own way. */
const COMPOSITE: Record<string, (queue: Queue<number>) => Promise<unknown>> = {
  "waitFor": (queue) => waitFor(queue.get(), 1000),
  "waitFor of a function": (queue) => waitFor(() => queue.get(), 1000),
  "waitFor with a signal": (queue) =>
    waitFor(queue.get(), 1000, { signal: new AbortController().signal }),
  "race": (queue) => race([queue.get(), sleep(1000)]),
  "race of functions": (queue) =>
    race([() => queue.get(), async () => {
      await sleep(500);
      await sleep(500);
    }]),
  "any, staggered": (queue) =>
    any([() => sleep(1000), () => queue.get()], { stagger: 10 }),
  "timeout whose body cleans up": (queue) =>
    timeout(1000, async () => {
      try {
        await queue.get();
      } finally {
        await sleep(1);
        await sleep(1);
      }
    }),
  "taskGroup": () =>
    taskGroup(async (group) => {
      group.createTask(() => sleep(1000));
      await sleep(500);
    }),
  "cancellable": () => cancellable(new Promise(() => {})),
  "next of an operator": () =>
    map(ticks(), (tick) => tick)[Symbol.asyncIterator]().next(),
};

async function* ticks(): AsyncGenerator<number> {
  await sleep(1000);
  yield 1;
}

for (const [name, begin] of Object.entries(COMPOSITE)) {
  for (const cancels of [1, 2]) {
    Deno.test(`${name}: ${cancels} cancels that end only it, after it became a future, are delivered to the task`, () =>
      virtually(async () => {
        const stop = new Future<void>();
        const reached: string[] = [];
        const task = createTask(async () => {
          const work = ensureFuture(begin(new Queue<number>()));
          await stop;
          reached.push("woken");
          await wait([work]);
          reached.push("not reached");
        });
        await sleep(0);
        stop.setResult();
        for (let i = 0; i < cancels; i++) task.cancel("stop");
        await assertRejects(async () => await task, CancelledError, "stop");
        assertEquals(reached, ["woken"]);
      }));
  }
}

Deno.test("code behind a future cleans up undisturbed while its task has not seen the cancel", () =>
  virtually(async () => {
    const steps: string[] = [];
    const stop = new Future<void>();
    const task = createTask(async () => {
      const work = ensureFuture(timeout(1000, async () => {
        try {
          await sleep(500);
        } finally {
          await sleep(1);
          steps.push("cleaned up");
        }
      }));
      await stop;
      await new Promise((resolve) => setTimeout(resolve, 0));
      return work;
    });
    await sleep(1);
    stop.setResult();
    task.cancel("stop");
    await assertRejects(async () => await task, CancelledError, "stop");
    await sleep(10);
    assertEquals(steps, ["cleaned up"]);
  }));

Deno.test("of futures inside each other, the code behind each gets a cancel once", () =>
  virtually(async () => {
    const steps: string[] = [];
    const stop = new Future<void>();
    const work = async (name: string) => {
      await stop;
      steps.push(`${name} woken`);
      try {
        await sleep(1000);
      } finally {
        await sleep(1);
        steps.push(`${name} cleaned up`);
      }
    };
    const queue = new Queue<number>();
    const task = createTask(async () => {
      ensureFuture(timeout(5000, () => {
        ensureFuture(queue.get());
        return work("body");
      }));
      await work("task");
    });
    await sleep(0);
    stop.setResult();
    task.cancel("stop");
    await assertRejects(async () => await task, CancelledError, "stop");
    assertEquals(steps, [
      "body woken",
      "task woken",
      "body cleaned up",
      "task cleaned up",
    ]);
    queue.putNowait(1);
    assertEquals(queue.size, 1);
  }));

Deno.test("a cancel that finds only a wait that became a future is delivered at the next wait", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const stop = new Future<void>();
    const task = createTask(async () => {
      const item = ensureFuture(queue.get());
      await stop;
      const { done } = item;
      await sleep(1);
      return done;
    });
    await sleep(0);
    stop.setResult();
    task.cancel("stop");
    await assertRejects(async () => await task, CancelledError, "stop");
  }));

const BEGIN: Record<string, Combine> = {
  ...COMBINE,
  "wait, ALL_COMPLETED": (futures) => wait(futures.map(ensureFuture)),
  "gather": (futures) => gather(futures),
  "gather, returnExceptions": (futures) =>
    gather(futures, { returnExceptions: true }),
  "ensureFuture": (futures) => ensureFuture(futures[0]!),
};

for (const [name, combine] of Object.entries(BEGIN)) {
  Deno.test(`${name}: a pending cancel is delivered there, though the wait that is handed over gets it first`, () =>
    virtually(async () => {
      const queue = new Queue<number>();
      const task = createTask(async () => {
        currentTask()!.cancel("pending");
        const error = await assertRejects(async () =>
          await combine([queue.get()])
        );
        await sleep(1); // not cancelled again
        throw error;
      });
      await assertRejects(async () => await task, CancelledError, "pending");
      assert(task.cancelled);
    }));
}

for (
  const [name, take] of Object.entries({
    waitFor: (queue: Queue<number>) => waitFor(queue.get(), 60_000),
    cancellable: (queue: Queue<number>) => cancellable(queue.get()),
  })
) {
  for (const cancels of [1, 2]) {
    Deno.test(`${name}: an item that was there is not lost by ${cancels} cancels that come before the code resumes`, () =>
      virtually(async () => {
        const queue = new Queue<number>();
        queue.putNowait(7);
        const taken: number[] = [];
        const task = createTask(async () => {
          taken.push(await take(queue));
          await sleep(1);
          taken.push(0); // not reached
        });
        createTask(() => {
          for (let i = 0; i < cancels; i++) task.cancel("later");
        });
        await assertRejects(async () => await task, CancelledError, "later");
        assertEquals([taken, queue.size], [[7], 0]);
      }));
  }
}

Deno.test("cancellable: two cancels in one step are delivered as one", () =>
  virtually(async () => {
    const task = createTask(async () => {
      const error = await assertRejects(() =>
        cancellable(new Promise(() => {}))
      );
      await sleep(1); // not cancelled again
      throw error;
    });
    await sleep(0);
    task.cancel("first");
    task.cancel("second");
    await assertRejects(async () => await task, CancelledError);
    assertEquals(task.cancelling, 2);
  }));

Deno.test("a pending cancel that a wait got which became a future is delivered at the next wait", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const task = createTask(async () => {
      currentTask()!.cancel("pending");
      const item = ensureFuture(queue.get());
      await sleep(1);
      return item;
    });
    await assertRejects(async () => await task, CancelledError, "pending");
  }));

Deno.test("cancelled while it awaits a future of a wait, the task is cancelled once", () =>
  run(async () => {
    const queue = new Queue<number>();
    const task = createTask(async () => {
      const error = await assertRejects(async () =>
        await ensureFuture(queue.get())
      );
      await sleep(1); // not cancelled again
      throw error;
    });
    await sleep(0);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
  }));
