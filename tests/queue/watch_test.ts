import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Watch } from "@asyncio/asyncio/queue";
import {
  CancelledError,
  createTask,
  gather,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";

Deno.test("a watch has a value, which can be set", () => {
  const watch = new Watch(1);
  watch.value = 2;
  assertEquals(watch.value, 2);
  watch.update((n) => n * 10);
  assertEquals(watch.value, 20);
});

Deno.test("changed waits for the next change, and gives the value it was set to", async () => {
  const watch = new Watch(1);
  watch.value = 2; // before
  const attempts = [1, 2].map(() =>
    new Attempt((options) => watch.changed(options))
  );
  await sleep(0);
  assertEquals(attempts[0]!.outcome, "pending");
  watch.value = 3;
  watch.value = 4;
  await gather(attempts.map((it) => it.task));
  assertEquals(attempts.map((it) => it.value), [3, 3]);
});

Deno.test("an equal value is no change", async () => {
  const watch = new Watch<unknown>(NaN);
  const attempt = new Attempt((options) => watch.changed(options));
  watch.value = NaN;
  watch.update((value) => value);
  await sleep(0);
  assertEquals(attempt.outcome, "pending");
  watch.value = 0;
  await attempt.task;
  const zero = watch.changed();
  watch.value = -0; // by Object.is it is another one
  assert(Object.is(await zero, -0));
  const object = { a: 1 };
  watch.value = object;
  const other = watch.changed();
  watch.value = object;
  watch.value = { a: 1 };
  assert(await other !== object);
});

Deno.test("waitFor gives the value at once where it is the one", async () => {
  const watch = new Watch(5);
  assertEquals(await watch.waitFor((n) => n > 3), 5);
});

Deno.test("waitFor looks at every value that was set, also those that are gone when it goes on", async () => {
  const watch = new Watch("connecting");
  const seen: string[] = [];
  const open = watch.waitFor((state) => {
    seen.push(state);
    return state === "open";
  });
  watch.value = "handshake";
  watch.value = "open";
  watch.value = "closed";
  assertEquals([await open, watch.value], ["open", "closed"]);
  assertEquals(seen, ["connecting", "handshake", "open"]);
});

Deno.test("an update that throws, or gives something with a then, changes nothing", () => {
  const watch = new Watch<unknown>(1);
  assertThrows(() =>
    watch.update(() => {
      throw new RangeError("no");
    }), RangeError);
  assertThrows(() => watch.update(() => Promise.resolve(2)), TypeError);
  assertThrows(() => watch.value = Promise.resolve(2), TypeError);
  assertThrows(() => new Watch(Promise.resolve(2)), TypeError);
  assertEquals(watch.value, 1);
});

Deno.test("a predicate that throws rejects its own wait, and no other", async () => {
  const watch = new Watch(0);
  const error = new RangeError("at 1");
  const failing = watch.waitFor((n) => {
    if (n === 1) throw error;
    return false;
  });
  const fine = watch.waitFor((n) => n === 1);
  watch.value = 1;
  assertStrictEquals(await assertRejects(() => failing), error);
  assertEquals(await fine, 1);
  await assertRejects(
    () =>
      watch.waitFor(() => {
        throw error;
      }),
    RangeError,
  );
});

Deno.test("a wait that another predicate gives up is not asked about the value any more", async () => {
  const watch = new Watch(0);
  const seen: number[] = [];
  const given = new AbortController();
  const first = watch.waitFor((n) => {
    if (n === 1) given.abort(new RangeError("no longer"));
    return n === 1;
  });
  const second = watch.waitFor((n) => {
    seen.push(n);
    return n === 1;
  }, { signal: given.signal });
  const rejected = assertRejects(() => second, RangeError);
  watch.value = 1;
  assertEquals(await first, 1);
  await rejected;
  assertEquals(seen, [0]);
});

Deno.test("a predicate that is none, or gives a promise, is a TypeError", async () => {
  const watch = new Watch(0);
  const none = 1 as unknown as () => boolean;
  await assertRejects(() => watch.waitFor(none), TypeError, "function");
  const later = watch.waitFor((n) => n === 0 ? false : Promise.resolve(true));
  watch.value = 1;
  await assertRejects(() => later, TypeError, "promise");
});

Deno.test("what a predicate sets is shown to all after the value that it was shown", async () => {
  const watch = new Watch(0);
  const seen: number[][] = [[], []];
  const waits = [0, 1].map((i) =>
    watch.waitFor((n) => {
      seen[i]!.push(n);
      if (i === 0 && n === 1) watch.value = 2;
      return n === 3;
    })
  );
  const changes = watch.changed();
  watch.value = 1;
  assertEquals(await changes, 1);
  assertEquals(watch.value, 2);
  watch.value = 3;
  assertEquals(await gather(waits), [3, 3]);
  assertEquals(seen, [[0, 1, 2, 3], [0, 1, 2, 3]]);
});

Deno.test("changed, called by a predicate, waits for a value newer than the one just set", async () => {
  const watch = new Watch(0);
  let newer: Promise<number> | undefined;
  const wait = watch.waitFor((n) => {
    if (n !== 1) return false;
    watch.value = 2;
    newer = watch.changed();
    return true;
  });
  watch.value = 1;
  watch.value = 3;
  assertEquals([await wait, await newer], [1, 3]);
});

Deno.test("a predicate that sets a value when it is asked first is asked about that too", async () => {
  const watch = new Watch(0);
  const wait = watch.waitFor((n) => {
    if (n === 0) watch.value = 1;
    return n === 1;
  });
  assertEquals(await wait, 1);
});

Deno.test("a wait that begins while a change is shown waits for the next one", async () => {
  const watch = new Watch(0);
  let inner: Promise<number> | undefined;
  const outer = watch.waitFor((n) => {
    if (n === 1) inner = watch.changed();
    return n === 1;
  });
  watch.value = 1;
  assertEquals(await outer, 1);
  const attempt = new Attempt(() => inner!);
  await sleep(0);
  assertEquals(attempt.outcome, "pending");
  watch.value = 2;
  await attempt.task;
  assertEquals(attempt.value, 2);
});

Deno.test("iterating gives the current value, and then the latest each time", async () => {
  const watch = new Watch("a");
  const seen: string[] = [];
  const reader = createTask(async () => {
    for await (const value of watch) {
      seen.push(value);
      if (value === "e") break;
      if (value === "b") await sleep(0); // misses c
    }
  });
  await sleep(0);
  watch.value = "b";
  await null;
  await null;
  await null;
  watch.value = "c";
  watch.value = "d";
  await sleep(0);
  await sleep(0);
  watch.value = "e";
  await reader;
  assertEquals(seen, ["a", "b", "d", "e"]);
});

Deno.test("several calls of next on one iterator each get a change of their own", async () => {
  const watch = new Watch(0);
  const iterator = watch[Symbol.asyncIterator]();
  const nexts = [1, 2, 3].map(() => iterator.next());
  watch.value = 1;
  watch.value = 2;
  const values = (await gather(nexts)).map(({ value }) => value);
  assertEquals(values, [0, 1, 2]);
});

Deno.test("return ends a next that waits, and the iterator", async () => {
  const watch = new Watch(0);
  const iterator = watch[Symbol.asyncIterator]();
  await iterator.next();
  const waiting = iterator.next();
  assertEquals(Deno.inspect(watch), "Watch { value: 0, waiting: 1 }");
  await iterator.return!();
  assertEquals(Deno.inspect(watch), "Watch { value: 0, waiting: 0 }");
  assertEquals([(await waiting).done, (await iterator.next()).done], [
    true,
    true,
  ]);
});

Deno.test("a cancel ends an iteration in its wait, and leaves nothing behind", async () => {
  const watch = new Watch(0);
  const task = createTask(async () => {
    for await (const _ of watch);
  });
  await sleep(0);
  assertEquals(Deno.inspect(watch), "Watch { value: 0, waiting: 1 }");
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(Deno.inspect(watch), "Watch { value: 0, waiting: 0 }");
});

Deno.test("iterators do not disturb each other, and one that is not read holds nothing up", async () => {
  const watch = new Watch(0);
  const [a, b, unread] = [1, 2, 3].map(() => watch[Symbol.asyncIterator]());
  assertEquals((await a!.next()).value, 0);
  for (let i = 1; i <= 100; i++) watch.value = i;
  assertEquals((await a!.next()).value, 100);
  assertEquals((await b!.next()).value, 100);
  assertEquals((await unread!.next()).value, 100);
});
