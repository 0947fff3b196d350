import { assert, assertEquals, assertRejects } from "@std/assert";
import { Event, Lock } from "@asyncio/asyncio/sync";
import {
  CancelledError,
  captureCallGraph,
  createTask,
  currentSignal,
  currentTask,
  moveOnAfter,
  run,
  shielded,
  sleep,
  type Task,
  taskGroup,
  timeout,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import {
  cancelEverywhere,
  DeadlockError,
  VirtualClock,
} from "@asyncio/asyncio/testing";
import { now } from "../_helpers/now.ts";
import { virtually } from "../_helpers/virtually.ts";

/** Runs `body` in a task, cancels that after 10 ms, and says how it ended. */
async function cancelledAt10(body: () => Promise<unknown>): Promise<unknown> {
  const task = createTask(body, { name: "shielding" });
  await sleep(10);
  task.cancel("outside");
  return await task.then((value) => value, (error) => error);
}

Deno.test("no cancel from outside reaches a shielded body, and its value is given", () =>
  virtually(async () => {
    let value: unknown;
    const end = await cancelledAt10(async () => {
      value = await shielded(() => sleep(100, { result: "done" }));
      assertEquals(now(), 100);
      await sleep(0); // where the cancel is delivered
      value = "not reached";
    });
    assert(end instanceof CancelledError && end.message === "outside");
    assertEquals(value, "done");
  }));

Deno.test("a cancel not yet delivered does not reach a shielded body either", () =>
  virtually(async () => {
    const steps: string[] = [];
    const task = createTask(async () => {
      currentTask()!.cancel();
      await shielded(async () => {
        await sleep(10);
        await new Lock().acquire();
        await timeout(5, () => sleep(1));
        await taskGroup((group) => void group.createTask(() => sleep(1)));
        steps.push("body");
      });
      steps.push("after it");
      await sleep(0);
      steps.push("not reached");
    });
    await assertRejects(async () => await task, CancelledError);
    assertEquals(steps, ["body", "after it"]);
  }));

Deno.test("in the finally of a cancelled task, shielded clean-up may wait", () =>
  virtually(async () => {
    const steps: string[] = [];
    const end = await cancelledAt10(async () => {
      try {
        await sleep(1000);
      } finally {
        currentTask()!.cancel("again");
        await shielded(async () => {
          await sleep(5);
          steps.push("goodbye");
        });
      }
    });
    assert(end instanceof CancelledError);
    assertEquals([steps, now()], [["goodbye"], 15]);
  }));

Deno.test("the expiry of a timeout around does not reach it, and is told when it is over", () =>
  virtually(async () => {
    let done = false;
    await assertRejects(() =>
      timeout(10, async () => {
        await shielded(async () => {
          await sleep(100);
          done = true;
        });
        await sleep(0);
      }), TimeoutError);
    assertEquals([done, now()], [true, 100]);
  }));

Deno.test("a timeout around that ends with the shielded body gives its value", () =>
  virtually(async () => {
    const value = await timeout(
      10,
      () => shielded(() => sleep(100, { result: "saved" })),
    );
    assertEquals(value, "saved");
  }));

Deno.test("a group that is cancelled waits for what is shielded in it", () =>
  virtually(async () => {
    let saved = false;
    await taskGroup(async (group) => {
      group.createTask(() =>
        shielded(async () => {
          await sleep(100);
          saved = true;
        })
      );
      await sleep(10);
      group.cancel();
    });
    assertEquals([saved, now()], [true, 100]);
  }));

Deno.test("its own limit ends it with TimeoutError, when it has cleaned up", () =>
  virtually(async () => {
    let cleaned = false;
    const end = await cancelledAt10(() =>
      shielded(async () => {
        try {
          await sleep(Infinity);
        } finally {
          await sleep(3);
          cleaned = true;
        }
      }, { timeout: 50 })
    );
    assert(end instanceof TimeoutError, `${end}`);
    assertEquals([cleaned, now()], [true, 53]);
  }));

Deno.test("timeouts and groups inside tell their own cancel from the one that waits outside", () =>
  virtually(async () => {
    const steps: unknown[] = [];
    await cancelledAt10(async () => {
      const beside = sleep(1000).catch(() => steps.push("beside"));
      await shielded(async () => {
        steps.push(await moveOnAfter(20, () => sleep(1000)));
        const limited = timeout(20, () => sleep(1000));
        await limited.catch((error) => steps.push(error.name));
        await taskGroup(async (group) => {
          group.cancel();
          await sleep(1000);
        });
        steps.push("after the group");
      });
      await beside;
    });
    assertEquals(steps, [
      "beside",
      undefined,
      "TimeoutError",
      "after the group",
    ]);
  }));

Deno.test("what fails in a shielded body is thrown", () =>
  virtually(async () => {
    const fail = () => Promise.reject(new RangeError("failed"));
    await assertRejects(() => shielded(fail), RangeError);
    await assertRejects(
      () =>
        shielded(() => {
          throw new RangeError("at once");
        }),
      RangeError,
    );
    assertEquals(await shielded(() => "not asynchronous"), "not asynchronous");
  }));

Deno.test("the signal inside does not abort with a cancel from outside", () =>
  virtually(async () => {
    let aborted: boolean | undefined;
    await cancelledAt10(() =>
      shielded(async () => {
        const signal = currentSignal();
        await sleep(100);
        aborted = signal.aborted || currentSignal().aborted;
      })
    );
    assertEquals(aborted, false);
  }));

Deno.test("shielded in shielded needs no more", () =>
  virtually(async () => {
    const value = await cancelledAt10(() =>
      shielded(() => shielded(() => sleep(50, { result: "inner" })))
    );
    assert(value instanceof CancelledError); // the task ends with it pending
    assertEquals(now(), 50);
  }));

Deno.test("handed over as a promise and given up, the body goes on, and its value counts", () =>
  virtually(async () => {
    const value = await waitFor(
      shielded(() => sleep(100, { result: "saved" })),
      10,
    );
    assertEquals([value, now()], ["saved", 100]);
  }));

Deno.test("a task that ends itself inside does so when it is over", () =>
  virtually(async () => {
    let reached = false;
    const task: Task<void> = createTask(() =>
      shielded(async () => {
        task.cancel();
        await sleep(10);
        reached = true;
      })
    );
    await assertRejects(async () => await task, CancelledError);
    assert(reached);
  }));

Deno.test("the end of a run waits for what is shielded", async () => {
  let saved = false;
  await virtually(async () => {
    createTask(() =>
      shielded(async () => {
        await sleep(100);
        saved = true;
      })
    );
    await sleep(1);
  });
  assert(saved);
});

Deno.test("a deadlock reaches a shielded body, in the main task and in others", async () => {
  const never = new Event();
  const seen: string[] = [];
  const wait = (name: string) =>
    shielded(async () => {
      try {
        await never.wait();
      } catch (error) {
        seen.push(`${name}: ${(error as Error).name}`);
        throw error;
      }
    });
  const clock = new VirtualClock();
  await assertRejects(() => run(() => wait("main"), { clock }), DeadlockError);
  assertEquals(seen, ["main: DeadlockError"]);

  const error = await assertRejects(
    () => virtually(() => createTask(() => wait("child"), { name: "child" })),
    DeadlockError,
  );
  assertEquals(seen.length, 2);
  assertEquals(error.blocked.map(({ task }) => task).includes("child"), true);
});

Deno.test("call graphs and prints show what is waited for inside", () =>
  virtually(async () => {
    const task = createTask(() => shielded(() => sleep(50)), { name: "t" });
    await sleep(1);
    assertEquals(captureCallGraph(task).awaits, ["sleep 50"]);
    assertEquals(captureCallGraph(task).state, "pending");
    assert(Deno.inspect(task).includes('waitsFor: [ "sleep 50" ]'));
    await task;
  }));

Deno.test("wherever a task is cancelled, its shielded clean-up has happened", async () => {
  let open = 0;
  await cancelEverywhere(async () => {
    open++;
    try {
      await sleep(10);
      await sleep(10);
    } finally {
      await shielded(async () => {
        await sleep(5);
        await sleep(5);
        open--;
      });
    }
  }, () => assertEquals(open, 0));
});

Deno.test("works outside of tasks", async () => {
  assertEquals(await shielded(() => sleep(1, { result: 1 })), 1);
  await assertRejects(
    () => shielded(() => sleep(60_000), { timeout: 1 }),
    TimeoutError,
  );
});

Deno.test("shielded refuses what is no function and no limit", async () => {
  await assertRejects(() => shielded(sleep(0) as never), TypeError);
  await assertRejects(() => shielded(() => {}, { timeout: NaN }), RangeError);
  await assertRejects(
    () => shielded(() => {}, { timeout: "1s" as never }),
    TypeError,
  );
});
