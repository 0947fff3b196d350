/** Values on their way, and arguments. @module */
import { assertEquals, assertRejects } from "@std/assert";
import { type Job, schedule } from "@asyncio/asyncio/queue/jobs";
import { createTask, sleep, type WaitOptions } from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { type Define, finish, letters, SHORT, take } from "./_place.ts";

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
    for (const value of [undefined, () => {}, 1n, Promise.resolve(1)]) {
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

  for (const giveUp of ["cancel", "abort"] as const) {
    const outcome = giveUp === "cancel" ? "cancelled" : "Aborted";

    test(`what waits for an encode is given up by ${giveUp}`, async (place) => {
      let began = Promise.withResolvers<void>();
      await using jobs = await place.open<number>({
        encode() {
          began.resolve();
          return new Promise(() => {});
        },
      });
      for (
        const wait of [
          (options: WaitOptions) => jobs.put(1, options),
          (options: WaitOptions) => jobs.putMany([{ value: 1 }], options),
          (options: WaitOptions) =>
            schedule(jobs, { name: "a", every: 1000, value: 1, ...options }),
        ]
      ) {
        began = Promise.withResolvers();
        const attempt = new Attempt(wait);
        await began.promise;
        attempt[giveUp]();
        await attempt.task.catch(() => {});
        assertEquals(attempt.outcome, outcome);
      }
      assertEquals(await jobs.size(), 0);
    });

    test(`a list that waits for a decode is given up by ${giveUp}, and goes on`, async (place) => {
      let decoded = Promise.withResolvers<string>();
      let began = Promise.withResolvers<void>();
      await using jobs = await place.open<string>({
        decode() {
          began.resolve();
          return decoded.promise;
        },
      });
      await jobs.put("a");
      const get = new Attempt((options) => jobs.get(options));
      decoded.resolve("a");
      await get.task;
      await (get.value as Job<string>).fail("no");
      await jobs.put("b");
      const lists = [
        (options?: WaitOptions) => jobs.list("waiting", options),
        (options?: WaitOptions) => jobs.list("dead", options),
        (options?: WaitOptions) => jobs.deadLetters(options),
      ];
      for (const open of lists) {
        decoded = Promise.withResolvers();
        began = Promise.withResolvers();
        let list = open();
        const step = new Attempt((options) => {
          if (giveUp === "abort") list = open(options);
          return list.next();
        });
        await began.promise;
        step[giveUp]();
        await step.task.catch(() => {});
        assertEquals(step.outcome, outcome);
        decoded.resolve("x");
        if (giveUp === "abort") continue;
        assertEquals((await Array.fromAsync<unknown>(list)).length, 1);
      }
    });
  }

  test("a job whose decode takes longer than the lease comes again, and holds up no other", async (place) => {
    let hangs = true;
    await using jobs = await place.open<string>({
      lease: SHORT,
      decode: (data) =>
        hangs
          ? new Promise<string>(() => {})
          : JSON.parse(new TextDecoder().decode(data)),
    });
    await jobs.put("a");
    const get = createTask(() => jobs.get());
    while ((await jobs.counts()).leased < 1) await sleep(5);
    hangs = false;
    const job = await get;
    assertEquals([job.value, job.attempt > 1], ["a", true]);
    await finish(jobs, job);
  });

  test("a job that is cancelled, or whose queue is paused, while it is decoded is not handed out", async (place) => {
    const gates: PromiseWithResolvers<void>[] = [];
    await using jobs = await place.open<string>({
      async decode(data) {
        const gate = Promise.withResolvers<void>();
        gates.push(gate);
        await gate.promise;
        return JSON.parse(new TextDecoder().decode(data));
      },
    });
    const decoding = async (count: number) => {
      while (gates.length < count) await sleep(5);
    };
    const get = createTask(() => jobs.get());
    await jobs.put("cancelled", { id: "1" });
    await decoding(1);
    assertEquals(await jobs.cancel("1"), true);
    gates[0]!.resolve();
    await jobs.put("paused");
    await decoding(2);
    await jobs.pause();
    gates[1]!.resolve();
    await sleep(50);
    assertEquals([get.done, await jobs.size()], [false, 1]);
    await jobs.resume();
    await decoding(3);
    gates[2]!.resolve();
    assertEquals((await get).value, "paused");
  });

  test("bad arguments are refused before anything happens", async (place) => {
    await using jobs = await place.open<string>();
    await assertRejects(() => jobs.put("a", { delay: NaN }), RangeError);
    for (const id of ["", "\ud800", 7 as unknown as string]) {
      await assertRejects(() => jobs.put("a", { id }), TypeError);
    }
    for (const options of [null, 5]) {
      await assertRejects(
        () => jobs.put("a", options as unknown as object),
        TypeError,
        "Cannot put: options are an object",
      );
    }
    for (const list of [5, null, [5], [null]]) {
      await assertRejects(
        () => jobs.putMany(list as unknown as []),
        TypeError,
        "Cannot put many: it takes a list",
      );
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
