import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  createTask,
  type ExceptionContext,
  getRunningLoop,
  run,
  type RunOptions,
  shielded,
  sleep,
  type Task,
  taskGroup,
  timeout,
  TimeoutError,
  wait,
} from "@asyncio/asyncio/tasks";
import { Event } from "@asyncio/asyncio/sync";
import { VirtualClock } from "@asyncio/asyncio/testing";

/**
 * Runs `main`, and returns what was reported. It is given an event that is set
 * at the first report.
 */
async function reportsOf(
  main: (reported: Event) => Promise<unknown>,
  options?: RunOptions,
): Promise<ExceptionContext[]> {
  const reports: ExceptionContext[] = [];
  await run(async () => {
    const reported = new Event();
    getRunningLoop().setExceptionHandler((_, context) => {
      reports.push(context);
      reported.set();
    });
    await main(reported);
  }, { cancelReportAfter: 5, ...options });
  return reports;
}

/** Waits for `event`, whatever cancels this: as a loop with a catch-all does. */
async function stubborn(event: Event): Promise<void> {
  while (!event.isSet) {
    try {
      await event.wait();
    } catch { /* logged; try again */ }
  }
}

/** Waits for `event` by a promise that knows nothing of cancels. */
function foreign(event: Event): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!event.isSet) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
}

Deno.test("a timeout whose body catches the cancel and waits on is reported, with what it waits for", async () => {
  const [report, more] = await reportsOf(async (reported) => {
    await timeout(1, () => stubborn(reported));
  });
  assert(
    /^Task "Task-\d+" was cancelled \d+ ms ago \(the time limit of 1 ms is over\) and still runs: it has caught the cancel, and now waits in Event\.wait$/
      .test(report!.message),
    report!.message,
  );
  assertEquals(more, undefined);
});

Deno.test("a task that is cancelled while it awaits a foreign promise is reported", async () => {
  let task!: Task<void>;
  const [report, more] = await reportsOf(async (reported) => {
    task = createTask(() => foreign(reported), { name: "asks" });
    await sleep(0);
    task.cancel("enough");
    await task.catch(() => {});
  });
  assert(
    /^Task "asks" was cancelled \d+ ms ago \(enough\) and still runs: it awaits something that no cancel reaches, as it is not from this package$/
      .test(report!.message),
    report!.message,
  );
  assertEquals([report!.task, more], [task, undefined]);
});

Deno.test("a group that failed, and whose child goes on, is reported", async () => {
  const [report, more] = await reportsOf((reported) =>
    assertRejects(() =>
      taskGroup((group) => {
        group.createTask(() => stubborn(reported), { name: "child" });
        group.createTask(async () => {
          await sleep(0);
          throw new Error("sibling");
        });
      }), AggregateError)
  );
  assert(report!.message.includes("a task of the group failed"));
  assert(report!.message.startsWith('Task "child" was cancelled'));
  assertEquals(more, undefined);
});

Deno.test("what the end of a run has cancelled, and goes on, is reported", async () => {
  const [report] = await reportsOf(async (reported) => {
    createTask(() => stubborn(reported), { name: "left" });
    await sleep(0);
  });
  assert(report!.message.includes("the run has ended"), report!.message);
});

Deno.test("a task that hands its cancel on says to what", async () => {
  const reports = await reportsOf(async (reported) => {
    const inner = createTask(() => stubborn(reported), { name: "inner" });
    const outer = createTask(async () => await inner, { name: "outer" });
    await sleep(0);
    outer.cancel();
    await outer.catch(() => {});
  });
  const outer = reports.find(({ message }) => message.includes('"outer"'));
  assert(
    outer === undefined ||
      outer.message.endsWith(
        'the cancel was handed on to task "inner", which has not ended',
      ),
  );
  assert(reports.some(({ message }) => message.includes('"inner"')));
});

Deno.test("each task is reported once, however often it is cancelled", async () => {
  const reports = await reportsOf(async (reported) => {
    const task = createTask(async () => {
      await stubborn(reported);
      const again = new Event();
      getRunningLoop().callLater(30, () => again.set());
      await timeout(1, () => stubborn(again));
    });
    await sleep(0);
    task.cancel();
    await task.catch(() => {});
  });
  assertEquals(reports.length, 1);
});

Deno.test("in debug mode the report tells where the limit was set, and where the code waits", async () => {
  const [report] = (await reportsOf(async (reported) => {
    await timeout(1, () => stubborn(reported));
  }, { debug: true })).filter(({ message }) => message.includes("cancelled"));
  const file = "cancel_report_test.ts";
  assert(
    new RegExp(`begun at .*${file}.* Event\\.wait at .*stubborn.*${file}`)
      .test(report!.message),
    report!.message,
  );
});

Deno.test("on a virtual clock the time of the report is real", async () => {
  const [report] = await reportsOf(async (reported) => {
    const clean = async () => {
      try {
        await sleep(60_000);
      } finally {
        await sleep(60_000); // takes no real time
      }
    };
    await assertRejects(() => timeout(1, clean), TimeoutError);
    await timeout(1, () => stubborn(reported));
  }, { clock: new VirtualClock(), cancelReportAfter: 20 });
  assert(report!.message.includes("Event.wait"));
});

Deno.test("a clean-up in time, and a cancel that is taken back, are not reported", async () => {
  const reports = await reportsOf(async () => {
    for (let i = 0; i < 3; i++) {
      await assertRejects(() => timeout(1, () => sleep(60_000)), TimeoutError);
    }
    const task = createTask(async () => {
      try {
        await sleep(60_000);
      } catch {
        task.uncancel();
      }
      await sleep(30);
    });
    await sleep(0);
    task.cancel();
    await task;
  });
  assertEquals(reports, []);
});

Deno.test("cancelReportAfter: Infinity ends the reports, NaN is a RangeError", async () => {
  const reports = await reportsOf(async () => {
    const later = new Event();
    getRunningLoop().callLater(30, () => later.set());
    await timeout(1, () => stubborn(later));
  }, { cancelReportAfter: Infinity });
  assertEquals(reports, []);
  await assertRejects(
    () => run(() => {}, { cancelReportAfter: NaN }),
    RangeError,
  );
});

Deno.test("outside of tasks, too, a timeout that has no effect is reported", async () => {
  const loop = getRunningLoop();
  const reported = new Event();
  const messages: string[] = [];
  loop.setExceptionHandler((_, { message }) => {
    messages.push(message);
    reported.set();
  });
  await timeout(1, () => stubborn(reported));
  loop.setExceptionHandler(undefined);
  assert(messages[0]!.startsWith("Code that runs in no task was cancelled 1"));
});

Deno.test("a task that the handler of a report cancels is reported in its turn, beside a clean-up with its own limit", async () => {
  const names: string[] = [];
  await run(async () => {
    const done = new Event();
    const [first, limited, second] = [
      createTask(() => foreign(done), { name: "first" }),
      createTask(() => shielded(() => done.wait()), { name: "limited" }),
      createTask(() => foreign(done), { name: "second" }),
    ];
    getRunningLoop().setExceptionHandler((_, { task }) => {
      names.push(task!.name);
      if (task === first) second.cancel();
      if (task === second) done.set();
    });
    await sleep(0);
    first.cancel();
    limited.cancel();
    await wait([first, limited, second]);
  }, { cancelReportAfter: 5 });
  assertEquals(names, ["first", "second"]);
});
