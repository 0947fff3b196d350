/** Everything that waits, cancelled at each of its points. @module */
import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  LifoQueue,
  PriorityQueue,
  Queue,
  QueueShutDownError,
} from "@asyncio/asyncio/queue";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  Semaphore,
} from "@asyncio/asyncio/sync";
import {
  createTask,
  gather,
  moveOnAfter,
  shield,
  sleep,
} from "@asyncio/asyncio/tasks";
import { testEverywhere } from "./_everywhere.ts";

// --- sync --------------------------------------------------------------------

testEverywhere("a lock is not left held", {
  subject: () => new Lock(),
  scenario: async (lock) => {
    const other = createTask(async () => {
      using _ = await lock.acquire();
      await sleep(10);
    }, { eager: true });
    for (let i = 0; i < 2; i++) {
      using _ = await lock.acquire();
      await sleep(0);
    }
    await other;
  },
  check: (lock) => assertFalse(lock.locked),
});

testEverywhere("a lock goes to the one behind", {
  subject: () => ({ lock: new Lock(), behind: 0 }),
  scenario: async (it) => {
    const guard = await it.lock.acquire();
    const between = createTask(async () => {
      using _ = await it.lock.acquire();
    });
    createTask(() => sleep(10).then(() => guard[Symbol.dispose]()));
    try {
      await sleep(0); // now `between` stands in line
      using _ = await it.lock.acquire();
    } finally {
      guard[Symbol.dispose]();
      await shield(between);
      it.behind++;
    }
  },
  check: (it) => assertFalse(it.lock.locked),
});

testEverywhere("no permit of a semaphore is lost", {
  subject: () => new Semaphore(2),
  scenario: async (semaphore) => {
    const use = async (ms: number) => {
      using _ = await semaphore.acquire();
      await sleep(ms);
    };
    const others = gather([() => use(5), () => use(5), () => use(5)]);
    await sleep(1);
    await use(1);
    await others;
  },
  check: (semaphore) => assertEquals(semaphore.value, 2),
});

testEverywhere("no permit of a bounded semaphore is lost", {
  subject: () => new BoundedSemaphore(1),
  scenario: async (semaphore) => {
    using _ = await semaphore.acquire();
    await sleep(1);
  },
  check: (semaphore) => assertEquals(semaphore.value, 1),
});

testEverywhere("an event has no waiters", {
  subject: () => new Event(),
  scenario: async (event) => {
    createTask(() => sleep(1).then(() => event.set()));
    await event.wait();
    await event.wait();
  },
  check: (event) => assert(Deno.inspect(event).includes("waiting: 0")),
});

testEverywhere("a condition's lock is not left held", {
  subject: () => new Condition(),
  scenario: async (condition) => {
    let ready = false;
    createTask(async () => {
      await sleep(1);
      using _ = await condition.acquire();
      ready = true;
      condition.notifyAll();
      await sleep(1); // those notified wait for the lock
    });
    using _ = await condition.acquire();
    await condition.waitFor(() => ready);
    await moveOnAfter(1, () => condition.wait());
  },
  check: (condition) => assertFalse(condition.locked),
});

testEverywhere("a notification that is not taken goes to another", {
  subject: () => ({ condition: new Condition(), notified: 0, main: false }),
  scenario: async (it) => {
    const waitOnce = async () => {
      using _ = await it.condition.acquire();
      await it.condition.wait();
      it.notified++;
    };
    const other = createTask(async () => {
      await sleep(0); // stands behind
      await waitOnce();
    });
    const notifier = createTask(async () => {
      await sleep(5);
      using _ = await it.condition.acquire();
      it.condition.notify();
    });
    try {
      await waitOnce();
      it.main = true;
    } finally {
      await shield(notifier);
      await sleep(0);
      await sleep(0);
      // Whether it was this one or the other, one was notified.
      assertEquals(it.notified, 1);
      other.cancel();
    }
  },
  check: (it) => assertFalse(it.condition.locked),
});

testEverywhere("a barrier does not count those who have left", {
  subject: () => new Barrier(3),
  scenario: async (barrier) => {
    await gather([
      () => barrier.wait(),
      () => sleep(1).then(() => barrier.wait()),
      () => barrier.wait(),
    ]);
    createTask(() => barrier.wait());
    createTask(() => sleep(1).then(() => barrier.wait()));
    await barrier.wait();
  },
  check: (barrier) => assertEquals(barrier.waiting, 0),
});

// --- Queues ------------------------------------------------------------------

const queues = [Queue<number>, LifoQueue<number>, PriorityQueue<number>];
for (const Kind of queues) {
  testEverywhere(`a ${Kind.name} loses no item that is taken`, {
    subject: () => ({ queue: new Kind(), put: 0, taken: 0 }),
    scenario: async (it) => {
      createTask(async () => {
        for (let i = 0; i < 4; i++) {
          await sleep(i % 2);
          it.queue.putNowait(i);
          it.put++;
        }
      });
      for (let i = 0; i < 4; i++) {
        await it.queue.get();
        it.taken++;
      }
    },
    check: ({ queue, put, taken }) => assertEquals(queue.size + taken, put),
  });

  testEverywhere(`a ${Kind.name} loses and doubles no item that is put`, {
    subject: () => ({ queue: new Kind(1), put: 0, taken: 0 }),
    scenario: async (it) => {
      const consumer = createTask(async () => {
        for (let i = 0; i < 4; i++) {
          await sleep(1);
          await it.queue.get();
          it.taken++;
        }
      });
      for (let i = 0; i < 4; i++) {
        await it.queue.put(i);
        it.put++;
      }
      await consumer;
    },
    check: ({ queue, put, taken }) => assertEquals(queue.size + taken, put),
  });
}

testEverywhere("a loop over a queue loses no item", {
  subject: () => ({ queue: new Queue<number>(), taken: 0 }),
  scenario: async (it) => {
    createTask(async () => {
      for (let i = 0; i < 3; i++) {
        await sleep(1);
        it.queue.putNowait(i);
      }
      it.queue.shutdown();
    });
    for await (const _ of it.queue) it.taken++;
    assertEquals(it.taken, 3);
  },
  check: ({ queue, taken }) => assert(queue.size + taken <= 3),
});

testEverywhere("join leaves no waiter", {
  subject: () => new Queue<number>(),
  scenario: async (queue) => {
    queue.putNowait(1);
    createTask(async () => {
      await queue.get();
      await sleep(1);
      queue.taskDone();
    });
    await queue.join();
    queue.shutdown();
    await queue.get().catch((error) => {
      if (!(error instanceof QueueShutDownError)) throw error;
    });
  },
  check: (queue) => {
    const text = Deno.inspect(queue);
    assert(/getters: 0/.test(text) && /putters: 0/.test(text), text);
  },
});
