/** Sources that are not as they should be, and how they are closed. @module */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  buffer,
  chunks,
  debounce,
  map,
  merge,
  tee,
  throttle,
  timeoutEach,
  zip,
} from "@asyncio/asyncio/streams/operators";
import {
  allTasks,
  CancelledError,
  createTask,
  gather,
  run,
  sleep,
  Task,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { Queue } from "@asyncio/asyncio/queue";
import { reportsOf } from "../../_helpers/reports.ts";
import { virtually } from "../../_helpers/virtually.ts";
import { cases } from "./_operators.ts";
import { all, type AnySource } from "./_sources.ts";

function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, () => virtually(body));
}

class Broken extends Error {}

// --- what is no source, and bad numbers --------------------------------------

for (const [operator, { over }] of Object.entries(cases)) {
  Deno.test(`${operator} refuses what is no source at once`, () => {
    const wrong = [
      null,
      undefined,
      5,
      true,
      {},
      Promise.resolve([1]),
      () => [1],
      function* () {},
      Symbol.iterator,
      { [Symbol.iterator]: 5 },
      { next: () => ({ done: true }) },
    ];
    for (const source of wrong) {
      assertThrows(
        () => over(source as unknown as AnySource<number>),
        TypeError,
        "Cannot read a source",
      );
    }
  });

  Deno.test(`${operator} refuses a stream that is locked at once`, () => {
    const stream = ReadableStream.from([1]);
    const reader = stream.getReader();
    assertThrows(() => over(stream), TypeError, "locked");
    reader.releaseLock();
  });
}

const NUMBERS: Record<string, (value: unknown) => unknown> = {
  "limit of map": (limit) => map([], (it) => it, { limit: limit as number }),
  "size of chunks": (size) => chunks([], { size: size as number }),
  "limit of throttle": (limit) =>
    throttle([], { limit: limit as number, interval: 1 }),
  "n of tee": (n) => tee([], n as number),
  "maxSize of tee": (maxSize) => tee([], 2, { maxSize: maxSize as number }),
  "n of buffer": (n) => buffer([], n as number),
};

for (const [name, call] of Object.entries(NUMBERS)) {
  Deno.test(`${name} is a whole number from 1`, () => {
    for (const wrong of [0, -1, 1.5, NaN, -Infinity]) {
      assertThrows(() => call(wrong), RangeError, `received ${wrong}`);
    }
    for (const wrong of ["1", null, {}, 1n, true]) {
      assertThrows(() => call(wrong), TypeError, "received");
    }
    for (const right of [1, 2, 1000]) call(right);
  });
}

const TIMES: Record<string, (value: unknown) => unknown> = {
  "time of chunks": (time) => chunks([], { time: time as number }),
  "interval of throttle": (interval) =>
    throttle([], { interval: interval as number }),
  "time of debounce": (ms) => debounce([], ms as number),
  "time of timeoutEach": (ms) => timeoutEach([], ms as number),
};

for (const [name, call] of Object.entries(TIMES)) {
  Deno.test(`${name} is not negative`, () => {
    for (const wrong of [-1, NaN, -Infinity]) {
      assertThrows(() => call(wrong), RangeError, `received ${wrong}`);
    }
    for (const wrong of ["1", null, {}, 1n]) {
      assertThrows(() => call(wrong), TypeError, "received");
    }
    for (const right of [0, 0.5, 1, 1e9]) call(right);
  });
}

Deno.test("options are an object, and a function is a function", () => {
  const it = (value: unknown) => value as never;
  assertThrows(() => map([], it(undefined)), TypeError, "received undefined");
  assertThrows(() => map([], it("f")), TypeError, 'received "f"');
  assertThrows(() => map([], (n) => n, it(5)), TypeError, "received 5");
  assertThrows(() => map([], (n) => n, it(null)), TypeError, "received null");
  assertThrows(
    () => map([], (n) => n, it({ ordered: "no" })),
    TypeError,
    'Cannot map: ordered is a boolean, received "no"',
  );
  assertThrows(
    () => chunks([], it(undefined)),
    TypeError,
    "received undefined",
  );
  assertThrows(() => chunks([], it(5)), TypeError, "received 5");
  assertThrows(() => chunks([], {}), TypeError, "a size or a time");
  assertThrows(() => throttle([], it(undefined)), TypeError, "undefined");
  assertThrows(() => throttle([], it({})), TypeError, "received undefined");
  assertThrows(() => tee([], 2, it(5)), TypeError, "received 5");
  assertThrows(() => zip([], it(5)), TypeError, "received 5");
  assertThrows(() => merge([], it(5)), TypeError, "received 5");
});

Deno.test("a string is an iterable of its characters", async () => {
  assertEquals(await all(map("abc", (c) => c + c)), ["aa", "bb", "cc"]);
});

// --- iterators by hand -------------------------------------------------------

/** An async iterator that gives numbers, with some of its methods replaced. */
function iterator(
  methods: Record<string, unknown>,
): AsyncIterable<number> & { returns: number } {
  let n = 0;
  const source = {
    returns: 0,
    [Symbol.asyncIterator]: () => ({
      next: () => sleep(1, { result: { done: n === 5, value: n++ } }),
      return() {
        source.returns++;
        return Promise.resolve({ done: true, value: undefined });
      },
      ...methods,
    }),
  };
  return source as unknown as AsyncIterable<number> & { returns: number };
}

for (const [operator, { over }] of Object.entries(cases)) {
  test(`${operator}: an iterator without return is left as it is`, async () => {
    for await (const _ of over(iterator({ return: undefined }))) break;
    const consumer = createTask(() =>
      all(over(iterator({
        next: () => sleep(1000, { result: { done: true } }),
        return: undefined,
      })))
    );
    await sleep(1);
    consumer.cancel();
    await assertRejects(async () => await consumer, CancelledError);
    assertEquals(allTasks().size, 1);
  });

  test(`${operator}: a source may close it before its first item`, async () => {
    const items = over(iterator({
      next: async () => {
        await items.return!();
        return { done: true, value: undefined };
      },
    }));
    assertEquals(await items.next(), { done: true, value: undefined });
    await sleep(1); // the source ends
    assertEquals(allTasks().size, 1);
  });

  test(`${operator}: undefined is thrown, too, where a loop is left`, async () => {
    if (operator === "debounce") return; // its source has ended by then
    let thrown: unknown = "nothing";
    const items = over(iterator({ return: () => Promise.reject(undefined) }));
    try {
      for await (const _ of items) break;
    } catch (error) {
      thrown = error;
    }
    assertEquals(thrown, undefined);
  });

  test(`${operator}: what return throws is thrown where a loop is left`, async () => {
    for (
      const fails of [
        () => {
          throw new Broken("return");
        },
        () => Promise.reject(new Broken("return")),
        () => sleep(5).then(() => Promise.reject(new Broken("return"))),
      ]
    ) {
      if (operator === "debounce") continue; // its source has ended by then
      await assertRejects(async () => {
        for await (const _ of over(iterator({ return: fails }))) break;
      }, Broken);
      assertEquals(allTasks().size, 1);
    }
  });

  test(`${operator}: what is no result is a TypeError`, async () => {
    for (const result of [undefined, null, 5, "done"]) {
      const source = iterator({ next: () => Promise.resolve(result) });
      await assertRejects(() => all(over(source)), TypeError, "result object");
      assertEquals(source.returns, 0);
    }
  });

  test(`${operator}: an error is thrown as it is, and the source left alone`, async () => {
    for (
      const next of [
        () => {
          throw new Broken("next");
        },
        () => Promise.reject(new Broken("next")),
        () => sleep(1).then(() => Promise.reject(new Broken("next"))),
      ]
    ) {
      const source = iterator({ next });
      await assertRejects(() => all(over(source)), Broken, "next");
      assertEquals(source.returns, 0);
    }
    const opening = {
      [Symbol.asyncIterator]: () => {
        throw new Broken("open");
      },
    };
    await assertRejects(() => all(over(opening)), Broken, "open");
  });

  test(`${operator}: what is thrown need not be an error`, async () => {
    for (const thrown of [undefined, null, 0, "broken"]) {
      const source = iterator({ next: () => Promise.reject(thrown) });
      let isThrown = false;
      try {
        await all(over(source));
      } catch (error) {
        isThrown = true;
        assertStrictEquals(error, thrown);
      }
      assert(isThrown);
    }
  });

  test(`${operator}: an iterator may give its results without promises`, async () => {
    let n = 0;
    const next = () => ({ done: n === 3, value: n++ });
    const got = await all(over(iterator({ next })));
    assert(got.length > 0);
  });

  test(`${operator}: next is called once after the end at most`, async () => {
    let calls = 0;
    const next = () => Promise.resolve({ done: ++calls > 1, value: calls });
    const items = over(iterator({ next }));
    await all(items);
    await items.next();
    await items.return!();
    assertEquals(calls, 2);
  });

  Deno.test(`${operator}: an error of return is reported after another one`, async () => {
    const reports = await reportsOf(async () => {
      const source = iterator({
        next: () => sleep(1000),
        return: () => Promise.reject(new Broken("return")),
      });
      const consumer = createTask(() => all(over(source)));
      await sleep(1);
      consumer.cancel();
      await assertRejects(async () => await consumer, CancelledError);
    });
    assertEquals(reports.map(({ error }) => String(error)), ["Error: return"]);
  });

  // --- foreign sources -------------------------------------------------------

  test(`${operator}: a source that never answers is left to itself`, async () => {
    let returns = 0;
    const sources = [
      iterator({ next: () => new Promise(() => {}) }),
      iterator({ next: () => new Promise(() => {}), return: undefined }),
      iterator({
        next: () => new Promise(() => {}),
        return: () => {
          returns++;
          return new Promise(() => {});
        },
      }),
      async function* () {
        await new Promise(() => {});
        yield 1;
      }(),
    ];
    await gather(
      sources.map((source) => () =>
        assertRejects(() => timeout(5, () => all(over(source))), TimeoutError)
      ),
    );
    assertEquals(allTasks().size, 1);
    {
      // Left in the turn in which it was asked.
      const items = over(iterator({ next: () => new Promise(() => {}) }));
      const next = items.next();
      await items.return!();
      assertEquals(await next, { done: true, value: undefined });
      assertEquals(allTasks().size, 1);
    }
    assertEquals(returns, 1);
    assertEquals((sources[0] as { returns: number }).returns, 1);
  });

  test(`${operator}: a source that never closes is given up with a cancel, and at the end of the run`, async () => {
    const source = () =>
      iterator({
        next: () => sleep(1e6, { result: { done: true, value: undefined } }),
        return: () => new Promise(() => {}),
      });
    // The wait for an item is cancelled.
    await assertRejects(
      () => timeout(5, () => all(over(source()))),
      TimeoutError,
    );
    // The wait until it is closed is cancelled.
    const items = over(source());
    const next = items.next();
    const closing = createTask(async () => {
      await items.return!();
      await sleep(0); // here the cancel is delivered
    });
    await sleep(0);
    closing.cancel();
    await assertRejects(async () => await closing, CancelledError);
    assertEquals(await next, { done: true, value: undefined });
    assertEquals(allTasks().size, 1);
    // Nothing waits for it any more.
    await run(async () => {
      const left = over(source());
      left.next();
      await sleep(0);
      left.return!();
    });
  });

  test(`${operator}: closing that waits for something of this package is not cut short by a cancel`, async () => {
    let isClosed = false;
    const items = over(iterator({
      next: () => sleep(1e6, { result: { done: true, value: undefined } }),
      return: async () => {
        await timeout(1e6, () => sleep(1000));
        isClosed = true;
        return { done: true, value: undefined };
      },
    }));
    items.next();
    const closing = createTask(async () => await items.return!());
    await sleep(0);
    closing.cancel();
    await assertRejects(async () => await closing, CancelledError);
    assert(isClosed);
  });

  test(`${operator}: a foreign source that ends soon is waited for`, async () => {
    let isClosed = false;
    async function* source() {
      try {
        await new Promise((resolve) => setTimeout(resolve, 5));
        yield 1;
      } finally {
        isClosed = true;
      }
    }
    await assertRejects(
      () => timeout(1, () => all(over(source()))),
      TimeoutError,
    );
    assert(isClosed);
  });

  test(`${operator}: a source may take its time to unwind`, async () => {
    let isClosed = false;
    async function* source() {
      try {
        await sleep(1000);
        yield 1;
      } finally {
        await sleep(1000);
        isClosed = true;
      }
    }
    await assertRejects(
      () => timeout(1, () => all(over(source()))),
      TimeoutError,
    );
    assert(isClosed);
  });

  test(`${operator}: return of an iterator by hand may end its next`, async () => {
    let end!: (result: unknown) => void;
    const source = iterator({
      next: () => new Promise((resolve) => end = resolve),
      return: () => {
        end({ done: true });
        return Promise.resolve({ done: true });
      },
    });
    await assertRejects(
      () => timeout(5, () => all(over(source))),
      TimeoutError,
    );
  });

  test(`${operator}: the end of a queue is the end`, async () => {
    const queue = new Queue<number>();
    createTask(async () => {
      for (let n = 1; n <= 5; n++) {
        await queue.put(n);
        await sleep(1);
      }
      queue.shutdown();
    });
    const got = await all(over(queue));
    assertEquals(got, cases[operator]!.gives);
  });
}

Deno.test("a source that unwinds for long is waited for on the real clock", async () => {
  let isClosed = false;
  await run(async () => {
    async function* source() {
      try {
        await sleep(60_000);
        yield 1;
      } finally {
        await sleep(250);
        isClosed = true;
      }
    }
    const items = map(source(), (n) => n);
    const next = items.next();
    await sleep(0);
    await items.return!();
    assert(isClosed);
    assertEquals(await next, { done: true, value: undefined });
  });
});

// --- promises in an iterable -------------------------------------------------

test("promises in an iterable are awaited, one by one", async () => {
  const promises = [
    sleep(5, { result: 1 }),
    2,
    createTask(() => sleep(1, { result: 3 })),
    { then: (resolve: (n: number) => void) => resolve(4) },
  ] as (number | PromiseLike<number>)[];
  assertEquals(await all(map(promises, (n) => n)), [1, 2, 3, 4]);
});

test("a promise that is rejected closes the iterable", async () => {
  let isClosed = false;
  function* source() {
    try {
      yield Promise.resolve(1);
      yield Promise.reject(new Broken("promise"));
      yield Promise.resolve(3);
    } finally {
      isClosed = true;
    }
  }
  const got: number[] = [];
  await assertRejects(async () => {
    for await (const n of map(source(), (n) => n, { limit: 3 })) got.push(n);
  }, Broken);
  assertEquals([got, isClosed], [[1], true]);
});

test("an item whose then throws closes the iterable", async () => {
  let isClosed = false;
  function* source() {
    try {
      yield Object.defineProperty({}, "then", {
        get: () => {
          throw new Broken("then");
        },
      });
    } finally {
      isClosed = true;
    }
  }
  await assertRejects(() => map(source(), (n) => n).next(), Broken);
  assert(isClosed);
});

test("tasks of an async iterable are items, not awaited", async () => {
  async function* tasks() {
    yield [createTask(() => sleep(1, { result: 1 }))];
  }
  const unwrapped = {
    async *[Symbol.asyncIterator]() {
      for await (const [task] of tasks()) yield { task };
    },
  };
  for await (const { task } of buffer(unwrapped, 2)) {
    assert(task instanceof Task);
  }

  // As asCompleted gives them: a result that holds a task.
  let n = 0;
  const plain = {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        Promise.resolve({ done: n++ > 0, value: createTask(() => 1) }),
    }),
  };
  for await (const task of buffer(plain, 2)) assert(task instanceof Task);
});

// --- Web Streams -------------------------------------------------------------

test("a stream is locked while it is read, and free when it has been", async () => {
  for (const left of [true, false]) {
    const stream = ReadableStream.from([1, 2, 3]);
    const items = map(stream, (n) => n);
    assert(!stream.locked, "not before it is asked");
    await items.next();
    assert(stream.locked);
    if (left) await items.return!();
    else await all(items);
    assert(!stream.locked);
  }
});

test("a stream that is left is cancelled", async () => {
  let cancelled = 0;
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(1),
    cancel: () => {
      cancelled++;
    },
  });
  for await (const _ of map(stream, (n) => n, { limit: 3 })) break;
  assertEquals([cancelled, stream.locked], [1, false]);
});

test("a stream that was locked meanwhile is an error of the first item", async () => {
  const stream = ReadableStream.from([1, 2, 3]);
  const items = map(stream, (n) => n);
  const reader = stream.getReader();
  await assertRejects(() => items.next(), TypeError);
  reader.releaseLock();
});

test("a stream of bytes is read by chunks", async () => {
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      controller.enqueue(new Uint8Array([1, 2, 3]));
      controller.close();
    },
  });
  assertEquals(await all(map(stream, (chunk) => chunk.length)), [3]);
});

test("an error of a stream is thrown as it is", async () => {
  const stream = new ReadableStream<number>({
    pull: (controller) => controller.error(new Broken("stream")),
  });
  await assertRejects(() => all(chunks(stream, { size: 2 })), Broken, "stream");
  assert(!stream.locked);
});

test("an operator is a stream, which asks for what is read", async () => {
  let taken = 0;
  function* source() {
    while (true) yield ++taken;
  }
  const stream = ReadableStream.from(map(source(), (n) => n));
  const reader = stream.getReader();
  await sleep(1);
  assertEquals(taken, 0);
  assertEquals(await reader.read(), { done: false, value: 1 });
  assertEquals(taken, 1);
  await reader.cancel();
  assertEquals(taken, 1);
  assertEquals(allTasks().size, 1);
});

test("an operator in a pipe", async () => {
  const lines = ReadableStream.from(["a", "b", "c"])
    .pipeThrough(new TextEncoderStream());
  const mapped = map(lines, (bytes) => sleep(1, { result: bytes.length }));
  const text = ReadableStream.from(map(mapped, String))
    .pipeThrough(new TextEncoderStream())
    .pipeThrough(new TextDecoderStream());
  assertEquals(await all(text), ["1", "1", "1"]);
});

test("a pipe that breaks closes the source", async () => {
  let isClosed = false;
  async function* source() {
    try {
      for (let n = 0;; n++) yield n;
    } finally {
      await sleep(1);
      isClosed = true;
    }
  }
  const sink = new WritableStream({
    write(n) {
      if (n === 3) throw new Broken("sink");
    },
  });
  const stream = ReadableStream.from(map(source(), (n) => n, { limit: 2 }));
  await assertRejects(() => stream.pipeTo(sink), Broken);
  await sleep(2);
  assert(isClosed);
});

// --- one on top of another ---------------------------------------------------

test("operators on top of each other end together", async () => {
  let isClosed = false;
  async function* source() {
    try {
      for (let n = 0;; n++) {
        await sleep(1);
        yield n;
      }
    } finally {
      isClosed = true;
    }
  }
  for (let ms = 1; ms < 20; ms++) {
    isClosed = false;
    const options = { limit: 3 };
    const double = (n: number) => sleep(2, { result: 2 * n });
    const doubled = map(merge(source(), [1, 2, 3]), double, options);
    const slowed = throttle(timeoutEach(doubled, 1000), {
      limit: 5,
      interval: 5,
    });
    const items = chunks(buffer(slowed, 2), { size: 3, time: 4 });
    await assertRejects(() => timeout(ms, () => all(items)), TimeoutError);
    assert(isClosed);
    assertEquals(allTasks().size, 1);
  }
});
