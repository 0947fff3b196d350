import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Condition, Event, Lock } from "@asyncio/asyncio/sync";
import {
  createTask,
  Future,
  gather,
  run,
  sleep,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { DeadlockError, explore, ExploreError } from "@asyncio/asyncio/testing";

// --- Textbook bugs -----------------------------------------------------------

/** Finds the bug in a thousand runs, and that its seed repeats it. */
async function findBug(scenario: () => Promise<void>): Promise<ExploreError> {
  const error = await assertRejects(() => explore(scenario), ExploreError);
  const { seed } = error;
  const repeated = await assertRejects(
    () => explore(scenario, { seed, runs: 1 }),
    ExploreError,
  );
  assertEquals(repeated.runs, 1);
  assertEquals(repeated.seed, seed);
  const anyTask = (cause: unknown) => String(cause).replaceAll(/-\d+/g, "");
  assertEquals(anyTask(repeated.cause), anyTask(error.cause));
  assertStringIncludes(error.message, `seed: ${seed}`);
  assertStringIncludes(error.message, (error.cause as Error).message);
  return error;
}

async function lostWakeUp(): Promise<void> {
  let ready = false;
  let waiter: Future<void> | undefined;
  await gather([
    async () => {
      if (ready) return;
      await sleep(0); // what happens here is missed
      waiter = new Future();
      await waiter;
    },
    async () => {
      for (let i = 0; i < 3; i++) await sleep(0);
      ready = true;
      waiter?.setResult();
    },
  ]);
}

async function checkThenAct(): Promise<void> {
  let owner: string | undefined;
  let owners = 0;
  const claim = (name: string, delay: number) => async () => {
    for (let i = 0; i < delay; i++) await sleep(0);
    if (owner !== undefined) return;
    await sleep(0);
    await sleep(0);
    owner = name;
    owners++;
  };
  await gather([claim("early", 0), claim("late", 5)]);
  assertEquals(owners, 1);
}

async function twoLocks(): Promise<void> {
  const [left, right] = [new Lock(), new Lock()];
  const both = (first: Lock, second: Lock, delay: number) => async () => {
    for (let i = 0; i < delay; i++) await sleep(0);
    using _first = await first.acquire();
    using _second = await second.acquire();
  };
  await taskGroup((group) => {
    group.createTask(both(left, right, 0), { name: "lefty" });
    group.createTask(both(right, left, 4), { name: "righty" });
  });
}

Deno.test("the textbook bugs do not show in the usual order", async () => {
  for (const bug of [lostWakeUp, checkThenAct, twoLocks]) {
    await explore(bug, { runs: 1 });
    await run(bug);
  }
});

Deno.test("a failure is repeated in one run", async () => {
  const { seed } = await findBug(checkThenAct);
  let runs = 0;
  await assertRejects(() =>
    explore(() => {
      runs++;
      return checkThenAct();
    }, { seed, runs: 1 }), ExploreError);
  assertEquals(runs, 1);
});

Deno.test("explore finds a lost wake-up", async () => {
  const { cause } = await findBug(lostWakeUp);
  assertInstanceOf(cause, DeadlockError);
  assertStringIncludes(cause.message, "waits for Future");
  assertStringIncludes(cause.message, "explore_test.ts:");
});

Deno.test("explore finds a check-then-act race over two awaits", async () => {
  const { cause } = await findBug(checkThenAct);
  assertStringIncludes(String(cause), "not equal");
});

Deno.test("explore finds a deadlock of two locks, and names which task waits for what", async () => {
  const { cause } = await findBug(twoLocks);
  assertInstanceOf(cause, DeadlockError);
  const blocked = Object.fromEntries(
    cause.blocked.map(({ task, waitsFor }) => [task, waitsFor.join()]),
  );
  assertStringIncludes(blocked["lefty"]!, "Lock.acquire (at ");
  assertStringIncludes(blocked["righty"]!, "Lock.acquire (at ");
  assertStringIncludes(cause.message, 'task "righty" waits for Lock.acquire');
});

Deno.test("the seed that is reported makes few detours", async () => {
  // Noise that can be ordered in many ways beside a bug that takes one detour.
  const scenario = async () => {
    const order: string[] = [];
    const noise = () => gather(Array.from({ length: 6 }, () => () => sleep(0)));
    await gather([noise, noise, async () => {
      await sleep(0);
      order.push("first");
    }, async () => {
      await sleep(0);
      order.push("second");
    }]);
    assertEquals(order, ["first", "second"]);
  };
  const { message } = await findBug(scenario);
  const [, detours] = message.match(/with (\d+) of \d+ choices/) ?? [];
  assert(Number(detours) <= 2, message);
});

// --- What counts as a failure ------------------------------------------------

Deno.test("an error that is not retrieved is a failure", async () => {
  const error = await assertRejects(() =>
    explore(async () => {
      createTask(async () => {
        await sleep(1);
        throw new Error("unseen");
      });
      await sleep(2);
    }), ExploreError);
  assertEquals((error.cause as Error).message, "unseen");
});

Deno.test("a task that fails when the scenario is over is a failure", async () => {
  await assertRejects(
    () =>
      explore(() => {
        createTask(async () => {
          try {
            await sleep(1000);
          } catch {
            throw new Error("unseen");
          }
        }, { eager: true });
      }),
    ExploreError,
    "unseen",
  );
});

Deno.test("a deadlock that the scenario swallows is a failure", async () => {
  await assertRejects(
    () =>
      explore(async () => {
        try {
          await new Event().wait();
        } catch { /* goes on */ }
      }),
    ExploreError,
    "Event.wait",
  );
});

Deno.test("a deadlock that no cancel ends is ended all the same", async () => {
  const error = await assertRejects(() =>
    explore(async () => {
      const condition = new Condition();
      createTask(async () => {
        await sleep(1);
        await condition.acquire();
        condition.notify(); // and keeps the lock
      });
      using _ = await condition.acquire();
      await condition.wait(); // must have the lock again before it can end
    }), ExploreError);
  assertInstanceOf(error.cause, DeadlockError);
});

Deno.test("a scenario that throws no Error is reported, too", async () => {
  const error = await assertRejects(
    () => explore(() => Promise.reject("just a string")),
    ExploreError,
    "just a string",
  );
  assertEquals(error.cause, "just a string");
});
