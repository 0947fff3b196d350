import { assert, assertEquals, assertRejects } from "@std/assert";
import { Queue, QueueShutDownError } from "@asyncio/asyncio/queue";
import { Lock } from "@asyncio/asyncio/sync";
import {
  any,
  createTask,
  race,
  retry,
  select,
  sleep,
  timeout,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { virtually } from "../_helpers/virtually.ts";

const ONCE = { minTimeout: 10, jitter: 0 };

/** Calls `work` at its second attempt; the first fails. */
function second<T>(work: () => T): (attempt: number) => T {
  return (attempt) => {
    if (attempt === 1) throw new Error("not at first");
    return work();
  };
}

type Get = (queue: Queue<number>) => Promise<number>;

const GETS: Record<string, Get> = {
  "a retry": (queue) => retry(() => queue.get()),
  "a retry in a timeout": (queue) =>
    timeout(1000, () => retry(() => queue.get())),
  "a timeout in a retry": (queue) =>
    retry(() => timeout(1000, () => queue.get())),
  "a retry in a retry": (queue) => retry(() => retry(() => queue.get())),
  "waitFor with a signal": (queue) =>
    waitFor(() => queue.get(), 1000, { signal: new AbortController().signal }),
  "waitFor of a promise with a signal": (queue) =>
    waitFor(queue.get(), 1000, { signal: new AbortController().signal }),
  "a retry at its second attempt": (queue) =>
    retry(second(() => queue.get()), ONCE),
  "a retry with a signal": (queue) =>
    retry(() => queue.get(), { signal: new AbortController().signal }),
  "a retry with a signal at its second attempt": (queue) =>
    retry(second(() => queue.get()), {
      ...ONCE,
      signal: new AbortController().signal,
    }),
};

for (const [name, get] of Object.entries(GETS)) {
  for (let microtasks = 0; microtasks < 8; microtasks++) {
    Deno.test(`${name} in a race: of two items that come ${microtasks} microtasks apart one is taken`, () =>
      virtually(async () => {
        const [first, other] = [new Queue<number>(), new Queue<number>()];
        const task = createTask(() =>
          race([() => get(first), () => other.get()])
        );
        await sleep(20);
        first.putNowait(1);
        for (let i = 0; i < microtasks; i++) await Promise.resolve();
        other.putNowait(2);
        assertEquals(await task, 1);
        assertEquals([first.size, other.size], [0, 1]);
      }));

    Deno.test(`${name} in a race: a cancel ${microtasks} microtasks after the item loses nothing`, () =>
      virtually(async () => {
        const queue = new Queue<number>();
        let got: number | undefined;
        const task = createTask(async () => {
          got = await race([
            () => get(queue),
            () => sleep(1000, { result: 0 }),
          ]);
        });
        await sleep(20);
        queue.putNowait(1);
        for (let i = 0; i < microtasks; i++) await Promise.resolve();
        task.cancel();
        await task.then(() => {}, () => {});
        assertEquals([got, queue.size], [1, 0]);
      }));
  }

  Deno.test(`${name} in a race loses to an item of another queue, and takes none`, () =>
    virtually(async () => {
      const [first, other] = [new Queue<number>(), new Queue<number>()];
      const task = createTask(() =>
        race([() => other.get(), () => get(first)])
      );
      await sleep(20);
      other.putNowait(2);
      first.putNowait(1);
      assertEquals(await task, 2);
      assertEquals([first.size, other.size], [1, 0]);
    }));
}

Deno.test("a retry in a race that takes at once what is there at a later attempt has won", () =>
  virtually(async () => {
    const [first, other] = [new Queue<number>(), new Queue<number>()];
    const task = createTask(() =>
      race([
        () =>
          retry(
            second(() => {
              const item = first.get();
              queueMicrotask(() => other.putNowait(2));
              return item;
            }),
            ONCE,
          ),
        () => other.get(),
      ])
    );
    await sleep(1);
    first.putNowait(1);
    assertEquals(await task, 1);
    assertEquals([first.size, other.size], [0, 1]);
  }));

Deno.test("an attempt that fails does not decide a race: the next one does", () =>
  virtually(async () => {
    const [broken, whole] = [new Queue<number>(), new Queue<number>()];
    const task = createTask(() =>
      select({
        retry: () => retry((n) => (n === 1 ? broken : whole).get(), ONCE),
        sleep: () => sleep(1000),
      })
    );
    await sleep(1);
    broken.shutdown();
    await sleep(20);
    whole.putNowait(1);
    assertEquals(await task, { name: "retry", value: 1 });
  }));

Deno.test("the last attempt that fails decides a race", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const task = createTask(() =>
      race([
        () => retry(() => queue.get(), { ...ONCE, maxAttempts: 2 }),
        () => sleep(1000),
      ])
    );
    await sleep(1);
    queue.shutdown();
    await assertRejects(async () => await task, QueueShutDownError);
  }));

Deno.test("any goes on after a retry that has failed for good", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const task = createTask(() =>
      any([
        () => retry(() => queue.get(), { ...ONCE, maxAttempts: 2 }),
        () => sleep(1000, { result: 3 }),
      ])
    );
    await sleep(1);
    queue.shutdown();
    assertEquals(await task, 3);
  }));

Deno.test("of two retries in a race for one lock one has it", () =>
  virtually(async () => {
    const lock = new Lock();
    const guard = await lock.acquire();
    const task = createTask(() =>
      race([1, 2].map(() => () => retry(() => lock.acquire())))
    );
    await sleep(1);
    guard.release();
    (await task).release();
    assert(!lock.locked);
  }));
