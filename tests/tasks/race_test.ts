import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { Queue } from "@asyncio/asyncio/queue";
import { Event, Lock } from "@asyncio/asyncio/sync";
import {
  cancellable,
  CancelledError,
  captureCallGraph,
  createTask,
  currentSignal,
  currentTask,
  ensureFuture,
  Future,
  gather,
  getRunningLoop,
  isCancelled,
  moveOnAfter,
  race,
  run,
  shield,
  sleep,
  type Task,
  timeout,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { cancelEverywhere, explore } from "@asyncio/asyncio/testing";
import { now } from "../_helpers/now.ts";
import { reportsOf } from "../_helpers/reports.ts";
import { virtually } from "../_helpers/virtually.ts";
import { shown } from "../_helpers/waiting_rules.ts";

/** Sleeps, and notes how that ended. */
function noting(steps: string[], name: string, ms: number, cleanUp = 0) {
  return async () => {
    try {
      await sleep(ms);
      steps.push(`${name} done`);
    } catch (error) {
      steps.push(`${name} ${isCancelled(error) ? "cancelled" : "failed"}`);
      await sleep(cleanUp);
      steps.push(`${name} cleaned up`);
      throw error;
    }
    return name;
  };
}

Deno.test("race gives what the first branch gives, and cancels and waits for the others", () =>
  virtually(async () => {
    const steps: string[] = [];
    const first = await race([
      noting(steps, "slow", 100, 5),
      noting(steps, "fast", 10),
      noting(steps, "slower", 1000, 7),
    ]);
    assertEquals([first, now()], ["fast", 17]);
    assertEquals(steps, [
      "fast done",
      "slow cancelled",
      "slower cancelled",
      "slow cleaned up",
      "slower cleaned up",
    ]);
  }));

Deno.test("race rejects with what the first branch throws", () =>
  virtually(async () => {
    const steps: string[] = [];
    const reason = new RangeError("first");
    const error = await assertRejects(() =>
      race([
        noting(steps, "slow", 100),
        async () => {
          await sleep(10);
          throw reason;
        },
      ])
    );
    assertEquals([error, now()], [reason, 10]);
    assertEquals(steps, ["slow cancelled", "slow cleaned up"]);
  }));

Deno.test("functions start in the order of the list, in the caller's own task", () =>
  virtually(async () => {
    const order: unknown[] = [];
    const task = currentTask();
    const note = (name: string) => () => {
      order.push(name, currentTask() === task);
      return sleep(1);
    };
    await race(["a", "b", "c"].map(note));
    assertEquals(order, ["a", true, "b", true, "c", true]);
  }));

const queued = (item: number) => {
  const queue = new Queue<number>();
  queue.putNowait(item);
  return queue;
};
const ENDED: Record<string, () => () => unknown> = {
  "a value": () => () => 1,
  "an error": () => () => {
    throw new Error("1");
  },
  "a wait that does not have to wait": () => {
    const queue = queued(1);
    return () => queue.get();
  },
  "a wait in a timeout that does not have to wait": () => {
    const queue = queued(1);
    return () => timeout(100, () => queue.get());
  },
  "a race that is over": () => {
    const queue = queued(1);
    return () => race([() => queue.get(), () => sleep(1)]);
  },
  "an error at once": () => {
    const queue = new Queue<number>();
    queue.shutdown();
    return () => queue.get();
  },
  "a settled promise": () => () => Promise.resolve(1),
  "a rejected promise": () => () => Promise.reject(new Error("1")),
  // deno-lint-ignore require-await -- that is the case
  "an async function that does not await": () => async () => 1,
  "a done future": () => {
    const future = new Future<number>();
    future.setResult(1);
    return () => future;
  },
  "a failed future": () => {
    const future = new Future<number>();
    future.setException(new Error("1"));
    return () => future;
  },
};

for (const [name, make] of Object.entries(ENDED)) {
  Deno.test(`no function starts after one that gives ${name}`, () =>
    virtually(async () => {
      let started = false;
      const waiting = new Queue<number>();
      const end = await race([
        () => waiting.get(),
        make() as () => Promise<number>,
        () => {
          started = true;
          return sleep(1);
        },
      ]).then(String, (error) => error.name);
      assert(end === "1" || end.includes("Error"), end);
      assertEquals([started, shown(waiting, "getters")], [false, 0]);
    }));
}

Deno.test("no function starts after a promise in the list that has settled", () =>
  virtually(async () => {
    const done = new Future<number>();
    done.setResult(1);
    for (const promise of [done, Promise.resolve(1)]) {
      let started = false;
      assertEquals(await race([promise, () => started = true]), 1);
      assertEquals(started, false);
    }
  }));

Deno.test("a task that loses is cancelled and waited for, a future is cancelled", () =>
  virtually(async () => {
    const steps: string[] = [];
    const task = createTask(noting(steps, "task", 100, 5));
    const future = new Future<number>();
    await race([task, future, () => sleep(10)]);
    assertEquals([now(), task.cancelled, future.cancelled], [15, true, true]);
    assertEquals(steps, ["task cancelled", "task cleaned up"]);
  }));

Deno.test("a task or a future can win, with a value or an error", () =>
  virtually(async () => {
    const future = new Future<string>();
    getRunningLoop().callLater(5, () => future.setResult("future"));
    assertEquals(await race([future, () => sleep(10)]), "future");
    const task = createTask(() => Promise.reject(new RangeError("task")));
    await assertRejects(() => race([task, () => sleep(10)]), RangeError);
  }));

Deno.test("a task that was cancelled by others ends the race with that", () =>
  virtually(async () => {
    const task = createTask(() => sleep(1000));
    getRunningLoop().callLater(5, () => task.cancel("by others"));
    const lost = createTask(() => sleep(1000));
    await assertRejects(() => race([task, lost]), CancelledError, "by others");
    assert(lost.cancelled);
    await sleep(1); // this task was not cancelled
  }));

Deno.test("a foreign promise that loses is let go of, and its late error is silent", () =>
  virtually(async () => {
    const foreign = Promise.withResolvers<number>();
    assertEquals(
      await race([foreign.promise, () => sleep(1, { result: 2 })]),
      2,
    );
    foreign.reject(new Error("late"));
    assertEquals(now(), 1);
  }));

Deno.test("a promise that loses many races is followed once, and can still win", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    let followed = 0;
    let close!: (reason: string) => void;
    const closing = new Promise<string>((resolve) => close = resolve);
    closing.then = function (...args) {
      followed++;
      return Promise.prototype.then.apply(this, args) as never;
    };
    for (let i = 0; i < 10; i++) {
      const racing = race([closing, () => queue.get()]);
      await sleep(0);
      queue.putNowait(i);
      assertEquals(await racing, i);
    }
    assertEquals(followed, 1);
    close("closed");
    assertEquals(await race([closing, () => queue.get()]), "closed");
  }));

Deno.test("a wait that was handed over after a function that is over at once is given up", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const task = createTask(() => sleep(1000));
    const rejected = Promise.reject(new Error("late"));
    const first = race<unknown>([() => 1, queue.get(), task, rejected]);
    queue.putNowait(2);
    assertEquals([await first, queue.size, task.cancelled], [1, 1, true]);
  }));

Deno.test("a wait that was handed over to a race that may not begin is given up", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const signal = AbortSignal.abort(new Error("before"));
    await assertRejects(() => race([queue.get()], { signal }), Error, "before");
    queue.putNowait(2);
    assertEquals(queue.size, 1);
  }));

Deno.test("a foreign promise can win", async () => {
  const foreign = new Promise<string>((resolve) =>
    setTimeout(() => resolve("foreign"), 1)
  );
  const queue = new Queue<string>();
  assertEquals(await race([() => queue.get(), foreign]), "foreign");
  queue.putNowait("kept");
  assertEquals(queue.size, 1);
});

Deno.test("the signal of a branch aborts when it loses, not when it wins", () =>
  run(async () => {
    const signals: AbortSignal[] = [];
    const branch = (ms: number) => () => {
      signals.push(currentSignal());
      return sleep(ms);
    };
    const asked = () =>
      cancellable((signal) => {
        signals.push(signal);
        return new Promise<void>(() => {});
      });
    await race([branch(1), branch(60_000), asked]);
    assertEquals(signals.map(({ aborted }) => aborted), [false, true, true]);
  }));

Deno.test("a loser with a signal of its own calls foreign code after the winner has what it waits for", () =>
  virtually(async () => {
    const queue = new Queue<string>();
    const { signal } = new AbortController();
    const foreign = () =>
      cancellable((signal) => {
        signal.addEventListener("abort", () => queue.putNowait("second"));
        return new Promise(() => {});
      });
    const first = race([
      () => queue.get(),
      () => waitFor(foreign, 60_000, { signal }),
    ]);
    queue.putNowait("first");
    assertEquals([await first, await queue.get()], ["first", "second"]);
  }));

Deno.test("an error of a loser's clean-up goes to the exception handler", async () => {
  let winner: unknown;
  const reports = await reportsOf(async () => {
    winner = await race([
      () => sleep(1, { result: "winner" }),
      async () => {
        try {
          await sleep(1000);
        } catch {
          throw new Error("while cleaning up");
        }
      },
    ]);
  });
  assertEquals(winner, "winner");
  assertEquals(
    reports.map(({ message, error }) => [message, (error as Error).message]),
    [["Exception in a branch of race that has lost", "while cleaning up"]],
  );
  assert(reports[0]!.task !== undefined);
});

Deno.test("a loser that swallows the cancel and returns changes nothing", () =>
  virtually(async () => {
    const first = await race<unknown>([
      () => sleep(1, { result: "winner" }),
      () => sleep(1000).catch(() => "swallowed"),
    ]);
    assertEquals(first, "winner");
  }));

Deno.test("a cancel goes to all branches, and is thrown when they have ended", () =>
  virtually(async () => {
    const steps: string[] = [];
    const queue = new Queue<number>();
    const task = createTask(() =>
      race<unknown>([
        () => queue.get(),
        noting(steps, "a", 100, 5),
        noting(steps, "b", 100, 10),
      ])
    );
    await sleep(1);
    task.cancel("enough");
    await assertRejects(async () => await task, CancelledError, "enough");
    assertEquals([now(), steps.length], [11, 4]);
    queue.putNowait(1);
    assertEquals(queue.size, 1);
  }));

Deno.test("a cancel while a loser cleans up is delivered after the value", () =>
  virtually(async () => {
    const steps: unknown[] = [];
    const task = createTask(async () => {
      steps.push(
        await race([
          () => sleep(1, { result: "winner" }),
          async () => {
            try {
              await sleep(1000);
            } finally {
              await sleep(100);
            }
          },
        ]),
      );
      await sleep(0);
      steps.push("not reached");
    });
    await sleep(10);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    assertEquals(steps, ["winner"]);
  }));

Deno.test("a cancel that one branch swallows is delivered after its value", () =>
  virtually(async () => {
    const swallowing = () => sleep(100).then(() => "late", () => "swallowed");
    for (const other of [() => sleep(100), () => new Queue().get()]) {
      const steps: unknown[] = [];
      const task = createTask(async () => {
        steps.push(await race<unknown>([swallowing, other]));
        await sleep(0);
        steps.push("not reached");
      });
      await sleep(1);
      task.cancel();
      await assertRejects(async () => await task, CancelledError);
      assertEquals(steps, ["swallowed"]);
    }
  }));

Deno.test("a branch that was woken before the cancel gives its value, and the cancel is delivered at the next wait", () =>
  virtually(async () => {
    const queue = new Queue<string>();
    const other = new Queue<string>();
    for (
      const branch of [() => queue.get(), async () => await queue.get()]
    ) {
      const steps: unknown[] = [];
      const task: Task<void> = createTask(async () => {
        steps.push(await race([() => other.get(), branch]));
        await sleep(0);
        steps.push("not reached");
      });
      await sleep(1);
      queue.putNowait("item");
      task.cancel();
      await assertRejects(async () => await task, CancelledError);
      assertEquals(steps, ["item"]);
    }
  }));

Deno.test("a cancel that was asked for by a branch itself is delivered to all", () =>
  virtually(async () => {
    const steps: string[] = [];
    const task = createTask(() =>
      race<unknown>([
        noting(steps, "a", 100),
        () => {
          currentTask()!.cancel("by itself");
          return noting(steps, "b", 100)();
        },
        () => steps.push("started"),
      ])
    );
    await assertRejects(async () => await task, CancelledError, "by itself");
    assertEquals(steps.includes("started"), false);
  }));

Deno.test("a timeout around a race leaves all branches undone", () =>
  virtually(async () => {
    const [a, b] = [new Queue<number>(), new Lock()];
    await b.acquire();
    await assertRejects(
      () =>
        timeout(10, () => race<unknown>([() => a.get(), () => b.acquire()])),
      TimeoutError,
    );
    a.putNowait(1);
    b.release();
    assertEquals([a.size, b.locked], [1, false]);
  }));

Deno.test("a race that is handed over as a promise is given up as a wait", () =>
  virtually(async () => {
    const [a, b] = [new Queue<number>(), new Queue<number>()];
    await assertRejects(
      () => waitFor(race([() => a.get(), b.get()]), 10),
      TimeoutError,
    );
    a.putNowait(1);
    b.putNowait(2);
    assertEquals([a.size, b.size], [1, 1]);
    const future = ensureFuture(race([() => a.join(), () => b.join()]));
    future.cancel();
    await assertRejects(async () => await future, CancelledError);
  }));

/** Branches that hand the promise of a wait to what waits for it. */
const handingOver: Record<string, (work: () => Promise<unknown>) => unknown> = {
  "waitFor": (work) => waitFor(work(), 1000),
  "two of waitFor": (work) => waitFor(waitFor(work(), 1000), 2000),
  "a future": (work) => ensureFuture(work()),
  "cancellable": (work) => cancellable(work()),
  "a race": (work) => race([waitFor(work(), 1000), () => sleep(2000)]),
};

for (const [name, handOver] of Object.entries(handingOver)) {
  Deno.test(`a wait that a branch hands over to ${name} is one of which exactly one happens`, () =>
    virtually(async () => {
      const queues = [new Queue<number>(), new Queue<number>()];
      const branches = queues.map((queue) => () =>
        handOver(() => queue.get()) as Promise<number>
      );
      for (const order of [[0, 1], [1, 0]]) {
        const racing = race(branches);
        await sleep(1);
        for (const i of order) queues[i]!.putNowait(i);
        assertEquals([await racing, queues.map(({ size }) => size)], [
          order[0],
          order[0] === 0 ? [0, 1] : [1, 0],
        ]);
        queues[order[1]!]!.getNowait();
      }
    }));

  Deno.test(`no function starts after one that hands over to ${name} what is there`, () =>
    virtually(async () => {
      const queues = [new Queue<number>(), new Queue<number>()];
      queues.forEach((queue, i) => queue.putNowait(i));
      const first = await race(
        queues.map((queue) => () =>
          handOver(() => queue.get()) as Promise<number>
        ),
      );
      assertEquals([first, queues.map(({ size }) => size)], [0, [0, 1]]);
    }));
}

Deno.test("a race under a shield goes on when its task is cancelled", () =>
  virtually(async () => {
    const [a, b] = [new Queue<number>(), new Queue<number>()];
    let inner!: Future<number>;
    const task = createTask(() => {
      inner = shield(race([() => a.get(), b.get()]));
      return inner;
    });
    await sleep(1);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    b.putNowait(2);
    assertEquals(b.size, 0);
  }));

Deno.test("an abort ends a race with its reason, after clean-up that takes no time", () =>
  virtually(async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("enough");
    const queue = new Queue<number>();
    let cleaned = false;
    getRunningLoop().callLater(5, () => controller.abort(reason));
    const error = await assertRejects(() =>
      race<unknown>([
        () => queue.get(),
        async () => {
          try {
            await sleep(100);
          } finally {
            cleaned = true;
          }
        },
      ], { signal })
    );
    assertEquals([error, cleaned, now()], [reason, true, 5]);
    queue.putNowait(1);
    assertEquals(queue.size, 1);
  }));

Deno.test("clean-up that takes longer is left to the run after an abort, and its errors are reported", async () => {
  const steps: string[] = [];
  const reports = await reportsOf(async () => {
    const controller = new AbortController();
    const racing = race([noting(steps, "slow", 1000, 5), async () => {
      try {
        await sleep(1000);
      } catch {
        await sleep(1);
        throw new Error("late");
      }
    }], { signal: controller.signal });
    await sleep(1);
    controller.abort(new Error("enough"));
    await assertRejects(() => racing, Error, "enough");
    steps.push("given up");
  });
  assertEquals(steps, ["slow cancelled", "given up", "slow cleaned up"]);
  assertEquals(reports.map(({ error }) => (error as Error).message), ["late"]);
});

Deno.test("an abort after the wake-up, or while a loser cleans up, comes too late", () =>
  virtually(async () => {
    for (const when of ["wake-up", "clean-up"]) {
      const controller = new AbortController();
      const queue = new Queue<string>();
      const racing = race([() => queue.get(), async () => {
        try {
          await sleep(1000);
        } finally {
          await sleep(10);
        }
      }], { signal: controller.signal });
      await sleep(1);
      queue.putNowait("item");
      if (when === "clean-up") await sleep(5);
      controller.abort(new Error("too late"));
      assertEquals(await racing, "item");
    }
  }));

Deno.test("an async function that was woken before an abort gives its value", () =>
  virtually(async () => {
    const controller = new AbortController();
    const queue = new Queue<string>();
    const racing = race([async () => await queue.get(), () => sleep(100)], {
      signal: controller.signal,
    });
    await sleep(1);
    queue.putNowait("item");
    controller.abort(new Error("too late"));
    assertEquals(await racing, "item");
  }));

Deno.test("a race in a race: the innermost wake-up decides, and nothing else has happened", () =>
  virtually(async () => {
    const queues = Array.from({ length: 4 }, () => new Queue<number>());
    const [a, b, c, d] = queues as [
      Queue<number>,
      Queue<number>,
      Queue<number>,
      Queue<number>,
    ];
    const racing = race([
      () => race([() => a.get(), () => b.get()]),
      () => timeout(100, () => race([() => c.get(), () => d.get()])),
    ]);
    await sleep(1);
    for (const [i, queue] of [d, a, b, c].entries()) queue.putNowait(i);
    assertEquals(await racing, 0);
    assertEquals(queues.map(({ size }) => size), [1, 1, 1, 0]);
  }));

Deno.test("what a branch leaves behind goes on, and is cancelled no more", () =>
  virtually(async () => {
    const steps: string[] = [];
    await race([() => {
      void noting(steps, "left behind", 50)();
      return sleep(1);
    }, () => sleep(100)]);
    await sleep(100);
    assertEquals(steps, ["left behind done"]);
  }));

Deno.test("two races side by side in one task do not disturb each other", () =>
  virtually(async () => {
    const results = await Promise.all([
      race([async () => await sleep(10, { result: "a" }), () => sleep(20)]),
      race([async () => await sleep(15, { result: "b" }), () => sleep(30)]),
      sleep(40, { result: "c" }),
    ]);
    assertEquals(results, ["a", "b", "c"]);
  }));

Deno.test("the call graph shows what is raced for", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const task = createTask(() => race([() => queue.get(), () => sleep(10)]));
    await sleep(1);
    assertEquals(captureCallGraph(task).awaits, ["Queue.get", "sleep 10"]);
    await task;
  }));

Deno.test("the clock stands still for a race of foreign work alone", () =>
  virtually(async () => {
    const foreign = (ms: number) => () =>
      new Promise((resolve) => setTimeout(() => resolve(ms), ms));
    getRunningLoop().callLater(1, () => {});
    assertEquals(await race([foreign(5), foreign(50)]), 5);
  }));

Deno.test("wherever a race is cancelled, no branch is left, and nothing is lost", async () => {
  let running = 0;
  let queue!: Queue<number>;
  let got: number[] = [];
  const { points } = await cancelEverywhere(async () => {
    queue = new Queue<number>();
    got = [];
    const putter = createTask(async () => {
      for (let i = 0; i < 3; i++) {
        await sleep(10);
        queue.putNowait(i);
      }
    });
    try {
      for (let i = 0; i < 3; i++) {
        got.push(
          await race([() => queue.get(), async () => {
            running++;
            try {
              return await sleep(1000, { result: -1 });
            } finally {
              running--;
            }
          }]),
        );
      }
    } finally {
      putter.cancel();
    }
  }, () => {
    assertEquals(running, 0);
    // Each item is there or was given, in order.
    const left: number[] = [];
    while (queue.size > 0) left.push(queue.getNowait());
    const all = [...got, ...left];
    assertEquals(all, [0, 1, 2].slice(0, all.length));
  });
  assert(points >= 6, `${points}`);
});

Deno.test("in any schedule exactly one of two waits has happened", async () => {
  await explore(async () => {
    const [a, b] = [new Queue<string>(), new Queue<string>()];
    const puts = [createTask(() => a.put("a")), createTask(() => b.put("b"))];
    const first = await race([() => a.get(), () => b.get()]);
    await gather(puts);
    assertEquals(a.size + b.size, 1);
    assertEquals((first === "a" ? a : b).size, 0);
  });
});

Deno.test("race works outside of tasks", async () => {
  const event = new Event();
  const racing = race([() => event.wait(), () => sleep(60_000)]);
  event.set();
  assertEquals(await racing, true);
});

Deno.test("a race that is not awaited is no unhandled rejection when it is cancelled", () =>
  virtually(async () => {
    const task = createTask(async () => {
      void race([() => sleep(100), sleep(200)]);
      await sleep(1000);
    });
    await sleep(1);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
  }));

Deno.test("a single branch is itself", () =>
  virtually(async () => {
    assertEquals(await race([() => sleep(1, { result: 1 })]), 1);
    assertEquals(await moveOnAfter(1, () => race([() => sleep(9)])), undefined);
  }));

Deno.test("race refuses what is no list of branches, and starts nothing", async () => {
  let started = false;
  const start = () => started = true;
  await assertRejects(() => race([]), TypeError, "at least one branch");
  await assertRejects(() => race([start, 1 as never]), TypeError);
  await assertRejects(() => race(start as never), TypeError);
  await assertRejects(
    () => race([start], { signal: "abort" as never }),
    TypeError,
  );
  const reason = new Error("before");
  const signal = AbortSignal.abort(reason);
  assertStrictEquals(
    await assertRejects(() => race([start], { signal })),
    reason,
  );
  assertEquals(started, false);
});
