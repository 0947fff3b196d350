import { assertEquals, assertRejects } from "@std/assert";
import { StreamReader } from "@asyncio/asyncio/streams";
import {
  CancelledError,
  createTask,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { virtually } from "../_helpers/virtually.ts";
import { Aborted, Attempt } from "../_helpers/attempt.ts";
import { bytes, text } from "./_sockets.ts";
import { ended, open, WAYS } from "./_fed.ts";

for (const [name, read] of Object.entries(WAYS)) {
  Deno.test(`${name}: a cancel loses no byte`, async () => {
    const reader = open("some");
    const attempt = new Attempt((options) => read(reader, options));
    reader.feedData(bytes(" more"));
    attempt.cancel();
    await attempt.task;
    assertEquals(attempt.outcome, "cancelled");
    reader.feedEof();
    assertEquals(text(await reader.read()), "some more");
  });

  Deno.test(`${name}: an abort loses no byte`, async () => {
    const reader = open("some");
    const attempt = new Attempt((options) => read(reader, options));
    attempt.abort();
    await attempt.task;
    assertEquals(attempt.outcome, "Aborted");
    reader.feedEof();
    assertEquals(text(await reader.read()), "some");
  });

  Deno.test(`${name}: a timeout loses no byte`, async () => {
    await virtually(async () => {
      const reader = open("some");
      await assertRejects(() => timeout(10, () => read(reader)), TimeoutError);
      reader.feedEof();
      assertEquals(text(await reader.read()), "some");
    });
  });

  Deno.test(`${name}: a cancel not yet delivered takes nothing`, async () => {
    const reader = ended("all of it;--\n");
    const attempt = createTask(async () => {
      attempt.cancel();
      await read(reader);
    });
    await assertRejects(async () => await attempt, CancelledError);
    assertEquals(text(await reader.read()), "all of it;--\n");
  });

  Deno.test(`${name}: a signal aborted already takes nothing`, async () => {
    const reader = ended("all of it;--\n");
    const signal = AbortSignal.abort(new Aborted("before"));
    await assertRejects(() => read(reader, { signal }), Aborted);
    assertEquals(text(await reader.read()), "all of it;--\n");
  });

  Deno.test(`${name}: what came before a cancel of the same turn is delivered`, async () => {
    const reader = new StreamReader();
    const attempt = new Attempt((options) => read(reader, options));
    reader.feedData(bytes("x".repeat(100) + ";--\n"));
    reader.feedEof();
    attempt.cancel();
    await attempt.task.catch(() => {});
    assertEquals(attempt.outcome, "value");
  });

  Deno.test(`${name}: one cancelled and not awaited is no unhandled rejection`, async () => {
    const reader = new StreamReader();
    const task = createTask(async () => {
      read(reader);
      await sleep(60_000);
    }, { eager: true });
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    await new Promise((resolve) => setTimeout(resolve));
  });
}

Deno.test("ways of reading mix freely on one reader", async () => {
  const reader = ended("head: value\r\n\r\n\x00\x04bodyrest");
  assertEquals(text(await reader.readUntil(": ")), "head: ");
  assertEquals(text(await reader.readLine()), "value\r\n");
  assertEquals(text(await reader.readUntil("\r\n")), "\r\n");
  const [, length] = await reader.readExactly(2);
  assertEquals(text(await reader.readExactly(length!)), "body");
  assertEquals(text(await reader.read(2)), "re");
  assertEquals(text(await reader.read()), "st");
});
