/** @module */
import { describe } from "../tasks/kernel/types.ts";

/**
 * Checks options that switch something on or off: one that is taken for true by
 * its mere presence would do what its text denies.
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
