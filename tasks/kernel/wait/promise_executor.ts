/**
 * One executor for all promises of waits, instead of a closure for each.
 *
 * @module
 */

/** What settles the promise that was made last with {@linkcode executor}. */
export const made: {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
} = { resolve: ignore, reject: ignore };

/**
 * The executor of a promise whose `resolve` and `reject` the caller takes from
 * {@linkcode made}.
 */
export function executor(
  resolve: (value: never) => void,
  reject: (error: unknown) => void,
): void {
  made.resolve = resolve as (value: unknown) => void;
  made.reject = reject;
}

function ignore(): void {}
