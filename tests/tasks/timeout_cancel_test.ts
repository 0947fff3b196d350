import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  CancelledError,
  createTask,
  currentTask,
  moveOnAfter,
  sleep,
  type Timeout,
  timeout,
  timeoutAt,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { now } from "../_helpers/now.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("a task that cancels itself inside a timeout is cancelled, and the time was not up", () =>
  virtually(async () => {
    let scope!: Timeout;
    const task = createTask(() =>
      timeout(10, async (it) => {
        scope = it;
        currentTask()!.cancel();
        await sleep(10);
      })
    );
    await assertRejects(async () => await task, CancelledError);
    assertEquals(scope.expired, false);
  }));

Deno.test("a task that has caught a cancel before can be cancelled in a timeout", () =>
  virtually(async () => {
    const task = createTask(async () => {
      currentTask()!.cancel();
      await sleep(1).catch(() => {});
      await timeout(10, async () => {
        currentTask()!.cancel();
        await sleep(20);
      });
    });
    await assertRejects(async () => await task, CancelledError);
  }));

Deno.test("the clean-up after a timeout may have a timeout of its own", () =>
  virtually(async () => {
    const start = now();
    const seen: unknown[] = [];
    await assertRejects(() =>
      timeout(10, async () => {
        try {
          await sleep(1000);
        } finally {
          await assertRejects(
            () => timeout(10, () => sleep(1000)),
            TimeoutError,
          );
          seen.push(now() - start);
        }
      }), TimeoutError);
    assertEquals(seen, [20]);
  }));

Deno.test("nested timeouts of one time have both expired, though only the outer one throws", () =>
  virtually(async () => {
    const until = now() + 10;
    const scopes: Timeout[] = [];
    await assertRejects(
      () =>
        timeoutAt(until, (outer) =>
          timeoutAt(until, (inner) => {
            scopes.push(outer, inner);
            return sleep(1000);
          })),
      TimeoutError,
    );
    assertEquals(
      scopes.map(({ expired, when }) => [expired, when]),
      [[true, until], [true, until]],
    );
  }));

Deno.test("once its time is up, a timeout cannot be moved from inside", () =>
  virtually(async () => {
    await timeout(10, async (scope) => {
      await assertRejects(() => sleep(1000), CancelledError);
      assertThrows(() => scope.reschedule(now() + 100), Error, "expired");
    });
  }));

Deno.test("the cause of the TimeoutError is the very error that the body got", () =>
  virtually(async () => {
    let delivered: unknown;
    const error = await assertRejects(() =>
      timeout(1, async () => {
        try {
          await sleep(10);
        } catch (it) {
          delivered = it;
          throw it;
        }
      }), TimeoutError);
    assert(delivered instanceof CancelledError);
    assertStrictEquals(error.cause, delivered);
  }));

for (const scope of [timeout, timeoutAt, moveOnAfter]) {
  Deno.test(`${scope.name} around foreign promises is a cancellation point`, async () => {
    let rounds = 0;
    const task = createTask(async () => {
      while (rounds < 1e6) await scope(1e9, () => Promise.resolve(rounds++));
    });
    await sleep(0);
    task.cancel();
    const before = rounds;
    await assertRejects(async () => await task, CancelledError);
    assertEquals(rounds, before);
  });
}
