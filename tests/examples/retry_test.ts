import { assert, assertEquals, assertRejects } from "@std/assert";
import { retry, type RetryOptions } from "../../examples/retry.ts";
import {
  CancelledError,
  createTask,
  getRunningLoop,
  sleep,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { cancelEverywhere } from "@asyncio/asyncio/testing";
import { virtually } from "../_helpers/virtually.ts";

const OPTIONS: RetryOptions = {
  pause: 100,
  maxPause: 1_000,
  attemptTimeout: 10_000,
  maxElapsed: 60_000,
  retryable: () => true,
};

/** Fails so often, and notes when it was called. */
function flaky(failures: number) {
  const calls: number[] = [];
  const attempt = () => {
    calls.push(getRunningLoop().time());
    return calls.length <= failures
      ? Promise.reject(new Error(`failure ${calls.length}`))
      : Promise.resolve("well");
  };
  return { calls, attempt };
}

Deno.test("retry gives the first success, and tries no more", async () => {
  await virtually(async () => {
    const { calls, attempt } = flaky(3);
    assertEquals(await retry(attempt, OPTIONS), "well");
    assertEquals(calls.length, 4);
    await sleep(60_000);
    assertEquals(calls.length, 4);
  });
});

Deno.test("the pauses of retry are at most twice as long each time, up to the limit", async () => {
  const most = [100, 200, 400, 800, 1_000, 1_000];
  const longest = most.map(() => 0);
  const shortest = most.map(() => Infinity);
  for (let round = 0; round < 200; round++) {
    await virtually(async () => {
      const { calls, attempt } = flaky(most.length);
      await retry(attempt, OPTIONS);
      for (const [i, limit] of most.entries()) {
        const pause = calls[i + 1]! - calls[i]!;
        assert(pause >= 0 && pause <= limit + 1, `pause ${i}: ${pause}`);
        longest[i] = Math.max(longest[i]!, pause);
        shortest[i] = Math.min(shortest[i]!, pause);
      }
    });
  }
  // Any part of the limit: among 200 there are short ones and long ones.
  for (const [i, limit] of most.entries()) {
    assert(shortest[i]! < limit * 0.2, `pause ${i}: ${shortest[i]} or more`);
    assert(longest[i]! > limit * 0.8, `pause ${i}: ${longest[i]} or less`);
  }
});

Deno.test("retry gives up before its time is over, with the last error as the cause", async () => {
  await virtually(async () => {
    const { calls, attempt } = flaky(Infinity);
    const error = await assertRejects(() => retry(attempt, OPTIONS), Error);
    assertEquals(error.message, `gave up, attempts: ${calls.length}`);
    assertEquals((error.cause as Error).message, `failure ${calls.length}`);
    assert(getRunningLoop().time() - calls[0]! <= 60_000);
  });
});

Deno.test("retry does not try again where that cannot help", async () => {
  await virtually(async () => {
    const { calls, attempt } = flaky(Infinity);
    const retryable = () => false;
    await assertRejects(
      () => retry(attempt, { ...OPTIONS, retryable }),
      Error,
      "failure 1",
    );
    assertEquals(calls.length, 1);
  });
});

Deno.test("an attempt that takes too long has failed, and is cancelled", async () => {
  await virtually(async () => {
    let cancelled = 0;
    let attempts = 0;
    await retry(async () => {
      if (++attempts === 3) return;
      try {
        await sleep(Infinity);
      } finally {
        cancelled++;
      }
    }, OPTIONS);
    assertEquals(attempts, 3);
    assertEquals(cancelled, 2);
  });
});

Deno.test("the last attempt of retry gets no more time than is left", async () => {
  await virtually(async () => {
    const started = getRunningLoop().time();
    const error = await assertRejects(() =>
      retry(() => sleep(Infinity), { ...OPTIONS, maxElapsed: 25_000 })
    );
    assert((error as Error).cause instanceof TimeoutError);
    assert(getRunningLoop().time() - started <= 25_000);
  });
});

Deno.test("a cancel ends retry wherever it is delivered, and no attempt follows", async () => {
  let attempts = 0;
  let running = 0;
  const { points } = await cancelEverywhere(async () => {
    attempts = 0;
    await retry(async () => {
      attempts++;
      running++;
      try {
        await sleep(1);
      } finally {
        running--;
      }
      if (attempts < 4) throw new Error("not yet");
    }, OPTIONS);
  }, () => assertEquals(running, 0));
  assertEquals(points, 7); // in four attempts, and in the pauses between them
});

Deno.test("a cancel that an attempt meets is not taken for a failure", async () => {
  await virtually(async () => {
    let attempts = 0;
    const task = createTask(() =>
      retry(async () => {
        attempts++;
        await sleep(1_000);
      }, OPTIONS)
    );
    await sleep(500);
    task.cancel();
    await assertRejects(() => Promise.resolve(task), CancelledError);
    await sleep(60_000);
    assertEquals(attempts, 1);
  });
});
