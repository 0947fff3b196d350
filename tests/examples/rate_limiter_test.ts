import { assert, assertEquals, assertThrows } from "@std/assert";
import { RateLimiter } from "../../examples/rate_limiter.ts";
import {
  createTask,
  gather,
  getRunningLoop,
  moveOnAfter,
  sleep,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { cancelEverywhere } from "@asyncio/asyncio/testing";
import { virtually } from "../_helpers/virtually.ts";

/** When each of so many, all here at once, may go. */
async function turns(limiter: RateLimiter, count: number): Promise<number[]> {
  const times: number[] = [];
  await taskGroup((group) => {
    for (let i = 0; i < count; i++) {
      group.createTask(async () => {
        await limiter.acquire();
        times.push(Math.round(getRunningLoop().time()));
      });
    }
  });
  return times;
}

Deno.test("a rate limiter lets the burst go at once, and then the rate", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter(10, 3);
    assertEquals(await turns(limiter, 6), [0, 0, 0, 100, 200, 300]);
  });
});

Deno.test("a rate limiter saves up no more than the burst", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter(10, 3);
    await turns(limiter, 3);
    await sleep(60_000);
    assertEquals(
      await turns(limiter, 5),
      [60_000, 60_000, 60_000, 60_100, 60_200],
    );
  });
});

Deno.test("a rate limiter serves in the order of arrival", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter(10, 1);
    const order: number[] = [];
    const tasks = Array.from({ length: 10 }, (_, i) =>
      createTask(async () => {
        await sleep(i * 7); // some wait for a turn already, others come
        await limiter.acquire();
        order.push(i);
      }));
    await gather(tasks);
    assertEquals(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

for (
  const [who, place] of [["first in line", 1], ["further back", 3]] as const
) {
  Deno.test(`who gives up ${who} leaves the turn to the next`, async () => {
    await virtually(async () => {
      const limiter = new RateLimiter(10, 1);
      const times: number[] = [];
      await taskGroup((group) => {
        for (let i = 0; i < 5; i++) {
          group.createTask(() =>
            moveOnAfter(i === place ? 50 : Infinity, async () => {
              await limiter.acquire();
              times.push(Math.round(getRunningLoop().time()));
            })
          );
        }
      });
      assertEquals(times, [0, 100, 200, 300]);
    });
  });
}

Deno.test("a signal ends the wait for a turn", async () => {
  await virtually(async () => {
    const limiter = new RateLimiter(1, 1);
    await limiter.acquire();
    const controller = new AbortController();
    const reason = new Error("enough");
    const waits = [1, 2].map(() =>
      limiter.acquire({ signal: controller.signal }).catch((error) => error)
    );
    await sleep(10);
    controller.abort(reason);
    assertEquals(await Promise.all(waits), [reason, reason]);
    assertEquals(await turns(limiter, 1), [1_000]);
  });
});

Deno.test("a rate limiter cancelled anywhere has lost no turn", async () => {
  let limiter: RateLimiter;
  const { points } = await cancelEverywhere(async () => {
    limiter = new RateLimiter(10, 1);
    for (let i = 0; i < 3; i++) await limiter.acquire();
  }, async () => {
    // The bucket is full again after a second, and gives exactly its burst.
    await virtually(async () => {
      await sleep(3_600_000);
      const times = await turns(limiter, 2);
      assertEquals(times[1]! - times[0]!, 100);
    });
  });
  assertEquals(points, 5); // three times in the line, twice in the wait
});

Deno.test("whoever comes when, a rate limiter keeps its rate", async () => {
  await virtually(async () => {
    const [rate, burst] = [100, 5];
    const limiter = new RateLimiter(rate, burst);
    const times: number[] = [];
    await taskGroup((group) => {
      for (let i = 0; i < 300; i++) {
        group.createTask(async () => {
          await sleep(Math.random() * 4_000);
          const patience = Math.random() < 0.3 ? Math.random() * 20 : Infinity;
          await moveOnAfter(patience, async () => {
            await limiter.acquire();
            times.push(getRunningLoop().time());
          });
        });
      }
    });
    for (let i = 0; i < times.length; i++) {
      for (let j = i + 1; j < times.length; j++) {
        const most = burst + (times[j]! - times[i]!) * rate / 1000;
        assert(
          j - i + 1 <= most + 1e-6,
          `${i} to ${j}: ${j - i + 1} > ${most}`,
        );
      }
    }
  });
});

Deno.test("a rate limiter that lets nobody go is none", () => {
  assertThrows(() => new RateLimiter(0, 1), RangeError);
  assertThrows(() => new RateLimiter(NaN, 1), RangeError);
  assertThrows(() => new RateLimiter(1, 0), RangeError);
});
