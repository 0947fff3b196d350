/** The errors of the kernel, each named by its class. @module */

/**
 * A wait, a task or a future was cancelled. Mirrors `asyncio.CancelledError`.
 *
 * Clean up and let it pass: rethrow it, or simply use `try`/`finally` and
 * `using`. In a catch-all use {@linkcode isCancelled} to tell it from failures.
 *
 * Its stack is that of the code that asked for the cancel, in debug mode only.
 *
 * @example Clean up when cancelled
 * ```ts
 * import { CancelledError, createTask, sleep } from "@asyncio/asyncio/tasks";
 * import { assert, assertRejects } from "@std/assert";
 *
 * let cleaned = false;
 * const task = createTask(async () => {
 *   try {
 *     await sleep(60_000);
 *   } finally {
 *     cleaned = true;
 *   }
 * });
 * await sleep(0);
 * task.cancel("enough");
 * await assertRejects(async () => await task, CancelledError, "enough");
 * assert(cleaned);
 * ```
 */
export class CancelledError extends Error {
  static {
    this.prototype.name = "CancelledError";
  }
}

/**
 * The time given to an operation is over. Mirrors `asyncio.TimeoutError`.
 *
 * Thrown by `timeout`, `timeoutAt`, `waitFor`, `asCompleted` and their kin,
 * never by a cancel that comes from elsewhere.
 */
export class TimeoutError extends Error {
  /** `"TimeoutError"` */
  override name = "TimeoutError";
}

/**
 * The operation does not fit the state of the future, task or runner: a result
 * set twice, or asked for too early. Mirrors `asyncio.InvalidStateError`.
 */
export class InvalidStateError extends Error {
  /** `"InvalidStateError"` */
  override name = "InvalidStateError";
}

/**
 * A signal ended the main task of a `run`: Ctrl-C (SIGINT), SIGTERM or SIGHUP.
 * A program that lets it pass exits with code 128 and the signal's number: 130
 * after Ctrl-C, 143 after SIGTERM. Stands for Python's `KeyboardInterrupt`.
 */
export class InterruptError extends Error {
  /** `"InterruptError"` */
  override name = "InterruptError";
  /** The signal that arrived. */
  readonly signal: Deno.Signal;

  /** Makes one, for SIGINT unless `options` names a signal. */
  constructor(
    message?: string,
    options?: ErrorOptions & { signal?: Deno.Signal },
  ) {
    super(message, options);
    this.signal = options?.signal ?? "SIGINT";
  }
}

/**
 * Returns whether `error` is a {@linkcode CancelledError}: for a catch-all that
 * must let a cancel pass. Python needs none, as its `except Exception` lets a
 * cancel pass.
 *
 * So is the `SuppressedError` of an `await using` whose block and whose clean-up
 * were both cancelled. If one of the two has failed, it is a failure.
 *
 * @example A retry loop that can be cancelled
 * ```ts
 * import { isCancelled } from "@asyncio/asyncio/tasks";
 *
 * async function retry<T>(operation: () => Promise<T>): Promise<T> {
 *   while (true) {
 *     try {
 *       return await operation();
 *     } catch (error) {
 *       if (isCancelled(error)) throw error;
 *     }
 *   }
 * }
 * await retry(() => Promise.resolve(1));
 * ```
 */
export function isCancelled(error: unknown): error is CancelledError {
  return cancelOf(error) !== undefined;
}

/**
 * Returns the cancel that `error` is or, if a disposal has joined several cancels
 * and nothing else, the latest of these.
 */
export function cancelOf(error: unknown): CancelledError | undefined {
  if (error instanceof CancelledError) return error;
  try {
    if (!isSuppressedError(error)) return undefined;
    return cancelOf(error.suppressed) && cancelOf(error.error);
  } catch {
    return undefined; // what a getter throws is no news about the error
  }
}

/** By its name, since compiled code makes its own where the runtime has none. */
function isSuppressedError(error: unknown): error is SuppressedError {
  return error instanceof Error && error.name === "SuppressedError";
}

/**
 * Cancels that are being handed on, each from a task to the task that it waits
 * for. These calls are nested: `depth` is how deep they are.
 */
export const forwarded: { depth: number } = { depth: 0 };

/** From this depth on it is faster not to walk the stack. */
const DEEP = 8;

/**
 * The error of a cancel, as the kernel makes it. Only debug mode gives it a
 * stack, that of the code that has cancelled: it takes as long as all the rest
 * of a cancel.
 */
export function cancellation(
  { debug }: { readonly debug: boolean },
  message?: string,
  options?: ErrorOptions,
): CancelledError {
  if (debug) return new CancelledError(message, options);
  if (forwarded.depth > DEEP) return withoutStack(message, options);
  // The engine keeps the frames below the call of the `CancelledError`
  // constructor. It is not called here, so all frames are walked and none is
  // kept.
  return Reflect.construct(Error, [message, options], CancelledError);
}

function withoutStack(
  message?: string,
  options?: ErrorOptions,
): CancelledError {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new CancelledError(message, options);
  Error.stackTraceLimit = limit;
  return error;
}
