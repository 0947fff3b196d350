/** `merge`, `zip`, `tee` and `buffer`. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  buffer,
  map,
  merge,
  tee,
  zip,
} from "@asyncio/asyncio/streams/operators";
import {
  allTasks,
  CancelledError,
  createTask,
  gather,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { cancelEverywhere, explore } from "@asyncio/asyncio/testing";
import { collectGarbage } from "../../_helpers/garbage.ts";
import { reportsOf } from "../../_helpers/reports.ts";
import { virtually } from "../../_helpers/virtually.ts";
import { all, kinds, Numbers, Usage } from "./_sources.ts";
import { at, timed } from "./_timed.ts";
import { now } from "../../_helpers/now.ts";

function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, () => virtually(body));
}

class Broken extends Error {}

/** Gives nothing, and fails after a while, also when it is cancelled. */
async function* broken(
  message: string,
  ms: number,
): AsyncGenerator<number, void> {
  try {
    yield* await sleep(ms, { result: [] });
  } catch {
    // Cancelled: this is how it ends as well.
  }
  throw new Broken(message);
}

// --- merge -------------------------------------------------------------------

test("merge: items come as they are ready", async () => {
  const got = await timed(merge(at([0, 30, 60]), at([10, 20, 50]), at([5])));
  assertEquals(got, [0, 5, 10, 20, 30, 50, 60].map((t) => [t, t]));
});

Deno.test("merge: if the returns of two sources fail, the first error is thrown and the other reported", async () => {
  const source = (name: string) => ({
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.resolve({ done: false, value: name }),
      return: () => Promise.reject(new Broken(name)),
    }),
  });
  const reports = await reportsOf(async () => {
    const items = merge(source("a"), source("b"));
    await items.next();
    await assertRejects(() => items.return!(), Broken, "a");
  });
  assertEquals(reports.map(({ error }) => String(error)), ["Error: b"]);
});

test("merge: a next with a cancel undelivered closes the sources, and rejects", async () => {
  let isClosed = false;
  async function* source() {
    try {
      yield* [1, 2];
    } finally {
      await sleep(10);
      isClosed = true;
    }
  }
  const task = createTask(async () => {
    const items = merge(source());
    await items.next();
    task.cancel();
    await items.next();
  });
  await assertRejects(async () => await task, CancelledError);
  assert(isClosed);
});

test("merge: none is starved", async () => {
  const items = merge(new Numbers(), ["a", "b", "c"], new Numbers());
  const got: (number | string)[] = [];
  for await (const item of items) {
    got.push(item);
    if (got.length === 9) break;
  }
  assertEquals(got, [1, "a", 1, 2, "b", 2, 3, "c", 3]);
});

test("merge: one that is always ready does not hold up timers", async () => {
  const numbers = new Numbers();
  const ticks = at([0, 1, 2]);
  let count = 0;
  for await (const _ of merge(numbers, ticks)) {
    await sleep(0.1);
    if (++count === 60) break;
  }
  assertEquals(numbers.taken, 57);
});

test("merge: at most one item of each is held", async () => {
  const sources = [new Numbers(), new Numbers(), new Numbers()];
  const items = merge(...sources);
  for (let given = 1; given <= 20; given++) {
    await items.next();
    await sleep(10);
    const taken = sources.reduce((sum, { taken }) => sum + taken, 0);
    assert(taken - given <= 2);
  }
  await items.return!();
  assertEquals(sources.map(({ returned }) => returned), [1, 1, 1]);
});

test("merge: the first error ends it, after what came before", async () => {
  const numbers = new Numbers();
  const got: number[] = [];
  await assertRejects(async () => {
    const slow = at([0, 5, 15, 500]);
    const items = merge(slow, at([1, 10], { error: new Broken() }));
    for await (const n of items) got.push(n);
  }, Broken);
  assertEquals([got, now()], [[0, 1, 5, 10], 10]);
  assertEquals([numbers.taken, allTasks().size], [0, 1]);
});

Deno.test("merge: a second error is reported", async () => {
  const reports = await reportsOf(async () => {
    const items = merge(broken("first", 5), broken("second", 1000));
    await assertRejects(() => all(items), Broken, "first");
  });
  assertEquals(reports.map(({ error }) => String(error)), ["Error: second"]);
});

test("merge and zip of nothing end at once", async () => {
  assertEquals(await all(merge()), []);
  assertEquals(await all(zip()), []);
  assertEquals(await all(merge([], [])), []);
});

test("merge: left while one source never answers", async () => {
  let isClosed = false;
  async function* silent() {
    try {
      await sleep(Infinity);
      yield 0;
    } finally {
      isClosed = true;
    }
  }
  for await (const n of merge(silent(), [1])) {
    assertEquals(n, 1);
    break;
  }
  assert(isClosed);
});

// --- zip ---------------------------------------------------------------------

test("zip: all are asked at once", async () => {
  const got = await timed(zip(at([0, 10, 30]), at([5, 10, 20])));
  assertEquals(got.map(([, moment]) => moment), [5, 10, 30]);
  assertEquals(got.map(([row]) => row), [[0, 5], [10, 10], [30, 20]]);
});

test("zip: ends with the shortest, and closes the others", async () => {
  const numbers = new Numbers();
  assertEquals(await all(zip(numbers, "ab")), [[1, "a"], [2, "b"]]);
  assertEquals([numbers.taken, numbers.returned], [3, 1]);
});

test("zip: ends as soon as one has ended", async () => {
  let isClosed = false;
  async function* slow() {
    try {
      yield 1;
      await sleep(1000);
      yield 2;
    } finally {
      isClosed = true;
    }
  }
  assertEquals(await all(zip(slow(), at([0]))), [[1, 0]]);
  assertEquals([now(), isClosed], [0, true]);
});

test("zip: nothing is read before a row is asked for", async () => {
  const sources = [new Numbers(), new Numbers()];
  const rows = zip(...sources);
  for (let row = 1; row < 5; row++) {
    assertEquals(await rows.next(), { done: false, value: [row, row] });
    await sleep(10);
    assertEquals(sources.map(({ taken }) => taken), [row, row]);
  }
  await rows.return!();
});

test("zip: rows are in order for several that ask at once", async () => {
  const rows = zip(at([0, 3, 4]), at([2, 2, 9]), "abc");
  const got = await Promise.all([1, 2, 3, 4].map(() => rows.next()));
  assertEquals(got.map(({ value }) => value), [
    [0, 2, "a"],
    [3, 2, "b"],
    [4, 9, "c"],
    undefined,
  ]);
});

test("zip: the first error ends it", async () => {
  const numbers = new Numbers();
  const rows = zip(numbers, at([0, 5], { error: new Broken() }));
  await assertRejects(() => all(rows), Broken);
  assertEquals([numbers.returned, allTasks().size], [1, 1]);
});

// --- tee ---------------------------------------------------------------------

test("tee: each gets all items, at its own pace", async () => {
  const numbers = Array.from({ length: 50 }, (_, i) => i);
  const branches = tee(numbers, 4, { maxSize: 5 });
  const read = async (branch: AsyncIterable<number>, ms: number) => {
    const got: number[] = [];
    for await (const n of branch) {
      got.push(n);
      await sleep(ms);
    }
    return got;
  };
  const got = await gather(branches.map((branch, i) => () => read(branch, i)));
  assertEquals(got, branches.map(() => numbers));
  assertEquals(allTasks().size, 1);
});

for (const maxSize of [1, 2, 5]) {
  test(`tee: the fastest is at most ${maxSize} ahead`, async () => {
    const usage = new Usage();
    const numbers = Array.from({ length: 50 }, (_, i) => i);
    const source = kinds["an async generator"]!(numbers, usage);
    const [fast, slow] = tee(source, 2, { maxSize });
    const got: number[] = [];
    const reader = createTask(async () => {
      for await (const n of fast!) got.push(n);
    });
    await sleep(10);
    assertEquals([got.length, usage.pulls], [maxSize, maxSize]);
    for (let taken = 1; taken < 10; taken++) {
      await slow!.next();
      await sleep(10);
      assertEquals([got.length, usage.pulls], Array(2).fill(maxSize + taken));
    }
    await slow!.return!(); // it holds no other back now
    await reader;
    assertEquals(got, numbers);
    assertEquals([usage.closed, allTasks().size], [1, 1]);
  });
}

test("tee: one that has left keeps no item alive", async () => {
  const refs: WeakRef<object>[] = [];
  async function* objects() {
    for (let i = 0; i < 10; i++) {
      const object = { i };
      refs.push(new WeakRef(object));
      yield object;
    }
  }
  const [left, reader] = tee(objects(), 2);
  await left!.return!();
  for await (const _ of reader!);
  await sleep(1);
  collectGarbage();
  const alive = refs.filter((ref) => ref.deref() !== undefined);
  assert(alive.length <= 1); // the last one may be
  assertEquals(await left!.next(), { done: true, value: undefined });
});

test("tee: 16 are held unless it is said otherwise", async () => {
  const numbers = new Numbers();
  const [fast, slow] = tee(numbers, 2);
  createTask(() => all(fast!));
  await sleep(10);
  assertEquals(numbers.taken, 16);
  await slow!.return!();
  await fast!.return!();
});

test("tee: nothing is read that is not asked for", async () => {
  const numbers = new Numbers();
  const [a, b] = tee(numbers, 2);
  await sleep(10);
  assertEquals(numbers.taken, 0);
  for (let n = 1; n < 5; n++) {
    await a!.next();
    await sleep(10);
    assertEquals(numbers.taken, n);
    await b!.next();
    assertEquals(numbers.taken, n);
  }
  await a!.return!();
  assertEquals(numbers.returned, 0);
  await b!.return!();
  assertEquals(numbers.returned, 1);
});

test("tee: the last one to leave closes the source, whenever", async () => {
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 0]]) {
    const usage = new Usage();
    const source = kinds["an async generator"]!([1, 2, 3], usage, { delay: 1 });
    const branches = tee(source, 3);
    await branches[0]!.next();
    for (const [left, i] of order.entries()) {
      assertEquals(usage.closed, 0, `${left} have left`);
      await branches[i]!.return!();
    }
    assertEquals([usage.closed, allTasks().size], [1, 1]);
  }
});

test("tee: when all leave before the first item, nothing is touched", async () => {
  const usage = new Usage();
  const source = kinds["an iterator by hand"]!([1], usage);
  for (const branch of tee(source, 3)) await branch.return!();
  assertEquals(usage.opened, 0);
});

test("tee: a cancelled next leaves the others alone", async () => {
  const [a, b] = tee(at([0, 10, 20]), 2);
  const first = createTask(() => all(a!));
  const second = createTask(() => all(b!));
  await sleep(5); // the first one has asked for what is under way
  first.cancel();
  await assertRejects(async () => await first, CancelledError);
  assertEquals(await second, [0, 10, 20]);
});

test("tee: each gets the error, after the items", async () => {
  const branches = tee(at([0, 1], { error: new Broken() }), 3);
  for (const branch of branches) {
    const got: number[] = [];
    await assertRejects(async () => {
      for await (const n of branch) got.push(n);
    }, Broken);
    assertEquals(got, [0, 1]);
    assertEquals(await branch.next(), { done: true, value: undefined });
  }
});

Deno.test("tee: an error is reported if it is thrown to none", async () => {
  for (const isTold of [false, true]) {
    const reports = await reportsOf(async () => {
      const [a, b] = tee(broken("source", 1), 2);
      const asker = createTask(() => a!.next());
      await sleep(0); // the item is asked for
      asker.cancel();
      await assertRejects(async () => await asker, CancelledError);
      await sleep(5);
      if (isTold) await assertRejects(() => b!.next(), Broken);
      await b!.return!();
    });
    assertEquals(reports.length, isTold ? 0 : 1);
  }
});

Deno.test("tee: cancelled everywhere", async () => {
  let usage: Usage;
  await cancelEverywhere(async () => {
    usage = new Usage();
    const source = kinds["an async generator"]!([1, 2, 3, 4], usage, {
      delay: 2,
    });
    const [a, b] = tee(source, 2, { maxSize: 1 });
    const other = createTask(() =>
      all(map(b!, (n) => sleep(3, { result: n })))
    );
    try {
      for await (const _ of a!) await sleep(1);
      await other;
    } finally {
      other.cancel();
    }
  }, () => assert(usage.isClosed));
});

Deno.test("tee: in every order", async () => {
  await explore(async () => {
    const usage = new Usage();
    const source = kinds["an iterator by hand"]!([1, 2, 3, 4], usage, {
      delay: 1,
    });
    const branches = tee(source, 3, { maxSize: 1 });
    const read = async (branch: AsyncIterable<number>, leave: number) => {
      const got: number[] = [];
      for await (const n of branch) {
        got.push(n);
        await sleep(0);
        if (n === leave) break;
      }
      return got;
    };
    const got = await gather([
      () => read(branches[0]!, 5),
      () => read(branches[1]!, 2),
      () => read(branches[2]!, 5),
    ]);
    assertEquals(got, [[1, 2, 3, 4], [1, 2], [1, 2, 3, 4]]);
    assert(usage.isClosed);
  }, { runs: 300 });
});

test("tee: one that is not read holds the others back, and no timeout is lost", async () => {
  const [a, b] = tee(new Numbers(), 2, { maxSize: 2 });
  await assertRejects(() => timeout(10, () => all(a!)), TimeoutError);
  assertEquals((await b!.next()).value, 1);
  await b!.return!();
  assertEquals(allTasks().size, 1);
});

// --- buffer ------------------------------------------------------------------

for (const n of [1, 2, 5]) {
  test(`buffer: ${n} are read ahead, from the first that is asked for on`, async () => {
    const numbers = new Numbers();
    const items = buffer(numbers, n);
    await sleep(10);
    assertEquals(numbers.taken, 0);
    for (let given = 1; given < 10; given++) {
      assertEquals((await items.next()).value, given);
      await sleep(10);
      assertEquals(numbers.taken, given + n);
    }
    await items.return!();
    assertEquals(numbers.returned, 1);
  });
}

test("buffer: an async source is read while the consumer is busy", async () => {
  const got: number[] = [];
  for await (const n of buffer(at([0, 10, 20, 30, 40, 50]), 2)) {
    got.push(now() - n);
    await sleep(25);
  }
  assertEquals(got, [0, 15, 30, 45, 60, 75]);
});

test("buffer: an error comes after what was read before it", async () => {
  const items = buffer(at([0, 1, 2], { error: new Broken() }), 5);
  const got: number[] = [];
  await assertRejects(async () => {
    for await (const n of items) {
      got.push(n);
      await sleep(50);
    }
  }, Broken);
  assertEquals(got, [0, 1, 2]);
});

test("buffer: all of it without a bound", async () => {
  const items = buffer(at([0, 1, 2, 3]), Infinity);
  await items.next();
  await sleep(100);
  const start = now();
  assertEquals(await all(items), [1, 2, 3]);
  assertEquals(now(), start);
});
