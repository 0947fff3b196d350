import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  createTask,
  currentSignal,
  currentTask,
  Future,
  getRunningLoop,
  moveOnAfter,
  sleep,
  type Timeout,
  timeout,
  timeoutAt,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { turns } from "./_turns.ts";
import { virtually } from "./_virtually.ts";

const now = () => getRunningLoop().time();

Deno.test("of nested timeouts the one whose time is up throws, and the outer one lives", () =>
  virtually(async () => {
    const value = await timeout(100, async (outer) => {
      await assertRejects(() => timeout(10, () => sleep(60_000)), TimeoutError);
      await sleep(1);
      assertEquals(outer.expired, false);
      return "outer";
    });
    assertEquals(value, "outer");
  }));

Deno.test("an outer timeout goes through the inner one as a cancel", () =>
  virtually(async () => {
    const seen: unknown[] = [];
    await assertRejects(() =>
      timeout(10, async () => {
        try {
          await timeout(100, async () => {
            try {
              await sleep(60_000);
            } finally {
              await sleep(1); // takes long, but is not struck again
              seen.push("cleaned up");
            }
          });
        } catch (error) {
          seen.push((error as Error).name);
          throw error;
        }
      }), TimeoutError);
    assertEquals(seen, ["cleaned up", "CancelledError"]);
  }));

Deno.test("an outer moveOnAfter is not mistaken for the inner one", () =>
  virtually(async () => {
    const seen: string[] = [];
    const value = await moveOnAfter(10, async () => {
      await moveOnAfter(100, () => sleep(60_000));
      seen.push("not reached");
    });
    assertEquals([value, seen], [undefined, []]);
  }));

for (const clean of [0, 1, 50]) {
  Deno.test(`nested timeouts that expire at the same time: the outermost throws, clean-up of ${clean} ms undisturbed`, () =>
    virtually(async () => {
      const scopes: Timeout[] = [];
      const seen: string[] = [];
      const until = now() + 10;
      const nest = (depth: number): Promise<void> =>
        timeoutAt(until, async (scope) => {
          scopes.push(scope);
          if (depth > 0) return await nest(depth - 1);
          try {
            await sleep(60_000);
          } finally {
            await sleep(clean);
            seen.push("cleaned up");
          }
        });
      await assertRejects(() => nest(4), TimeoutError);
      assertEquals(scopes.map(({ expired }) => expired), Array(5).fill(true));
      assertEquals(seen, ["cleaned up"]);
      await sleep(0);
      assertEquals(currentTask()!.cancelling, 0);
    }));
}

Deno.test("an outer cancel while the body cleans up after its own expiry comes out as the cancel", () =>
  virtually(async () => {
    const task = createTask(() =>
      timeout(10, async () => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(10);
        }
      })
    );
    await sleep(15);
    task.cancel("outside");
    await assertRejects(async () => await task, CancelledError, "outside");
  }));

for (const order of ["own first", "outer first"]) {
  for (const ms of [0, 5]) {
    Deno.test(`an own expiry and an outer cancel in the same turn, ${order}, clean-up of ${ms} ms: the outer one wins`, () =>
      virtually(async () => {
        const seen: string[] = [];
        let scope!: Timeout;
        const task = createTask(async () => {
          await timeout(undefined, async (it) => {
            scope = it;
            try {
              await sleep(60_000);
            } finally {
              await sleep(ms);
              seen.push("cleaned up");
            }
          });
        });
        await sleep(1);
        const steps = [
          () => scope.reschedule(now()),
          () => task.cancel("outside"),
        ];
        if (order === "outer first") steps.reverse();
        for (const step of steps) step();
        await assertRejects(async () => await task, CancelledError, "outside");
        assertEquals([seen, scope.expired], [["cleaned up"], true]);
      }));
  }

  Deno.test(`moveOnAfter and an outer cancel in the same turn, ${order}: the outer one wins`, () =>
    virtually(async () => {
      let scope!: Timeout;
      const task = createTask(() =>
        moveOnAfter(1e6, async (it) => {
          scope = it;
          await sleep(60_000);
        })
      );
      await sleep(1);
      const steps = [
        () => scope.reschedule(now()),
        () => task.cancel("outside"),
      ];
      if (order === "outer first") steps.reverse();
      for (const step of steps) step();
      await assertRejects(async () => await task, CancelledError, "outside");
    }));
}

Deno.test("an own expiry that the body swallows, and an outer cancel in the same turn: the value comes out, the cancel strikes next", () =>
  virtually(async () => {
    const seen: string[] = [];
    let scope!: Timeout;
    const task = createTask(async () => {
      seen.push(
        await timeout(undefined, async (it) => {
          scope = it;
          return await sleep(60_000).then(() => "slept", () => "swallowed");
        }),
      );
      await sleep(0);
      seen.push("not reached");
    });
    await sleep(1);
    scope.reschedule(now());
    task.cancel("outside");
    await assertRejects(async () => await task, CancelledError, "outside");
    assertEquals(seen, ["swallowed"]);
  }));

Deno.test("an expiry beside the code that goes on, and an outer cancel in the same turn: the cancel is not lost", () =>
  virtually(async () => {
    const seen: string[] = [];
    let scope!: Timeout;
    let release!: () => void;
    const foreign = new Promise<void>((resolve) => release = resolve);
    const task = createTask(async () => {
      moveOnAfter(1e6, (it) => {
        scope = it;
        return sleep(60_000);
      });
      await foreign;
      await sleep(0);
      seen.push("not reached");
    });
    await turns(1);
    scope.reschedule(now());
    task.cancel("outside");
    release();
    await assertRejects(async () => await task, CancelledError, "outside");
    assertEquals(seen, []);
  }));

Deno.test("an outer cancel that is undelivered when a timeout of zero begins is not swallowed", () =>
  virtually(async () => {
    const task = createTask(async () => {
      currentTask()!.cancel("outside");
      await timeout(0, () => sleep(60_000));
    });
    await assertRejects(async () => await task, CancelledError, "outside");
  }));

Deno.test("a timeout of zero in a task whose cancel was caught before is a TimeoutError", () =>
  virtually(async () => {
    const task = createTask(async () => {
      await sleep(60_000).catch(() => {});
      await assertRejects(() => timeout(0, () => sleep(60_000)), TimeoutError);
      return currentTask()!.cancelling;
    });
    await sleep(1);
    task.cancel();
    assertEquals(await task, 1);
  }));

Deno.test("a body that swallows the outer cancel and then runs out of time throws the cancel", () =>
  virtually(async () => {
    const task = createTask(() =>
      timeout(10, async () => {
        await sleep(60_000).catch(() => {});
        await sleep(60_000);
      })
    );
    await sleep(1);
    task.cancel("outside");
    await assertRejects(async () => await task, CancelledError);
  }));

Deno.test("a body that swallows its own expiry is still struck by an outer one", () =>
  virtually(async () => {
    await assertRejects(() =>
      timeout(20, () =>
        timeout(10, async () => {
          await sleep(60_000).catch(() => {});
          await sleep(60_000);
        })), TimeoutError);
  }));

Deno.test("outer cancel, body fails in its clean-up, own expiry: the error comes out", () =>
  virtually(async () => {
    const task = createTask(() =>
      timeout(10, async () => {
        try {
          await sleep(60_000);
        } catch {
          await sleep(20).catch(() => {});
          throw new Error("clean-up");
        }
      })
    );
    await sleep(1);
    task.cancel();
    await assertRejects(async () => await task, Error, "clean-up");
  }));

Deno.test("a continuation that outlives its timeout is not cancelled by it any more", () =>
  virtually(async () => {
    let floating!: Promise<string>;
    const gate = new Future<void>();
    await timeout(10, () => {
      floating = (async () => {
        await gate;
        await sleep(100);
        return "went on";
      })();
    });
    gate.setResult();
    assertEquals(await floating, "went on");
  }));

Deno.test("a continuation that outlives its timeout is still cancelled with the task", () =>
  virtually(async () => {
    const seen: string[] = [];
    const gate = new Future<void>();
    const task = createTask(async () => {
      await timeout(1000, () => {
        (async () => {
          await gate;
          for (let i = 0; i < 3; i++) await sleep(0);
          await sleep(60_000).catch((error) => seen.push(error.name));
        })();
      });
      await sleep(60_000);
    });
    await sleep(1);
    gate.setResult();
    await sleep(1);
    task.cancel();
    await sleep(1);
    assertEquals([task.cancelled, seen], [true, ["CancelledError"]]);
  }));

Deno.test("currentSignal aborts when the timeout around it expires, and not when one beside it does", () =>
  virtually(async () => {
    const signals: AbortSignal[] = [];
    const body = async () => {
      signals.push(currentSignal());
      await sleep(60_000);
    };
    await Promise.all([
      moveOnAfter(10, body),
      moveOnAfter(20, async () => {
        await moveOnAfter(15, body);
        assertEquals(currentSignal().aborted, false);
        signals.push(currentSignal());
        await sleep(60_000);
      }),
    ]);
    assertEquals(signals.map(({ aborted }) => aborted), [true, true, true]);
    assert(signals.every(({ reason }) => reason instanceof CancelledError));
    assertEquals(currentSignal().aborted, false);
  }));

Deno.test("a thousand timeouts side by side in one task expire in the order of their times", () =>
  virtually(async () => {
    const order: number[] = [];
    const times = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000 + 1);
    await Promise.all(times.map(async (ms) => {
      await moveOnAfter(ms, () => sleep(1e6));
      order.push(ms);
    }));
    assertEquals(order, times.toSorted((a, b) => a - b));
  }));

Deno.test("no timer is left behind by a timeout that is over", async () => {
  // A timer that was left would keep this from ending: the sanitizers see it.
  for (let i = 0; i < 100; i++) await timeout(60_000, () => sleep(0));
  await turns(1);
});
