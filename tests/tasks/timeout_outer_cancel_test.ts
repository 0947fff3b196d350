import { assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  createTask,
  currentTask,
  moveOnAfter,
  sleep,
  type Timeout,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { now } from "../_helpers/now.ts";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("an outer cancel while the body cleans up after its own expiry is thrown as the cancel", () =>
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

Deno.test("an own expiry that the body swallows, and an outer cancel in the same turn: the value is returned, the cancel is delivered next", () =>
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

Deno.test("a body that swallows its own expiry is still cancelled by an outer one", () =>
  virtually(async () => {
    await assertRejects(() =>
      timeout(20, () =>
        timeout(10, async () => {
          await sleep(60_000).catch(() => {});
          await sleep(60_000);
        })), TimeoutError);
  }));

Deno.test("outer cancel, body fails in its clean-up, own expiry: the error is thrown", () =>
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
