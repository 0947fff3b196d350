/** @module */
import type { BlockScope } from "./kernel/cancel/block_scope.ts";
import {
  callInScope,
  currentScope,
  openScope,
} from "./kernel/context/current_scope.ts";
import {
  cancellation,
  type CancelledError,
  TimeoutError,
} from "./kernel/errors.ts";
import { Deadline } from "./kernel/loop/deadline.ts";
import { checkFunction, checkMilliseconds } from "./kernel/types.ts";
import { checkpointOnEntry, settleAs } from "./kernel/wait/checkpoint.ts";
import { noteMade } from "./kernel/watch/user_frame.ts";
import { printable } from "./kernel/watch/inspect.ts";

/** Private parts of a timeout, for the functions below. */
let open!: (scope: BlockScope, limit: Limit) => Timeout;
let close!: (timeout: Timeout) => void;
/** `"the time limit of 100 ms is over"` */
let describeLimit!: (timeout: Timeout) => string;

/**
 * A time limit on the body of {@linkcode timeout}, {@linkcode timeoutAt} or
 * {@linkcode moveOnAfter}, which make it. Mirrors `asyncio.Timeout`.
 *
 * @example Each piece of news moves the limit on
 * ```ts
 * import { getRunningLoop, sleep, timeout } from "@asyncio/asyncio/tasks";
 * import { assertFalse } from "@std/assert";
 *
 * await timeout(1000, async (scope) => {
 *   for (let i = 0; i < 3; i++) {
 *     await sleep(1); // some news
 *     scope.reschedule(getRunningLoop().time() + 1000);
 *   }
 *   assertFalse(scope.expired);
 * });
 * ```
 */
export class Timeout {
  readonly #scope: BlockScope;
  /** When the body began, on the loop's clock. */
  readonly #start: number;
  #when: number | undefined;
  /** Stops the timer. */
  #disarm: (() => void) | undefined;
  #expired = false;
  #closed = false;

  private constructor(scope: BlockScope, { start, when }: Limit) {
    this.#scope = scope;
    this.#start = start;
    this.#when = when;
    this.#arm();
  }

  /**
   * When the time is up, on the loop's clock, in milliseconds; `undefined` for
   * never. Mirrors `asyncio.Timeout.when`.
   */
  get when(): number | undefined {
    return this.#when;
  }

  /**
   * Whether the time was up before the body ended. Mirrors
   * `asyncio.Timeout.expired`.
   */
  get expired(): boolean {
    return this.#expired;
  }

  /**
   * Moves the limit to `when`, on the loop's clock; `undefined` removes it.
   * Mirrors `asyncio.Timeout.reschedule`.
   *
   * @throws {RangeError} `when` is `NaN`.
   * @throws {Error} The time was up already, or the body has ended.
   */
  reschedule(when: number | undefined): void {
    if (when !== undefined) {
      checkMilliseconds(when, "Cannot reschedule a timeout: the time");
    }
    if (this.#closed || this.#expired) {
      const state = this.#closed ? "over" : "expired";
      throw new Error(`Cannot reschedule a timeout: it is ${state}`);
    }
    this.#disarm?.();
    this.#when = when;
    this.#arm();
  }

  #arm(): void {
    const { when = Infinity } = this;
    const scope = this.#scope;
    scope.deadline = when;
    if (when === Infinity) return;
    const isDue = when <= scope.loop.clock.now();
    if (isDue && scope.isWaiting) return this.#expire();
    const expire = () => this.#expire();
    const deadline = new Deadline(scope.loop, when, expire);
    // Code that does not have to wait may still go on.
    const stop = isDue ? scope.cancelAtNextWait(expire) : undefined;
    this.#disarm = () => {
      deadline.stop();
      stop?.();
    };
  }

  #expire(): void {
    if (this.#expired) return;
    this.#expired = true;
    this.#disarm?.();
    const { loop } = this.#scope;
    this.#scope.cancel(cancellation(loop, describeLimit(this)));
  }

  static {
    open = (scope, limit) => new Timeout(scope, limit);
    close = (timeout) => {
      timeout.#closed = true;
      timeout.#disarm?.();
      timeout.#scope.deadline = Infinity;
      timeout.#scope.close();
    };
    describeLimit = (timeout) => {
      const ms = timeout.#when! - timeout.#start;
      return `the time limit of ${Number(ms.toFixed(3))} ms is over`;
    };
    printable(Timeout, (timeout) => ({
      when: timeout.when,
      expired: timeout.expired,
    }));
  }
}

/**
 * Runs `body`, and resolves to what it returns. After `ms` milliseconds,
 * cancels the body and then rejects with {@linkcode TimeoutError}. Mirrors
 * `asyncio.timeout`.
 *
 * - It cancels only what was begun inside the body: timeouts side by side in
 *   one task do not disturb each other.
 * - It waits until the body has cleaned up.
 * - If the body catches the cancel and returns, it resolves to that value, and
 *   `scope.expired` is true.
 * - It never takes a cancel from outside for its own, even in the same turn.
 * - `undefined` or `Infinity` is no limit. With zero or less, the first wait
 *   that really has to wait is cancelled: the body can still take an item that
 *   is there, or a free lock.
 *
 * **Cancel safety:** a cancel from outside is delivered to the body, whose
 * {@linkcode CancelledError} this rejects with.
 *
 * @throws {TimeoutError} The time was up.
 * @throws {RangeError} `ms` is `NaN`.
 *
 * @example
 * ```ts
 * import { sleep, timeout, TimeoutError } from "@asyncio/asyncio/tasks";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await assertRejects(() => timeout(5, () => sleep(60_000)), TimeoutError);
 *
 * // Each piece of news moves the limit on.
 * const result = await timeout(1000, async (scope) => {
 *   await sleep(5);
 *   scope.reschedule(scope.when! + 1000);
 *   return "fine";
 * });
 * assertEquals(result, "fine");
 * ```
 */
export function timeout<T>(
  ms: number | undefined,
  body: (scope: Timeout) => PromiseLike<T> | T,
): Promise<T> {
  return limit("timeout", () => after(ms), body, timeUp);
}

/**
 * Does the same as {@linkcode timeout}, with a time on the loop's clock.
 * Mirrors `asyncio.timeout_at`.
 *
 * **Cancel safety:** as `timeout`.
 *
 * @throws {TimeoutError} The time was up.
 * @throws {RangeError} `when` is `NaN`.
 *
 * @example Several steps with one deadline
 * ```ts
 * import { getRunningLoop, sleep, timeoutAt } from "@asyncio/asyncio/tasks";
 *
 * const deadline = getRunningLoop().time() + 1000;
 * await timeoutAt(deadline, () => sleep(1));
 * await timeoutAt(deadline, () => sleep(1));
 * ```
 */
export function timeoutAt<T>(
  when: number | undefined,
  body: (scope: Timeout) => PromiseLike<T> | T,
): Promise<T> {
  return limit("timeoutAt", () => at(when), body, timeUp);
}

/**
 * Does the same as {@linkcode timeout}, but resolves to `undefined` when the
 * time is up: for limits that are no failure. As Trio's `move_on_after`.
 *
 * If the body may return `undefined` too, `scope.expired` tells the two apart.
 *
 * **Cancel safety:** as `timeout`.
 *
 * @throws {RangeError} `ms` is `NaN`.
 *
 * @example
 * ```ts
 * import { moveOnAfter, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const found = await moveOnAfter(5, () => sleep(60_000, { result: "cache" }));
 * assertEquals(found ?? "default", "default");
 * ```
 */
export function moveOnAfter<T>(
  ms: number,
  body: (scope: Timeout) => PromiseLike<T> | T,
): Promise<T | undefined> {
  return limit("moveOnAfter", () => after(ms), body, () => undefined);
}

/** The beginning and the end of the time, on the loop's clock. */
interface Limit {
  readonly start: number;
  readonly when: number | undefined;
}

function at(when: number | undefined): Limit {
  if (when !== undefined) {
    checkMilliseconds(when, "Cannot set a timeout: the time");
  }
  return { start: now(), when };
}

function after(ms: number | undefined): Limit {
  const start = now();
  if (ms === undefined) return { start, when: undefined };
  checkMilliseconds(ms, "Cannot set a timeout: the time");
  return { start, when: start + ms };
}

function now(): number {
  return currentScope().loop.clock.now();
}

function timeUp(timeout: Timeout, cause: CancelledError): never {
  throw new TimeoutError(describeLimit(timeout), { cause });
}

/**
 * Runs `body` with a time limit. If the limit has ended it, the result is that
 * of `expired`.
 */
function limit<T, R>(
  caller: string,
  until: () => Limit,
  body: (scope: Timeout) => PromiseLike<T> | T,
  expired: (timeout: Timeout, cause: CancelledError) => R,
): Promise<T | R> {
  let time: Limit;
  try {
    time = until();
    checkFunction(body, `Cannot call ${caller}: the body`);
  } catch (error) {
    return Promise.reject(error);
  }
  const rejection = checkpointOnEntry();
  if (rejection !== undefined) return rejection;
  const scope = openScope();
  if (scope.loop.debug) noteMade(scope);
  const timeout = open(scope, time);
  const ended = (value: T): T => {
    close(timeout);
    return value;
  };
  const failed = (error: unknown): R => {
    const outcome = scope.outcomeOf(error);
    close(timeout);
    if (outcome.kind !== "ownCancel" || !timeout.expired) throw outcome.error;
    return expired(timeout, outcome.error);
  };
  scope.last = callInScope(scope, body, timeout);
  // One microtask after the body, so that code that runs beside it meets an
  // outer cancel at its own next wait.
  const work = scope.last.then() as Promise<T>;
  return scope.promise = settleAs<T, T | R>(work, ended, failed);
}
