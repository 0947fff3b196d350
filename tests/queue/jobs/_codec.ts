/** Values on their way, and arguments. @module */
import { assertEquals, assertRejects } from "@std/assert";
import { createTask } from "@asyncio/asyncio/tasks";
import { type Define, letters, take } from "./_place.ts";

/** Defines the tests. */
export function testCodec(test: Define): void {
  test("a job that cannot be decoded is a dead letter, and holds no other up", async (place) => {
    await using jobs = await place.open<string>({
      decode(data) {
        const text = JSON.parse(new TextDecoder().decode(data));
        if (text === "poison") throw new SyntaxError("unreadable");
        return text;
      },
    });
    for (const value of ["poison", "a", "poison", "b"]) await jobs.put(value);
    assertEquals([await take(jobs), await take(jobs)], ["a", "b"]);
    const waits = createTask(() => jobs.get());
    await jobs.put("poison");
    await jobs.put("c");
    await (await waits).done();
    await jobs.join();
    const all = await letters(jobs);
    assertEquals(
      all.map(({ reason }) => reason),
      Array(3).fill("it cannot be decoded: SyntaxError: unreadable"),
    );
    assertEquals(all.map(({ value }) => value), Array(3).fill(undefined));
    assertEquals(new TextDecoder().decode(all[0]!.data), '"poison"');
  });

  test("what cannot be encoded is refused, and nothing was put", async (place) => {
    await using jobs = await place.open<unknown>();
    for (const value of [undefined, () => {}, 1n]) {
      await assertRejects(() => jobs.put(value, { id: "1" }), TypeError);
    }
    assertEquals(await jobs.size(), 0);
    await jobs.put(null, { id: "1" });
    assertEquals((await jobs.get()).value, null);
  });

  test("an own codec gives bytes and takes them", async (place) => {
    await using jobs = await place.open<Uint8Array>({
      encode: (value) => value,
      decode: (data) => data,
    });
    const value = Uint8Array.from({ length: 256 }, (_, i) => i);
    await jobs.put(value);
    await jobs.put(new Uint8Array(0));
    const job = await jobs.get();
    assertEquals(job.value, value);
    job.value.fill(0);
    await job.retry();
    assertEquals((await jobs.get()).value, value); // every attempt has its own
    assertEquals((await jobs.get()).value, new Uint8Array(0));
  });

  test("an encode that gives no bytes is a TypeError", async (place) => {
    await using jobs = await place.open<number>({
      encode: (value) => value as unknown as string,
    });
    await assertRejects(() => jobs.put(1), TypeError, "Uint8Array, received 1");
  });

  test("bad arguments are refused before anything happens", async (place) => {
    await using jobs = await place.open<string>();
    await assertRejects(() => jobs.put("a", { delay: NaN }), RangeError);
    for (const id of ["", "\ud800", 7 as unknown as string]) {
      await assertRejects(() => jobs.put("a", { id }), TypeError);
    }
    await jobs.put("a");
    const job = await jobs.get();
    await assertRejects(() => job.retry(NaN), RangeError);
    assertEquals([job.state, await jobs.size()], ["leased", 1]);
  });

  for (
    const [options, error] of [
      [{ lease: 0 }, RangeError],
      [{ lease: NaN }, RangeError],
      [{ lease: "1" as unknown as number }, TypeError],
      [{ window: -1 }, RangeError],
      [{ maxAttempts: 0 }, RangeError],
      [{ maxAttempts: 1.5 }, RangeError],
      [{ maxSize: NaN }, RangeError],
      [{ maxSize: "1" as unknown as number }, TypeError],
      [{ encode: 1 as unknown as () => string }, TypeError],
    ] as const
  ) {
    test(`${Deno.inspect(options)} is a ${error.name}`, async (place) => {
      await assertRejects(() => place.open(options), error);
    });
  }
}
