/**
 * The types of work that functions of this package take, and checks of
 * arguments whose messages name the fix.
 *
 * @module
 */

/** Work that has not started: a function without arguments. */
export type Coroutine<T> = () => PromiseLike<T> | T;

/**
 * What can be combined and waited for: work not started, or work under way (a
 * promise, a task, a future).
 */
export type Awaitable<T> = Coroutine<T> | PromiseLike<T>;

/** What every wait takes. */
export interface WaitOptions {
  /** Aborting it ends the wait, which rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

/** Whether `value` has a `then`, so that `await` waits for it. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value !== null &&
    (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function";
}

/** Throws the `TypeError` that shows the fix unless `value` is a function. */
export function checkCoroutine(
  value: unknown,
  caller: string,
): asserts value is Coroutine<unknown> {
  if (typeof value === "function") return;
  const found = isThenable(value)
    ? "a promise, which runs already"
    : describe(value);
  throw new TypeError(
    `Cannot call ${caller}: it takes a function that starts the work, received ${found}: write ${caller}(() => f(x)), not ${caller}(f(x))`,
  );
}

/**
 * Throws a `TypeError` unless `value` is a function.
 *
 * @param subject How the message begins, here and in the checks below: what
 * cannot be done, and what is looked at. `"Cannot retry: onRetry"`.
 */
export function checkFunction(
  value: unknown,
  subject: string,
): asserts value is (...args: never[]) => unknown {
  if (typeof value === "function") return;
  const received = isThenable(value)
    ? "a promise, which runs already: write () => f(x), not f(x)"
    : describe(value);
  throw new TypeError(`${subject} is a function, received ${received}`);
}

/**
 * Throws unless `value` is a whole number from `least`: a `TypeError` if it is
 * no number at all, or else a `RangeError`.
 */
export function checkWhole(
  value: unknown,
  subject: string,
  least = 1,
): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  const Kind = typeof value === "number" ? RangeError : TypeError;
  throw new Kind(
    `${subject} is a whole number from ${least}, received ${describe(value)}`,
  );
}

/** The same for how many at most: `Infinity` is no limit. */
export function checkLimit(value: unknown, subject: string): void {
  if (value !== Infinity) checkWhole(value, subject);
}

/** Throws a `RangeError` for `NaN`, a `TypeError` for what is no number. */
export function checkMilliseconds(
  value: unknown,
  subject: string,
): asserts value is number {
  if (typeof value !== "number") {
    throw new TypeError(
      `${subject} is a number of milliseconds, received ${describe(value)}`,
    );
  }
  if (Number.isNaN(value)) {
    throw new RangeError(
      `${subject} is a number of milliseconds, received NaN`,
    );
  }
}

/**
 * Throws a `TypeError` unless `value` is an object or left out.
 *
 * @param action What is done with the options: `"connect"`.
 */
export function checkOptions(
  value: unknown,
  action: string,
): asserts value is object | undefined {
  if (value !== undefined) requireOptions(value, action);
}

/** The same for options that cannot be left out. */
export function requireOptions(
  value: unknown,
  action: string,
): asserts value is object {
  if (typeof value === "object" && value !== null) return;
  throw new TypeError(
    `Cannot ${action}: options are an object, received ${describe(value)}`,
  );
}

/** Returns the `timeout` of options that may be left out, after checking both. */
export function timeoutIn(
  options: { readonly timeout?: number | undefined } | undefined,
  action: string,
): number | undefined {
  checkOptions(options, action);
  const timeout = options?.timeout;
  if (timeout !== undefined) {
    checkMilliseconds(timeout, `Cannot ${action}: the timeout`);
  }
  return timeout;
}

/**
 * Checks options that switch something on or off: the text `"false"` would switch
 * it on.
 *
 * @throws {TypeError} One of `names` is given, and no boolean.
 */
export function checkFlags<Name extends string>(
  options: { readonly [name in Name]?: unknown },
  names: readonly Name[],
  action: string,
): void {
  for (const name of names) {
    const value: unknown = options[name];
    if (value === undefined || typeof value === "boolean") continue;
    throw new TypeError(
      `Cannot ${action}: ${name} is a boolean, received ${describe(value)}`,
    );
  }
}

/**
 * Throws a `TypeError` unless `value` is an object, and no promise of one.
 *
 * @param wanted `"Cannot set the protocol: expected a protocol"`.
 */
export function checkObject(
  value: unknown,
  wanted: string,
): asserts value is object {
  const isObject = typeof value === "object" && value !== null;
  if (isObject && !isThenable(value)) return;
  throw new TypeError(`${wanted}, received ${describe(value)}`);
}

/** Throws a `TypeError` unless `value` is something to iterate over. */
export function checkList(
  value: unknown,
  caller: string,
): asserts value is Iterable<unknown> {
  const list = value as Iterable<unknown> | null | undefined;
  if (typeof list?.[Symbol.iterator] === "function") return;
  throw new TypeError(
    `Cannot call ${caller}: it takes a list of awaitables, received ${
      describe(value)
    }: write ${caller}([f, g]), not ${caller}(f, g)`,
  );
}

/** A short name of a value for error messages. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object") {
    return `an instance of ${value.constructor?.name ?? "Object"}`;
  }
  if (typeof value === "function") return "a function";
  return String(value);
}
