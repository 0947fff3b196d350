/**
 * What every queue of jobs keeps to, as tests: one suite for all kinds.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  type DeadLetter,
  type Job,
  type Jobs,
  type JobsOptions,
  LeaseLostError,
  QueueShutDownError,
} from "@asyncio/asyncio/queue/jobs";
import {
  CancelledError,
  createTask,
  gather,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_attempt.ts";

/** Queues of one kind, for one test. */
export interface Place extends AsyncDisposable {
  open<T>(options?: JobsOptions<T>): Promise<Jobs<T>>;
}

/** A kind of queue. */
export interface Kind {
  name: string;
  ignore?: boolean;
  place(): Promise<Place>;
}

/** A lease that runs out while a test waits for it. */
const SHORT = 400;

/** Defines the tests for one kind of queue. */
export function testJobs({ name, ignore = false, place }: Kind): void {
  function test(
    what: string,
    body: (place: Place) => Promise<void>,
  ): void {
    Deno.test({
      name: `${name}: ${what}`,
      ignore,
      async fn() {
        await using here = await place();
        await body(here);
      },
    });
  }

  test("jobs are taken in order of arrival, each once", async (place) => {
    await using jobs = await place.open<number>();
    for (let n = 0; n < 5; n++) await jobs.put(n);
    const taken = [];
    for (let n = 0; n < 5; n++) taken.push(await take(jobs));
    assertEquals(taken, [0, 1, 2, 3, 4]);
    assertEquals(await jobs.size(), 0);
  });

  test("the first that waits gets the first job", async (place) => {
    await using jobs = await place.open<number>();
    const gets = [jobs.get(), jobs.get()];
    await jobs.put(1);
    const first = await gets[0]!;
    await jobs.put(2);
    const second = await gets[1]!;
    assertEquals([first.value, second.value], [1, 2]);
  });

  test("a worker gets a copy of what was put", async (place) => {
    await using jobs = await place.open<{ list: number[] }>();
    const value = { list: [1] };
    await jobs.put(value);
    value.list.push(2);
    assertEquals((await jobs.get()).value, { list: [1] });
  });

  test("a job says its id, its attempt, its lease and its state", async (place) => {
    await using jobs = await place.open<string>({ lease: 5000 });
    await jobs.put("a", { id: "näme 1\n%" });
    const job = await jobs.get();
    assertEquals(
      [job.id, job.attempt, job.lease, job.state],
      ["näme 1\n%", 1, 5000, "leased"],
    );
    assertMatch(Deno.inspect(job), /attempt: 1, state: "leased"/);
    await job.done();
    assertEquals(job.state, "settled");
  });

  test("a job put without an id gets one of its own, the same in every attempt", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a");
    await jobs.put("a");
    const one = await jobs.get();
    const other = await jobs.get();
    assert(one.id !== other.id);
    await one.retry();
    assertEquals((await jobs.get()).id, one.id);
  });

  test("a job that is not settled within the lease comes again, as its next attempt", async (place) => {
    await using jobs = await place.open<string>({ lease: SHORT });
    await jobs.put("a", { id: "1" });
    const first = await jobs.get();
    const second = await jobs.get();
    assertEquals([second.id, second.value, second.attempt], ["1", "a", 2]);
    assertEquals(first.state, "lost");
    await second.done();
    await jobs.join();
  });

  test("who was too slow can do nothing to a job that has come again", async (place) => {
    await using jobs = await place.open<string>({ lease: SHORT });
    await jobs.put("a");
    const slow = await jobs.get();
    const job = await jobs.get();
    for (const settle of waysToSettle(slow)) {
      await assertRejects(settle, LeaseLostError, "lease of 400 ms ran out");
    }
    await assertRejects(() => slow.extend(), LeaseLostError);
    assertEquals(await jobs.size(), 1);
    assertEquals(await letters(jobs), []);
    await job.done();
    assertEquals(await jobs.size(), 0);
  });

  test("a job is settled once", async (place) => {
    await using jobs = await place.open<number>();
    for (let way = 0; way < 4; way++) {
      await jobs.put(way);
      const job = await jobs.get();
      await waysToSettle(job)[way]!();
      assertEquals(job.state, "settled");
      for (const settle of waysToSettle(job)) {
        await assertRejects(settle, LeaseLostError, "settled already");
      }
      await assertRejects(() => job.extend(), LeaseLostError);
      if (way === 1 || way === 2) await take(jobs); // has come again
    }
  });

  test("an extended lease starts anew", async (place) => {
    await using jobs = await place.open<string>({ lease: 800 });
    await jobs.put("long");
    const job = await jobs.get();
    for (let i = 0; i < 5; i++) {
      await jobs.put("short", { delay: 250 });
      await take(jobs); // not the long one again
      await job.extend();
    }
    await job.done();
    assertEquals([job.state, await jobs.size()], ["settled", 0]);
  });

  test("a retried job comes again before those that came after it", async (place) => {
    await using jobs = await place.open<string>();
    for (const value of ["a", "b", "c"]) await jobs.put(value);
    const job = await jobs.get();
    await job.retry();
    const again = await jobs.get();
    assertEquals([again.value, again.attempt], ["a", 2]);
    assertEquals([await take(jobs), await take(jobs)], ["b", "c"]);
  });

  test("a job retried with a delay lets others go first", async (place) => {
    await using jobs = await place.open<string>({ lease: 60_000 });
    await jobs.put("a");
    await jobs.put("b");
    await (await jobs.get()).retry(300);
    assertEquals(await take(jobs), "b");
    const again = await jobs.get();
    assertEquals([again.value, again.attempt], ["a", 2]);
  });

  test("a delay may be longer than the lease", async (place) => {
    await using jobs = await place.open<string>({ lease: SHORT });
    await jobs.put("a");
    await (await jobs.get()).retry(3 * SHORT);
    await jobs.put("b");
    const second = await jobs.get();
    assertEquals(second.value, "b");
    await second.done();
    const again = await jobs.get();
    assertEquals([again.value, again.attempt], ["a", 2]);
  });

  test("a released job comes again at once, and that was no attempt", async (place) => {
    await using jobs = await place.open<string>({ maxAttempts: 2 });
    await jobs.put("a");
    await jobs.put("b");
    for (let i = 0; i < 4; i++) {
      const job = await jobs.get();
      assertEquals([job.value, job.attempt], ["a", 1]);
      await job.release();
    }
    await (await jobs.get()).retry();
    for (let i = 0; i < 2; i++) {
      const job = await jobs.get();
      assertEquals([job.value, job.attempt], ["a", 2]);
      await job.release();
    }
    assertEquals(await letters(jobs), []);
  });

  test("after its last attempt a retried job is a dead letter", async (place) => {
    await using jobs = await place.open<string>({ maxAttempts: 2 });
    await jobs.put("a", { id: "1" });
    await (await jobs.get()).retry();
    await (await jobs.get()).retry(1000, new TypeError("no good"));
    await jobs.join();
    const [letter, ...others] = await letters(jobs);
    assertEquals(others, []);
    assertEquals(
      [letter?.id, letter?.value, letter?.attempts, letter?.reason],
      ["1", "a", 2, "given up after 2 attempts: TypeError: no good"],
    );
  });

  test("a job whose last lease runs out is a dead letter", async (place) => {
    await using jobs = await place.open<string>({
      maxAttempts: 2,
      lease: SHORT,
    });
    await jobs.put("a");
    await jobs.get();
    await jobs.get();
    const next = jobs.get();
    await jobs.join();
    const [letter] = await letters(jobs);
    assertEquals(
      [letter?.value, letter?.attempts, letter?.reason],
      ["a", 2, "given up after 2 attempts: its lease ran out"],
    );
    await jobs.put("b");
    assertEquals((await next).value, "b");
  });

  test("without a bound on attempts a job comes again and again", async (place) => {
    await using jobs = await place.open<string>({ maxAttempts: Infinity });
    await jobs.put("a");
    for (let attempt = 1; attempt <= 8; attempt++) {
      const job = await jobs.get();
      assertEquals(job.attempt, attempt);
      await job.retry();
    }
  });

  test("a failed job is a dead letter, with the reason", async (place) => {
    await using jobs = await place.open<string>();
    const before = Date.now();
    for (const reason of [new Error("kaputt\n%"), "no flour", undefined]) {
      await jobs.put("a");
      await (await jobs.get()).fail(reason);
    }
    assertEquals(await jobs.size(), 0);
    await jobs.join();
    const all = await letters(jobs);
    assertEquals(
      all.map(({ reason }) => reason),
      ["Error: kaputt\n%", "no flour", "undefined"],
    );
    assertEquals(all[0]!.attempts, 1);
    assertEquals(new TextDecoder().decode(all[0]!.data), '"a"');
    assert(Math.abs(all[0]!.date.getTime() - before) < 60_000);
    assertMatch(Deno.inspect(all[1]), /reason: "no flour"/);
  });

  test("a dead letter can be put back, with its id and all its attempts", async (place) => {
    await using jobs = await place.open<string>({ maxAttempts: 1 });
    await jobs.put("a", { id: "1" });
    await (await jobs.get()).fail("first");
    for (const letter of await letters(jobs)) {
      await letter.requeue();
      await letter.requeue(); // is not there any more
    }
    assertEquals(await letters(jobs), []);
    assertEquals(await jobs.size(), 1);
    const job = await jobs.get();
    assertEquals([job.id, job.value, job.attempt], ["1", "a", 1]);
    await job.fail("second");
    assertEquals((await letters(jobs)).map((it) => it.reason), ["second"]);
  });

  test("a dead letter can be dropped, and the others stay", async (place) => {
    await using jobs = await place.open<string>();
    for (const value of ["a", "b", "c"]) {
      await jobs.put(value);
      await (await jobs.get()).fail(value);
    }
    for await (const letter of jobs.deadLetters()) {
      if (letter.value === "b") await letter.drop();
    }
    const left = await letters(jobs);
    assertEquals(left.map(({ value }) => value), ["a", "c"]);
    await left[0]!.drop();
    await left[0]!.drop(); // harmless
    assertEquals((await letters(jobs)).length, 1);
  });

  test("dead letters are those that there are when they are asked for", async (place) => {
    await using jobs = await place.open<number>({ maxAttempts: 1 });
    for (let n = 0; n < 3; n++) await jobs.put(n);
    for (let n = 0; n < 3; n++) await (await jobs.get()).fail("first");
    let seen = 0;
    for await (const letter of jobs.deadLetters()) {
      seen++;
      await letter.requeue();
      await (await jobs.get()).fail("second");
    }
    assertEquals(seen, 3);
    assertEquals((await letters(jobs)).length, 3);
  });

  test("a delayed job lets others go first, and its first attempt is its first", async (place) => {
    await using jobs = await place.open<string>({ lease: 60_000 });
    await jobs.put("later", { delay: 400 });
    await jobs.put("now");
    assertEquals(await jobs.size(), 2);
    assertEquals(await take(jobs), "now");
    const job = await jobs.get();
    assertEquals([job.value, job.attempt], ["later", 1]);
    await job.retry();
    assertEquals((await jobs.get()).attempt, 2);
  });

  test("a delay that is over before anybody asks changes nothing", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", { delay: 1 });
    await sleep(5);
    await jobs.put("b");
    assertEquals([await take(jobs), await take(jobs)], ["a", "b"]);
  });

  test("join waits for delayed jobs, too", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", { delay: 100 });
    let over = false;
    const joined = createTask(async () => {
      await jobs.join();
      over = true;
    });
    const job = await jobs.get();
    assertEquals(over, false);
    await job.done();
    await joined;
  });

  test("the same id is put once, whether its job waits, is leased, done or dead", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", { id: "1" });
    await jobs.put("b", { id: "1" });
    assertEquals(await jobs.size(), 1);
    const job = await jobs.get();
    assertEquals(job.value, "a");
    await jobs.put("c", { id: "1" });
    await job.done();
    await jobs.put("d", { id: "1" });
    assertEquals(await jobs.size(), 0);
    await jobs.put("e", { id: "2" });
    await (await jobs.get()).fail("dead");
    await jobs.put("f", { id: "2" });
    assertEquals(await jobs.size(), 0);
  });

  test("after the window an id may be put again", async (place) => {
    await using jobs = await place.open<string>({ window: 200 });
    await jobs.put("a", { id: "1" });
    await take(jobs);
    while (await jobs.size() === 0) await jobs.put("b", { id: "1" });
    assertEquals(await take(jobs), "b");
  });

  test("a put waits while the queue is full of jobs that wait or are leased", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 2 });
    await jobs.put("a");
    await jobs.put("b");
    const put = new Attempt((options) => jobs.put("c", options));
    const job = await jobs.get();
    assertEquals([put.outcome, await jobs.size()], ["pending", 2]);
    await job.retry();
    assertEquals([put.outcome, await jobs.size()], ["pending", 2]);
    await (await jobs.get()).done();
    await put.task;
    assertEquals(put.outcome, "value");
    assertEquals([await take(jobs), await take(jobs)], ["b", "c"]);
  });

  test("an id that is there already is put without waiting for room, and once among those that wait", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 1 });
    await jobs.put("a", { id: "1" });
    await jobs.put("b", { id: "1" });
    const puts = [
      createTask(() => jobs.put("c", { id: "2" }), { eager: true }),
      createTask(() => jobs.put("d", { id: "2" }), { eager: true }),
    ];
    assertEquals([await take(jobs), await take(jobs)], ["a", "c"]);
    await gather(puts);
    assertEquals(await jobs.size(), 0);
  });

  test("a dead letter makes room, and needs room to be put back", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 1 });
    await jobs.put("a");
    const put = jobs.put("b");
    await (await jobs.get()).fail("dead");
    await put;
    const [letter] = await letters(jobs);
    const back = new Attempt((options) => letter!.requeue(options));
    const job = await jobs.get();
    assertEquals([job.value, back.outcome], ["b", "pending"]);
    await job.done();
    await back.task;
    assertEquals(await take(jobs), "a");
  });

  test("those who wait for room are let in as they came", async (place) => {
    await using jobs = await place.open<number>({ maxSize: 1 });
    await jobs.put(0);
    const puts = [1, 2, 3, 4].map((n) => createTask(() => jobs.put(n)));
    const taken: number[] = [];
    for (let n = 0; n <= 4; n++) taken.push(await take(jobs));
    await gather(puts);
    assertEquals(taken, [0, 1, 2, 3, 4]);
  });

  for (const giveUp of ["cancel", "abort"] as const) {
    test(`a put that is given up by ${giveUp} while the queue is full puts nothing`, async (place) => {
      await using jobs = await place.open<string>({ maxSize: 1 });
      await jobs.put("a");
      const given = new Attempt((options) => jobs.put("no", options));
      const next = new Attempt((options) => jobs.put("b", options));
      const job = await jobs.get();
      given[giveUp]();
      await given.task;
      assertEquals(
        given.outcome,
        giveUp === "cancel" ? "cancelled" : "Aborted",
      );
      await job.done();
      await next.task;
      assertEquals(await take(jobs), "b");
      assertEquals(await jobs.size(), 0);
    });

    test(`a get that is given up by ${giveUp} takes no job`, async (place) => {
      await using jobs = await place.open<string>();
      const given = new Attempt((options) => jobs.get(options));
      await jobs.size(); // its request is on its way
      given[giveUp]();
      await given.task;
      assertEquals(
        given.outcome,
        giveUp === "cancel" ? "cancelled" : "Aborted",
      );
      await jobs.put("a");
      const job = await jobs.get();
      assertEquals([job.value, job.attempt], ["a", 1]);
    });
  }

  test("wherever a get is cancelled, no job is lost, none is late, and none counts twice", async (place) => {
    await using jobs = await place.open<number>({ lease: 60_000 });
    const count = 60;
    const seen: [number, number][] = [];
    for (let n = 0; n < count; n++) {
      const attempt = new Attempt((options) => jobs.get(options));
      const put = jobs.put(n);
      for (let turn = n % 12; turn > 0; turn--) await sleep(0);
      attempt.cancel();
      await put;
      await attempt.task.catch(() => {});
      const job = attempt.outcome === "value"
        ? attempt.value as Job<number>
        : await jobs.get();
      seen.push([job.value, job.attempt]);
      await job.done();
    }
    assertEquals(seen, Array.from({ length: count }, (_, n) => [n, 1]));
    assertEquals(await jobs.size(), 0);
  });

  test("a cancel that is already due takes nothing and puts nothing", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a");
    const options = { signal: AbortSignal.abort(new Error("before")) };
    await assertRejects(() => jobs.get(options), Error, "before");
    await assertRejects(() => jobs.put("b", options), Error, "before");
    await assertRejects(() => jobs.size(options), Error, "before");
    await assertRejects(() => jobs.join(options), Error, "before");
    await assertRejects(
      () => jobs.deadLetters(options).next(),
      Error,
      "before",
    );
    const job = await jobs.get();
    assertEquals([job.attempt, await jobs.size()], [1, 1]);
  });

  test("settling is carried out, also when its wait is cancelled", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a");
    const job = await jobs.get();
    const settling = createTask(() => job.done(), { eager: true });
    settling.cancel();
    await settling.catch(() => {}); // or it was faster
    await jobs.join();
  });

  test("join waits until nothing waits and nothing is leased", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.join(); // nothing was put
    await jobs.put("a");
    await jobs.put("b");
    const joined = new Attempt((options) => jobs.join(options));
    const given = new Attempt((options) => jobs.join(options));
    await take(jobs);
    const job = await jobs.get();
    assertEquals(await jobs.size(), 1);
    given.cancel();
    await given.task;
    assertEquals([joined.outcome, given.outcome], ["pending", "cancelled"]);
    await job.done();
    await joined.task;
    assertEquals(joined.outcome, "value");
  });

  test("an iteration takes jobs until the queue is closed", async (place) => {
    const jobs = await place.open<number>();
    for (let n = 0; n < 3; n++) await jobs.put(n);
    const seen: number[] = [];
    for await (const job of jobs) {
      seen.push(job.value);
      await job.done();
      if (seen.length === 3) {
        createTask(() => jobs[Symbol.asyncDispose]());
      }
    }
    assertEquals(seen, [0, 1, 2]);
  });

  test("leaving an iteration ends its step that waits, and leaves the queue open", async (place) => {
    await using jobs = await place.open<number>();
    const iterator = jobs[Symbol.asyncIterator]();
    const step = iterator.next();
    await jobs.size();
    assertEquals(await iterator.return!(), { done: true, value: undefined });
    assertEquals(await step, { done: true, value: undefined });
    assertEquals(await iterator.next(), { done: true, value: undefined });
    await jobs.put(1);
    assertEquals(await take(jobs), 1);
  });

  test("a step of an iteration can be cancelled, and the next one goes on", async (place) => {
    await using jobs = await place.open<number>();
    const iterator = jobs[Symbol.asyncIterator]();
    const step = createTask(() => iterator.next(), { eager: true });
    step.cancel();
    await assertRejects(async () => await step, CancelledError);
    await jobs.put(1);
    const { value } = await iterator.next();
    assertEquals([value?.value, value?.attempt], [1, 1]);
  });

  test("a job that cannot be decoded is a dead letter, and holds nobody up", async (place) => {
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
    await assertRejects(() => jobs.put(1), TypeError, "Uint8Array, found 1");
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

  test("closing ends every wait with QueueShutDownError, and takes jobs from their holders", async (place) => {
    const jobs = await place.open<string>({ maxSize: 1 });
    await jobs.put("a");
    const job = await jobs.get();
    const waits = [
      new Attempt((options) => jobs.get(options)),
      new Attempt((options) => jobs.put("b", options)),
      new Attempt((options) => jobs.put("c", options)),
      new Attempt((options) => jobs.join(options)),
    ];
    await jobs.size();
    await jobs[Symbol.asyncDispose]();
    await gather(waits.map(({ task }) => task));
    for (const { outcome } of waits) {
      assertEquals(outcome, "QueueShutDownError");
    }
    for (const settle of waysToSettle(job)) {
      await assertRejects(settle, LeaseLostError);
    }
    await jobs[Symbol.asyncDispose]();
  });

  test("whatever is asked of a closed queue is a QueueShutDownError", async (place) => {
    const jobs = await place.open<string>();
    await jobs[Symbol.asyncDispose]();
    await assertRejects(() => jobs.get(), QueueShutDownError);
    await assertRejects(() => jobs.size(), QueueShutDownError);
    await assertRejects(() => jobs.join(), QueueShutDownError);
    await assertRejects(() => jobs.deadLetters().next(), QueueShutDownError);
    const error = await assertRejects(() => jobs.put("a"), QueueShutDownError);
    assertStrictEquals(error.item, "a");
    const iterator = jobs[Symbol.asyncIterator]();
    assertEquals(await iterator.next(), { done: true, value: undefined });
  });

  test("console.log shows its state", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 7 });
    await jobs.put("a");
    await jobs.get();
    const waits = new Attempt((options) => jobs.get(options));
    assertMatch(Deno.inspect(jobs), /leased: 1,.* maxSize: 7,.* getters: 1/);
    waits.cancel();
    await waits.task;
  });
}

/** Takes the next job, has it done, and says what it was. */
export async function take<T>(jobs: Jobs<T>): Promise<T> {
  const job = await jobs.get();
  await job.done();
  return job.value;
}

/** All dead letters. */
export function letters<T>(jobs: Jobs<T>): Promise<DeadLetter<T>[]> {
  return Array.fromAsync(jobs.deadLetters());
}

function waysToSettle(job: Job<unknown>): (() => Promise<void>)[] {
  return [
    () => job.done(),
    () => job.retry(),
    () => job.release(),
    () => job.fail("too late"),
  ];
}
