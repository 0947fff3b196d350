/** @module */
import { checkOptions, describe, type WaitOptions } from "../kernel/types.ts";
import { checkpointIfCancelled } from "../kernel/wait/checkpoint.ts";
import { printable } from "../kernel/watch/inspect.ts";
import type { WorkerResourceLimits } from "./resource_limits.ts";
import { Call } from "./_call.ts";
import { processors, ThreadPool } from "./_thread_pool.ts";
import { WorkerMap } from "./_worker_map.ts";

/** Options of a {@linkcode WorkerPool}. */
export interface WorkerPoolOptions {
  /** How many threads at most; as many as there are processors unless given. */
  maxWorkers?: number | undefined;
  /**
   * Functions that the module may call by name, with {@linkcode callHost}. They
   * run as tasks here.
   */
  callbacks?: Record<string, (...args: never[]) => unknown> | undefined;
  /**
   * How much memory a thread may use; half of this program's heap unless given.
   * If a thread needs more, its call rejects, and the thread is replaced.
   * Buffers do not count.
   */
  resourceLimits?: WorkerResourceLimits | undefined;
}

/** Options of {@linkcode WorkerPool.call}. */
export interface WorkerCallOptions extends WaitOptions {
  /**
   * Buffers, ports and streams that are moved to the thread instead of being
   * copied.
   */
  transfer?: Transferable[] | undefined;
}

/**
 * Worker threads that run the functions of a module. Stands for
 * `concurrent.futures.ProcessPoolExecutor` with `loop.run_in_executor`.
 *
 * - Threads are started when calls need them, and each loads the module once. A
 *   thread runs one call at a time. Further calls wait, first come, first
 *   served.
 * - Arguments and results are copied (`structuredClone`), the arguments when a
 *   thread takes the call. An error keeps its name, message and stack, and is
 *   an instance of its class if that is a global one.
 * - If a thread crashes or runs out of memory, only its own call rejects.
 *   Another thread is started when it is needed.
 * - The module may call functions of this program: see {@linkcode callHost}.
 * - The pool keeps the process alive while calls are under way. It is closed at
 *   the end of the `run` in which it was made.
 *
 * @example
 * ```ts
 * import { run, WorkerPool } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * // Else: new URL("./square.ts", import.meta.url)
 * const module = "data:text/javascript,export const square = (n) => n * n;";
 *
 * await run(async () => {
 *   await using pool = new WorkerPool(module);
 *   assertEquals(await pool.call<number>("square", [7]), 49);
 *
 *   const squares: number[] = [];
 *   for await (const n of pool.map<number>("square", [[1], [2], [3]])) {
 *     squares.push(n);
 *   }
 *   assertEquals(squares, [1, 4, 9]);
 * });
 * ```
 */
export class WorkerPool implements AsyncDisposable {
  readonly #module: string;
  readonly #pool: ThreadPool;

  /**
   * Makes a pool; no thread is started yet.
   *
   * @param module The URL of the module: `new URL("./work.ts",
   * import.meta.url)`.
   * @throws {TypeError} `module` is no absolute URL, or a callback no function.
   * @throws {RangeError} `maxWorkers` is not a whole number from 1.
   */
  constructor(module: string | URL, options?: WorkerPoolOptions) {
    checkOptions(options, "make a WorkerPool");
    const { maxWorkers = processors(), callbacks, resourceLimits } = options ??
      {};
    if (!URL.canParse(module)) {
      throw new TypeError(
        `Cannot make a WorkerPool: the module is an absolute URL, such as new URL("./work.ts", import.meta.url), received ${
          describe(module)
        }`,
      );
    }
    if (!Number.isInteger(maxWorkers) || maxWorkers < 1) {
      throw new RangeError(
        `Cannot make a WorkerPool: maxWorkers is a whole number from 1, received ${
          describe(maxWorkers)
        }`,
      );
    }
    if (callbacks !== undefined) checkCallbacks(callbacks);
    if (resourceLimits !== undefined) checkLimits(resourceLimits);
    this.#module = String(module);
    this.#pool = new ThreadPool(maxWorkers, {
      resource: this,
      callbacks,
      resourceLimits,
    });
  }

  /**
   * Calls an exported function in a thread, and resolves to its result.
   *
   * **Cancel safety:** a call that is cancelled or aborted rejects at once. If
   * it waits for a thread, it leaves the queue, and nothing was transferred. If
   * it runs, its thread is ended as soon as the runtime can, and replaced.
   *
   * @typeParam T The type of the result.
   * @throws {TypeError} `exportName` is no string or `args` no array; or, from
   * the thread, there is no such function.
   * @throws {InvalidStateError} The pool is closed, or was closed meanwhile.
   * @throws {DOMException} `DataCloneError`: an argument or the result cannot
   * be copied.
   * @throws {Error} The thread has crashed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  call<T>(
    exportName: string,
    args?: unknown[],
    options?: WorkerCallOptions,
  ): Promise<T> {
    const list = args === undefined ? [] : args;
    try {
      checkName(exportName);
      checkArguments(list);
      this.#pool.checkOpen();
    } catch (error) {
      return Promise.reject(error);
    }
    return checkpointIfCancelled(options) ??
      this.#begin(exportName, list, options).promise as Promise<T>;
  }

  /**
   * Calls an exported function for each list of arguments, and returns an
   * iterable of the results, in the order of the lists.
   *
   * Calls are begun as results are asked for: at most `maxWorkers` are under
   * way or have a result that was not taken, and the lists are read no faster.
   * The first error ends the map, as does leaving the loop: the calls under way
   * are given up.
   *
   * **Cancel safety:** a `next()` that is cancelled or aborted ends the whole
   * map, and the calls under way are given up.
   *
   * @typeParam T The type of the results.
   * @throws {TypeError} `exportName` is no string, or `argLists` cannot be
   * iterated.
   */
  map<T>(
    exportName: string,
    argLists: Iterable<unknown[]>,
    options?: WaitOptions,
  ): AsyncIterable<T> {
    checkName(exportName);
    if (typeof argLists?.[Symbol.iterator] !== "function") {
      throw new TypeError(
        `Cannot call WorkerPool.map: it takes a list of lists of arguments, received ${
          describe(argLists)
        }`,
      );
    }
    return new WorkerMap<T>((args) => {
      checkArguments(args);
      this.#pool.checkOpen();
      options?.signal?.throwIfAborted(); // the lists may have aborted it
      return this.#begin(exportName, args, options);
    }, { argLists, limit: this.#pool.size, options });
  }

  /**
   * Ends the threads. Calls that have not ended reject with an {@linkcode
   * InvalidStateError}. Does nothing if the pool is closed.
   *
   * **Cancel safety:** no cancel ends it: it resolves when the threads have
   * ended.
   */
  close(): Promise<void> {
    return this.#pool[Symbol.asyncDispose]();
  }

  /** As {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #begin(name: string, args: unknown[], options?: WorkerCallOptions): Call {
    const { signal, transfer = [] } = options ?? {};
    const job = { name, module: this.#module, args };
    const call = new Call(`WorkerPool.call ${name}`, job, { signal, transfer });
    this.#pool.start(call);
    return call;
  }

  static {
    printable(WorkerPool, (it) => ({
      module: it.#module,
      maxWorkers: it.#pool.size,
      workers: it.#pool.threads,
      running: it.#pool.running,
      waiting: it.#pool.waiting,
      closed: it.#pool.closed || undefined,
    }));
  }
}

function checkName(value: unknown): void {
  if (typeof value === "string") return;
  throw new TypeError(
    `Cannot call a function: the name of an exported function is a string, received ${
      describe(value)
    }`,
  );
}

function checkCallbacks(value: unknown): void {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(
      `Cannot make a WorkerPool: callbacks are an object of functions, received ${
        describe(value)
      }`,
    );
  }
  for (const [name, callback] of Object.entries(value)) {
    if (typeof callback === "function") continue;
    throw new TypeError(
      `Cannot make a WorkerPool: the callback ${name} is a function, received ${
        describe(callback)
      }`,
    );
  }
}

function checkLimits(value: unknown): void {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(
      `Cannot make a WorkerPool: resourceLimits are an object of numbers, received ${
        describe(value)
      }`,
    );
  }
  for (const [name, limit] of Object.entries(value)) {
    if (limit === undefined || typeof limit === "number" && limit > 0) continue;
    throw new RangeError(
      `Cannot make a WorkerPool: ${name} is a number of megabytes above 0, received ${
        describe(limit)
      }`,
    );
  }
}

function checkArguments(value: unknown): void {
  if (Array.isArray(value)) return;
  throw new TypeError(
    `Cannot call a function: arguments are given as an array, received ${
      describe(value)
    }`,
  );
}
