/**
 * The rules that every wait keeps, as tests: one table of waits for each area.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  asCompleted,
  CancelledError,
  createTask,
  currentTask,
  ensureFuture,
  gather,
  race,
  shield,
  sleep,
  timeout,
  TimeoutError,
  wait as waitForSome,
  waitFor,
  type WaitOptions,
} from "@asyncio/asyncio/tasks";
import { Aborted, Attempt } from "./attempt.ts";

/** Something to wait for, where the wait has to wait. */
export interface Blocked {
  wait(options?: WaitOptions): Promise<unknown>;
  /** Ends the wait of the first in line at least. */
  wake(): void;
  /** How many stand in line. */
  readonly waiting: number;
}

/** Something to wait for, where there is nothing to wait for. */
export interface Free {
  wait(options?: WaitOptions): Promise<unknown>;
  /** What there is to take. */
  readonly state: unknown;
}

export interface WaitCase {
  /** The method: `"Lock.acquire"`. */
  name: string;
  /** Whether only one may wait at a time. */
  alone?: boolean;
  blocked(): Blocked | Promise<Blocked>;
  free(): Free | Promise<Free>;
}

/** What `console.log` says of one property of `instance`. */
export function shown(instance: object, property: string): number {
  const text = Deno.inspect(instance, { colors: false });
  const found = new RegExp(`\\b${property}: (\\d+)`).exec(text);
  assert(found !== null, `${text} shows no ${property}`);
  return Number(found[1]);
}

/** A signal that knows how many listeners it has. */
function countedSignal(): {
  signal: AbortSignal;
  listeners: () => number;
  abort: (reason: unknown) => void;
} {
  const controller = new AbortController();
  const { signal } = controller;
  let count = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = function (...args: unknown[]) {
    count++;
    addEventListener.apply(signal, args as never);
  };
  signal.removeEventListener = function (...args: unknown[]) {
    count--;
    removeEventListener.apply(signal, args as never);
  };
  return {
    signal,
    listeners: () => count,
    abort: (reason) => controller.abort(reason),
  };
}

/** Runs `wait` in a task that has a cancel pending, and says what it threw. */
async function withCancelPending(
  wait: () => Promise<unknown>,
): Promise<unknown> {
  let thrown: unknown;
  const task = createTask(async () => {
    currentTask()!.cancel("pending");
    try {
      await wait();
    } catch (error) {
      thrown = error;
    }
  });
  await task;
  return thrown;
}

type Wait = () => Promise<unknown>;

const ABORTED = AbortSignal.abort(new Aborted());

/** Waits that are handed over as promises, and given up. */
const HANDED_OVER: Record<string, (wait: Wait) => Promise<unknown>> = {
  waitFor: (wait) => assertRejects(() => waitFor(wait(), 1), TimeoutError),
  "waitFor with 0": (wait) =>
    assertRejects(() => waitFor(wait(), 0), TimeoutError),
  "waitFor in a task that is cancelled": (wait) =>
    cancelled(() => waitFor(wait(), 60_000)),
  "waitFor with a signal that is aborted": (wait) =>
    assertRejects(() => waitFor(wait(), 60_000, { signal: ABORTED }), Aborted),
  "wait with a signal that is aborted": (wait) =>
    assertRejects(() => waitForSome([wait()], { signal: ABORTED }), Aborted),
  "race with a signal that is aborted": (wait) =>
    assertRejects(() => race([wait()], { signal: ABORTED }), Aborted),
  ensureFuture: async (wait) => {
    const future = ensureFuture(wait());
    future.cancel();
    await assertRejects(async () => await future, CancelledError);
  },
  gather: async (wait) => {
    const future = gather([wait()]);
    future.cancel();
    await assertRejects(async () => await future, CancelledError);
  },
  "wait, with the pending future cancelled": async (wait) => {
    const { pending } = await waitForSome([wait()], { timeout: 0 });
    for (const future of pending) future.cancel();
    await turns(1);
  },
  "wait in a task that is cancelled": (wait) =>
    cancelled(() => waitForSome([wait()])),
  "asCompleted, with a time limit": (wait) =>
    assertRejects(async () => {
      for await (const _ of asCompleted([wait()], { timeout: 1 }));
    }, TimeoutError),
  "asCompleted, in a loop that is left": async (wait) => {
    const works = [() => Promise.resolve(1), wait()];
    for await (const _ of asCompleted<unknown>(works)) break;
    await turns(1);
  },
};

/** Runs `wait` in a task that is cancelled while it waits. */
async function cancelled(wait: Wait): Promise<void> {
  const task = createTask(async () => void await wait(), { eager: true });
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Defines the tests of the four rules for each case. */
export function testWaitingRules(cases: readonly WaitCase[]): void {
  for (const { name, alone, blocked, free } of cases) {
    Deno.test(`${name}: a cancel ends the wait there, and it leaves the line at once`, async () => {
      const it = await blocked();
      const attempt = new Attempt((options) => it.wait(options));
      assertEquals(it.waiting, 1);
      attempt.cancel();
      assertEquals(it.waiting, 0);
      await attempt.task;
      assertEquals(attempt.outcome, "cancelled");
    });

    Deno.test(`${name}: an abort ends the wait with the signal's reason, and it leaves line and signal at once`, async () => {
      const it = await blocked();
      const { signal, listeners, abort } = countedSignal();
      const reason = new Aborted("enough");
      const promise = it.wait({ signal });
      assertEquals([it.waiting, listeners()], [1, 1]);
      abort(reason);
      assertEquals([it.waiting, listeners()], [0, 0]);
      assertStrictEquals(await assertRejects(() => promise), reason);
    });

    Deno.test(`${name}: a wait that is woken leaves no listener on the signal`, async () => {
      const it = await blocked();
      const { signal, listeners } = countedSignal();
      const promise = it.wait({ signal });
      it.wake();
      assertEquals(listeners(), 0);
      await promise;
    });

    Deno.test(`${name}: a cancel not yet delivered rejects at once, and nothing is taken`, async () => {
      const full = await blocked();
      const thrown = await withCancelPending(() => full.wait());
      assert(thrown instanceof CancelledError);
      assertEquals(full.waiting, 0);

      const it = await free();
      const before = it.state;
      assert(
        await withCancelPending(() => it.wait()) instanceof CancelledError,
      );
      assertEquals(it.state, before);
    });

    Deno.test(`${name}: a signal aborted already rejects at once, and nothing is taken`, async () => {
      const options = { signal: AbortSignal.abort(new Aborted("before")) };
      const full = await blocked();
      await assertRejects(() => full.wait(options), Aborted, "before");
      assertEquals(full.waiting, 0);

      const it = await free();
      const before = it.state;
      await assertRejects(() => it.wait(options), Aborted, "before");
      assertEquals(it.state, before);
    });

    Deno.test(`${name}: a wake-up wins over a cancel later in the same turn, which is delivered at the next wait`, async () => {
      const it = await blocked();
      let next: unknown;
      const attempt = new Attempt(async (options) => {
        await it.wait(options);
        next = await sleep(0).catch((error) => error);
        return "woken";
      });
      it.wake();
      attempt.cancel();
      await attempt.task;
      assertEquals(attempt.outcome, "value");
      assert(next instanceof CancelledError);
    });

    Deno.test(`${name}: a wake-up wins over an abort later in the same turn`, async () => {
      const it = await blocked();
      const attempt = new Attempt((options) => it.wait(options));
      it.wake();
      attempt.abort();
      await attempt.task;
      assertEquals(attempt.outcome, "value");
    });

    Deno.test(`${name}: a wake-up wins over an abort and a cancel, both later in the same turn`, async () => {
      const it = await blocked();
      let next: unknown;
      const attempt = new Attempt(async (options) => {
        await it.wait(options);
        next = await sleep(0).catch((error) => error);
      });
      it.wake();
      attempt.abort();
      attempt.cancel();
      attempt.abort();
      await attempt.task;
      assertEquals(attempt.outcome, "value");
      assert(next instanceof CancelledError);
    });

    for (const giveUp of ["cancel", "abort"] as const) {
      Deno.test(`${name}: after the first's ${giveUp}, a wake-up in the same turn is the next one's`, async () => {
        const it = await blocked();
        const first = new Attempt((options) => it.wait(options));
        if (alone) first[giveUp]();
        const second = new Attempt((options) => it.wait(options));
        if (!alone) first[giveUp]();
        it.wake();
        await Promise.all([first.task, second.task]);
        assertEquals(
          first.outcome,
          giveUp === "cancel" ? "cancelled" : "Aborted",
        );
        assertEquals(second.outcome, "value");
      });
    }

    Deno.test(`${name}: cancel and abort together end the wait once`, async () => {
      const it = await blocked();
      const attempt = new Attempt((options) => it.wait(options));
      attempt.abort();
      attempt.cancel();
      attempt.abort();
      assertEquals(it.waiting, 0);
      await attempt.task.catch(() => {});
      assertEquals(attempt.outcome, "Aborted");
    });

    Deno.test(`${name}: works outside of tasks`, async () => {
      const it = await blocked();
      const promise = it.wait();
      it.wake();
      await promise;
      await (await free()).wait();
    });

    Deno.test(`${name}: a timeout around it ends it`, async () => {
      const it = await blocked();
      await assertRejects(() => timeout(1, () => it.wait()), TimeoutError);
      assertEquals(it.waiting, 0);
    });

    Deno.test(`${name}: one that was cancelled is no unhandled rejection, awaited or not`, async () => {
      const it = await blocked();
      const task = createTask(async () => {
        it.wait();
        await sleep(60_000);
      }, { eager: true });
      task.cancel();
      await assertRejects(async () => await task, CancelledError);
      await new Promise((resolve) => setTimeout(resolve)); // when the runtime would tell
    });

    for (const [handed, giveUp] of Object.entries(HANDED_OVER)) {
      Deno.test(`${name}: handed over as a promise to ${handed} and given up, it leaves the line, and the next wake-up is another's`, async () => {
        const it = await blocked();
        await giveUp(() => it.wait());
        assertEquals(it.waiting, 0);
        const other = new Attempt((options) => it.wait(options));
        it.wake();
        await other.task;
        assertEquals(other.outcome, "value");
      });
    }

    Deno.test(`${name}: handed over as a promise, a wake-up wins over giving it up in the same turn`, async () => {
      const it = await blocked();
      const future = ensureFuture(it.wait());
      it.wake();
      future.cancel();
      await future;
    });

    Deno.test(`${name}: handed over as a promise to shield, no cancel of the task ends it`, async () => {
      const it = await blocked();
      const task = createTask(() => shield(it.wait()), { eager: true });
      task.cancel();
      await assertRejects(async () => await task, CancelledError);
      assertEquals(it.waiting, 1);
      it.wake();
      await turns(3);
      assertEquals(it.waiting, 0);
    });

    Deno.test(`${name}: handed over as a promise to waitFor with 0, what is there is taken`, async () => {
      const it = await free();
      await waitFor(it.wait(), 0);
    });

    Deno.test(`${name}: where there is nothing to wait for, timers are served all the same`, async () => {
      let fired = false;
      const timer = setTimeout(() => fired = true);
      for (let i = 0; i < 1_000_000 && !fired; i++) await (await free()).wait();
      clearTimeout(timer);
      assert(fired);
    });
  }
}
