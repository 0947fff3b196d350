/** @module */
import { checkAwaitable, ensureFuture } from "./ensure_future.ts";
import { completionOf, Future } from "./future.ts";
import { currentScope } from "./kernel/context/current_scope.ts";
import { FirstSteps } from "./kernel/loop/runnable.ts";
import { type Awaitable, checkList, type Coroutine } from "./kernel/types.ts";
import type { Listener } from "./kernel/wait/completion.ts";
import { spawn } from "./task.ts";

/** The results of awaitables, in their order. */
export type Results<A extends readonly Awaitable<unknown>[]> = {
  -readonly [I in keyof A]: A[I] extends Awaitable<infer T> ? T : never;
};

/** How awaitables ended, in their order. */
export type SettledResults<A extends readonly Awaitable<unknown>[]> = {
  -readonly [I in keyof A]: A[I] extends Awaitable<infer T>
    ? PromiseSettledResult<T>
    : never;
};

/** Says that errors are results too. */
export interface ReturnExceptions {
  /** Errors are returned in their place, instead of being thrown. */
  returnExceptions: true;
}

class Gathering extends Future<unknown[]> {
  readonly what = "gather";
  readonly #children: Future<unknown>[];
  readonly #returnExceptions: boolean;
  #left: number;
  #cancelled = false;
  #message: string | undefined;

  constructor(
    children: Future<unknown>[],
    unique: Future<unknown>[],
    returnExceptions: boolean,
  ) {
    super();
    this.#children = children;
    this.#returnExceptions = returnExceptions;
    this.#left = unique.length;
    if (unique.length === 0) this.#end();
    for (const child of unique) completionOf(child).listen(this.#listener);
  }

  /** Cancels all that have not ended; it ends itself when they have. */
  override cancel(message?: string): boolean {
    if (this.done) return false;
    const unique = [...new Set(this.#children)];
    const pending = unique.filter((child) => !child.done);
    this.#cancelled = true;
    this.#message = message;
    for (const child of pending) child.cancel(message);
    return true;
  }

  #listener: Listener = {
    awaiter: this,
    settled: (child) => {
      this.#left--;
      const failed = child.state !== "done";
      const error = failed ? child.error : undefined; // retrieved, however late
      if (this.done) return;
      if (failed && !this.#returnExceptions && !this.#cancelled) {
        completionOf(this).fail(error);
      } else if (this.#left === 0) {
        this.#end();
      }
    },
  };

  #end(): void {
    const completion = completionOf<unknown[]>(this);
    const children = this.#children.map((child) => completionOf(child));
    if (this.#cancelled) {
      const failed = children.find(({ state }) => state === "failed");
      if (failed === undefined || this.#returnExceptions) {
        completion.cancel(this.#message);
      } else {
        completion.fail(failed.error);
      }
    } else if (this.#returnExceptions) {
      completion.succeed(
        children.map(({ state, value, outcome }) =>
          state === "done"
            ? { status: "fulfilled", value }
            : { status: "rejected", reason: outcome }
        ),
      );
    } else {
      completion.succeed(children.map(({ value }) => value));
    }
  }
}

/**
 * Runs awaitables side by side, and gives their results in the order given.
 * Mirrors `asyncio.gather`.
 *
 * - Functions become tasks; the same future or promise given twice is one, a
 *   function is called once for each place.
 * - On the first error it rejects, and the others run on; use
 *   {@linkcode taskGroup} where they should not.
 * - With `returnExceptions` errors are results: `PromiseSettledResult`s, as of
 *   `Promise.allSettled`.
 * - Cancelling it cancels all of them; it ends when they have.
 *
 * **Cancel safety:** a task that is cancelled while it awaits the gather
 * cancels all of them, and goes on when they have ended.
 *
 * @throws {TypeError} Something in it is no function, promise or future;
 * nothing was started.
 *
 * @example
 * ```ts
 * import { gather, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const results = await gather([
 *   () => sleep(2, { result: "slow" }),
 *   () => "fast",
 *   Promise.resolve(3),
 * ]);
 * assertEquals(results, ["slow", "fast", 3]);
 * ```
 */
export function gather<A extends readonly Awaitable<unknown>[]>(
  awaitables: readonly [...A],
): Future<Results<A>>;
/** Gathers how they ended: errors are results. */
export function gather<A extends readonly Awaitable<unknown>[]>(
  awaitables: readonly [...A],
  options: ReturnExceptions,
): Future<SettledResults<A>>;
/** Gathers any number of awaitables of one kind. */
export function gather<T>(awaitables: Iterable<Awaitable<T>>): Future<T[]>;
/** Gathers how any number of awaitables of one kind ended. */
export function gather<T>(
  awaitables: Iterable<Awaitable<T>>,
  options: ReturnExceptions,
): Future<PromiseSettledResult<T>[]>;
export function gather(
  awaitables: Iterable<Awaitable<unknown>>,
  options?: Partial<ReturnExceptions>,
): Future<unknown> {
  checkList(awaitables, "gather");
  const items = [...awaitables];
  for (const item of items) checkAwaitable(item);
  const { scheduler } = currentScope();
  const steps = new FirstSteps(scheduler);
  const promises = new Map<unknown, Future<unknown>>();
  const unique: Future<unknown>[] = [];
  const children = items.map((item) => {
    let child = promises.get(item);
    if (child !== undefined) return child;
    if (typeof item === "function") {
      child = spawn(item as Coroutine<unknown>, scheduler, undefined, steps);
    } else promises.set(item, child = ensureFuture(item));
    unique.push(child);
    return child;
  });
  return new Gathering(children, unique, options?.returnExceptions ?? false);
}
