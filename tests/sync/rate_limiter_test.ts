import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { RateLimiter } from "@asyncio/asyncio/sync";
import {
  createTask,
  getRunningLoop,
  moveOnAfter,
  run,
  sleep,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { Aborted, Attempt } from "../_helpers/attempt.ts";
import { virtually } from "../_helpers/virtually.ts";

function now(): number {
  return getRunningLoop().time();
}

/** When each of so many, all here at once, passes. */
async function passes(
  limiter: RateLimiter,
  tokens: number[],
): Promise<number[]> {
  const times: number[] = [];
  await taskGroup((group) => {
    for (const count of tokens) {
      group.createTask(async () => {
        await limiter.acquire({ tokens: count });
        times.push(now());
      });
    }
  });
  return times;
}

function ones(count: number): number[] {
  return Array.from({ length: count }, () => 1);
}

// --- a sliding window ----------------------------------------------------------

Deno.test("the first `limit` pass at once, the next exactly one interval later", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter({ limit: 3, interval: 1000 });
    assertEquals(await passes(limiter, ones(7)), [
      0,
      0,
      0,
      1000,
      1000,
      1000,
      2000,
    ]);
  });
});

Deno.test("the window slides: each token is back one interval after it was taken", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter({ limit: 3, interval: 1000 });
    for (const pause of [0, 600, 300]) {
      await sleep(pause);
      await limiter.acquire();
    }
    assertEquals(await passes(limiter, ones(4)), [1000, 1600, 1900, 2000]);
  });
});

Deno.test("no time is lost to a burst at the edge of a window", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter({ limit: 2, interval: 200 });
    await sleep(190);
    assertEquals(await passes(limiter, ones(4)), [190, 190, 390, 390]);
  });
});

Deno.test("several tokens pass together, when all of them are back", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter({ limit: 4, interval: 1000 });
    await limiter.acquire();
    await sleep(100);
    await limiter.acquire({ tokens: 2 });
    await sleep(100);
    // One is free; 3 need the first two as well; 1 more comes after those.
    assertEquals(await passes(limiter, [3, 1, 4]), [1100, 1100, 2100]);
  });
});

Deno.test("in fractions of milliseconds no window has too many by a rounding", async () => {
  await virtually(async () => {
    const interval = 0.7;
    const limiter = new RateLimiter({ limit: 3, interval });
    const times: number[] = [];
    for (let i = 0; i < 1000; i++) {
      await limiter.acquire();
      times.push(now());
      if (i % 7 === 0) await sleep(0.1 * (i % 5));
    }
    for (let i = 3; i < times.length; i++) {
      assert(times[i]! - times[i - 3]! >= interval, `${i}`);
    }
  });
});

// --- a token bucket ------------------------------------------------------------

Deno.test("with a burst, so many pass at once and then one after the other, evenly", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter({ limit: 10, interval: 1000, burst: 3 });
    assertEquals(await passes(limiter, ones(6)), [0, 0, 0, 100, 200, 300]);
  });
});

Deno.test("a bucket saves up no more than the burst", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter({ limit: 10, interval: 1000, burst: 3 });
    await passes(limiter, ones(3));
    await sleep(60_000);
    assertEquals(await passes(limiter, ones(5)), [
      60_000,
      60_000,
      60_000,
      60_100,
      60_200,
    ]);
  });
});

Deno.test("a bucket that is not empty gives what it has", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter({ limit: 10, interval: 1000, burst: 5 });
    await limiter.acquire({ tokens: 5 });
    await sleep(250); // two and a half
    assertEquals(await passes(limiter, [2, 1, 5]), [250, 300, 800]);
  });
});

Deno.test("a rate that is no round number adds up to no error", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter({ limit: 3, interval: 1000, burst: 1 });
    const times = await passes(limiter, ones(3001));
    assertEquals(times[3000], 1_000_000);
  });
});

// --- in order, and giving up ---------------------------------------------------

for (const burst of [undefined, 3]) {
  const kind = burst === undefined ? "window" : "bucket";
  const make = () => new RateLimiter({ limit: 3, interval: 300, burst });

  Deno.test(`${kind}: a call for few tokens does not overtake one for many`, async () => {
    await virtually(async () => {
      const limiter = make();
      await limiter.acquire({ tokens: 2 });
      const order: number[] = [];
      await taskGroup((group) => {
        for (const tokens of [3, 1, 1]) {
          group.createTask(async () => {
            await limiter.acquire({ tokens });
            order.push(tokens);
          });
        }
      });
      assertEquals(order, [3, 1, 1]);
    });
  });

  Deno.test(`${kind}: when one for many gives up, those behind it that fit pass at once`, async () => {
    for (const giveUp of ["cancel", "abort"] as const) {
      await virtually(async () => {
        const limiter = make();
        await limiter.acquire();
        const many = new Attempt((options) =>
          limiter.acquire({ ...options, tokens: 3 })
        );
        const few = [1, 1, 1].map((tokens) =>
          new Attempt((options) => limiter.acquire({ ...options, tokens }))
        );
        many[giveUp]();
        await sleep(0);
        assertEquals(few.map((it) => it.outcome), [
          "value",
          "value",
          "pending",
        ]);
        assertEquals(now(), 0);
        await few[2]!.task;
      });
    }
  });

  for (
    const [who, place] of [["at the head", 3], ["further back", 4]] as const
  ) {
    Deno.test(`${kind}: one that gives up ${who} has spent no token`, async () => {
      await virtually(async () => {
        const limiter = make();
        const all = await times(limiter, 7, undefined);
        await sleep(10_000);
        const without = await times(limiter, 8, place);
        assertEquals(without, all);
      });
    });
  }

  Deno.test(`${kind}: one that was let pass has spent its token, though it is cancelled in that turn`, async () => {
    await virtually(async () => {
      const limiter = make();
      for (let i = 0; i < 3; i++) {
        const task = createTask(() => limiter.acquire(), { eager: true });
        task.cancel();
        await task.catch(() => {});
      }
      assert(Deno.inspect(limiter).includes("free: 0"));
    });
  });
}

/** When so many pass, from now on; the one at `place` gives up after 50 ms. */
async function times(
  limiter: RateLimiter,
  count: number,
  place: number | undefined,
): Promise<number[]> {
  const start = now();
  const passed: number[] = [];
  await taskGroup((group) => {
    for (let i = 0; i < count; i++) {
      group.createTask(() =>
        moveOnAfter(i === place ? 50 : Infinity, async () => {
          await limiter.acquire();
          passed.push(now() - start);
        })
      );
    }
  });
  return passed;
}

Deno.test("on the real clock a signal ends the waits, and no timer is left", async () => {
  const limiter = new RateLimiter({ limit: 1, interval: 60_000 });
  await limiter.acquire();
  const controller = new AbortController();
  const reason = new Aborted("enough");
  const waits = [1, 2].map(() =>
    limiter.acquire({ signal: controller.signal }).catch((error) => error)
  );
  await sleep(2); // the native timer is set
  controller.abort(reason);
  for (const wait of waits) assertStrictEquals(await wait, reason);
});

Deno.test("on the real clock the rate is kept too", async () => {
  const limiter = new RateLimiter({ limit: 5, interval: 20 });
  const start = now();
  for (let i = 0; i < 16; i++) await limiter.acquire();
  assert(now() - start >= 60);
});

for (const burst of [undefined, 100]) {
  const kind = burst === undefined ? "window" : "bucket";
  Deno.test(`${kind}: on the real clock, passes in quick succession are all counted`, async () => {
    const limit = 100;
    const interval = 20;
    const limiter = new RateLimiter({ limit, interval, burst });
    const before: number[] = [];
    for (let i = 0; i < 4 * limit; i++) {
      before.push(now());
      await limiter.acquire();
      const earlier = before[i - limit];
      if (burst !== undefined || earlier === undefined) continue;
      assert(now() - earlier >= interval, `${i}`);
    }
    assert(now() - before[0]! >= 3 * interval);
  });
}

Deno.test("a limiter whose run ended in the middle of a burst goes on elsewhere", async () => {
  const limiter = await run(async () => {
    const limiter = new RateLimiter({ limit: 100, interval: 60_000 });
    for (let i = 0; i < 50; i++) await limiter.acquire();
    return limiter;
  });
  for (let i = 0; i < 50; i++) await limiter.acquire();
  assert(Deno.inspect(limiter).includes("free: 0"));
});

Deno.test("a limiter keeps to the clock of the loop it was made on, and time stands still elsewhere meanwhile", async () => {
  const limiter = new RateLimiter({ limit: 1, interval: 20 });
  const start = now();
  await virtually(async () => {
    for (let i = 0; i < 3; i++) await limiter.acquire();
    assertEquals(now(), 0);
  });
  assert(now() - start >= 40);
});

Deno.test("a limiter whose run has ended goes on with the clock of its callers, and forgets no pass", async () => {
  const limiter = await virtually(async () => {
    await sleep(5000);
    const limiter = new RateLimiter({ limit: 2, interval: 1000 });
    await limiter.acquire();
    await sleep(400);
    await limiter.acquire();
    return limiter;
  });
  await virtually(async () => {
    assertEquals(await passes(limiter, ones(3)), [600, 1000, 1600]);
  });
});

// --- arguments and state -------------------------------------------------------

Deno.test("what can't be a rate is refused", () => {
  for (const limit of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => new RateLimiter({ limit, interval: 1 }), RangeError);
    const it = { limit: 1, interval: 1, burst: limit };
    assertThrows(() => new RateLimiter(it), RangeError);
  }
  for (const interval of [0, -1, NaN, Infinity]) {
    assertThrows(() => new RateLimiter({ limit: 1, interval }), RangeError);
  }
  const word = "1" as unknown as number;
  assertThrows(() => new RateLimiter({ limit: word, interval: 1 }), TypeError);
  assertThrows(() => new RateLimiter({ limit: 1, interval: word }), TypeError);
});

Deno.test("tokens that can never pass at once are a RangeError, and none is spent", async () => {
  const window = new RateLimiter({ limit: 5, interval: 60_000 });
  const bucket = new RateLimiter({ limit: 5, interval: 60_000, burst: 2 });
  for (const tokens of [0, -1, 1.5, NaN, Infinity, 6]) {
    for (const limiter of [window, bucket]) {
      await assertRejects(
        () => limiter.acquire({ tokens }),
        RangeError,
        "tokens",
      );
    }
  }
  await assertRejects(() => bucket.acquire({ tokens: 3 }), RangeError, "2");
  await window.acquire({ tokens: 5 });
  await bucket.acquire({ tokens: 2 });
});

Deno.test("a limiter shows its state", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter({ limit: 2, interval: 1000, burst: 3 });
    await limiter.acquire({ tokens: 2 });
    const waiting = limiter.acquire({ tokens: 3 });
    assertEquals(
      Deno.inspect(limiter),
      "RateLimiter { limit: 2, interval: 1000, burst: 3, free: 1, waiting: 1 }",
    );
    await waiting;
    await sleep(600);
    assertEquals(
      Deno.inspect(limiter),
      "RateLimiter { limit: 2, interval: 1000, burst: 3, free: 1, waiting: 0 }",
    );
  });
});

Deno.test("a window shows as free what has passed an interval ago", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter({ limit: 5, interval: 1000 });
    await limiter.acquire({ tokens: 2 });
    await sleep(400);
    await limiter.acquire({ tokens: 1 });
    const free = () => /free: (\d)/.exec(Deno.inspect(limiter))?.[1];
    assertEquals(free(), "2");
    await sleep(600);
    assertEquals(free(), "4");
    await sleep(400);
    assertEquals(free(), "5");
  });
});

Deno.test("a window that grows after some have come back knows when the others do", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter({ limit: 100, interval: 1000 });
    for (let i = 0; i < 10; i++) {
      await limiter.acquire();
      await sleep(1);
    }
    await sleep(995); // the first six are back
    for (let i = 0; i < 30; i++) {
      await limiter.acquire();
      await sleep(0.001);
    }
    await limiter.acquire({ tokens: 66 });
    await limiter.acquire();
    assertEquals(now(), 1006);
    await limiter.acquire({ tokens: 3 });
    assertEquals(now(), 1009);
    await limiter.acquire();
    assertEquals(now(), 2005);
  });
});

Deno.test("a window of many small passes gives way to a big one without looking at each again and again", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter({ limit: 100_000, interval: 100_000 });
    for (let i = 0; i < 100; i++) {
      await limiter.acquire({ tokens: 1000 });
      await sleep(1);
    }
    await limiter.acquire({ tokens: 100_000 });
    assertEquals(now(), 100_099);
  });
});
