/** What the primitives promise, in every order of wake-ups and a cancel. @module */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { PriorityQueue, Queue } from "@asyncio/asyncio/queue";
import { Barrier, Condition, Lock, Semaphore } from "@asyncio/asyncio/sync";
import {
  createTask,
  gather,
  isCancelled,
  moveOnAfter,
  sleep,
  type Task,
  taskGroup,
  wait,
} from "@asyncio/asyncio/tasks";
import { explore } from "@asyncio/asyncio/testing";

/** Cancels `task` after some turns of the loop: in any order with the rest. */
function cancelLater(task: Task<unknown>, turns: number): Task<void> {
  return createTask(async () => {
    for (let i = 0; i < turns; i++) await sleep(0);
    task.cancel();
  });
}

function testEveryOrder(name: string, scenario: () => Promise<void>): void {
  Deno.test(`in every order: ${name}`, async () => {
    const { schedules } = await explore(scenario, { runs: 300 });
    assert(schedules > 1, "there was nothing to explore");
  });
}

testEveryOrder(
  "one holder at a time, and a lock that is free in the end",
  async () => {
    const lock = new Lock();
    let holders = 0;
    const hold = async () => {
      using _ = await lock.acquire();
      assertEquals(++holders, 1);
      try {
        await sleep(0);
      } finally {
        holders--;
      }
    };
    const tasks = [1, 2, 3].map(() => createTask(hold));
    await wait([...tasks, cancelLater(tasks[1]!, 2)]);
    assertFalse(lock.locked);
    assert(!tasks[0]!.cancelled && !tasks[2]!.cancelled);
    tasks.filter((task) => !task.cancelled).forEach((task) => task.result());
  },
);

testEveryOrder("no permit is lost to one who is cancelled", async () => {
  const semaphore = new Semaphore(2);
  const tasks = [1, 2, 3, 4].map(() =>
    createTask(async () => {
      using _ = await semaphore.acquire();
      await sleep(0);
    })
  );
  await wait([...tasks, cancelLater(tasks[2]!, 1), cancelLater(tasks[0]!, 2)]);
  assertEquals(semaphore.value, 2);
});

testEveryOrder(
  "a notification never goes to one who is cancelled",
  async () => {
    const condition = new Condition();
    let notified = 0;
    const waiters = [1, 2].map(() =>
      createTask(async () => {
        using _ = await condition.acquire();
        await condition.wait();
        notified++;
      })
    );
    await sleep(1); // both wait
    const cancel = cancelLater(waiters[0]!, 2);
    await sleep(0);
    {
      using _ = await condition.acquire();
      condition.notify();
    }
    await cancel;
    await wait(waiters, { timeout: 1 });
    assertEquals(notified, 1);
    waiters[1]!.cancel();
    await wait(waiters);
    assertFalse(condition.locked);
  },
);

testEveryOrder(
  "all parties pass a barrier, each with a number of its own",
  async () => {
    const barrier = new Barrier(3);
    for (let round = 0; round < 2; round++) {
      const numbers = await gather(
        [0, 1, 2].map((turns) => async () => {
          for (let i = 0; i < turns; i++) await sleep(0);
          return barrier.wait();
        }),
      );
      assertEquals(numbers.sort(), [0, 1, 2]);
    }
  },
);

for (const Kind of [Queue<number>, PriorityQueue<number>]) {
  testEveryOrder(
    `a ${Kind.name} loses nothing and doubles nothing`,
    async () => {
      const queue = new Kind(1);
      const put: number[] = [];
      const taken: number[] = [];
      const produce = (first: number) => async () => {
        for (let i = first; i < first + 2; i++) {
          await queue.put(i);
          put.push(i);
        }
      };
      const consume = async () => {
        while (true) taken.push(await queue.get());
      };
      const producers = [produce(0), produce(10)].map((it) => createTask(it));
      const consumers = [consume, consume].map((it) => createTask(it));
      await wait([
        ...producers,
        cancelLater(producers[0]!, 2),
        cancelLater(consumers[0]!, 1),
      ]);
      await sleep(1);
      assertEquals(taken.sort(), put.sort());
      assert(queue.empty);
      consumers[1]!.cancel();
      await wait(consumers);
    },
  );
}

testEveryOrder("join and shutdown settle everybody", async () => {
  const queue = new Queue<number>();
  const worker = async () => {
    for await (const _ of queue) {
      await sleep(0);
      queue.taskDone();
    }
  };
  const workers = gather([worker, worker]);
  for (let i = 0; i < 3; i++) await queue.put(i);
  await queue.join();
  queue.shutdown();
  await workers;
});

testEveryOrder(
  "a group ends all its children, whichever fails first",
  async () => {
    let running = 0;
    const child = (fails: boolean) => async () => {
      running++;
      try {
        await sleep(0);
        if (fails) throw new TypeError("a child failed");
        await sleep(1000);
      } finally {
        running--;
      }
    };
    const outer = createTask(() =>
      taskGroup((group) => {
        for (const fails of [false, true, true]) group.createTask(child(fails));
      })
    );
    await wait([outer, cancelLater(outer, 2)]);
    assertEquals(running, 0);
    if (outer.cancelled) return;
    const { errors } = outer.exception() as AggregateError;
    assert(errors.length > 0 && !errors.some(isCancelled));
  },
);

testEveryOrder(
  "a timeout and what it waits for agree on who was first",
  async () => {
    const queue = new Queue<number>();
    const taken = createTask(() => moveOnAfter(1, () => queue.get()));
    createTask(async () => {
      await sleep(1);
      await sleep(0);
      queue.putNowait(7);
    });
    const value = await taken;
    await sleep(1);
    assertEquals(value === undefined, queue.size === 1);
  },
);
