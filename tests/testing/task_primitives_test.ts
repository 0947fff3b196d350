/** Everything that waits, cancelled at each of its points. @module */
import { assertEquals } from "@std/assert";
import {
  asCompleted,
  cancellable,
  createTask,
  Future,
  gather,
  moveOnAfter,
  run,
  sleep,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { testEverywhere } from "./_everywhere.ts";

/** Work that notes whether it is under way. */
class Work {
  running = 0;

  async do(ms: number): Promise<number> {
    this.running++;
    try {
      return await sleep(ms, { result: ms });
    } finally {
      this.running--;
    }
  }
}

const combinations: Record<string, (work: Work) => Promise<unknown>> = {
  gather: async (work) => await gather([() => work.do(1), () => work.do(2)]),
  wait: async (work) => {
    const tasks = [1, 5].map((ms) => createTask(() => work.do(ms)));
    await wait(tasks, { timeout: 2 });
    await wait(tasks, { returnWhen: "FIRST_COMPLETED" });
    await wait(tasks);
  },
  waitFor: async (work) => {
    await waitFor(() => work.do(1), 10);
    await waitFor(() => work.do(10), 1).catch((error) => {
      if (error.name !== "TimeoutError") throw error;
    });
  },
  asCompleted: async (work) => {
    for await (
      const future of asCompleted([() => work.do(2), () => work.do(1)])
    ) {
      await future;
    }
  },
  "a task group": (work) =>
    taskGroup(async (group) => {
      group.createTask(() => work.do(5));
      await work.do(1);
      await group.start(async (started: (value: number) => void) => {
        await work.do(1);
        started(1);
        await work.do(1);
      });
      await sleep(1);
    }, { limit: 2 }),
  timeouts: async (work) => {
    await timeout(10, () => moveOnAfter(5, () => work.do(1)));
    await moveOnAfter(1, () => timeout(10, () => work.do(5)));
  },
  "a run inside": (work) => run(() => work.do(1)),
  "a foreign promise": (work) => {
    const foreign = Promise.withResolvers<void>();
    createTask(() => work.do(1).then(() => foreign.resolve()));
    setTimeout(foreign.resolve); // the clock waits for what is foreign
    return cancellable(foreign.promise);
  },
  "a future": async (work) => {
    const future = new Future<number>();
    const task = createTask(async () => {
      const value = await work.do(1);
      if (!future.done) future.setResult(value);
    });
    await future;
    await task;
  },
};

for (const [name, combine] of Object.entries(combinations)) {
  testEverywhere(`nothing goes on after ${name}`, {
    subject: () => new Work(),
    scenario: async (work) => void await combine(work),
    check: (work) => assertEquals(work.running, 0),
  });
}
