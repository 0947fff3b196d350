import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { SingleFlight } from "@asyncio/asyncio/sync";
import {
  allTasks,
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  Future,
  gather,
  getRunningLoop,
  InvalidStateError,
  run,
  sleep,
  timeout,
  TimeoutError,
  type WaitOptions,
} from "@asyncio/asyncio/tasks";
import { Aborted, Attempt } from "../_helpers/attempt.ts";
import { reportsOf } from "../_helpers/reports.ts";
import { virtually } from "../_helpers/virtually.ts";

const IDLE = "SingleFlight { keys: 0, waiting: 0 }";

/** Calls for one key, and what their work does: it takes 100 ms. */
class Calls {
  readonly flights = new SingleFlight<string, number>();
  readonly log: string[] = [];
  #works = 0;

  /** Work that cleans up for so long when it is cancelled. */
  begin(cleanUp = 0): Attempt {
    return new Attempt((options: WaitOptions) =>
      this.flights.run("key", () => this.#work(cleanUp), options)
    );
  }

  async #work(cleanUp: number): Promise<number> {
    const name = ++this.#works;
    const now = () => getRunningLoop().time();
    this.log.push(`${name} begins at ${now()}`);
    try {
      await sleep(100);
      return name;
    } catch (error) {
      if (cleanUp > 0) await sleep(cleanUp);
      this.log.push(`${name} was cancelled until ${now()}`);
      throw error;
    }
  }
}

Deno.test("calls while the work is under way share it, and its value", async () => {
  await virtually(async () => {
    const calls = new Calls();
    const attempts = [calls.begin()];
    await sleep(99);
    attempts.push(calls.begin(), calls.begin());
    assertEquals(
      Deno.inspect(calls.flights),
      "SingleFlight { keys: 1, waiting: 3 }",
    );
    await gather(attempts.map((it) => it.task));
    assertEquals(attempts.map((it) => it.value), [1, 1, 1]);
    assertEquals(Deno.inspect(calls.flights), IDLE);
    const later = calls.begin();
    await later.task;
    assertEquals(later.value, 2);
  });
});

Deno.test("different keys have nothing to do with each other", async () => {
  const flights = new SingleFlight<number, number>();
  const values = await gather(
    [0, 1, 0, NaN, NaN].map((key) => () =>
      flights.run(key, () => sleep(0, { result: Math.random() }))
    ),
  );
  assertEquals(values[0], values[2]);
  assertEquals(values[3], values[4]);
  assert(values[0] !== values[1]);
});

Deno.test("all get the same error, and the next call does its own work", async () => {
  const flights = new SingleFlight<string, number>();
  const error = new RangeError("broken");
  const run = () => flights.run("key", () => Promise.reject(error));
  const ends = await Promise.allSettled([run(), run()]);
  for (const end of ends) {
    assertStrictEquals((end as PromiseRejectedResult).reason, error);
  }
  assertEquals(await flights.run("key", () => 5), 5);
});

Deno.test("work that throws at once, or gives no promise, is work too", async () => {
  const flights = new SingleFlight<string, number>();
  assertEquals(await flights.run("key", () => 5), 5);
  await assertRejects(
    () =>
      flights.run("key", () => {
        throw new RangeError("at once");
      }),
    RangeError,
  );
  assertEquals(Deno.inspect(flights), IDLE);
});

for (const giveUp of ["cancel", "abort"] as const) {
  Deno.test(`after the ${giveUp} of the first, the work goes on for the others`, async () => {
    await virtually(async () => {
      const calls = new Calls();
      const [first, second] = [calls.begin(), calls.begin()];
      await sleep(50);
      first[giveUp]();
      await second.task;
      assertEquals([second.value, calls.log], [1, ["1 begins at 0"]]);
    });
  });

  Deno.test(`the last to leave, by ${giveUp}, cancels the work`, async () => {
    await virtually(async () => {
      const calls = new Calls();
      const attempts = [calls.begin(), calls.begin()];
      await sleep(50);
      for (const it of attempts) it[giveUp]();
      assertEquals(
        Deno.inspect(calls.flights),
        "SingleFlight { keys: 1, waiting: 0 }",
      );
      await sleep(0);
      assertEquals(calls.log[1], "1 was cancelled until 50");
      assertEquals(Deno.inspect(calls.flights), IDLE);
    });
  });

  Deno.test(`work that ends its own caller's wait by ${giveUp} is cancelled in its first wait`, async () => {
    const flights = new SingleFlight<string, void>();
    const log: string[] = [];
    const wait = async (options: WaitOptions) => {
      await sleep(0);
      await flights.run("key", async () => {
        attempt[giveUp]();
        await sleep(60_000).catch(() => log.push("cancelled"));
      }, options);
    };
    const attempt: Attempt = new Attempt(wait);
    await attempt.task.catch(() => {});
    await sleep(0);
    assertEquals(log, ["cancelled"]);
    assertEquals(Deno.inspect(flights), IDLE);
  });

  Deno.test(`a ${giveUp} after the work has ended comes too late for its value`, async () => {
    const flights = new SingleFlight<string, number>();
    const work = new Future<number>();
    const first = new Attempt(() => flights.run("key", () => work));
    const second = new Attempt(async (options) => {
      await first.task; // goes on in the turn in which the work has ended
      third[giveUp]();
      return await flights.run("other", () => 1, options);
    });
    const third = new Attempt((options) =>
      flights.run("key", () => 2, options)
    );
    await sleep(0);
    work.setResult(7);
    await gather([second.task, third.task], { returnExceptions: true });
    assertEquals([first.value, third.value], [7, 7]);
  });
}

Deno.test("a call for a key whose cancelled work cleans up waits for its end, and then has its own work done", async () => {
  await virtually(async () => {
    const calls = new Calls();
    const first = calls.begin(30);
    await sleep(50);
    first.cancel();
    await sleep(10);
    const [second, third] = [calls.begin(), calls.begin()];
    await gather([second.task, third.task]);
    assertEquals([second.value, third.value], [2, 2]);
    assertEquals(calls.log, [
      "1 begins at 0",
      "1 was cancelled until 80",
      "2 begins at 80",
    ]);
  });
});

Deno.test("clean-up is cancelled once, though others come and leave meanwhile", async () => {
  await virtually(async () => {
    const calls = new Calls();
    const first = calls.begin(30);
    await sleep(50);
    first.cancel();
    for (let i = 0; i < 5; i++) {
      await sleep(1);
      const other = calls.begin();
      await sleep(1);
      other.cancel();
    }
    await sleep(1000);
    assertEquals(calls.log, ["1 begins at 0", "1 was cancelled until 80"]);
    assertEquals(Deno.inspect(calls.flights), IDLE);
  });
});

Deno.test("when the first of the calls that wait for the clean-up leaves, the work of the next one is done", async () => {
  await virtually(async () => {
    const flights = new SingleFlight<string, string>();
    const begin = (name: string) =>
      new Attempt((options) =>
        flights.run(
          "key",
          () => sleep(10, { result: name }).finally(() => sleep(10)),
          options,
        )
      );
    const first = begin("first");
    await sleep(5);
    first.cancel();
    const [second, third, fourth] = ["second", "third", "fourth"].map(begin);
    second!.abort();
    await gather([third!.task, fourth!.task]);
    assertEquals([third!.value, fourth!.value], ["third", "third"]);
  });
});

for (const error of [new RangeError("while it cleaned up"), undefined]) {
  Deno.test(`what the work throws after the last caller has left is reported: ${error}`, async () => {
    const reports = await reportsOf(async () => {
      const flights = new SingleFlight<string, void>();
      const attempt = new Attempt((options) =>
        flights.run("key", () =>
          sleep(60_000).catch(() => {
            throw error;
          }), options)
      );
      await sleep(0);
      attempt.cancel();
      await attempt.task;
    });
    assertEquals(reports.map((it) => it.error), [error]);
  });
}

Deno.test("work runs in a task of its own: outside of its first caller's timeouts, with its context", async () => {
  await virtually(async () => {
    const flights = new SingleFlight<string, string>();
    const user = new ContextVar<string>("user");
    user.set("ada");
    const main = currentTask();
    const work = async () => {
      assert(currentTask() !== main);
      await sleep(100);
      return user.get();
    };
    const impatient = createTask(() =>
      timeout(50, () => flights.run("key", work))
    );
    await sleep(10);
    user.set("bob");
    const patient = flights.run("key", work);
    await assertRejects(async () => await impatient, TimeoutError);
    assertEquals(await patient, "ada");
  });
});

for (
  const [when, before] of [["its first step", undefined], [
    "a later step",
    0,
  ]] as const
) {
  Deno.test(`work that calls run for its own key in ${when} waits for itself until it is cancelled`, async () => {
    await virtually(async () => {
      const flights = new SingleFlight<string, number>();
      let begun = 0;
      const inner = new Future<void>();
      const task = createTask(() =>
        flights.run("key", async () => {
          begun++;
          if (before !== undefined) await sleep(before);
          try {
            return await flights.run("key", () => 1);
          } finally {
            inner.setResult();
          }
        })
      );
      await sleep(1);
      assertEquals(
        Deno.inspect(flights),
        "SingleFlight { keys: 1, waiting: 2 }",
      );
      for (const other of allTasks()) {
        if (other !== currentTask()) other.cancel();
      }
      await assertRejects(() => task, CancelledError);
      await inner;
      assertEquals(begun, 1);
      assertEquals(Deno.inspect(flights), IDLE);
    });
  });
}

Deno.test("a call with a cancel pending, or a signal aborted already, begins nothing", async () => {
  const flights = new SingleFlight<string, number>();
  let begun = 0;
  const work = () => ++begun;
  const task = createTask(async () => {
    currentTask()!.cancel();
    await flights.run("key", work);
  });
  await assertRejects(async () => await task, CancelledError);
  const signal = AbortSignal.abort(new Aborted("before"));
  await assertRejects(() => flights.run("key", work, { signal }), Aborted);
  await sleep(0);
  assertEquals([begun, Deno.inspect(flights)], [0, IDLE]);
});

Deno.test("work that is none is a TypeError that shows the fix", async () => {
  const flights = new SingleFlight<string, number>();
  const work = Promise.resolve(1) as unknown as () => number;
  await assertRejects(() => flights.run("key", work), TypeError, "() =>");
  assertEquals(Deno.inspect(flights), IDLE);
});

Deno.test("a call in a run that has ended is rejected, and leaves nothing behind", async () => {
  const flights = new SingleFlight<string, number>();
  const late = await run(() => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const call = () => flights.run("key", () => 1).catch((error) => error);
    setTimeout(() => resolve(call()));
    return { promise };
  });
  assert(await late.promise instanceof InvalidStateError);
  assertEquals(Deno.inspect(flights), IDLE);
});

Deno.test("a call that is cancelled is no unhandled rejection, awaited or not", async () => {
  const flights = new SingleFlight<string, void>();
  const task = createTask(async () => {
    void flights.run("key", () => sleep(60_000));
    await sleep(60_000);
  }, { eager: true });
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  await new Promise((resolve) => setTimeout(resolve));
});
