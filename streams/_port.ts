/** @module */
import { describe } from "../tasks/types.ts";

/** @throws {RangeError} It is no port. */
export function checkPort(port: unknown): asserts port is number {
  if (Number.isInteger(port) && port as number >= 0 && port as number < 65536) {
    return;
  }
  throw new RangeError(
    `a port is a number from 0 to 65535, found ${describe(port)}`,
  );
}
