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

/** For a promise that is settled by those who keep what {@linkcode made} has. */
export function executor(
  resolve: (value: never) => void,
  reject: (error: unknown) => void,
): void {
  made.resolve = resolve as (value: unknown) => void;
  made.reject = reject;
}

function ignore(): void {}
