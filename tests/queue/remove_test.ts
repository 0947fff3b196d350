import { assertEquals, assertThrows } from "@std/assert";
import { LifoQueue, PriorityQueue, Queue } from "@asyncio/asyncio/queue";
import { sleep } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";

const even = (n: number) => n % 2 === 0;

function drain<T>(queue: Queue<T>): T[] {
  return Array.from({ length: queue.size }, () => queue.getNowait());
}

for (
  const [Class, removed, kept] of [
    [Queue, [4, 2, 6], [5, 1, 3]],
    [LifoQueue, [6, 2, 4], [3, 1, 5]],
    [PriorityQueue, [2, 4, 6], [1, 3, 5]],
  ] as [typeof Queue<number>, number[], number[]][]
) {
  const { name } = Class;
  const make = () => {
    const queue = new Class();
    for (const item of [5, 4, 1, 2, 3, 6]) queue.putNowait(item);
    return queue;
  };

  Deno.test(`${name}.remove gives what it took out in the order in which it would have left`, () => {
    const queue = make();
    assertEquals(queue.remove(even), removed);
    assertEquals(drain(queue), kept);
  });

  Deno.test(`${name}.remove of nothing and of everything`, () => {
    const queue = make();
    assertEquals(queue.remove(() => false), []);
    assertEquals(queue.size, 6);
    assertEquals(queue.remove(() => true).length, 6);
    assertEquals([queue.size, queue.empty, queue.remove(() => true)], [
      0,
      true,
      [],
    ]);
    queue.putNowait(7);
    assertEquals(queue.getNowait(), 7);
  });

  Deno.test(`${name}.remove lets waiting puts in, and counts what it took out as done`, async () => {
    const queue = new Class(2);
    queue.putNowait(1);
    queue.putNowait(2);
    const putters = [3, 4].map((n) =>
      new Attempt((options) => queue.put(n, options))
    );
    const joiner = new Attempt((options) => queue.join(options));
    assertEquals(queue.remove(even), [2]);
    await sleep(0);
    assertEquals(putters.map((it) => it.outcome), ["value", "pending"]);
    assertEquals(queue.remove(() => true).length, 2);
    await putters[1]!.task;
    assertEquals([drain(queue), joiner.outcome], [[4], "pending"]);
    queue.taskDone();
    await joiner.task;
  });

  Deno.test(`${name}.remove with a predicate that throws changes nothing`, () => {
    const queue = make();
    let calls = 0;
    assertThrows(() =>
      queue.remove(() => {
        if (++calls === 4) throw new RangeError("the fourth");
        return true;
      }), RangeError);
    assertEquals(queue.size, 6);
    assertEquals(drain(queue), drain(make()));
  });

  Deno.test(`${name}.remove with a predicate that changes the queue is an Error, and takes nothing out`, () => {
    for (
      const change of [
        (queue: Queue<number>) => queue.putNowait(7),
        (queue: Queue<number>) => queue.getNowait(),
        (queue: Queue<number>) => queue.remove(() => true),
      ]
    ) {
      const queue = make();
      let isFirst = true;
      assertThrows(
        () =>
          queue.remove(() => {
            if (isFirst) change(queue);
            isFirst = false;
            return true;
          }),
        Error,
        "changed the queue",
      );
      const expected = make();
      change(expected);
      assertEquals(drain(queue), drain(expected));
    }
  });

  Deno.test(`${name}.remove with a predicate that gives a promise is a TypeError`, () => {
    const queue = make();
    const later = (() => Promise.resolve(false)) as unknown as typeof even;
    assertThrows(() => queue.remove(later), TypeError, "promise");
    assertEquals(queue.size, 6);
  });

  Deno.test(`${name}.remove takes out what is left after a shutdown`, () => {
    const queue = make();
    queue.shutdown();
    assertEquals(queue.remove(even), removed);
    assertEquals(drain(queue), kept);
  });
}

Deno.test("PriorityQueue.remove keeps the order of arrival among equals", () => {
  const queue = new PriorityQueue<[number, string]>();
  for (const name of ["a", "b", "c", "d", "e"]) queue.putNowait([1, name]);
  const removed = queue.remove(([, name]) => "bd".includes(name));
  assertEquals(removed.map(([, name]) => name), ["b", "d"]);
  queue.putNowait([1, "f"]);
  assertEquals(drain(queue).map(([, name]) => name), ["a", "c", "e", "f"]);
});

Deno.test("PriorityQueue.remove gives an item another priority", () => {
  const queue = new PriorityQueue<[number, string]>();
  queue.putNowait([1, "wash up"]);
  queue.putNowait([5, "doctor"]);
  for (const [, what] of queue.remove(([, what]) => what === "doctor")) {
    queue.putNowait([0, what]);
  }
  assertEquals(drain(queue), [[0, "doctor"], [1, "wash up"]]);
});

Deno.test("PriorityQueue.remove with a compare that throws changes nothing", () => {
  let throws = false;
  const queue = new PriorityQueue<number>(0, {
    compare: (a, b) => {
      if (throws) throw new RangeError("no order");
      return a - b;
    },
  });
  for (const item of [5, 4, 1, 2, 3, 6]) queue.putNowait(item);
  throws = true;
  assertThrows(() => queue.remove(even), RangeError, "no order");
  throws = false;
  assertEquals(drain(queue), [1, 2, 3, 4, 5, 6]);
});

Deno.test("Queue.remove finds every NaN, and leaves equal items that do not match", () => {
  const queue = new Queue<number>();
  for (const item of [NaN, 1, NaN, 1]) queue.putNowait(item);
  assertEquals(queue.remove(Number.isNaN), [NaN, NaN]);
  assertEquals(drain(queue), [1, 1]);
});

Deno.test("PriorityQueue.remove keeps the order of arrival also after others have left", () => {
  type Entry = [number, { readonly id: number }];
  const ids = (items: Entry[]) => items.map(([, { id }]) => id);
  const byPriority = (a: Entry, b: Entry) => a[0] - b[0];
  for (const options of [{}, { compare: byPriority }]) {
    const queue = new PriorityQueue<Entry>(0, options);
    for (let id = 0; id < 100; id++) queue.putNowait([1, { id }]);
    for (let n = 0; n < 30; n++) queue.getNowait();
    const removed = ids(queue.remove(([, { id }]) => id % 3 === 1));
    queue.putNowait([1, { id: 100 }]);
    const kept = ids(drain(queue));
    assertEquals(removed, removed.toSorted((a, b) => a - b));
    assertEquals(kept, kept.toSorted((a, b) => a - b));
    assertEquals([removed.length, kept.length], [23, 48]);
  }
});
