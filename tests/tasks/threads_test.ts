import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  CancelledError,
  createTask,
  gather,
  InvalidStateError,
  run,
  sleep,
  timeout,
  TimeoutError,
  toThread,
} from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { Attempt } from "../_helpers/attempt.ts";
import { runProgram } from "../_helpers/program.ts";
import { atTerminal } from "../_helpers/terminal.ts";
import { Gate, pass, spin } from "./_gate.ts";

async function errorOf(promise: Promise<unknown>): Promise<Error> {
  const error = await assertRejects(() => promise);
  assertInstanceOf(error, Error);
  return error;
}

// --- Calling -----------------------------------------------------------------

Deno.test("toThread: gives what the function returns for its arguments", async () => {
  const sum = await toThread((a: number, b: number) => a + b, 3, 4);
  assertEquals(sum, 7);
});

Deno.test("toThread: copies structures both ways", async () => {
  const input = { names: new Map([["a", 1]]), at: new Date(0) };
  const output = await toThread((value: typeof input) => value, input);
  assertEquals(output, input);
  assert(output !== input);
});

Deno.test("toThread: takes named and async functions", async () => {
  async function later(n: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve));
    return n + 1;
  }
  assertEquals(await toThread(later, 1), 2);
  assertEquals(
    await toThread(async () => await Promise.resolve("async")),
    "async",
  );
});

Deno.test("toThread: takes methods, as they stand in an object or a class", async () => {
  class Statics {
    static twice(n: number): number {
      return 2 * n;
    }
  }
  const methods = {
    add(n: number): number {
      return n + 1;
    },
    async later(n: number): Promise<number> {
      return await Promise.resolve(n + 2);
    },
    "in words"(n: number): number {
      return n + 3;
    },
    [Symbol.iterator](n: number): number {
      return n + 4;
    },
  };
  const all = [
    Statics.twice,
    methods.add,
    methods.later,
    methods["in words"],
    methods[Symbol.iterator],
  ];
  assertEquals(
    await gather(all.map((method) => () => toThread(method, 5))),
    [10, 6, 7, 8, 9],
  );
});

Deno.test("toThread: the caller's thread goes on meanwhile", async () => {
  using gate = new Gate();
  const passed = toThread(pass, gate.shared);
  await gate.reached();
  gate.open(); // would never be called if the function blocked this thread
  assertEquals(await passed, "passed");
});

Deno.test("toThread: runs as many at a time as there are threads, the others in turn", async () => {
  const results = await gather(
    Array.from({ length: 30 }, (_, i) => () => toThread((n: number) => n, i)),
  );
  assertEquals(results, Array.from({ length: 30 }, (_, i) => i));
});

Deno.test("toThread: a virtual clock does not jump while a thread works", async () => {
  using gate = new Gate();
  await run(async () => {
    const call = createTask(() =>
      timeout(1000, () => toThread(pass, gate.shared))
    );
    await gate.reached();
    setTimeout(() => gate.open(), 1);
    assertEquals(await call, "passed");
  }, { clock: new VirtualClock() });
});

// --- Errors ------------------------------------------------------------------

Deno.test("toThread: an error comes back with class, message and stack", async () => {
  const error = await errorOf(toThread(function explode() {
    throw new RangeError("too far");
  }));
  assertInstanceOf(error, RangeError);
  assertEquals(error.message, "too far");
  assertStringIncludes(error.stack!, "explode");
});

Deno.test("toThread: an error of a class of its own keeps the class's name", async () => {
  const error = await errorOf(toThread(() => {
    class ParseError extends Error {}
    throw new ParseError("at 7");
  }));
  assertEquals([error.name, error.message], ["ParseError", "at 7"]);
});

Deno.test("toThread: an error keeps its cause and its code", async () => {
  const error = await errorOf(toThread(() => {
    const error = new Error("outer", { cause: new TypeError("inner") });
    throw Object.assign(error, { code: "EOUTER", helper: () => {} });
  }));
  assertInstanceOf(error.cause, TypeError);
  assertEquals(error.cause.message, "inner");
  assertEquals((error as Error & { code: string }).code, "EOUTER");
});

Deno.test("toThread: an AggregateError keeps its errors", async () => {
  const error = await errorOf(toThread(() => {
    throw new AggregateError([new TypeError("a"), "b"], "both");
  }));
  assertInstanceOf(error, AggregateError);
  assertInstanceOf(error.errors[0], TypeError);
  assertEquals(error.errors[1], "b");
});

Deno.test("toThread: a DOMException stays one", async () => {
  const error = await errorOf(toThread(() => {
    throw new DOMException("gone", "AbortError");
  }));
  assertInstanceOf(error, DOMException);
  assertEquals([error.name, error.message], ["AbortError", "gone"]);
});

Deno.test("toThread: an error of the runtime keeps its class", async () => {
  const error = await errorOf(
    toThread(() => Deno.readTextFile("/no/such/file")),
  );
  assertInstanceOf(error, Deno.errors.NotFound);
});

Deno.test("toThread: an error whose cause cannot be copied comes without it", async () => {
  const error = await errorOf(toThread(() => {
    throw new RangeError("outer", { cause: () => {} });
  }));
  assertEquals([error.name, error.message], ["RangeError", "outer"]);
});

Deno.test("toThread: a thrown value that is no error is thrown as it is", async () => {
  let thrown: unknown;
  try {
    await toThread(() => {
      throw { status: 404 };
    });
  } catch (error) {
    thrown = error;
  }
  assertEquals(thrown, { status: 404 });
});

Deno.test("toThread: a function that uses what is around it fails with a ReferenceError", async () => {
  const around = 1;
  await assertRejects(() => toThread(() => around), ReferenceError, "around");
});

Deno.test("toThread: refuses what is no function, or has no text", async () => {
  await assertRejects(() => toThread(7 as never), TypeError, "received 7");
  await assertRejects(
    () => toThread(pass.bind(null) as never),
    TypeError,
    "bound",
  );
});

Deno.test("toThread: an argument that cannot be copied fails the call, and the thread goes on", async () => {
  await assertRejects(
    () => toThread((f: () => void) => f(), () => {}),
    DOMException,
  );
  assertEquals(await toThread(() => 1), 1);
});

Deno.test("toThread: a result that cannot be copied fails the call, and the thread goes on", async () => {
  const error = await errorOf(toThread(() => () => {}));
  assertEquals(error.name, "DataCloneError");
  assertEquals(await toThread(() => 1), 1);
});

Deno.test("toThread: a thread that ends rejects its call and nothing else", async () => {
  using gate = new Gate();
  const other = toThread(pass, gate.shared);
  await assertRejects(
    () =>
      toThread(async function leave() {
        (await import("node:process")).default.exit(3);
      }),
    Error,
    "ended with code 3 while it ran leave",
  );
  gate.open();
  assertEquals(await other, "passed");
  assertEquals(await toThread(() => "healed"), "healed");
});

// --- Cancel safety -----------------------------------------------------------

Deno.test("toThread: a cancel ends the call at once, in a busy loop too, and the pool heals", async () => {
  for (let i = 0; i < 3; i++) {
    using gate = new Gate();
    const attempt = new Attempt(() => toThread(spin, gate.shared));
    await gate.reached();
    attempt.cancel();
    await attempt.task;
    assertEquals(attempt.outcome, "cancelled");
  }
  assertEquals(await toThread(() => "healed"), "healed");
});

Deno.test("toThread: a timeout ends the call", async () => {
  await assertRejects(
    () => timeout(1, () => toThread(() => new Promise(() => {}))),
    TimeoutError,
  );
});

Deno.test("toThread: a cancel not yet delivered starts nothing", async () => {
  using gate = new Gate();
  const task = createTask(async () => {
    task.cancel();
    await toThread(spin, gate.shared);
  });
  await assertRejects(async () => await task, CancelledError);
  assertEquals(new Int32Array(gate.shared)[0], 0);
});

// --- The end -----------------------------------------------------------------

Deno.test("toThread: the end of run ends the threads, and what they still do", async () => {
  using gate = new Gate();
  let left: Promise<unknown> | undefined;
  await run(async () => {
    setTimeout(() => {
      left = toThread(pass, gate.shared);
      left.catch(() => {});
    });
    await gate.reached();
  });
  await assertRejects(() => left!, InvalidStateError, "closed");
});

Deno.test("toThread: idle threads do not keep a program alive, a call that is awaited does", async () => {
  const { code, stdout, stderr } = await runProgram(`
    import { toThread } from "@asyncio/asyncio/tasks";
    console.log(await toThread(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return "done";
    }));
  `);
  assertEquals([stderr, code, stdout], ["", 0, "done\n"]);
});

Deno.test("toThread: a thread given up in a busy loop does not keep a program alive", async () => {
  const { code, stdout, stderr } = await runProgram(`
    import { run, TimeoutError, timeout, toThread } from "@asyncio/asyncio/tasks";
    await run(async () => {
      try {
        await timeout(100, () => toThread(() => { while (true); }));
      } catch (error) {
        console.log(error instanceof TimeoutError);
      }
    });
  `);
  assertEquals([stderr, code, stdout], ["", 0, "true\n"]);
});

Deno.test("toThread: needs no permission of its own", async () => {
  const { code, stdout, stderr } = await runProgram(`
    import { toThread } from "@asyncio/asyncio/tasks";
    await Deno.permissions.revoke({ name: "read" });
    console.log(await toThread(() => 1));
  `);
  assertEquals([stderr, code, stdout], ["", 0, "1\n"]);
});

Deno.test("toThread: without permissions at a terminal, none is asked for", async () => {
  const shown = await atTerminal(
    `
    import { run, toThread } from "${
      import.meta.resolve("@asyncio/asyncio/tasks")
    }";
    await run(async () => console.log(await toThread((n: number) => n + 1, 1)));
    `,
    [],
  );
  assertEquals(shown, "2\n");
});

Deno.test("toThread: a thread reads the variable of the environment that the program may read", async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { toThread } from "@asyncio/asyncio/tasks";
    console.log(await toThread(() => Deno.env.get("SHELL_OF_TEST")));
    `,
    ["--allow-env=SHELL_OF_TEST"],
    { SHELL_OF_TEST: "here" },
  );
  assertEquals([stderr, stdout], ["", "here\n"]);
});

Deno.test("toThread: sleeping and threads go side by side", async () => {
  const order: string[] = [];
  using gate = new Gate();
  await gather([
    async () => {
      await toThread(pass, gate.shared);
      order.push("thread");
    },
    async () => {
      await sleep(1);
      order.push("sleep");
      gate.open();
    },
  ]);
  assertEquals(order, ["sleep", "thread"]);
});
