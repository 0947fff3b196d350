/** @module */
import { describe } from "../tasks/types.ts";

/** @throws {TypeError} It is no path of a Unix socket. */
export function checkPath(path: unknown): asserts path is string {
  if (typeof path === "string" && path !== "") return;
  throw new TypeError(
    `the path of a Unix socket is a string, and not empty, found ${
      describe(path)
    }`,
  );
}
