import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  createTask,
  currentTask,
  Future,
  gather,
  shield,
  sleep,
  wait,
} from "@asyncio/asyncio/tasks";
import { runProgram } from "../_helpers/program.ts";
import { reportsOf } from "../_helpers/reports.ts";

const fail = (): never => {
  throw new Error("boom");
};

Deno.test("an error that is not retrieved is reported once, with the task, its name and the stack of the user's line", async () => {
  let lost: unknown;
  const reports = await reportsOf(async () => {
    lost = createTask(async () => {
      await sleep(0);
      fail();
    }, { name: "lost" });
    await sleep(1);
  });
  assertEquals(reports.length, 1);
  const { message, error, task } = reports[0]!;
  assert(
    message.startsWith("Task exception was never retrieved") &&
      message.includes("lost"),
    message,
  );
  assertStrictEquals(task, lost);
  assert((error as Error).stack!.includes("unretrieved_test.ts"));
});

Deno.test("an error of a future that is not retrieved is reported too", async () => {
  const reports = await reportsOf(() => {
    new Future<void>().setException(new Error("boom"));
  });
  assertEquals(reports.length, 1);
  assert(
    reports[0]!.message.startsWith("Future exception was never retrieved"),
  );
  assert(reports[0]!.future instanceof Future);
});

const retrievals: Record<string, (future: Future<never>) => unknown> = {
  "await": (future) => future.then(() => {}, () => {}),
  "catch": (future) => future.catch(() => {}),
  "exception()": (future) => future.exception(),
  "result()": (future) => {
    try {
      future.result();
    } catch { /* retrieved */ }
  },
  "gather": (future) => gather([future], { returnExceptions: true }),
};

for (const [name, retrieve] of Object.entries(retrievals)) {
  Deno.test(`a late retrieval by ${name} is no crash, and nothing is reported`, async () => {
    const reports = await reportsOf(async () => {
      const task = createTask(fail);
      const future = new Future<never>();
      future.setException(new Error("boom"));
      await sleep(1);
      await retrieve(task);
      await retrieve(future);
    });
    assertEquals(reports, []);
  });
}

Deno.test("looking at done, cancelled, the sets of wait or a print is no retrieval", async () => {
  const reports = await reportsOf(async () => {
    const task = createTask(fail);
    const { done } = await wait([task]);
    Deno.inspect([...done]);
    assertEquals([task.done, task.cancelled], [true, false]);
    task.addDoneCallback(() => {});
  });
  assertEquals(reports.length, 1);
});

Deno.test("a cancelled task or future says nothing", async () => {
  const reports = await reportsOf(async () => {
    createTask(() => sleep(60_000)).cancel();
    createTask(() => currentTask()!.cancel());
    new Future<void>().cancel();
    await sleep(1);
  });
  assertEquals(reports, []);
});

Deno.test("a task that fails because it awaits one that failed is the only one reported", async () => {
  const reports = await reportsOf(async () => {
    const inner = createTask(fail, { name: "inner" });
    createTask(async () => await inner, { name: "outer" });
    await sleep(1);
  });
  assertEquals(reports.map(({ task }) => task!.name), ["outer"]);
});

Deno.test("undefined as an error is reported like any other", async () => {
  const reports = await reportsOf(async () => {
    createTask(() => Promise.reject(undefined), { name: "lost" });
    await sleep(1);
  });
  assertEquals(reports.length, 1);
});

Deno.test("a failure that a shield has handed on is reported once", async () => {
  const reports = await reportsOf(async () => {
    shield(createTask(fail));
    await sleep(1);
  });
  assertEquals(reports.length, 1);
});

Deno.test("each error is reported on the loop of its own run", async () => {
  const [a, b] = await Promise.all(
    ["a", "b"].map((name) =>
      reportsOf(async () => {
        createTask(() => Promise.reject(new Error(name)));
        await sleep(1);
      })
    ),
  );
  assertEquals(
    [a, b].map((it) => it!.map(({ error }) => (error as Error).message)),
    [["a"], ["b"]],
  );
});

const IMPORTS = `
import { createTask, Future, getRunningLoop, run, sleep } from "@asyncio/asyncio/tasks";
`;

Deno.test("outside of run, an error that is not retrieved is on stderr at the end, and the exit code is that of success", async () => {
  const { code, stderr } = await runProgram(`${IMPORTS}
    createTask(async function fetcher() {
      throw new Error("boom");
    }, { name: "fetcher" });
    await sleep(1);
    console.log("alive");
  `);
  assertEquals(code, 0, stderr);
  assertEquals(
    stderr.split("Task exception was never retrieved").length - 1,
    1,
    stderr,
  );
  for (const part of ["fetcher", "Error: boom", "fetcher (file:"]) {
    assert(stderr.includes(part), stderr);
  }
});

Deno.test("an error is reported when its task is collected, long before the end", async () => {
  const { code, stdout, stderr } = await runProgram(
    `${IMPORTS}
    await run(async () => {
      let reported = false;
      getRunningLoop().setExceptionHandler((_, { message, task }) => {
        reported = true;
        console.log(message, task);
      });
      (() => { createTask(() => { throw new Error("boom"); }, { name: "lost" }); })();
      for (let i = 0; i < 200 && !reported; i++) {
        gc();
        await sleep(1);
      }
      console.log("over", reported);
    });
  `,
    ["--v8-flags=--expose-gc"],
  );
  assertEquals(code, 0, stderr);
  const lines = stdout.trim().split("\n");
  assertEquals(lines.length, 2, stdout);
  assert(
    lines[0]!.includes("Task exception was never retrieved") &&
      lines[0]!.includes("lost"),
    stdout,
  );
  assertEquals(lines[1], "over true");
});

Deno.test("tasks, futures and scopes that are over are collected", async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { createTask, Future, moveOnAfter, run, shield, sleep, taskGroup, wait, waitFor } from "@asyncio/asyncio/tasks";
    const used = async () => {
      for (let i = 0; i < 4; i++) { gc(); await sleep(1); }
      return Deno.memoryUsage().heapUsed;
    };
    const long = createTask(() => sleep(1e9));
    const forever = new Promise(() => {});
    const signal = new AbortController().signal;
    async function work(times) {
      for (let i = 0; i < times; i++) {
        shield(long).cancel();
        await moveOnAfter(0, () => wait([long, forever]));
        await wait([long], { timeout: 0 });
        await waitFor(forever, 0).catch(() => {});
        await sleep(0, { signal });
        await taskGroup((group) => void group.createTask(() => sleep(0)));
        createTask(() => sleep(1e9)).cancel();
        const sleeping = createTask(() => sleep(1e9, { signal }), { eager: true });
        sleeping.cancel();
        new Future().cancel();
        if (i % 100 === 0) await wait([long], { timeout: 1 });
      }
    }
    await run(async () => {
      await work(2000);
      const before = await used();
      await work(10_000);
      const after = await used();
      console.log(JSON.stringify({ before, after, each: (after - before) / 10_000 }));
    });
    long.cancel();
  `,
    ["--v8-flags=--expose-gc"],
  );
  const { each } = JSON.parse(stdout || `{"each": "${stderr}"}`);
  assert(each < 100, `${each} bytes are left of each round: ${stdout}`);
});
