import { assertEquals, assertRejects } from "@std/assert";
import { StreamReader, StreamWriter } from "@asyncio/asyncio/streams";
import { Attempt } from "../_helpers/attempt.ts";
import { turns } from "../_helpers/turns.ts";
import { bytes, text } from "./_sockets.ts";

Deno.test("a stream that fails after its read was given up fails the next read, and disturbs no read before", async () => {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const source = new ReadableStream<Uint8Array>({
    start: (it) => void (controller = it),
  });
  const reader = StreamReader.from(source);
  const attempt = new Attempt((options) => reader.readLine(options));
  attempt.cancel();
  await attempt.task;
  controller.enqueue(bytes("ab"));
  await turns();
  assertEquals(text(await reader.readExactly(1)), "a");
  const given = new Attempt((options) => reader.readExactly(10, options));
  given.abort();
  await given.task;
  controller.error(new RangeError("broken"));
  await turns();
  await assertRejects(() => reader.read(), RangeError, "broken");
  await assertRejects(() => reader.lines()[Symbol.asyncIterator]().next());
});

Deno.test("a sink that fails between writes is reported by the drain after the next write", async () => {
  let controller!: WritableStreamDefaultController;
  const writer = StreamWriter.from(
    new WritableStream({ start: (it) => void (controller = it) }),
  );
  controller.error(new RangeError("broken"));
  await turns();
  writer.write("x");
  await turns();
  await assertRejects(() => writer.drain(), RangeError, "broken");
  await assertRejects(() => writer.waitClosed(), RangeError, "broken");
  writer.close();
});

Deno.test("a sink whose close fails is told by waitClosed", async () => {
  const writer = StreamWriter.from(
    new WritableStream({ close: () => Promise.reject(new RangeError("full")) }),
  );
  writer.write("x");
  writer.close();
  await assertRejects(() => writer.waitClosed(), RangeError, "full");
});
