/** @module */
import { currentScope } from "../kernel/context/current_scope.ts";
import { allowLeft } from "../kernel/context/leak_checks.ts";
import type { Loop } from "../kernel/loop/loop.ts";
import { describe } from "../kernel/types.ts";
import { checkpointIfCancelled } from "../kernel/wait/checkpoint.ts";
import { processors, ThreadPool } from "./_thread_pool.ts";
import { Call } from "./_call.ts";

/** The most threads of the shared pool. Each is a whole runtime. */
const MOST_THREADS = 8;

/** The shared pool of each loop. */
const shared = new WeakMap<Loop, ThreadPool>();

/**
 * Runs a self-contained function in a worker thread, and resolves to its
 * result. Mirrors `asyncio.to_thread`.
 *
 * The function is sent as text: it may use its arguments and globals, and
 * nothing around it. It can load more with `await import(...)`. Arguments and
 * result are copied (`structuredClone`), the arguments when a thread takes the
 * call. An error keeps its name, message and stack, and is an instance of its
 * class if that is a global one.
 *
 * Each loop has a small pool of threads. They are started when they are first
 * needed, at most one for each processor; further calls wait. Idle threads do
 * not keep the process alive, and all of them end with the `run`. For functions
 * that are needed often, or share much code, see {@linkcode WorkerPool}.
 *
 * **Cancel safety:** a call that is cancelled rejects at once. If it waits for
 * a thread, it leaves the queue. If it runs, its thread is ended as soon as the
 * runtime can, and replaced when the next call needs one. What the function has
 * done by then is not undone.
 *
 * @param fn The function: an arrow function, a method, or any other that is
 * written out.
 * @param args What it is called with.
 * @throws {TypeError} `fn` is no function, or has no text that could be sent: a
 * native or bound one.
 * @throws {DOMException} `DataCloneError`: an argument or the result cannot be
 * copied.
 * @throws {Error} The thread has crashed.
 * @throws {CancelledError} The task was cancelled.
 *
 * @example
 * ```ts
 * import { run, toThread } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const sum = await run(() =>
 *   toThread((n: number) => {
 *     let sum = 0;
 *     for (let i = 1; i <= n; i++) sum += i;
 *     return sum;
 *   }, 1_000_000)
 * );
 * assertEquals(sum, 500000500000);
 * ```
 */
export function toThread<A extends unknown[], T>(
  fn: (...args: A) => T | Promise<T>,
  ...args: A
): Promise<T> {
  let source: string;
  let pool: ThreadPool;
  try {
    source = textOf(fn);
    pool = sharedPool();
  } catch (error) {
    return Promise.reject(error);
  }
  const rejection = checkpointIfCancelled();
  if (rejection !== undefined) return rejection;
  const name = fn.name === "" ? "(anonymous)" : fn.name;
  const call = new Call(`toThread ${name}`, { name, source, args });
  pool.start(call);
  return call.promise as Promise<T>;
}

function sharedPool(): ThreadPool {
  const { loop } = currentScope();
  let pool = shared.get(loop);
  if (pool === undefined) {
    pool = new ThreadPool(Math.min(processors(), MOST_THREADS));
    shared.set(loop, pool);
    allowLeft(pool);
  }
  pool.checkOpen();
  return pool;
}

function textOf(fn: unknown): string {
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot run in a thread: expected a function, received ${describe(fn)}`,
    );
  }
  const source = Function.prototype.toString.call(fn);
  if (!/\{\s*\[native code\]\s*\}$/.test(source)) return source;
  throw new TypeError(
    `Cannot run in a thread: ${fn.name} is native or bound, and has no text that could be sent: wrap it in a function, such as (x) => f(x)`,
  );
}
