import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  type Coroutine,
  createTask,
  getRunningLoop,
  run,
  Runner,
  sleep,
  taskGroup,
  wait,
} from "@asyncio/asyncio/tasks";
import { Lock } from "@asyncio/asyncio/sync";
import { Queue } from "@asyncio/asyncio/queue";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { runProgram } from "../_helpers/program.ts";

/** An event of the Chrome trace event format, as far as it is used. */
interface TraceEvent {
  ph: string;
  name: string;
  pid: number;
  tid: number;
  cat?: string;
  ts?: number;
  dur?: number;
  id?: number;
  bp?: string;
  args?: Record<string, unknown>;
}

/** Throws where `text` is no trace as the format wants it; gives its events. */
function parse(text: string): TraceEvent[] {
  const { traceEvents, displayTimeUnit } = JSON.parse(text);
  assertEquals(displayTimeUnit, "ms");
  const events = traceEvents as TraceEvent[];
  for (const event of events) {
    const text = JSON.stringify(event);
    assert(typeof event.name === "string" && event.name !== "", text);
    assert(Number.isInteger(event.pid) && Number.isInteger(event.tid), text);
    if (event.ph === "M") {
      assert(event.args !== undefined, text);
    } else {
      assert(Number.isFinite(event.ts) && event.ts! >= 0, text);
      assert(typeof event.cat === "string", text);
    }
    if (event.ph === "X") assert(event.dur! >= 0, text);
    else if (event.ph === "f") assertEquals(event.bp, "e", text);
    else assert(["M", "s"].includes(event.ph), text);
  }
  for (const [tid, slices] of slicesByLane(events)) {
    slices.reduce((before, next) => {
      const end = before.ts! + before.dur!;
      assert(
        next.ts! > end - 0.01,
        `slices of lane ${tid} lie over each other`,
      );
      return next;
    });
  }
  const arrows = (ph: string) => events.filter((event) => event.ph === ph);
  for (const end of arrows("f")) {
    const [start, more] = arrows("s").filter((it) => it.id === end.id);
    assert(start !== undefined && more === undefined, "an arrow starts once");
    assert(start.ts! <= end.ts! + 0.01, "an arrow goes forward in time");
    assertEquals([start.name, start.cat], [end.name, end.cat]);
  }
  return events;
}

function slicesByLane(events: TraceEvent[]): Map<number, TraceEvent[]> {
  const slices = events.filter(({ ph }) => ph === "X");
  return Map.groupBy(slices.sort((a, b) => a.ts! - b.ts!), ({ tid }) => tid);
}

/** The lane of each task, by the task's name. */
function lanesOf(events: TraceEvent[]): Record<string, number> {
  return Object.fromEntries(
    events.filter(({ name }) => name === "thread_name")
      .map(({ args, tid }) => [args!.name, tid]),
  );
}

/** What the lane of `task` shows: `"running"`, `"sleep 5 (5 ms)"`. */
function show(events: TraceEvent[], task: string): string[] {
  const slices = slicesByLane(events).get(lanesOf(events)[task]!) ?? [];
  return slices.map(({ name, dur }) =>
    name === "running" ? name : `${name} (${dur! / 1000} ms)`
  );
}

/** From which lane to which the arrows go, by the names of the tasks. */
function arrowsOf(events: TraceEvent[]): string[] {
  const names = Object.fromEntries(
    Object.entries(lanesOf(events)).map(([name, tid]) => [tid, name]),
  );
  return events.filter(({ ph }) => ph === "f").map((end) => {
    const start = events.find(({ ph, id }) => ph === "s" && id === end.id)!;
    return `${names[start.tid]} -> ${names[end.tid]}`;
  });
}

/** Runs `main`, on a clock of its own unless `real`, and gives the trace. */
async function traceOf(
  main: Coroutine<unknown>,
  { real = false } = {},
): Promise<TraceEvent[]> {
  const trace = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await run(main, real ? { trace } : { trace, clock: new VirtualClock() });
    return parse(await Deno.readTextFile(trace));
  } finally {
    await Deno.remove(trace);
  }
}

// --- The format --------------------------------------------------------------

async function bustle(): Promise<void> {
  const queue = new Queue<number>(2);
  const lock = new Lock();
  await taskGroup((group) => {
    for (const name of ["a", "b", "c"]) {
      group.createTask(async () => {
        for await (const ms of queue) {
          using _ = await lock.acquire();
          await Promise.all([sleep(ms), sleep(1)]);
          await new Promise((resolve) => setTimeout(resolve));
        }
      }, { name });
    }
    group.createTask(async () => {
      for (let i = 0; i < 20; i++) await queue.put(i % 4);
      queue.shutdown();
    }, { name: "producer" });
  });
  getRunningLoop().callSoon(function last() {});
  await sleep(1);
}

Deno.test("trace: what is written is as the format wants it", async () => {
  const events = await traceOf(bustle, { real: true });
  const lanes = Object.keys(lanesOf(events));
  for (const name of ["callbacks", "a", "b", "c", "producer"]) {
    assert(lanes.includes(name), lanes.join());
  }
  assert(events.length > 100);
});

Deno.test("trace: a program that exits in the middle leaves a whole file", async () => {
  const trace = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const { code } = await runProgram(`
      import { createTask, run, sleep } from "@asyncio/asyncio/tasks";
      await run(async () => {
        createTask(() => sleep(60_000), { name: "sleeper" });
        await sleep(1);
        Deno.exit(7);
      }, { trace: ${JSON.stringify(trace)} });
    `);
    assertEquals(code, 7);
    assert("sleeper" in lanesOf(parse(await Deno.readTextFile(trace))));
  } finally {
    await Deno.remove(trace);
  }
});

Deno.test("trace: a long run is written piece by piece", async () => {
  const trace = await Deno.makeTempFile({ suffix: ".json" });
  try {
    let before = 0;
    await run(async () => {
      for (let i = 0; i < 1000; i++) await sleep(1);
      before = (await Deno.stat(trace)).size;
    }, { trace, clock: new VirtualClock() });
    assert(before > 100_000, `${before} bytes`);
    parse(await Deno.readTextFile(trace));
  } finally {
    await Deno.remove(trace);
  }
});

// --- The lanes ---------------------------------------------------------------

Deno.test("trace: a lane shows when its task ran, and what it waited for", async () => {
  const queue = new Queue<number>();
  const events = await traceOf(async () => {
    const getter = createTask(async () => {
      await sleep(5);
      await queue.get();
    }, { name: "getter" });
    await sleep(20);
    queue.putNowait(1);
    await getter;
  });
  assertEquals(show(events, "getter"), [
    "running",
    "sleep 5 (5 ms)",
    "running",
    "Queue.get (15 ms)",
    "running",
  ]);
});

Deno.test("trace: several waits of a task at a time share its lane", async () => {
  const events = await traceOf(async () => {
    await createTask(() => Promise.all([sleep(3), sleep(10)]), {
      name: "both",
    });
  });
  assertEquals(
    show(events, "both").filter((slice) => !slice.endsWith("(0 ms)")),
    ["running", "sleep 3 and sleep 10 (3 ms)", "sleep 10 (7 ms)", "running"],
  );
});

Deno.test("trace: a wait for something foreign is told from running", async () => {
  const events = await traceOf(async () => {
    await createTask(
      () => new Promise<void>((resolve) => setTimeout(resolve, 20)),
      { name: "fetcher" },
    );
  }, { real: true });
  const [running, foreign] = slicesByLane(events).get(
    lanesOf(events).fetcher!,
  )!;
  assertEquals([running!.name, foreign!.name], [
    "running",
    "something foreign",
  ]);
  assert(foreign!.dur! > 1000, "it is not a moment");
});

Deno.test("trace: a task is shown with the name that it has at its end", async () => {
  const events = await traceOf(async () => {
    const task = createTask(() => sleep(1), { name: "before" });
    task.name = "after";
    await task;
  });
  assert("after" in lanesOf(events));
});

Deno.test("trace: callbacks have a lane of their own", async () => {
  const events = await traceOf(async () => {
    getRunningLoop().callSoon(function tick() {});
    await sleep(1);
  }, { real: true });
  assertEquals(show(events, "callbacks").length, 1);
  assertEquals(slicesByLane(events).get(0)![0]!.name, "tick");
});

Deno.test("trace: what still goes on at the end is shown up to there", async () => {
  const events = await traceOf(async () => {
    createTask(() => sleep(60_000), { name: "left" });
    await sleep(10);
  });
  assertEquals(show(events, "left").slice(0, 2), [
    "running",
    "sleep 60000 (10 ms)",
  ]);
});

Deno.test("trace: a task that is cancelled while it gives way resumes once", async () => {
  const events = await traceOf(async () => {
    const task = createTask(async () => {
      await sleep(0).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 1));
    }, { name: "task" });
    await Promise.resolve();
    task.cancel();
    await task;
  });
  const running = show(events, "task").filter((it) => it === "running");
  assertEquals(running.length, 2); // before the wait, and after it
});

// --- The arrows --------------------------------------------------------------

Deno.test("trace: arrows show what one task does for another", async () => {
  const queue = new Queue<number>();
  const lock = new Lock();
  const events = await traceOf(async () => {
    const getter = createTask(() => queue.get(), { name: "getter" });
    const putter = createTask(() => queue.putNowait(1), { name: "putter" });
    await wait([getter, putter]);
    const holder = createTask(async () => {
      using _ = await lock.acquire();
      await sleep(5);
    }, { name: "holder" });
    const next = createTask(async () => {
      using _ = await lock.acquire();
    }, { name: "next" });
    await wait([holder, next]);
    const maker = createTask(
      async () => await createTask(() => sleep(1), { name: "made" }),
      { name: "maker" },
    );
    await maker;
  });
  const arrows = arrowsOf(events);
  for (
    const arrow of [
      "putter -> getter",
      "holder -> next",
      "maker -> made",
      "made -> maker",
    ]
  ) assert(arrows.includes(arrow), `${arrow} is not in ${arrows.join(", ")}`);
});

Deno.test("trace: what time or the world outside wakes has no arrow", async () => {
  const events = await traceOf(async () => {
    const sleeps = [[5, 3], [1, 9], [4, 4]].map(([first, second], i) =>
      createTask(async () => {
        await sleep(first!);
        await sleep(second!);
      }, { name: `sleeper ${i}` })
    );
    await sleep(60_000);
    await wait(sleeps);
  });
  assertEquals(arrowsOf(events).length, 3); // from who has made them
});

// --- Where it cannot be written ----------------------------------------------

Deno.test("trace: a file that cannot be written rejects run, and main does not start", async () => {
  let started = false;
  const error = await assertRejects(() =>
    run(() => {
      started = true;
    }, { trace: "/no/such/folder/trace.json", dumpOnSignal: "SIGUSR1" })
  );
  assert(String(error).includes("/no/such/folder/trace.json"), String(error));
  assert(!started);
});

Deno.test("trace: takes a URL, and covers all runs of a runner", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const runner = new Runner({ trace: new URL(`file://${path}`) });
    for (const name of ["first", "second"]) {
      await runner.run(async () => await createTask(() => sleep(1), { name }));
    }
    await runner.close();
    const lanes = lanesOf(parse(await Deno.readTextFile(path)));
    assert("first" in lanes && "second" in lanes);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("trace: a full disk ends the trace, is reported once, and leaves no file open", async () => {
  const { code, stdout, stderr } = await runProgram(`
    import { createTask, run, getRunningLoop, sleep } from "@asyncio/asyncio/tasks";
    await run(async () => {
      getRunningLoop().setExceptionHandler((_, { message, error }) => {
        console.log(message, (error as { code?: string }).code);
      });
      for (let i = 0; i < 3000; i++) await createTask(() => sleep(0));
    }, { trace: "/dev/full" });
    const open = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
      try {
        return Deno.readLinkSync("/proc/self/fd/" + name);
      } catch {
        return undefined; // of the reading itself
      }
    });
    console.log(open.includes("/dev/full"));
  `);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout, "The trace is incomplete ENOSPC\nfalse\n");
});

Deno.test("trace: a disk that is full at the end of a program is told, and does not change how it ends", async () => {
  const { code, stderr } = await runProgram(`
    import { run } from "@asyncio/asyncio/tasks";
    await run(() => Deno.exit(3), { trace: "/dev/full" });
  `);
  assertEquals(code, 3);
  assertStringIncludes(stderr, "The trace is incomplete");
});
