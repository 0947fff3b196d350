import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  InterruptError,
  InvalidStateError,
  moveOnAfter,
  run,
  signals,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Program } from "../_helpers/program.ts";
import { turns } from "../_helpers/turns.ts";
import { until } from "../_helpers/until.ts";

const send = (signal: Deno.Signal) => Deno.kill(Deno.pid, signal);

Deno.test("signals gives the signals as they arrive", async () => {
  using arriving = signals("SIGUSR1", "SIGUSR2");
  const seen: string[] = [];
  send("SIGUSR2");
  for await (const signal of arriving) {
    seen.push(signal);
    if (seen.length === 3) break;
    send("SIGUSR1");
  }
  assertEquals(seen, ["SIGUSR2", "SIGUSR1", "SIGUSR1"]);
});

Deno.test("signals that arrive outside of a wait are kept", async () => {
  const loop = getRunningLoop();
  let arrived = 0;
  using arriving = signals("SIGUSR1");
  loop.addSignalHandler("SIGUSR1", () => arrived++);
  for (const count of [1, 2]) {
    send("SIGUSR1");
    await until(() => arrived === count);
  }
  loop.removeSignalHandler("SIGUSR1");
  const iterator = arriving[Symbol.asyncIterator]();
  assertEquals((await iterator.next()).value, "SIGUSR1");
  assertEquals((await iterator.next()).value, "SIGUSR1");
});

Deno.test("leaving the loop, or disposing, ends it, also one that waits", async () => {
  const arriving = signals("SIGUSR1");
  const task = createTask(async () => {
    for await (const _ of arriving) throw new Error("not reached");
    return "over";
  });
  await turns(1);
  arriving[Symbol.dispose]();
  arriving[Symbol.dispose](); // harmless
  assertEquals(await task, "over");
  assertEquals((await arriving[Symbol.asyncIterator]().next()).done, true);
});

Deno.test("a wait for a signal that is cancelled takes none, and the next one gets it", async () => {
  using arriving = signals("SIGUSR1");
  const iterator = arriving[Symbol.asyncIterator]();
  const task = createTask(() => iterator.next());
  await turns(1);
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(await moveOnAfter(1, () => iterator.next()), undefined);
  send("SIGUSR1");
  assertEquals(await iterator.next(), { done: false, value: "SIGUSR1" });
});

Deno.test("the same signal named twice arrives once", async () => {
  using arriving = signals("SIGUSR1", "SIGUSR1");
  const iterator = arriving[Symbol.asyncIterator]();
  send("SIGUSR1");
  await iterator.next();
  assertEquals(await moveOnAfter(1, () => iterator.next()), undefined);
});

Deno.test("a signal that does not exist is refused, and none of the others is listened to", () => {
  // A listener left behind would be seen by the sanitizers.
  assertThrows(() => signals("SIGUSR1", "SIGNONE" as never), TypeError);
  assertThrows(() => signals(), TypeError);
  assertThrows(
    () => getRunningLoop().addSignalHandler("SIGNONE" as never, () => {}),
    TypeError,
  );
  assertEquals(getRunningLoop().removeSignalHandler("SIGNONE" as never), false);
});

Deno.test("a signal handler is called in no task, in the context where it was added", async () => {
  const user = new ContextVar("user", { default: "guest" });
  await run(async () => {
    const loop = getRunningLoop();
    const seen: unknown[] = [];
    user.set("ada");
    loop.addSignalHandler(
      "SIGUSR1",
      () => seen.push(user.get(), currentTask(), getRunningLoop() === loop),
    );
    user.set("grace");
    send("SIGUSR1");
    while (seen.length === 0) await sleep(1);
    assertEquals(seen, ["ada", undefined, true]);
  });
});

Deno.test("a signal has one handler: the last one that was added", async () => {
  await run(async () => {
    const loop = getRunningLoop();
    const seen: string[] = [];
    loop.addSignalHandler("SIGUSR1", () => seen.push("first"));
    loop.addSignalHandler("SIGUSR1", () => seen.push("second"));
    send("SIGUSR1");
    while (seen.length === 0) await sleep(1);
    assertEquals(seen, ["second"]);
    assertEquals(loop.removeSignalHandler("SIGUSR1"), true);
    assertEquals(loop.removeSignalHandler("SIGUSR1"), false);
  });
});

Deno.test("a signal handler that throws is reported", async () => {
  await run(async () => {
    const loop = getRunningLoop();
    const messages: string[] = [];
    loop.setExceptionHandler((_, { error }) =>
      messages.push((error as Error).message)
    );
    loop.addSignalHandler("SIGUSR1", () => {
      throw new Error("boom");
    });
    send("SIGUSR1");
    while (messages.length === 0) await sleep(1);
    assertEquals(messages, ["boom"]);
  });
});

Deno.test("the signal handlers of a run end with it", async () => {
  let called = false;
  await run(() => {
    getRunningLoop().addSignalHandler("SIGUSR1", () => void (called = true));
  });
  // Without a listener the signal would end this process: one of our own sees it through.
  using arriving = signals("SIGUSR1");
  send("SIGUSR1");
  await arriving[Symbol.asyncIterator]().next();
  assertEquals(called, false);
});

Deno.test("signals end with the run, also where the loop over them was cancelled", async () => {
  const made: (AsyncIterable<Deno.Signal> & Disposable)[] = [];
  await run(async () => {
    createTask(async () => {
      made.push(signals("SIGUSR1"));
      for await (const _ of made[0]!) throw new Error("not reached");
    });
    await sleep(0);
  });
  using arriving = made[0]!;
  const iterator = arriving[Symbol.asyncIterator]();
  assertEquals(await moveOnAfter(1, () => iterator.next()), {
    done: true,
    value: undefined,
  });
});

Deno.test("several listen to one signal, and each gets it", async () => {
  using one = signals("SIGUSR1");
  using two = signals("SIGUSR1");
  send("SIGUSR1");
  const results = await Promise.all(
    [one, two].map((it) => it[Symbol.asyncIterator]().next()),
  );
  assert(results.every(({ value }) => value === "SIGUSR1"));
});

Deno.test("a signal is the program's own until the last that listens has ended", async () => {
  const seen: string[] = [];
  const error = await assertRejects(
    () =>
      run(async () => {
        using last = signals("SIGUSR1");
        const iterator = last[Symbol.asyncIterator]();
        signals("SIGUSR1")[Symbol.dispose]();
        send("SIGUSR1");
        seen.push((await iterator.next()).value);
        await sleep(0);
        last[Symbol.dispose]();
        send("SIGUSR1");
        await new Future<never>();
      }, { handleSignals: ["SIGUSR1"] }),
    InterruptError,
  );
  assertEquals([seen, error.signal], [["SIGUSR1"], "SIGUSR1"]);
});

Deno.test("return ends signals, and next is done after it", async () => {
  using arriving = signals("SIGUSR1");
  const iterator = arriving[Symbol.asyncIterator]();
  assertEquals(await iterator.return!(), { done: true, value: undefined });
  assertEquals(await iterator.next(), { done: true, value: undefined });
});

Deno.test("a program that waits for a signal stays alive", async () => {
  const program = await Program.start(`
    import { run, signals } from "@asyncio/asyncio/tasks";
    await run(async () => {
      using terms = signals("SIGTERM");
      queueMicrotask(() => console.log("ready"));
      for await (const signal of terms) {
        console.log(signal);
        break;
      }
    });
  `);
  await program.wrote("ready");
  program.kill("SIGTERM");
  const { code, stdout, stderr } = await program.ended();
  assertEquals([code, stdout], [0, "ready\nSIGTERM\n"], stderr);
});

Deno.test("a run that waits for a signal handler stays alive", async () => {
  const program = await Program.start(`
    import { Future, getRunningLoop, run } from "@asyncio/asyncio/tasks";
    await run(async () => {
      const stopped = new Future();
      getRunningLoop().addSignalHandler("SIGTERM", () => stopped.setResult());
      console.log("ready");
      await stopped;
      console.log("stopped");
    });
  `);
  await program.wrote("ready");
  program.kill("SIGTERM");
  const { code, stdout, stderr } = await program.ended();
  assertEquals([code, stdout], [0, "ready\nstopped\n"], stderr);
});

Deno.test("signals refuses to listen once its run has ended", async () => {
  const ended = Promise.withResolvers<void>();
  const left: Promise<unknown>[] = [];
  await run(() => {
    left.push(ended.promise.then(() => signals("SIGUSR1")));
  });
  ended.resolve();

  await assertRejects(
    () => left[0]!,
    InvalidStateError,
    "Cannot wait for signals: its run has ended",
  );
});
