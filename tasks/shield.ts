/** @module */
import { ensureFuture, PromiseFuture } from "./ensure_future.ts";
import { waitBehind } from "./kernel/wait/handed_wait.ts";
import { completionOf, Future } from "./future.ts";
import { currentScope } from "./kernel/context/current_scope.ts";
import type { CancelledError } from "./kernel/errors.ts";
import { type Awaitable, isThenable } from "./kernel/types.ts";
import type { Completion, Listener } from "./kernel/wait/completion.ts";

/**
 * Protects work from the cancel of the task that waits for it. Mirrors
 * `asyncio.shield`.
 *
 * If a task is cancelled while it awaits the shield, its wait rejects at once,
 * and the work goes on. If the work fails later, that is reported to the
 * exception handler, once, even if another task awaits the work. The shield
 * does not protect from a cancel of the work itself, nor from the end of the
 * `run`.
 *
 * **Cancel safety:** cancelling the wait cancels the shield, not the work. What
 * the work returns later is dropped, even an item of `shield(queue.get())`: to
 * have it, keep the task or future of the work.
 *
 * @throws {TypeError} `awaitable` is no function, promise or future.
 *
 * @example
 * ```ts
 * import { createTask, shield, sleep, waitFor } from "@asyncio/asyncio/tasks";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const saving = createTask(() => sleep(20, { result: "saved" }));
 * await assertRejects(() => waitFor(shield(saving), 1));
 * assertEquals(await saving, "saved");
 * ```
 */
export function shield<T>(awaitable: Awaitable<T>): Future<T> {
  const inner = workOf(awaitable);
  if (inner.done) return inner;
  const outer = new Shield<T>();
  const end = completionOf(inner);
  const listener: Listener = {
    awaiter: outer,
    settled: () => pass(end, outer),
  };
  end.listen(listener);
  completionOf(outer).listen({
    settled: () => {
      // The shield has ended: the work keeps nothing of it.
      end.unlisten(listener);
      if (!inner.done) watchAbandoned(end);
    },
  });
  return outer;
}

/** For each loop: the pending futures of promises that are shielded. */
const followed = new WeakMap<object, WeakMap<object, Future<unknown>>>();

/**
 * Returns the future of the work. A promise has one future for all its shields.
 * No other code knows that future, so nothing cancels it.
 */
function workOf<T>(awaitable: Awaitable<T>): Future<T> {
  if (awaitable instanceof Future) {
    completionOf(awaitable).source.detachWait?.();
    return awaitable;
  }
  if (!isThenable(awaitable)) return ensureFuture(awaitable);
  const { loop } = currentScope();
  let here = followed.get(loop);
  if (here === undefined) followed.set(loop, here = new WeakMap());
  const known = here.get(awaitable) as Future<T> | undefined;
  if (known !== undefined) return known;
  waitBehind(awaitable)?.detach();
  const work = new PromiseFuture<T>(awaitable);
  here.set(awaitable, work);
  completionOf(work).listen({ settled: () => here.delete(awaitable) });
  return work;
}

class Shield<T> extends Future<T> {
  readonly what = "shield";
}

/** Settles `outer` as the work has ended. */
function pass<T>(end: Completion<T>, outer: Future<T>): void {
  const { state, value } = end;
  if (state === "done") outer.setResult(value);
  else if (state === "failed") outer.setException(end.error);
  else outer.cancel((end.error as CancelledError).message);
}

const abandoned = new WeakSet<Completion<unknown>>();

/**
 * Reports the failure of work whose shield was given up: once, for however many
 * shields.
 */
function watchAbandoned(end: Completion<unknown>): void {
  if (abandoned.has(end)) return;
  abandoned.add(end);
  end.listen({
    settled({ state, loop, source }) {
      if (state !== "failed") return;
      loop.report({
        message: "Exception in shielded future",
        error: end.error,
        [source.name === undefined ? "future" : "task"]: source,
      });
    },
  });
}
