/** @module */
import { checkFunction } from "./kernel/types.ts";

/**
 * Separates the errors of one class from the others in an `AggregateError`,
 * such as a {@linkcode taskGroup} throws. Mirrors `ExceptionGroup.split`, and
 * stands for Python's `except*`.
 *
 * - `matched` has the errors of the class in a flat list, in order, also those
 *   of groups in groups.
 * - `rest` has the other errors, in the same groups, with their messages, and
 *   without groups that became empty. It is `undefined` if there are none, and
 *   `error` itself if nothing matches.
 * - An error that is no group counts as a group of one.
 *
 * @param error What was caught.
 * @param kind The class of the errors to take out.
 * @throws {TypeError} `kind` is no class.
 *
 * @example
 * ```ts
 * import { splitErrors, taskGroup } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * class NotFound extends Error {}
 *
 * const missing: string[] = [];
 * try {
 *   await taskGroup((group) => {
 *     group.createTask(() => Promise.reject(new NotFound("a page")));
 *   });
 * } catch (error) {
 *   const { matched, rest } = splitErrors(error, NotFound);
 *   for (const { message } of matched) missing.push(message);
 *   if (rest !== undefined) throw rest;
 * }
 * assertEquals(missing, ["a page"]);
 * ```
 */
export function splitErrors<E extends Error>(
  error: unknown,
  kind: new (...args: never) => E,
): { matched: E[]; rest: unknown | undefined } {
  checkFunction(kind, "Cannot split errors: the kind");
  const matched: E[] = [];
  const [rest] = takeOut(error, kind, matched);
  return { matched, rest };
}

/**
 * Moves the errors that match into `matched`; returns the rest, if there is
 * one.
 */
function takeOut<E extends Error>(
  error: unknown,
  kind: new (...args: never) => E,
  matched: E[],
): [unknown?] {
  if (error instanceof kind && !isGroupOfOthers(error, kind)) {
    matched.push(error);
    return [];
  }
  if (!(error instanceof AggregateError)) return [error];
  const before = matched.length;
  const left = error.errors.flatMap((each) => takeOut(each, kind, matched));
  if (matched.length === before) return [error];
  return left.length === 0 ? [] : [groupOf(left, error)];
}

/** Whether `error` is a group, and `kind` is no class of groups. */
function isGroupOfOthers(
  error: unknown,
  kind: { prototype: unknown },
): boolean {
  return error instanceof AggregateError && error.errors.length > 0 &&
    kind.prototype !== AggregateError.prototype &&
    !(kind.prototype instanceof AggregateError);
}

/** Returns a copy of `group` with other errors. */
function groupOf(errors: unknown[], group: AggregateError): AggregateError {
  const { message, cause, stack } = group;
  const options = Object.hasOwn(group, "cause") ? { cause } : {};
  const like = new AggregateError(errors, message, options);
  if (stack !== undefined) like.stack = stack;
  return like;
}
