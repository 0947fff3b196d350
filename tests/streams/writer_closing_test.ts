import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { createSubprocessExec, PIPE } from "@asyncio/asyncio/process";
import {
  CancelledError,
  createTask,
  currentTask,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { turns } from "../_helpers/turns.ts";
import { text } from "./_sockets.ts";
import { MUCH, Sink } from "./_sink.ts";

// --- A lost connection -------------------------------------------------------

Deno.test("a write that fails surfaces at drain and waitClosed, and nowhere else", async () => {
  const sink = new Sink();
  const lost = new Error("lost");
  sink.gate = Promise.reject(lost);
  sink.writer.write("a");
  await turns();
  assertEquals(sink.writer.isClosing, true);
  sink.writer.write("dropped");
  assertStrictEquals(await assertRejects(() => sink.writer.drain()), lost);
  assertStrictEquals(await assertRejects(() => sink.writer.waitClosed()), lost);
  sink.writer.close();
  assertStrictEquals(await assertRejects(() => sink.writer.waitClosed()), lost);
  await turns();
  assertEquals(sink.chunks, []);
});

Deno.test("a write that fails ends all drains that wait", async () => {
  const sink = new Sink();
  const { promise, reject } = Promise.withResolvers<void>();
  sink.gate = promise;
  sink.writer.write(MUCH);
  const drains = [
    sink.writer.drain(),
    sink.writer.drain(),
    sink.writer.waitClosed(),
  ];
  await turns();
  reject(new Error("lost"));
  for (const drain of drains) await assertRejects(() => drain, Error, "lost");
});

Deno.test("a lost connection that is not asked about disturbs no other", async () => {
  const sink = new Sink();
  sink.gate = Promise.reject(new Error("lost"));
  sink.writer.write("a");
  sink.writer.close();
  await turns();
});

// --- Closing -----------------------------------------------------------------

Deno.test("close sends what is unsent, and waitClosed waits for that", async () => {
  const sink = new Sink();
  const open = sink.block();
  sink.writer.write("all");
  sink.writer.close();
  sink.writer.close();
  assertEquals(sink.writer.isClosing, true);
  let closed = false;
  const waiting = sink.writer.waitClosed().then(() => closed = true);
  await turns();
  assertEquals(closed, false);
  open();
  await waiting;
  assertEquals(sink.chunks, ["all"]);
  assertEquals(sink.closed, true);
  await sink.writer.waitClosed();
  await sink.writer.drain();
});

Deno.test("abort drops what is unsent, ends every wait, and waitClosed is content", async () => {
  const sink = new Sink();
  sink.block();
  sink.writer.write(MUCH);
  await turns();
  const drain = sink.writer.drain();
  const closed = sink.writer.waitClosed();
  sink.writer.abort();
  sink.writer.abort();
  await assertRejects(() => drain, Deno.errors.ConnectionAborted);
  await assertRejects(() => sink.writer.drain(), Deno.errors.ConnectionAborted);
  await closed;
  await sink.writer.waitClosed();
  assertEquals(sink.chunks, []);
});

Deno.test("after abort, a drain is refused by a cancel or an abort that came before", async () => {
  const sink = new Sink();
  sink.writer.write(MUCH);
  sink.writer.abort();
  const signal = AbortSignal.abort(new RangeError("before"));
  await assertRejects(() => sink.writer.drain({ signal }), RangeError);
  const task = createTask(async () => {
    currentTask()!.cancel();
    await sink.writer.drain();
  });
  await assertRejects(async () => await task, CancelledError);
});

Deno.test("abort ends a close that waits for a sink that takes no more", async () => {
  const sink = new Sink();
  sink.block();
  sink.writer.write("a");
  sink.writer.close();
  const closed = createTask(() => sink.writer.waitClosed());
  await sleep(0);
  sink.writer.abort();
  await closed;
});

Deno.test("a wait for the closing that is given up leaves the closing as it is", async () => {
  const sink = new Sink();
  const open = sink.block();
  sink.writer.write("a");
  sink.writer.close();
  const attempt = new Attempt((options) => sink.writer.waitClosed(options));
  attempt.cancel();
  await attempt.task;
  open();
  await sink.writer.waitClosed();
  assertEquals(sink.chunks, ["a"]);
});

Deno.test("writeEof of a stream closes it when everything is sent", async () => {
  const sink = new Sink();
  assertEquals(sink.writer.canWriteEof, true);
  sink.writer.write("a");
  sink.writer.writeEof();
  sink.writer.writeEof();
  await turns();
  assertEquals([sink.chunks, sink.closed], [["a"], true]);
  sink.writer.close();
  await sink.writer.waitClosed();
});

Deno.test("writeEof of a stream is its close: waitClosed waits until everything is sent", async () => {
  const sink = new Sink();
  const open = sink.block();
  sink.writer.write("all");
  sink.writer.writeEof();
  assertEquals(sink.writer.isClosing, true);
  const waiting = new Attempt((options) => sink.writer.waitClosed(options));
  await turns();
  assertEquals([waiting.outcome, sink.closed], ["pending", false]);
  open();
  await sink.writer.waitClosed();
  assertEquals([sink.chunks, sink.closed], [["all"], true]);
  sink.writer.writeEof();
  sink.writer.close();
});

Deno.test("writeEof of a program's input is its close", async () => {
  await using program = await createSubprocessExec("cat", [], {
    stdin: PIPE,
    stdout: PIPE,
  });
  const stdin = program.stdin!;
  stdin.write("all");
  stdin.writeEof();
  assertEquals(stdin.isClosing, true);
  await stdin.waitClosed();
  assertEquals(text(await program.stdout!.read()), "all");
  await program.wait();
});

Deno.test("disposing closes in order, and is content with a lost connection", async () => {
  const sink = new Sink();
  {
    await using writer = sink.writer;
    writer.write("a");
  }
  assertEquals([sink.chunks, sink.closed], [["a"], true]);

  const broken = new Sink();
  broken.gate = Promise.reject(new Error("lost"));
  broken.writer.write("a");
  await turns();
  await broken.writer[Symbol.asyncDispose]();
});
