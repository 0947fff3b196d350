/** @module */
import {
  checkFunction,
  checkMilliseconds,
  checkWhole,
  timeoutIn,
  type WaitOptions,
} from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import type { Lease } from "./lease.ts";
import { type ResourceOptions, Resources } from "./_resources.ts";

/**
 * Resources that are expensive to make, such as connections. They are lent to
 * one task at a time, and used again. asyncio has no counterpart; npm has
 * `generic-pool` and `tarn`.
 *
 * - A resource is made if a call waits and none is idle, up to `max`. The
 *   resource returned last is lent first, so that those not needed stay idle
 *   and can be destroyed.
 * - First come, first served: a resource that is returned goes to the first
 *   call that waits.
 * - `create`, `validate` and `destroy` run in tasks of their own, on the loop
 *   on which the pool was made. If a call gives up meanwhile, its resource goes
 *   to the next call or stays in the pool.
 * - If `create` fails, the first call that waits rejects with the error. For
 *   the others, another resource is made.
 * - The pool is closed at the end of the `run` in which it was made.
 *
 * @typeParam T The type of the resources.
 *
 * @example
 * ```ts
 * import { Pool } from "@asyncio/asyncio/sync";
 * import { gather, sleep } from "@asyncio/asyncio/tasks";
 * import { assert, assertEquals } from "@std/assert";
 *
 * let open = 0;
 * const pool = new Pool({
 *   create: async () => {
 *     await sleep(1); // connects
 *     return { id: ++open };
 *   },
 *   destroy: () => void open--,
 *   max: 3,
 * });
 * await gather(Array.from({ length: 10 }, () => async () => {
 *   using lease = await pool.acquire();
 *   assert(lease.resource.id <= 3);
 *   await sleep(1);
 * }));
 * assertEquals([pool.size, pool.idle], [3, 3]);
 * await pool.close();
 * assertEquals(open, 0);
 * ```
 */
export class Pool<T> implements AsyncDisposable {
  readonly #resources: Resources<T>;

  /**
   * Makes a pool; no resource is made yet.
   *
   * @param options How to make a resource, and how many there may be.
   * @throws {TypeError} An option has a value of the wrong type.
   * @throws {RangeError} `max` is not a whole number from 1, `min` is not one
   * from 0 or is more than `max`, or a time is `NaN`.
   */
  constructor(options: {
    /** Makes a resource. If it throws, an `acquire` rejects with the error. */
    create: () => PromiseLike<T> | T;
    /**
     * Destroys a resource, which counts until this has ended. An error is
     * reported to the loop's exception handler.
     */
    destroy?: ((resource: T) => unknown) | undefined;
    /**
     * Returns whether a resource still works: called before each time that it
     * is lent again. If it does not, or this throws, it is destroyed.
     */
    validate?: ((resource: T) => PromiseLike<boolean> | boolean) | undefined;
    /** How many resources there are at most. */
    max: number;
    /** How many resources `idleTimeout` keeps, once made; 0 unless given. */
    min?: number | undefined;
    /**
     * A resource that has been idle for this many milliseconds is destroyed; none
     * is unless given.
     */
    idleTimeout?: number | undefined;
    /**
     * A resource that was made this many milliseconds ago is destroyed, and not
     * lent again; none is unless given.
     */
    maxLifetime?: number | undefined;
  }) {
    this.#resources = new Resources(checked(options), this);
  }

  /**
   * How many resources there are: lent, idle, being made or being destroyed.
   */
  get size(): number {
    return this.#resources.size;
  }

  /** How many resources are idle. */
  get idle(): number {
    return this.#resources.idle;
  }

  /** How many calls wait for a resource. */
  get waiting(): number {
    return this.#resources.waiters.size;
  }

  /**
   * Waits for a resource, and resolves to the lease that returns it to the
   * pool.
   *
   * **Cancel safety:** a call that is cancelled or aborted leaves the queue. A
   * resource that is being made for it goes to the next call or stays in the
   * pool. Once a resource was handed over it is leased, and a later cancel is
   * delivered at the next wait: a `using` right here returns the resource in
   * any case.
   *
   * @throws {PoolClosedError} The pool is closed, or is closed while this
   * waits.
   * @throws What `create` throws.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  acquire(options?: WaitOptions): Promise<Lease<T>> {
    return checkpointIfCancelled(options) ?? this.#resources.acquire(options);
  }

  /**
   * Closes the pool, and waits until all resources are destroyed. Calls of
   * `acquire`, also those that wait, reject with {@linkcode PoolClosedError}.
   * Idle resources are destroyed at once, and the others when they are
   * returned. Calling it again waits for the same.
   *
   * **Cancel safety:** the pool is closed when the call returns. A cancel only
   * ends the wait: the closing and its timeout go on.
   *
   * @param options With `timeout`, resources that are not returned within so
   * many milliseconds are destroyed nevertheless. Calls of `create` that have
   * not ended are cancelled, and not waited for.
   * @throws {RangeError} `timeout` is `NaN`.
   * @throws {TypeError} `timeout` is no number.
   * @throws {CancelledError} The task was cancelled.
   *
   * @example
   * ```ts
   * import { Pool, PoolClosedError } from "@asyncio/asyncio/sync";
   * import { assertEquals, assertRejects } from "@std/assert";
   *
   * const ended: string[] = [];
   * const pool = new Pool({
   *   create: () => "connection",
   *   destroy: (resource) => ended.push(resource),
   *   max: 1,
   * });
   * await pool.acquire(); // and never returned
   * await pool.close({ timeout: 5 });
   * assertEquals(ended, ["connection"]);
   * await assertRejects(() => pool.acquire(), PoolClosedError);
   * ```
   */
  close(options?: { timeout?: number | undefined }): Promise<void> {
    let timeout: number | undefined;
    try {
      timeout = timeoutIn(options, "close a pool");
    } catch (error) {
      return Promise.reject(error);
    }
    this.#resources.close();
    if (timeout !== undefined) this.#resources.forceAfter(timeout);
    return checkpointIfCancelled() ?? this.#resources.whenEnded();
  }

  /**
   * Closes the pool, and destroys also resources that are lent:
   * `close({ timeout: 0 })`.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: 0 });
  }

  static {
    printable(Pool, (pool) => ({
      size: pool.size,
      idle: pool.idle,
      waiting: pool.waiting,
      closed: pool.#resources.closed || undefined,
    }));
  }
}

/** The options as users give them. */
type PoolOptions<T> = {
  [K in keyof ResourceOptions<T>]?: ResourceOptions<T>[K] | undefined;
};

function checked<T>(
  options: PoolOptions<T> | undefined,
): ResourceOptions<T> {
  const { create, destroy, validate, max, min = 0 } = options ?? {};
  const { idleTimeout = Infinity, maxLifetime = Infinity } = options ?? {};
  checkFunction(create, "Cannot make a pool: create");
  if (destroy !== undefined) {
    checkFunction(destroy, "Cannot make a pool: destroy");
  }
  if (validate !== undefined) {
    checkFunction(validate, "Cannot make a pool: validate");
  }
  checkWhole(max, "Cannot make a pool: max");
  checkWhole(min, "Cannot make a pool: min", 0);
  if (min > max) {
    throw new RangeError(
      `Cannot make a pool: min is at most max, received ${min} and ${max}`,
    );
  }
  checkMilliseconds(idleTimeout, "Cannot make a pool: idleTimeout");
  checkMilliseconds(maxLifetime, "Cannot make a pool: maxLifetime");
  return { create, destroy, validate, max, min, idleTimeout, maxLifetime };
}
