/** @module */
import { describe } from "../tasks/types.ts";

/** How long a line may be, in bytes, unless told otherwise. */
const DEFAULT_LIMIT = 65536;

/** @throws {RangeError} It is no number above 0. */
export function checkLimit(limit: unknown = DEFAULT_LIMIT): number {
  if (typeof limit === "number" && limit > 0) return limit;
  throw new RangeError(
    `the limit of a reader is a number of bytes above 0, found ${
      describe(limit)
    }`,
  );
}
