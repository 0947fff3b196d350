import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  asCompleted,
  CancelledError,
  createTask,
  ensureFuture,
  gather,
  race,
  sleep,
  wait,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { Queue } from "@asyncio/asyncio/queue";
import { StreamReader } from "@asyncio/asyncio/streams";
import { Lock, Pool, Semaphore } from "@asyncio/asyncio/sync";
import { virtually } from "../_helpers/virtually.ts";

/** Something that one call gets. */
interface Source {
  /** Waits for it. */
  take(): Promise<unknown>;
  /** Waits for something else, in vain. */
  other(): Promise<unknown>;
  offer(): void;
  /** Whether it can still be taken. */
  isThere(): boolean | Promise<boolean>;
}

const SOURCES: Record<string, () => Source | Promise<Source>> = {
  "an item of a queue": () => {
    const queue = new Queue<number>();
    return {
      take: () => queue.get(),
      other: () => new Queue().get(),
      offer: () => queue.putNowait(1),
      isThere: () => queue.size === 1,
    };
  },
  "a lock": async () => {
    const lock = new Lock();
    const guard = await lock.acquire();
    return {
      take: () => lock.acquire(),
      other: () => new Queue().get(),
      offer: () => guard.release(),
      isThere: () => !lock.locked,
    };
  },
  "a permit": () => {
    const semaphore = new Semaphore(0);
    return {
      take: () => semaphore.acquire(),
      other: () => new Semaphore(0).acquire(),
      offer: () => semaphore.release(),
      isThere: () => semaphore.value === 1,
    };
  },
  "a resource of a pool": async () => {
    const pool = new Pool({ create: () => 1, max: 1 });
    const lease = await pool.acquire();
    return {
      take: () => pool.acquire(),
      other: () => new Queue().get(),
      offer: () => lease.release(),
      isThere: () => pool.idle === 1,
    };
  },
  "a line of a stream": () => {
    const reader = new StreamReader();
    return {
      take: () => reader.readLine(),
      other: () => new Queue().get(),
      offer: () => {
        reader.feedData(new TextEncoder().encode("a\n"));
        reader.feedEof();
      },
      isThere: async () => (await reader.read()).length > 0,
    };
  },
};

/** Gets one thing by a promise that is handed over. */
type Get = (source: Source, signal: AbortSignal) => Promise<unknown>;

const firstOf = ({ done }: { done: Set<{ result(): unknown }> }) =>
  [...done][0]!.result();

const GETS: Record<string, Get> = {
  "wait": async ({ take }, signal) => firstOf(await wait([take()], { signal })),
  "wait, FIRST_COMPLETED": async ({ take, other }, signal) =>
    firstOf(
      await wait([take(), other()], {
        returnWhen: "FIRST_COMPLETED",
        signal,
      }),
    ),
  "asCompleted": async ({ take, other }) => {
    for await (const future of asCompleted([take(), other()])) {
      // deno-lint-ignore no-explicit-any -- it is a future, not its value
      return (future as any).result();
    }
  },
  "waitFor": ({ take }, signal) => waitFor(take(), 1000, { signal }),
  "race": ({ take, other }, signal) => race([take(), other()], { signal }),
};

/** Those that return a future: awaiting it begins a little later. */
const FUTURES: Record<string, Get> = {
  "ensureFuture": async ({ take }) => await ensureFuture(take()),
  "gather": async ({ take }) => await gather([take()]),
  "gather in a gather": async ({ take }) => await gather([gather([take()])]),
};

const GIVE_UPS: Record<string, { cancels: number; aborts: boolean }> = {
  "a cancel": { cancels: 1, aborts: false },
  "two cancels": { cancels: 2, aborts: false },
  "an abort": { cancels: 0, aborts: true },
  "an abort and a cancel": { cancels: 1, aborts: true },
};

for (const [what, make] of Object.entries(SOURCES)) {
  for (const [how, get] of Object.entries({ ...GETS, ...FUTURES })) {
    for (const [giveUp, { cancels, aborts }] of Object.entries(GIVE_UPS)) {
      if (aborts && (how === "asCompleted" || how in FUTURES)) continue;
      for (const isThere of how in FUTURES ? [false] : [true, false]) {
        const when = isThere ? "was there already" : "has just come";
        Deno.test(`${how}: ${giveUp} loses not ${what} that ${when}`, () =>
          virtually(async () => {
            for (let microtasks = 0; microtasks < 6; microtasks++) {
              const source = await make();
              if (isThere) source.offer();
              await sleep(0);
              const controller = new AbortController();
              let got: unknown;
              const task = createTask(async () => {
                got = await get(source, controller.signal);
              }, { eager: true });
              if (!isThere) {
                await sleep(0);
                source.offer();
              }
              for (let i = 0; i < microtasks; i++) await Promise.resolve();
              if (aborts) controller.abort(new Error("aborted"));
              for (let i = 0; i < cancels; i++) task.cancel();
              await wait([task]);
              await sleep(0);
              const isLost = got === undefined && !(await source.isThere());
              assertEquals([microtasks, isLost], [microtasks, false]);
            }
          }));
      }
    }
  }
}

Deno.test("wait with a timeout of 0 takes an item that is there for done", async () => {
  const queue = new Queue<number>();
  queue.putNowait(1);
  const { done, pending } = await wait([queue.get(), queue.get()], {
    timeout: 0,
  });
  assertEquals([...done].map((future) => future.result()), [1]);
  for (const future of pending) future.cancel();
  queue.putNowait(2);
  await sleep(0);
  assertEquals(queue.size, 1);
});

Deno.test("wait counts an item that is there for done beside a future that is done", async () => {
  const queue = new Queue<number>();
  queue.putNowait(1);
  const first = createTask(() => 0);
  await first;
  const { done } = await wait([first, queue.get()], {
    returnWhen: "FIRST_COMPLETED",
  });
  assertEquals([...done].map((future) => future.result()), [0, 1]);
});

Deno.test("a next of asCompleted that is cancelled leaves items that are there to the next call", async () => {
  const queue = new Queue<number>();
  queue.putNowait(1);
  queue.putNowait(2);
  const futures = asCompleted([queue.get(), queue.get()]);
  const iterator = futures[Symbol.asyncIterator]();
  const results: number[] = [];
  const take = async () => {
    const { value } = await iterator.next();
    results.push(value!.result());
  };
  const task = createTask(take, { eager: true });
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  await take();
  assertEquals(results, [1, 2]);
});

Deno.test("of two calls of next of asCompleted one that is cancelled gives up nothing of the other", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const iterator = asCompleted([queue.get()])[Symbol.asyncIterator]();
    const first = createTask(() => iterator.next());
    const second = createTask(() => iterator.next());
    await sleep(0);
    first.cancel();
    await sleep(0);
    queue.putNowait(1);
    const { value } = await second;
    assert(first.cancelled);
    assertEquals(value?.result(), 1);
  }));

Deno.test("a gather is cancelled if its cancel ends one wait, though another has its item", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const task = createTask(async () => {
      await gather([queue.get(), new Queue().get()]);
    });
    await sleep(0);
    queue.putNowait(1);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
  }));

Deno.test("the cancel of a wait for promises goes to a task that awaits the same task in a ring", () =>
  virtually(async () => {
    const tasks = [0, 1].map((i) =>
      createTask(async (): Promise<void> => {
        await wait([tasks[1 - i]!.then(() => {})]);
      })
    );
    await sleep(1);
    tasks[0]!.cancel();
    await wait(tasks);
    assertEquals(tasks.map(({ cancelled }) => cancelled), [true, true]);
  }));
