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
 * - A group that is inside itself, at any depth, is looked at once.
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
  const left: unknown[] = [];
  const opened: OpenedGroup[] = [];
  const around = new Set<unknown>(); // the groups that are opened
  const look = (each: unknown, left: unknown[]) => {
    if (each instanceof kind && !isGroupOfOthers(each, kind)) {
      matched.push(each);
    } else if (!(each instanceof AggregateError)) {
      left.push(each);
    } else if (!around.has(each)) {
      around.add(each);
      opened.push({ group: each, looked: 0, left: [] });
    }
  };
  look(error, left);
  for (let last = opened.at(-1); last !== undefined; last = opened.at(-1)) {
    const { group } = last;
    if (last.looked < group.errors.length) {
      look(group.errors[last.looked++], last.left);
      continue;
    }
    opened.pop();
    around.delete(group);
    (opened.at(-1)?.left ?? left).push(...restOf(last));
  }
  return { matched, rest: matched.length === 0 ? error : left[0] };
}

/** A group whose errors are being looked at. */
interface OpenedGroup {
  readonly group: AggregateError;
  /** How many of them have been looked at. */
  looked: number;
  /** Those that do not match. */
  readonly left: unknown[];
}

/** Returns the group without the errors that match, unless it is empty then. */
function restOf({ group, left }: OpenedGroup): [AggregateError?] {
  const { errors } = group;
  const isWhole = left.length === errors.length &&
    left.every((each, i) => each === errors[i]);
  if (isWhole) return [group];
  return left.length === 0 ? [] : [groupOf(left, group)];
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
