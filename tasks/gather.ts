/** @module */
import {
  checkAwaitable,
  ensureFuture,
  PromiseFuture,
} from "./ensure_future.ts";
import { completionOf, Future } from "./future.ts";
import { inOnePass } from "./kernel/cancel/cancel_waits.ts";
import { currentScope } from "./kernel/context/current_scope.ts";
import { FirstSteps } from "./kernel/loop/first_steps.ts";
import {
  type Awaitable,
  checkLimit,
  checkList,
  checkOptions,
  type Coroutine,
} from "./kernel/types.ts";
import { handCancelOn, type Listener } from "./kernel/wait/completion.ts";
import { type Later, LaterTasks } from "./_later_tasks.ts";
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

/** How to {@linkcode gather}. */
export interface GatherOptions {
  /** How many functions run at a time; all unless given. */
  limit?: number | undefined;
  /** Whether errors are results, too; false unless given. */
  returnExceptions?: boolean | undefined;
}

/** Options with which errors are results. */
export interface ReturnExceptions extends GatherOptions {
  /** Errors are results in their place, instead of being thrown. */
  returnExceptions: true;
}

/** The work of a gather. */
interface Work {
  /** The future at each place; `undefined` if it begins later. */
  readonly children: (Future<unknown> | undefined)[];
  /** All of these futures, each once. */
  readonly unique: Future<unknown>[];
  /** Those of them that are tasks of functions. */
  readonly tasks: Future<unknown>[];
  readonly later: Later[];
}

class Gathering extends Future<unknown[]> {
  readonly what = "gather";
  readonly #children: (Future<unknown> | undefined)[];
  readonly #returnExceptions: boolean;
  /** How many children have not ended, or not begun. */
  #left: number;
  #later: LaterTasks | undefined;
  #cancelled = false;
  #message: string | undefined;
  /** Whether the cancel has reached more than promises: a task, a future. */
  #cancelledMore = false;

  constructor(work: Work, returnExceptions: boolean) {
    super();
    const { children, unique, tasks, later } = work;
    this.#children = children;
    this.#returnExceptions = returnExceptions;
    this.#left = unique.length + later.length;
    if (later.length > 0) this.#later = new LaterTasks(later, tasks);
    if (this.#left === 0) this.#end();
    for (const child of unique) completionOf(child).listen(this.#listener);
  }

  detachWait(): void {
    for (const child of this.#children) {
      if (child !== undefined) completionOf(child).source.detachWait?.();
    }
  }

  /**
   * Cancels the children that have not ended; the gather ends when they have.
   */
  override cancel(message?: string): boolean {
    if (this.done) return false;
    const futures = this.#beginCancel(message);
    inOnePass(() => {
      for (const future of futures) handCancelOn(future, message);
    });
    return true;
  }

  /**
   * Notes the cancel in this gather and in those among its children, at any
   * depth: none of them takes a child's cancel for a failure. Returns the other
   * futures, which are to be cancelled, in order. Without recursion: there may
   * be thousands, and those in layers may share children.
   */
  #beginCancel(message: string | undefined): Future<unknown>[] {
    const futures: Future<unknown>[] = [];
    const reached = new Set<Gathering>();
    const left: Future<unknown>[] = [this];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      if (!(next instanceof Gathering)) futures.push(next);
      else if (!reached.has(next)) {
        reached.add(next);
        next.#cancelled = true;
        next.#message = message;
        next.#startNoMore();
        for (const child of next.#pending.reverse()) {
          left.push(child);
          next.#cancelledMore ||= !isOfPromises(child);
        }
      }
    }
    return futures;
  }

  /** The children that have begun and have not ended, each once. */
  get #pending(): Future<unknown>[] {
    const pending = new Set<Future<unknown>>();
    for (const child of this.#children) {
      if (child?.done === false) pending.add(child);
    }
    return [...pending];
  }

  #listener: Listener = {
    awaiter: this,
    settled: (child) => {
      this.#left--;
      const failed = child.state !== "done";
      const error = failed ? child.error : undefined; // counts as retrieved
      if (this.done) return;
      if (failed && !this.#returnExceptions && !this.#cancelled) {
        this.#startNoMore();
        completionOf(this).fail(error);
      } else if (this.#left === 0) {
        this.#end();
      } else if (this.#later !== undefined) {
        if (child.loop.ending) this.cancel();
        this.#later.ended(child.source, this.#begin);
      }
    },
  };

  #begin = (place: number, child: Future<unknown>): void => {
    this.#children[place] = child;
    // Its eager first step may have cancelled the gather.
    if (this.#cancelled) child.cancel(this.#message);
    completionOf(child).listen(this.#listener);
  };

  #startNoMore(): void {
    this.#left -= this.#later?.drop() ?? 0;
  }

  #end(): void {
    if (this.#cancelled && !this.#wasCancelledLate) return this.#endCancelled();
    const ends = this.#children.map((child) => completionOf(child!));
    completionOf<unknown[]>(this).succeed(
      this.#returnExceptions
        ? ends.map(({ state, value, outcome }) =>
          state === "done"
            ? { status: "fulfilled", value }
            : { status: "rejected", reason: outcome }
        )
        : ends.map(({ value }) => value),
    );
  }

  /** Whether all that was left to cancel were promises whose ends had come. */
  get #wasCancelledLate(): boolean {
    return !this.#cancelledMore && this.#children.every((child) => {
      if (child === undefined) return false;
      const { state } = completionOf(child);
      return state === "done" ||
        (state === "failed" && this.#returnExceptions);
    });
  }

  #endCancelled(): void {
    const completion = completionOf(this);
    const failed = this.#children.find((child) =>
      child !== undefined && completionOf(child).state === "failed"
    );
    if (failed === undefined || this.#returnExceptions) {
      completion.cancel(this.#message);
    } else {
      completion.fail(completionOf(failed).error);
    }
  }
}

function isOfPromises(child: Future<unknown>): boolean {
  return child instanceof PromiseFuture || child instanceof Gathering;
}

/**
 * Runs awaitables side by side, and resolves to their results in the order
 * given. Mirrors `asyncio.gather`.
 *
 * - Functions become tasks. A future or promise that is given twice is awaited
 *   once; a function is called once for each place.
 * - It rejects on the first error, and the others run on. If they should not,
 *   use {@linkcode taskGroup}.
 * - With `returnExceptions` errors are results: `PromiseSettledResult`s, as of
 *   `Promise.allSettled`.
 * - With `limit`, at most that many functions run at a time. They begin in order,
 *   and none begins after the first error or a cancel. What is under way
 *   already (promises, tasks) does not count. As `pooledMap` of `@std/async`,
 *   and npm's `p-limit`.
 * - Cancelling it cancels all of them. It ends when they have ended.
 *
 * **Cancel safety:** a task that is cancelled while it awaits the gather
 * cancels all of them, and its wait rejects when they have ended; what some have
 * got is dropped. If the cancel finds only promises whose values have come, as
 * that of `gather([queue.get()])`, it resolves to them, and the cancel is
 * delivered at the next wait.
 *
 * @throws {TypeError} An item is no function, promise or future; nothing was
 * started.
 * @throws {RangeError} `limit` is not a whole number from 1.
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
 *
 * @example Not too many at a time
 * ```ts
 * import { gather, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const load = (page: string) => sleep(1, { result: page.length });
 * const pages = ["/", "/about", "/contact"];
 * const sizes = await gather(pages.map((page) => () => load(page)), { limit: 2 });
 * assertEquals(sizes, [1, 6, 8]);
 * ```
 */
export function gather<A extends readonly Awaitable<unknown>[]>(
  awaitables: readonly [...A],
  options?: GatherOptions & { returnExceptions?: false | undefined },
): Future<Results<A>>;
/** Gathers how they ended: errors are results. */
export function gather<A extends readonly Awaitable<unknown>[]>(
  awaitables: readonly [...A],
  options: ReturnExceptions,
): Future<SettledResults<A>>;
/** Gathers any number of awaitables of one kind. */
export function gather<T>(
  awaitables: Iterable<Awaitable<T>>,
  options?: GatherOptions & { returnExceptions?: false | undefined },
): Future<T[]>;
/** Gathers how any number of awaitables of one kind ended. */
export function gather<T>(
  awaitables: Iterable<Awaitable<T>>,
  options: ReturnExceptions,
): Future<PromiseSettledResult<T>[]>;
export function gather(
  awaitables: Iterable<Awaitable<unknown>>,
  options?: GatherOptions,
): Future<unknown> {
  checkList(awaitables, "gather");
  checkOptions(options, "gather");
  const items = [...awaitables];
  for (const item of items) checkAwaitable(item);
  const { limit = Infinity, returnExceptions = false } = options ?? {};
  checkLimit(limit, "Cannot gather: the limit");
  return new Gathering(begin(items, limit), returnExceptions);
}

function begin(items: Awaitable<unknown>[], limit: number): Work {
  const { loop } = currentScope();
  const steps = new FirstSteps(loop);
  const promises = new Map<unknown, Future<unknown>>();
  const unique: Future<unknown>[] = [];
  const tasks: Future<unknown>[] = [];
  const later: Later[] = [];
  const children = items.map((item, place) => {
    let child = promises.get(item);
    if (child !== undefined) return child;
    if (typeof item !== "function") {
      promises.set(item, child = ensureFuture(item));
    } else if (tasks.length < limit) {
      child = spawn(item as Coroutine<unknown>, loop, undefined, steps);
      tasks.push(child);
    } else {
      later.push({ place, coroutine: item as Coroutine<unknown> });
      return undefined;
    }
    unique.push(child);
    return child;
  });
  return { children, unique, tasks, later };
}
