import { assertEquals } from "@std/assert";
import { StreamReader } from "@asyncio/asyncio/streams";
import { turns } from "../_helpers/turns.ts";
import { bytes, text } from "./_sockets.ts";

Deno.test("cancelling readable in the turn in which bytes came loses none: the read has them", async () => {
  const reader = new StreamReader();
  const consumer = reader.readable.getReader();
  const reading = consumer.read();
  await turns();
  reader.feedData(bytes("abc"));
  await consumer.cancel();
  assertEquals(text((await reading).value!), "abc");
});

Deno.test("cancelling readable in the turn in which bytes came for a consumer's own memory loses none", async () => {
  const reader = new StreamReader();
  const consumer = reader.readable.getReader({ mode: "byob" });
  const reading = consumer.read(new Uint8Array(2));
  await turns();
  reader.feedData(bytes("abc"));
  await consumer.cancel();
  assertEquals(text((await reading).value!), "ab");
  assertEquals(text(await reader.read(2)), "c");
});
