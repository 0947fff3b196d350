import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CancelledError,
  createTask,
  getRunningLoop,
  interval,
  moveOnAfter,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { cancelEverywhere } from "@asyncio/asyncio/testing";
import { Attempt } from "../_helpers/attempt.ts";
import { HandClock } from "../_helpers/hand_clock.ts";
import { now } from "../_helpers/now.ts";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

type Missed = "burst" | "skip" | "delay";

/** The moments, and when they were given, if the bodies take so long. */
async function timesOf(
  period: number,
  bodies: number[],
  missed?: Missed,
): Promise<number[][]> {
  const times: number[][] = [];
  for await (const moment of interval(period, { missed })) {
    times.push([moment, now()]);
    const body = bodies.shift();
    if (body === undefined) break;
    await sleep(body);
  }
  return times;
}

/** Its `next()`. */
function next(
  it: AsyncIterator<number, undefined>,
): Promise<number | undefined> {
  return it.next().then(({ value }) => value);
}

function iterate(period: number): AsyncIterator<number, undefined> {
  return interval(period)[Symbol.asyncIterator]();
}

Deno.test("interval gives the moments one period after the other, from one period after its beginning", () =>
  virtually(async () => {
    await sleep(5);
    assertEquals(await timesOf(10, [0, 3, 9]), [
      [15, 15],
      [25, 25],
      [35, 35],
      [45, 45],
    ]);
  }));

Deno.test("interval begins with the iteration, and each iteration has moments of its own", () =>
  virtually(async () => {
    const ticks = interval(10);
    await sleep(7);
    const first = ticks[Symbol.asyncIterator]();
    await sleep(5);
    const second = ticks[Symbol.asyncIterator]();
    assertEquals(await Promise.all([next(first), next(second)]), [17, 22]);
  }));

Deno.test("interval does not drift, however the period is rounded", () =>
  virtually(async () => {
    let last = 0;
    let count = 0;
    for await (last of interval(0.1)) if (++count === 10_000) break;
    assertEquals(last, 10_000 * 0.1);
  }));

Deno.test("a moment that was missed comes at once; with skip the next one planned follows", () =>
  virtually(async () => {
    const expected = [[10, 10], [20, 35], [40, 40], [50, 50]];
    assertEquals(await timesOf(10, [25, 0, 0], "skip"), expected);
    await sleep(50);
  }));

Deno.test("interval skips unless told otherwise", () =>
  virtually(async () => {
    assertEquals(await timesOf(10, [25, 0]), [[10, 10], [20, 35], [40, 40]]);
  }));

Deno.test("with burst all moments that were missed come", () =>
  virtually(async () => {
    assertEquals(await timesOf(10, [35, 0, 0, 0, 0], "burst"), [
      ...[[10, 10], [20, 45], [30, 45], [40, 45]],
      ...[[50, 50], [60, 60]],
    ]);
  }));

Deno.test("with delay the moment after a late one is a period later, and so on", () =>
  virtually(async () => {
    const expected = [[10, 10], [20, 35], [45, 45], [55, 55]];
    assertEquals(await timesOf(10, [25, 0, 0], "delay"), expected);
  }));

for (const missed of ["skip", "burst", "delay"] as const) {
  Deno.test(`a moment that is due right now is not missed, with ${missed}`, () =>
    virtually(async () => {
      const expected = [[10, 10], [20, 20], [30, 30]];
      assertEquals(await timesOf(10, [10, 10], missed), expected);
    }));

  Deno.test(`with ${missed}, a loop that is late for several moments is late as a body is`, async () => {
    const clock = new HandClock();
    const it = await clock.make(() =>
      interval(10, { missed })[Symbol.asyncIterator]()
    );
    const given: unknown[] = [];
    const take = async () => given.push(await next(it));
    const first = take();
    clock.advance(35);
    await first;
    const rest = [take(), take(), take()];
    await turns(1);
    assertEquals(given, missed === "burst" ? [10, 20, 30] : [10]);
    for (const _ of [1, 2, 3, 4, 5, 6]) {
      clock.advance(5);
      await turns(1);
    }
    await Promise.all(rest);
    assertEquals(
      given,
      {
        burst: [10, 20, 30, 40],
        skip: [10, 40, 50, 60],
        delay: [10, 45, 55, 65],
      }[missed],
    );
  });
}

Deno.test("a body that catches up leaves no moment out", () =>
  virtually(async () => {
    const times = await timesOf(10, [15, 0, 0], "burst");
    assertEquals(times, [[10, 10], [20, 25], [30, 30], [40, 40]]);
  }));

Deno.test("several calls of next at once get one moment each, in their order", () =>
  virtually(async () => {
    const it = iterate(10);
    assertEquals(await Promise.all([next(it), next(it), next(it)]), [
      10,
      20,
      30,
    ]);
  }));

Deno.test("return ends the iteration, also for calls that wait, and leaves no timer", () =>
  virtually(async () => {
    const it = iterate(10);
    const waiting = [next(it), next(it)];
    assertEquals(await it.return!(), { done: true, value: undefined });
    assertEquals(await Promise.all(waiting), [undefined, undefined]);
    assertEquals(await it.next(), { done: true, value: undefined });
    assertEquals(now(), 0);
  }));

Deno.test("a next that is cancelled takes no moment, and the next one gets it", () =>
  virtually(async () => {
    const it = iterate(10);
    const first = new Attempt(() => it.next());
    const second = new Attempt(() => next(it));
    first.cancel();
    await sleep(11);
    assertEquals([first.outcome, second.value], ["cancelled", 10]);
  }));

Deno.test("a moment wins over a cancel in the same turn", () =>
  virtually(async () => {
    const it = iterate(10);
    const attempt = new Attempt(() => next(it));
    getRunningLoop().callLater(10, () => attempt.cancel());
    await sleep(20);
    assertEquals(attempt.value, 10);
  }));

Deno.test("a timeout around the loop ends it", () =>
  virtually(async () => {
    let count = 0;
    await assertRejects(
      () =>
        timeout(35, async () => {
          for await (const _ of interval(10)) count++;
        }),
      TimeoutError,
    );
    assertEquals([count, now()], [3, 35]);
  }));

Deno.test("an abort ends the iteration with its reason, and begins none", () =>
  virtually(async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("enough");
    getRunningLoop().callLater(25, () => controller.abort(reason));
    const moments: number[] = [];
    const loop = async () => {
      for await (const moment of interval(10, { signal })) moments.push(moment);
    };
    assertEquals(await assertRejects(loop), reason);
    assertEquals([moments, now()], [[10, 20], 25]);
    assertEquals(await assertRejects(loop), reason);
  }));

Deno.test("a cancel ends a loop over an interval wherever it is delivered, and leaves no timer", async () => {
  const { points } = await cancelEverywhere(async () => {
    let count = 0;
    for await (const _ of interval(1000)) if (++count === 3) break;
  }, () => {});
  assertEquals(points, 3);
});

Deno.test("a pending cancel takes no moment that is due", () =>
  virtually(async () => {
    const it = iterate(10);
    await sleep(15);
    const task = createTask(() => {
      task.cancel();
      return it.next();
    });
    await assertRejects(async () => await task, CancelledError);
    assertEquals(await next(it), 10);
  }));

Deno.test("an interval of Infinity waits until it is given up", () =>
  virtually(async () => {
    assertEquals(
      await moveOnAfter(1e9, () => next(iterate(Infinity))),
      undefined,
    );
  }));

Deno.test("an interval may be given up at one of its moments", () =>
  virtually(async () => {
    const ticks: number[] = [];
    const start = now();
    // The time limit was set first, so it is the first of the two.
    await moveOnAfter(20, async () => {
      for await (const at of interval(10)) ticks.push(at - start);
    });
    await sleep(10);
    assertEquals(ticks, [10]);
  }));

Deno.test("interval refuses periods that are none, at the call", () => {
  for (const period of [0, -1, NaN, -Infinity]) {
    assertThrows(() => interval(period), RangeError);
  }
  assertThrows(() => interval("1s" as never), TypeError);
  assertThrows(
    () => interval(1, { missed: "catchUp" as never }),
    TypeError,
    "missed is one of burst, skip, delay",
  );
});

Deno.test("an interval prints its period, an iteration what is next", () =>
  virtually(async () => {
    const ticks = interval(10);
    assertEquals(
      Deno.inspect(ticks),
      'Interval { period: 10, missed: "skip" }',
    );
    const it = ticks[Symbol.asyncIterator]();
    const waiting = it.next();
    assertEquals(Deno.inspect(it), "Moments { next: 10, waiting: 1 }");
    await waiting;
  }));
