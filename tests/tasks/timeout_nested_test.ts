import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  createTask,
  currentSignal,
  currentTask,
  Future,
  moveOnAfter,
  sleep,
  type Timeout,
  timeout,
  timeoutAt,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { now } from "../_helpers/now.ts";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

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
              await sleep(1); // takes long, but is not cancelled again
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
