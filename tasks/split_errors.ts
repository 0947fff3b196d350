/** @module */
import { checkFunction } from "./kernel/types.ts";

/**
 * Takes the errors of one kind out of those of a group: what a
 * {@linkcode taskGroup} throws is one `AggregateError` of them all. Mirrors
 * `ExceptionGroup.split`, and stands for Python's `except*`.
 *
 * - `matched` has them in a flat list, in order, from groups in groups as well.
 * - `rest` is all else, in groups as before, with their messages; groups that
 *   have nothing left are left out. It is `undefined` if nothing is left, and
 *   `error` itself if nothing matches.
 * - An error that is no group is a group of one.
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

/** Puts the errors that match into `matched`, and gives what is left, if any. */
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

/** Whether `error` is a group, and groups are not what is looked for. */
function isGroupOfOthers(
  error: unknown,
  kind: { prototype: unknown },
): boolean {
  return error instanceof AggregateError && error.errors.length > 0 &&
    kind.prototype !== AggregateError.prototype &&
    !(kind.prototype instanceof AggregateError);
}

/** A group of fewer errors that is like `group` in all else. */
function groupOf(errors: unknown[], group: AggregateError): AggregateError {
  const { message, cause, stack } = group;
  const options = Object.hasOwn(group, "cause") ? { cause } : {};
  const like = new AggregateError(errors, message, options);
  if (stack !== undefined) like.stack = stack;
  return like;
}
