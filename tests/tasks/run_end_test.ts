import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CancelledError,
  createTask,
  type ExceptionContext,
  Future,
  getRunningLoop,
  InvalidStateError,
  run,
  shield,
  sleep,
} from "@asyncio/asyncio/tasks";
import { reportsOf } from "../_helpers/reports.ts";
import { turns } from "../_helpers/turns.ts";

Deno.test("what main leaves running is cancelled and waited for", async () => {
  const seen: string[] = [];
  await run(async () => {
    createTask(async () => {
      try {
        await sleep(60_000);
      } catch (error) {
        seen.push((error as Error).name);
        for (let i = 0; i < 5; i++) await sleep(0);
        seen.push("cleaned up");
        throw error;
      }
    });
    createTask(() => seen.push("never started"));
    seen.push("main");
    await Promise.resolve();
  });
  assertEquals(seen.includes("cleaned up"), true);
  assertEquals(seen[0], "main");
});

Deno.test("leftovers are waited for when main fails too", async () => {
  let cleaned = false;
  await assertRejects(
    () =>
      run(async () => {
        createTask(() =>
          sleep(60_000).finally(() => sleep(0)).finally(() => cleaned = true)
        );
        await sleep(0);
        throw new Error("boom");
      }),
    Error,
    "boom",
  );
  assert(cleaned);
});

Deno.test("leftovers that start more tasks, again and again, are all ended", async () => {
  let generations = 0;
  await run(async () => {
    const heir = async (): Promise<void> => {
      try {
        await sleep(60_000);
      } finally {
        if (++generations < 5) createTask(heir, { eager: true });
      }
    };
    createTask(heir);
    await sleep(0);
  });
  assertEquals(generations, 5);
});

Deno.test("a cancelled leftover says nothing; one that fails is reported, with its task", async () => {
  const reports = await reportsOf(async () => {
    createTask(() => sleep(60_000));
    createTask(() =>
      sleep(60_000).finally(() => {
        throw new Error("clean-up");
      }), { name: "clumsy" });
    await sleep(0);
  });
  assertEquals(reports.length, 1);
  const { message, error, task } = reports[0]!;
  assert(
    message.includes("clumsy") && message.includes("end of the run"),
    message,
  );
  assertEquals([(error as Error).message, task!.name], ["clean-up", "clumsy"]);
});

Deno.test("nothing of a run goes on after its end", async () => {
  let late = 0;
  await run(() => {
    getRunningLoop().callLater(1, () => late++);
    getRunningLoop().callSoon(() => late += 10);
    setTimeout(() => {}, 5);
  });
  await turns();
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert(late === 0 || late === 10, `${late}`);
});

Deno.test("a run inside a task is a wait of that task: a cancel goes to its main, and is thrown after the clean-up", async () => {
  const seen: string[] = [];
  const task = createTask(() =>
    run(async () => {
      createTask(() =>
        sleep(60_000).finally(() => sleep(0)).finally(() =>
          seen.push("leftover")
        )
      );
      await sleep(60_000).finally(() => seen.push("main"));
    })
  );
  await turns();
  task.cancel("outside");
  await assertRejects(async () => await task, CancelledError, "outside");
  assertEquals(seen, ["main", "leftover"]);
});

Deno.test("errors that are not retrieved are reported at the end of the run, before it settles", async () => {
  const reports: ExceptionContext[] = [];
  await run(() => {
    getRunningLoop().setExceptionHandler((_, report) => reports.push(report));
    createTask(() => Promise.reject(new Error("task")), { name: "lost" });
    new Future().setException(new Error("future"));
    return sleep(0);
  });
  assertEquals(
    reports.map(({ error }) => (error as Error).message).toSorted(),
    ["future", "task"],
  );
});

Deno.test("the error of main is run's own, and not reported besides", async () => {
  const reports: ExceptionContext[] = [];
  const running = run(async () => {
    getRunningLoop().setExceptionHandler((_, report) => reports.push(report));
    createTask(() => sleep(60_000).finally(() => sleep(0)));
    await sleep(0);
    throw new Error("boom");
  });
  await assertRejects(() => running, Error, "boom");
  assertEquals(reports, []);
});

Deno.test("a shielded leftover still ends before run does", async () => {
  let ended = false;
  await run(async () => {
    const work = shield(() => sleep(60_000).finally(() => ended = true));
    await sleep(0);
    work.cancel();
  });
  assert(ended);
});

Deno.test("cancelling the task that waits for a run that cleans up disturbs nothing: the value comes, and the cancel is delivered next", async () => {
  const seen: string[] = [];
  const [cleaning, clean] = [new Future<void>(), new Future<void>()];
  const outer = createTask(async () => {
    const value = await run(async () => {
      createTask(async () => {
        try {
          await sleep(60_000);
        } finally {
          cleaning.setResult();
          await clean;
          seen.push("cleaned up");
        }
      });
      await sleep(0);
      return "value";
    });
    seen.push(value);
    await sleep(60_000);
    seen.push("not reached");
  });
  await cleaning;
  outer.cancel();
  await turns();
  assertEquals(seen, []);
  clean.setResult();
  await assertRejects(async () => await outer, CancelledError);
  assertEquals(seen, ["cleaned up", "value"]);
});

Deno.test("an abort while the run of a main that ended cancelled cleans up changes nothing", async () => {
  const controller = new AbortController();
  const cleaning = new Future<void>();
  const ended = assertRejects(
    () =>
      run(async () => {
        createTask(async () => {
          try {
            await sleep(60_000);
          } finally {
            cleaning.setResult();
            await sleep(0);
          }
        });
        await sleep(0);
        throw new CancelledError("main's own");
      }, { signal: controller.signal }),
    CancelledError,
    "main's own",
  );
  await cleaning;
  controller.abort(new Error("too late"));
  await ended;
});

Deno.test("a loop whose run has ended calls nothing any more", async () => {
  const loop = await run(() => getRunningLoop());
  const call = () => {
    throw new Error("not reached");
  };
  for (
    const register of [
      () => loop.callSoon(call),
      () => loop.callLater(0, call),
      () => loop.callAt(0, call),
      () => loop.addSignalHandler("SIGUSR2", call),
    ]
  ) assertThrows(register, InvalidStateError, "has ended");
});
