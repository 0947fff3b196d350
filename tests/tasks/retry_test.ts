import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  createTask,
  getRunningLoop,
  retry,
  run,
  sleep,
  timeout,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { cancelEverywhere } from "@asyncio/asyncio/testing";
import { now } from "../_helpers/now.ts";
import { virtually } from "../_helpers/virtually.ts";

/** Fails so often, and notes when it was called, and with what. */
function flaky(failures: number) {
  const times: number[] = [];
  const attempts: number[] = [];
  const work = (attempt: number) => {
    times.push(now());
    attempts.push(attempt);
    return times.length <= failures
      ? Promise.reject(new Error(`failure ${times.length}`))
      : Promise.resolve("well");
  };
  return { times, attempts, work };
}

Deno.test("retry gives the first success, and tries no more", () =>
  virtually(async () => {
    const { attempts, work } = flaky(3);
    assertEquals(await retry(work), "well");
    await sleep(600_000);
    assertEquals(attempts, [1, 2, 3, 4]);
  }));

Deno.test("retry takes a function that is not asynchronous", () =>
  virtually(async () => {
    const answers = [undefined, undefined, "well"];
    const answer = await retry(() => {
      const answer = answers.shift();
      if (answer === undefined) throw new Error("not yet");
      return answer;
    });
    assertEquals(answer, "well");
  }));

Deno.test("retry tries five times unless told otherwise, and rejects with the last error itself", () =>
  virtually(async () => {
    const last = new Error("the last one");
    let attempts = 0;
    const error = await assertRejects(() =>
      retry(() => {
        throw ++attempts === 5 ? last : new Error("before");
      })
    );
    assertEquals(error === last, true);
    assertEquals(attempts, 5);
  }));

Deno.test("retry with maxAttempts 1 calls once; with Infinity it goes on", () =>
  virtually(async () => {
    const once = flaky(9);
    await assertRejects(() => retry(once.work, { maxAttempts: 1 }), Error, "1");
    assertEquals(once.attempts, [1]);
    const often = flaky(100);
    await retry(often.work, { maxAttempts: Infinity });
    assertEquals(often.attempts.length, 101);
  }));

Deno.test("without jitter the pauses of retry are exact: 1, 2, 4, ... seconds, up to a minute", () =>
  virtually(async () => {
    const { times, work } = flaky(8);
    await retry(work, { jitter: 0, maxAttempts: 9 });
    assertEquals(
      times.slice(1).map((time, i) => time - times[i]!),
      [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1000),
    );
  }));

Deno.test("the pauses of retry are as its options say", () =>
  virtually(async () => {
    const { times, work } = flaky(4);
    await retry(work, {
      ...{ jitter: 0, minTimeout: 10, multiplier: 3, maxTimeout: 100 },
    });
    assertEquals(times, [0, 10, 40, 130, 230]);
  }));

Deno.test("pauses of nothing give way to others, however many there are", () =>
  virtually(async () => {
    let turns = 0;
    const others = createTask(async () => {
      for (;; turns++) await sleep(0);
    });
    const { work } = flaky(2000);
    await retry(work, { minTimeout: 0, maxAttempts: Infinity });
    assert(turns >= 1999, `${turns}`);
    others.cancel();
  }));

for (const jitter of [1, 0.5]) {
  Deno.test(`jitter ${jitter} of retry leaves out any part of a pause up to that`, () =>
    virtually(async () => {
      const pauses: number[] = [];
      for (let round = 0; round < 200; round++) {
        const { times, work } = flaky(1);
        await retry(work, { jitter });
        pauses.push(times[1]! - times[0]!);
      }
      const least = 1000 * (1 - jitter);
      for (const pause of pauses) assert(pause >= least && pause <= 1001);
      assert(Math.min(...pauses) < least + 1000 * jitter * 0.2);
      assert(Math.max(...pauses) > 1000 - 1000 * jitter * 0.2);
    }));
}

Deno.test("no attempt of retry begins after timeLimit, and one that would is not waited for", () =>
  virtually(async () => {
    const { times, work } = flaky(Infinity);
    const options = { jitter: 0, maxAttempts: Infinity, timeLimit: 7000 };
    await assertRejects(() => retry(work, options), Error, "failure 4");
    assertEquals(times, [0, 1000, 3000, 7000]); // exactly at the limit is in time
    assertEquals(now(), 7000);
  }));

Deno.test("timeLimit of retry cuts no attempt off", () =>
  virtually(async () => {
    assertEquals(
      await retry(() => sleep(5000, { result: "late" }), { timeLimit: 1000 }),
      "late",
    );
  }));

Deno.test("isRetriable is asked with the error and the attempt, and false ends it", () =>
  virtually(async () => {
    const { attempts, work } = flaky(Infinity);
    const asked: unknown[] = [];
    const isRetriable = (error: unknown, attempt: number) => {
      asked.push([(error as Error).message, attempt]);
      return attempt < 3;
    };
    await assertRejects(() => retry(work, { isRetriable }), Error, "failure 3");
    assertEquals(attempts, [1, 2, 3]);
    assertEquals(asked, [["failure 1", 1], ["failure 2", 2], ["failure 3", 3]]);
  }));

Deno.test("onRetry is told before each pause, and not after the last attempt", () =>
  virtually(async () => {
    const told: unknown[] = [];
    const onRetry = (error: unknown, attempt: number, delay: number) =>
      void told.push([(error as Error).message, attempt, delay, now()]);
    const options = { jitter: 0, maxAttempts: 3, onRetry };
    await assertRejects(() => retry(flaky(Infinity).work, options));
    assertEquals(told, [["failure 1", 1, 1000, 0], [
      "failure 2",
      2,
      2000,
      1000,
    ]]);
  }));

Deno.test("what isRetriable or onRetry throws ends retry", () =>
  virtually(async () => {
    const fail = () => {
      throw new Error("from the callback");
    };
    for (const callback of ["isRetriable", "onRetry"]) {
      const options = { [callback]: fail };
      const { attempts, work } = flaky(Infinity);
      const error = await assertRejects(() => retry(work, options), Error);
      assertEquals(error.message, "from the callback");
      assertEquals(attempts, [1]);
    }
  }));

Deno.test("a CancelledError is never retried, also of another task", () =>
  virtually(async () => {
    let attempts = 0;
    const work = () => {
      attempts++;
      const other = createTask(() => sleep(1000));
      other.cancel();
      return other;
    };
    await assertRejects(() => retry(work), CancelledError);
    assertEquals(attempts, 1);
  }));

Deno.test("a cancel ends the pause of retry, and no attempt follows", () =>
  virtually(async () => {
    const { attempts, work } = flaky(Infinity);
    const task = createTask(() => retry(work, { jitter: 0 }));
    await sleep(10);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    await sleep(100_000);
    assertEquals(attempts, [1]);
  }));

Deno.test("retry that is handed over and given up ends", () =>
  virtually(async () => {
    const { attempts, work } = flaky(Infinity);
    const limited = () =>
      waitFor(retry(work, { maxAttempts: Infinity, jitter: 0 }), 500);
    await assertRejects(limited, TimeoutError);
    await sleep(100_000);
    assertEquals(attempts.length < 5, true);
    const count = attempts.length;
    await sleep(100_000);
    assertEquals(attempts.length, count);
  }));

Deno.test("a cancel ends retry wherever it is delivered, and what an attempt began is cleaned up", async () => {
  let running = 0;
  const { points } = await cancelEverywhere(async () => {
    await retry(async (attempt) => {
      running++;
      try {
        await sleep(1);
      } finally {
        running--;
      }
      if (attempt < 4) throw new Error("not yet");
    });
  }, () => assertEquals(running, 0));
  assertEquals(points, 8); // its beginning, four attempts, and three pauses
});

Deno.test("a timeout inside retry is a failure like any other, one around it is not", () =>
  virtually(async () => {
    let attempts = 0;
    const stuck = () => {
      attempts++;
      return sleep(Infinity);
    };
    const options = { jitter: 0, maxAttempts: 3 };
    await assertRejects(
      () => retry(() => timeout(100, stuck), options),
      TimeoutError,
    );
    assertEquals(attempts, 3);
    await assertRejects(
      () => timeout(100, () => retry(stuck, options)),
      TimeoutError,
    );
    assertEquals(attempts, 4);
  }));

Deno.test("an abort ends retry at once with its reason, in an attempt and in a pause; the run waits for the clean-up", async () => {
  for (const phase of ["attempt", "pause"]) {
    const steps: string[] = [];
    await virtually(async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const reason = new Error("enough");
      const loop = getRunningLoop();
      loop.callLater(50, () => controller.abort(reason));
      const work = async () => {
        if (phase === "pause") throw new Error("not yet");
        try {
          await sleep(1000);
        } finally {
          await sleep(10);
          steps.push("cleaned up");
        }
      };
      const options = { jitter: 0, minTimeout: 1000, signal };
      const error = await assertRejects(() => retry(work, options));
      assertEquals([error, now()], [reason, 50]);
      steps.push("given up");
    });
    assertEquals(
      steps,
      phase === "pause" ? ["given up"] : ["given up", "cleaned up"],
    );
  }
});

Deno.test("retry refuses what makes no sense, and nothing is tried", async () => {
  let attempts = 0;
  const work = () => void attempts++;
  const wrong: [object, typeof TypeError | typeof RangeError][] = [
    [{ maxAttempts: 0 }, RangeError],
    [{ maxAttempts: 1.5 }, RangeError],
    [{ maxAttempts: "3" }, TypeError],
    [{ minTimeout: NaN }, RangeError],
    [{ maxTimeout: "1s" }, TypeError],
    [{ multiplier: -1 }, RangeError],
    [{ multiplier: NaN }, RangeError],
    [{ jitter: 1.1 }, RangeError],
    [{ jitter: "0" }, TypeError],
    [{ timeLimit: NaN }, RangeError],
    [{ isRetriable: true }, TypeError],
    [{ onRetry: "log" }, TypeError],
    [{ signal: "abort" }, TypeError],
  ];
  for (const [options, kind] of wrong) {
    await assertRejects(() => retry(work, options), kind);
  }
  await assertRejects(
    () => retry(Promise.resolve() as never),
    TypeError,
    "Cannot retry: the work is a function",
  );
  assertEquals(attempts, 0);
});

Deno.test("retry works outside of tasks, and in a run that ends it", async () => {
  assertEquals(await retry(flaky(1).work, { minTimeout: 1 }), "well");
  let attempts = 0;
  await run(() => {
    void retry(() => {
      attempts++;
      throw new Error("not yet");
    }, { minTimeout: 1 }).catch(() => {});
  });
  assert(attempts <= 1);
});
