/** What every operator keeps, with every kind of source. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  allTasks,
  CancelledError,
  createTask,
  isCancelled,
  run,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { cancelEverywhere, explore } from "@asyncio/asyncio/testing";
import { virtually } from "../../_helpers/virtually.ts";
import { cases } from "./_operators.ts";
import { all, kinds, Usage } from "./_sources.ts";

const ITEMS = [1, 2, 3, 4, 5];

for (const [operator, { over, gives, isHasty }] of Object.entries(cases)) {
  for (const [kind, make] of Object.entries(kinds)) {
    const test = (name: string, body: () => Promise<void>) =>
      Deno.test(`${operator} of ${kind}: ${name}`, () => virtually(body));

    for (const delay of [0, 5]) {
      test(`gives all items, each after ${delay} ms`, async () => {
        const usage = new Usage();
        assertEquals(await all(over(make(ITEMS, usage, { delay }))), gives);
        assert(usage.isClosed);
        assertEquals(allTasks().size, 1);
      });
    }

    test("gives nothing of nothing", async () => {
      const usage = new Usage();
      assertEquals(await all(over(make([], usage))), []);
      assert(usage.isClosed);
    });

    test("touches nothing before it is asked", async () => {
      const usage = new Usage();
      const items = over(make(ITEMS, usage));
      items[Symbol.asyncIterator]();
      await sleep(100);
      assertEquals([usage.opened, usage.pulls], [0, 0]);
      assertEquals(await items.return!(), { done: true, value: undefined });
      assertEquals(await items.next(), { done: true, value: undefined });
      assertEquals([usage.opened, usage.pulls], [0, 0]);
    });

    test("is over when a loop is left", async () => {
      for (let after = 1; after <= gives.length; after++) {
        const usage = new Usage();
        const got = [];
        for await (const item of over(make(ITEMS, usage, { delay: 2 }))) {
          got.push(item);
          if (got.length === after) break;
        }
        assert(usage.isClosed);
        assertEquals(got, gives.slice(0, after));
        assertEquals(allTasks().size, 1);
      }
    });

    test("throws what the source throws, after the items", async () => {
      const usage = new Usage();
      const error = new Error("the source is broken");
      const got: unknown[] = [];
      const thrown = await assertRejects(async () => {
        for await (const item of over(make(ITEMS, usage, { error }))) {
          got.push(item);
        }
      });
      assert(thrown === error);
      if (!isHasty) assertEquals(got, gives);
      assert(usage.isClosed);
      assertEquals(allTasks().size, 1);
    });

    test("ends when a next that waits is cancelled", async () => {
      for (let ms = 0; ms < 30; ms++) {
        const usage = new Usage();
        const items = over(make(ITEMS, usage, { delay: 4 }));
        const consumer = createTask(async () => {
          let result;
          while (!(result = await items.next()).done);
          return result;
        });
        await sleep(ms);
        consumer.cancel();
        try {
          await consumer;
        } catch (error) {
          assert(isCancelled(error));
        }
        assert(usage.isClosed);
        assertEquals(allTasks().size, 1);
        assertEquals(await items.next(), { done: true, value: undefined });
      }
    });

    test("return ends a next that waits, and what is under way", async () => {
      for (let ms = 0; ms < 30; ms++) {
        const usage = new Usage();
        const items = over(make(ITEMS, usage, { delay: 4 }));
        const consumer = createTask(() => all(items));
        await sleep(ms);
        assertEquals(await items.return!(), { done: true, value: undefined });
        assert(usage.isClosed);
        const got = await consumer;
        assertEquals(got, gives.slice(0, got.length));
        assertEquals(allTasks().size, 1);
      }
    });

    test("serves several that ask at once, in order", async () => {
      const usage = new Usage();
      const items = over(make(ITEMS, usage, { delay: 1 }));
      const asked = Array.from({ length: 8 }, () => items.next());
      const results = await Promise.all(asked);
      const got = results.filter(({ done }) => !done);
      assertEquals(got.map(({ value }) => value), gives);
      assert(usage.most <= 1);
    });

    test("stays over", async () => {
      const items = over(make(ITEMS, new Usage()));
      await all(items);
      for (let i = 0; i < 3; i++) {
        assertEquals(await items.next(), { done: true, value: undefined });
        assertEquals(await items.return!(), { done: true, value: undefined });
      }
    });

    test("is over when it is disposed of", async () => {
      const usage = new Usage();
      {
        await using items = over(make(ITEMS, usage, { delay: 1 }));
        await items.next();
      }
      assert(usage.isClosed);
      assertEquals(allTasks().size, 1);
    });

    test("is left by a timeout around the loop", async () => {
      const usage = new Usage();
      await assertRejects(() =>
        timeout(7, async () => {
          const items = over(make(ITEMS, usage, { delay: 3 }));
          for await (const _ of items) await sleep(10);
        }), TimeoutError);
      assert(usage.isClosed);
      assertEquals(allTasks().size, 1);
    });

    Deno.test(`${operator} of ${kind}: ends with its run`, async () => {
      const usage = new Usage();
      await virtually(async () => {
        const items = over(make(ITEMS, usage, { delay: 1 }));
        await items.next();
      });
      assert(usage.isClosed);
    });

    Deno.test(`${operator} of ${kind}: cancelled everywhere`, async () => {
      let usage: Usage;
      for (const after of [2, 100]) {
        await cancelEverywhere(async () => {
          usage = new Usage();
          let count = 0;
          for await (const _ of over(make(ITEMS, usage, { delay: 2 }))) {
            await sleep(1);
            if (++count === after) break;
          }
          assert(usage.isClosed);
        }, () => assert(usage.isClosed));
      }
    });

    Deno.test(`${operator} of ${kind}: in every order`, async () => {
      await explore(async () => {
        const usage = new Usage();
        const items = over(make(ITEMS, usage, { delay: 1 }));
        const got: unknown[] = [];
        for await (const item of items) {
          got.push(item);
          await sleep(1);
        }
        assertEquals(isHasty ? got.toSorted() : got, gives);
        assert(usage.isClosed);
      }, { runs: 30 });
    });

    Deno.test(`${operator} of ${kind}: left in every order`, async () => {
      await explore(async () => {
        const usage = new Usage();
        const items = over(make(ITEMS, usage, { delay: 2 }));
        const consumer = createTask(() => all(items));
        const other = createTask(() => sleep(5).then(() => consumer.cancel()));
        try {
          await consumer;
        } catch (error) {
          assert(error instanceof CancelledError);
        }
        await other;
        assert(usage.isClosed);
        assertEquals(allTasks().size, 1);
      }, { runs: 30 });
    });

    Deno.test(`${operator} of ${kind}: outside of a run`, async () => {
      const usage = new Usage();
      assertEquals(await all(over(make(ITEMS, usage))), gives);
      assert(usage.isClosed);
      const left = new Usage();
      for await (const _ of over(make(ITEMS, left))) break;
      assert(left.isClosed);
    });
  }
}

Deno.test("an operator ends with the run that has asked it first", async () => {
  const { over } = cases["map with limit 3"]!;
  const items = over(ITEMS);
  assertEquals(await run(() => items.next()), { done: false, value: 1 });
  await assertRejects(() => all(items), CancelledError, "the run has ended");
  assertEquals(await items.next(), { done: true, value: undefined });
});
