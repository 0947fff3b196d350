/**
 * Races of waits that were handed over as promises, and whose own promises are
 * handed over.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Queue } from "@asyncio/asyncio/queue";
import { Lock } from "@asyncio/asyncio/sync";
import {
  any,
  type CancelledError,
  captureCallGraph,
  createTask,
  ensureFuture,
  Future,
  getRunningLoop,
  race,
  select,
  shield,
  sleep,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { explore } from "@asyncio/asyncio/testing";
import { now } from "../_helpers/now.ts";
import { virtually } from "../_helpers/virtually.ts";
import { shown } from "../_helpers/waiting_rules.ts";

function queues(): [Queue<string>, Queue<string>, Queue<string>] {
  return [new Queue(), new Queue(), new Queue()];
}

/** Races of three waits, and what is in each of them. */
const RACES: Record<
  string,
  (a: Queue<string>, b: Queue<string>, c: Queue<string>) => Promise<unknown>
> = {
  "promises": (a, b, c) => race([a.get(), b.get(), c.get()]),
  "promises, by name": async (a, b, c) =>
    (await select({ a: a.get(), b: b.get(), c: c.get() })).value,
  "promises of which one succeeds": (a, b, c) =>
    any([a.get(), b.get(), c.get()]),
  "a race and a promise": (a, b, c) =>
    race([race([a.get(), b.get()]), c.get()]),
  "races of races": (a, b, c) =>
    race([race([race([a.get()]), b.get()]), race([c.get()])]),
  "a promise and a function": (a, b, c) =>
    race([a.get(), () => race([b.get(), c.get()])]),
  "a foreign promise and waits": (a, b, c) =>
    race([new Promise<string>(() => {}), a.get(), race([b.get(), c.get()])]),
};

for (const [name, start] of Object.entries(RACES)) {
  Deno.test(`${name}: exactly one has happened`, () =>
    virtually(async () => {
      for (let first = 0; first < 3; first++) {
        const all = queues();
        const racing = start(...all);
        const order = [first, (first + 1) % 3, (first + 2) % 3];
        for (const i of order) all[i]!.putNowait(`${i}`);
        assertEquals(await racing, `${first}`);
        assertEquals(
          all.map(({ size }) => size),
          order.map((_, i) => i === first ? 0 : 1),
        );
      }
    }));

  if (name === "promises, by name") continue; // that is an async function here

  Deno.test(`${name}: given up by waitFor, all leave their queues`, () =>
    virtually(async () => {
      const all = queues();
      await assertRejects(() => waitFor(start(...all), 10), TimeoutError);
      assertEquals(all.map((it) => shown(it, "getters")), [0, 0, 0]);
      assertEquals(now(), 10);
    }));

  Deno.test(`${name}: given up as a future, all leave their queues`, () =>
    virtually(async () => {
      const all = queues();
      const future = ensureFuture(start(...all));
      future.cancel();
      await assertRejects(async () => await future);
      assert(future.cancelled);
      assertEquals(all.map((it) => shown(it, "getters")), [0, 0, 0]);
    }));

  Deno.test(`${name}: under a shield they go on when the task is cancelled`, () =>
    virtually(async () => {
      const all = queues();
      let inner!: Promise<unknown>;
      const task = createTask(() => shield(inner = start(...all)));
      await sleep(1);
      task.cancel();
      await assertRejects(async () => await task);
      all[2].putNowait("late");
      assertEquals([await inner, all[2].size], ["late", 0]);
      assertEquals(all.map((it) => shown(it, "getters")), [0, 0, 0]);
    }));

  Deno.test(`${name}: a cancel of the task ends them, and is thrown`, () =>
    virtually(async () => {
      const all = queues();
      const task = createTask(() => start(...all));
      await sleep(1);
      assertEquals(captureCallGraph(task).awaits.length, 3);
      task.cancel("enough");
      const error = await assertRejects(async () => await task);
      assertEquals((error as CancelledError).message, "enough");
      assertEquals(all.map((it) => shown(it, "getters")), [0, 0, 0]);
    }));
}

Deno.test("in any schedule a limit that ends with the wake-up loses no item", async () => {
  for (const start of [RACES["promises"]!, RACES["a race and a promise"]!]) {
    const ends = new Set<string>();
    await explore(async () => {
      const all = queues();
      createTask(async () => {
        await sleep(0.5);
        getRunningLoop().callLater(0.5, () => all[1].putNowait("item"));
      });
      const end = await waitFor(start(...all), 1)
        .catch((error) => error.name as string);
      await sleep(1);
      ends.add(String(end));
      assertEquals(all[1].size, end === "item" ? 0 : 1);
    });
    assertEquals([...ends].sort(), ["TimeoutError", "item"]);
  }
});

Deno.test("a race whose wake-up is on its way gives its value to whatever it is handed to", async () => {
  for (const start of [RACES["promises"]!, RACES["a race and a promise"]!]) {
    await explore(async () => { // every wake-up takes a turn
      const all = queues();
      const racing = start(...all);
      all[1].putNowait("item");
      const future = ensureFuture(racing);
      future.cancel();
      assertEquals([await future, all[1].size], ["item", 0]);
    });
  }
});

Deno.test("waits that are handed over beside a foreign promise and a function are branches at once", () =>
  virtually(async () => {
    const [a, b] = queues();
    let started = false;
    const racing = race([
      new Promise<string>(() => {}),
      a.get(),
      () => {
        started = true;
        return sleep(1, { result: "time" });
      },
      b.get(),
    ]);
    b.putNowait("b");
    a.putNowait("a");
    assertEquals([await racing, started], ["b", false]);
    assertEquals([a.size, b.size], [1, 0]);
  }));

Deno.test("an abort from elsewhere cancels a task that is handed over behind a foreign promise", () =>
  virtually(async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const task = createTask(() => sleep(1000));
    const racing = createTask(
      () => race([new Promise(() => {}), task, () => sleep(5)], { signal }),
      { eager: true },
    );
    controller.abort(new Error("enough"));
    await assertRejects(async () => await racing, Error, "enough");
    await assertRejects(async () => await task);
    assertEquals([task.cancelled, now()], [true, 0]);
  }));

Deno.test("of promises that have settled the first in the list decides", () =>
  virtually(async () => {
    const done = new Future<number>();
    done.setResult(2);
    assertEquals(await race([Promise.resolve(1), done, () => 3]), 1);
    assertEquals(await race([done, Promise.resolve(1), () => 3]), 2);
    assertEquals(await race([() => 3, done, Promise.resolve(1)]), 3);
  }));

Deno.test("a promise that is in two races ends in one of them", () =>
  virtually(async () => {
    const [a, b, c] = queues();
    const both = a.get();
    const first = race([both, b.get()]);
    const second = race([both, c.get()]);
    a.putNowait("a");
    assertEquals([await first, await second], ["a", "a"]);
    assertEquals([b, c].map((it) => shown(it, "getters")), [0, 0]);
  }));

Deno.test("a race of promises outlives the block that it was begun in", () =>
  virtually(async () => {
    const [a, b] = queues();
    let racing!: Promise<string>;
    await waitFor(async () => {
      racing = race([a.get(), b.get()]);
      await sleep(1);
    }, 10);
    b.putNowait("late");
    assertEquals([await racing, shown(a, "getters")], ["late", 0]);
  }));

Deno.test("a lock that is handed over to a race is taken or left, never both", () =>
  virtually(async () => {
    const lock = new Lock();
    const held = await lock.acquire();
    const racing = race([lock.acquire(), sleep(5, { result: undefined })]);
    assertEquals(await racing, undefined);
    assertEquals(shown(lock, "waiting"), 0);
    held[Symbol.dispose]();
    using _ = await race([lock.acquire(), new Promise<never>(() => {})]);
    assert(lock.locked);
  }));
