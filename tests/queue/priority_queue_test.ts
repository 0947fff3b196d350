import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { PriorityQueue } from "@asyncio/asyncio/queue";
import { Attempt } from "../_helpers/attempt.ts";
import { Random } from "../_helpers/random.ts";

/** What comes out when `items` go in. */
function sorted<T>(items: T[]): T[] {
  const queue = new PriorityQueue<T>();
  for (const item of items) queue.putNowait(item);
  return items.map(() => queue.getNowait());
}

Deno.test("the smallest item comes first: numbers, bigints, and both together", () => {
  assertEquals(sorted([3, -1, 2.5, -Infinity, 0]), [-Infinity, -1, 0, 2.5, 3]);
  assertEquals(sorted([3n, 1n, 2n]), [1n, 2n, 3n]);
  assertEquals(sorted<number | bigint>([3, 1n, 2.5]), [1n, 2.5, 3]);
});

Deno.test("the smallest item comes first: strings and dates", () => {
  assertEquals(sorted(["b", "B", "a", ""]), ["", "B", "a", "b"]);
  assertEquals(sorted([new Date(2), new Date(1)]), [new Date(1), new Date(2)]);
});

Deno.test("strings of digits come in the order of strings, also at the head of a list", () => {
  assertEquals(sorted(["9", "10", "1"]), ["1", "10", "9"]);
  assertEquals(sorted([["9"], ["10"], ["1"]]), [["1"], ["10"], ["9"]]);
});

Deno.test("the smallest item comes first: arrays item by item, a prefix before the longer", () => {
  assertEquals(sorted([[2], [1, 2], [1], [], [1, 1, 9]]), [
    [],
    [1],
    [1, 1, 9],
    [1, 2],
    [2],
  ]);
  assertEquals(sorted([["b", [2]], ["b", [1]], ["a", [3]]]), [
    ["a", [3]],
    ["b", [1]],
    ["b", [2]],
  ]);
});

Deno.test("equals come in order of arrival, whatever comes and goes in between", () => {
  const queue = new PriorityQueue<[number, { id: number }]>();
  const random = new Random(3);
  const lastOf: number[] = [];
  for (let id = 0; id < 5_000; id++) {
    queue.putNowait([random.below(5), { id }]);
    if (random.below(3) > 0) continue;
    const [priority, got] = queue.getNowait();
    lastOf[priority] ??= -1;
    assertEquals(got.id > lastOf[priority], true);
    lastOf[priority] = got.id;
  }
});

Deno.test("what has no known order is equal", () => {
  const items = [{ a: 1 }, "x", 3, null, undefined, true, new Date(0)];
  assertEquals(sorted<unknown>(items.slice(0, 2)), items.slice(0, 2));
  assertEquals(sorted<unknown>([true, false, {}, null]), [
    true,
    false,
    {},
    null,
  ]);
  assertEquals(sorted<unknown>(["2", 1]), ["2", 1]);
  const kinds = [[3], 2, new Date(1)];
  assertEquals(sorted<unknown>(kinds), kinds);
});

Deno.test("NaN and an invalid date are refused by the natural order, at once, and nothing has changed", async () => {
  const invalid = new Date(NaN);
  for (const item of [NaN, invalid, [NaN, "a"], [1, [2, invalid]]]) {
    for (const others of [[], [3, 2]]) {
      const queue = new PriorityQueue<unknown>(2);
      for (const other of others) queue.putNowait(other);
      assertThrows(() => queue.putNowait(item), TypeError, "received");
      await assertRejects(() => queue.put(item), TypeError, "received");
      assertEquals(queue.size, others.length);
      assertEquals(Deno.inspect(queue).includes("putters: 0"), true);
    }
  }
});

Deno.test("NaN is for an order of one's own to place", () => {
  const queue = new PriorityQueue<number>(0, {
    compare: (a, b) => Number(Number.isNaN(a)) - Number(Number.isNaN(b)),
  });
  for (const item of [NaN, 2, 1]) queue.putNowait(item);
  assertEquals([queue.getNowait(), queue.getNowait()], [2, 1]);
  assertEquals(queue.getNowait(), NaN);
});

Deno.test("a NaN written to the queue's stream fails the write", async () => {
  const queue = new PriorityQueue<number>();
  await assertRejects(
    () => ReadableStream.from([1, NaN]).pipeTo(queue.writable),
    TypeError,
  );
  assertEquals(queue.getNowait(), 1);
});

Deno.test("bigints too large for a number, and numbers among them, come out in order", () => {
  const big = 2n ** 64n;
  const items = [big + 1n, 2 ** 64, big - 1n, 5, -big, big, Infinity, 3n];
  assertEquals(sorted<number | bigint>(items), [
    -big,
    3n,
    5,
    big - 1n,
    2 ** 64,
    big,
    big + 1n,
    Infinity,
  ]);
});

Deno.test("lists of which some begin with no number are ordered by what they have in common", () => {
  const items: unknown[][] = [["b", 1], ["a", 2], [], ["a", 1], ["a"]];
  assertEquals(sorted(items), [[], ["a"], ["a", 1], ["a", 2], ["b", 1]]);
});

Deno.test("a random lot comes out sorted", () => {
  const random = new Random(11);
  const items = Array.from({ length: 10_000 }, () => random.below(1_000));
  assertEquals(sorted(items), items.toSorted((a, b) => a - b));
});

Deno.test("an order of one's own", async () => {
  const queue = new PriorityQueue<string>(0, {
    compare: (a, b) => b.length - a.length,
  });
  for (const item of ["be", "not", "to"]) await queue.put(item);
  assertEquals(queue.getNowait(), "not");
  assertEquals([await queue.get(), await queue.get()], ["be", "to"]);
});

Deno.test("a compare that is no function is a TypeError", () => {
  assertThrows(
    () => new PriorityQueue(0, { compare: 1 as never }),
    TypeError,
    "compare",
  );
  // It would be ignored without a word.
  assertThrows(
    () => new PriorityQueue<number>(0, (() => 0) as never),
    TypeError,
    "Cannot make a PriorityQueue: options are an object, received a function",
  );
});

/** Throws where `poison` is compared. */
function picky(poison: number): (a: number, b: number) => number {
  return (a, b) => {
    if (a === poison || b === poison) throw new RangeError("poison");
    return a - b;
  };
}

Deno.test("a compare that throws fails the put, and nothing has changed", async () => {
  const queue = new PriorityQueue<number>(0, { compare: picky(13) });
  for (const item of [5, 3, 4, 1]) queue.putNowait(item);
  assertThrows(() => queue.putNowait(13), RangeError, "poison");
  await assertRejects(() => queue.put(13), RangeError, "poison");
  assertEquals(queue.size, 4);
  for (const item of [1, 3, 4, 5]) {
    assertEquals(queue.getNowait(), item);
    queue.taskDone();
  }
  await queue.join();
});

Deno.test("a compare that throws fails the put that waits, and the next one gets the room", async () => {
  const queue = new PriorityQueue<number>(2, { compare: picky(13) });
  queue.putNowait(1);
  queue.putNowait(2);
  const poison = new Attempt((options) => queue.put(13, options));
  const good = new Attempt((options) => queue.put(3, options));
  assertEquals(await queue.get(), 1);
  await poison.task;
  await good.task;
  assertEquals([poison.outcome, good.outcome], ["RangeError", "value"]);
  assertEquals([queue.getNowait(), queue.getNowait()], [2, 3]);
  assertEquals(queue.size, 0);
});

Deno.test("a put that waited and failed leaves nothing to join", async () => {
  const queue = new PriorityQueue<number>(2, { compare: picky(13) });
  queue.putNowait(1);
  queue.putNowait(2);
  const poison = assertRejects(() => queue.put(13), RangeError, "poison");
  for (const item of [1, 2]) {
    assertEquals(await queue.get(), item);
    queue.taskDone();
  }
  await poison;
  const joining = new Attempt((options) => queue.join(options));
  await joining.task;
  assertEquals(joining.outcome, "value");
});

Deno.test("a compare that throws while an item is taken fails the get, and nothing has changed", async () => {
  let fails = false;
  const queue = new PriorityQueue<number>(0, {
    compare(a, b) {
      if (fails) throw new RangeError("not now");
      return a - b;
    },
  });
  for (const item of [3, 1, 2, 5, 4]) queue.putNowait(item);
  fails = true;
  await assertRejects(() => queue.get(), RangeError, "not now");
  assertThrows(() => queue.getNowait(), RangeError, "not now");
  await assertRejects(
    () => queue[Symbol.asyncIterator]().next(),
    RangeError,
    "not now",
  );
  fails = false;
  queue.shutdown();
  assertEquals(await Array.fromAsync(queue), [1, 2, 3, 4, 5]);
});

const WORDS = [
  "",
  "\0",
  "a",
  "a\0",
  "aa",
  "aaa",
  "aaaa",
  "aab",
  "ab",
  "b",
  "é",
  "\uffff",
  "😀",
];

for (
  const [kind, make] of Object.entries<(random: Random) => unknown>({
    numbers: (random) => random.below(50) - 25.5,
    "numbers and bigints": (random) =>
      random.below(2) === 0 ? random.below(50) : BigInt(random.below(50)),
    strings: (random) => random.pick(WORDS),
    dates: (random) => new Date(random.below(50)),
    "lists with a number first": (random) => [
      random.below(5),
      random.pick(WORDS),
      random.below(3),
    ],
    "lists with a string first": (random) => [
      random.pick(WORDS),
      random.below(3),
    ],
    "lists with a list first": (random) => [[random.below(4)], random.below(4)],
  })
) {
  Deno.test(`${kind} come out in the order that comparing each with each gives, equals in order of arrival`, () => {
    const random = new Random(57);
    const byHand = (a: unknown, b: unknown): number => {
      if (Array.isArray(a) && Array.isArray(b)) {
        for (const [i, item] of a.entries()) {
          const order = i < b.length ? byHand(item, b[i]) : 1;
          if (order !== 0) return order;
        }
        return a.length - b.length;
      }
      const [x, y] = [a as number, b as number];
      return x < y ? -1 : x > y ? 1 : 0;
    };
    for (let round = 0; round < 50; round++) {
      const queue = new PriorityQueue<{ valueOf(): unknown }>();
      const items: { valueOf(): unknown }[] = [];
      for (let i = 0; i < 60; i++) {
        const item = make(random) as { valueOf(): unknown };
        items.push(item);
        queue.putNowait(item);
        if (random.below(4) > 0) continue;
        items.sort(byHand);
        assertStrictEquals(queue.getNowait(), items.shift());
      }
      items.sort(byHand);
      for (const item of items) assertStrictEquals(queue.getNowait(), item);
    }
  });
}
