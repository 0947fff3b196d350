/** @module */
import { cloneError } from "./_error_transfer.ts";
import {
  CALL_HOST,
  type CallHost,
  type HostCallEnd,
} from "./_worker_script.ts";
import { describe } from "../kernel/types.ts";
import { checkpointIfCancelled } from "../kernel/wait/checkpoint.ts";
import { ExternalWaiter } from "../kernel/wait/waiter.ts";

/** A wait for the answer of the host. */
class HostCall<T> extends ExternalWaiter<T> {
  readonly what: string;
  giveUp: () => void = () => {};

  constructor(name: string) {
    super();
    this.what = `callHost ${name}`;
  }

  protected override leave(): void {
    super.leave();
    this.giveUp();
  }
}

/**
 * Calls a function of the program from a module that runs in its
 * {@linkcode WorkerPool}, and resolves to the result. The function is one of
 * the pool's `callbacks`. As `asyncio.run_coroutine_threadsafe` and Trio's
 * `from_thread.run`.
 *
 * The function runs as a task of the program, in the run of the call that this
 * thread works on. If that call is given up, the task is cancelled. Arguments,
 * results and errors are copied, as those of {@linkcode WorkerPool.call}.
 *
 * **Cancel safety:** if this is cancelled, it rejects at once, and the function
 * is cancelled.
 *
 * @typeParam T The type of the result.
 *
 * @throws {TypeError} This is no worker of a pool, or the pool has no such
 * callback.
 * @throws {DOMException} `DataCloneError`: an argument or the result cannot be
 * copied.
 *
 * @example
 * ```ts
 * import { run, WorkerPool } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * // Else a file: new URL("./work.ts", import.meta.url)
 * const tasks = import.meta.resolve("@asyncio/asyncio/tasks");
 * const module = `data:text/javascript,
 *   import { callHost } from ${JSON.stringify(tasks)};
 *   export async function greet(name) {
 *     return "hello, " + await callHost("lookUp", name);
 *   }`;
 *
 * await run(async () => {
 *   const titles = new Map([["ada", "Lady Lovelace"]]);
 *   await using pool = new WorkerPool(module, {
 *     callbacks: { lookUp: (name: string) => titles.get(name) },
 *   });
 *   assertEquals(await pool.call("greet", ["ada"]), "hello, Lady Lovelace");
 * });
 * ```
 */
export function callHost<T>(name: string, ...args: unknown[]): Promise<T> {
  const call = (globalThis as { [CALL_HOST]?: CallHost })[CALL_HOST];
  if (call === undefined) {
    return Promise.reject(
      new TypeError(
        "Cannot call the host: this code does not run in a thread of a WorkerPool",
      ),
    );
  }
  if (typeof name !== "string") {
    return Promise.reject(
      new TypeError(
        `Cannot call the host: expected the name of a callback, received ${
          describe(name)
        }`,
      ),
    );
  }
  const rejection = checkpointIfCancelled();
  if (rejection !== undefined) return rejection;
  return wait<T>(call, name, args);
}

function wait<T>(
  call: CallHost,
  name: string,
  args: readonly unknown[],
): Promise<T> {
  const waiter = new HostCall<T>(name);
  const answered = () => waiter.giveUp = () => {};
  const end: HostCallEnd = {
    wake(value) {
      answered();
      waiter.wake(value as T);
    },
    fail(error) {
      answered();
      waiter.fail(error);
    },
  };
  try {
    waiter.giveUp = call(name, args, end);
  } catch (error) {
    waiter.fail(cloneError(error));
  }
  return waiter.promise;
}
