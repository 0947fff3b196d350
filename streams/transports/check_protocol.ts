/** @module */
import { checkObject, describe } from "../../tasks/kernel/types.ts";

/** @throws {TypeError} It is no function. */
export function checkFactory(factory: unknown, caller: string): void {
  if (typeof factory === "function") return;
  throw new TypeError(
    `Cannot call ${caller}: expected a function that makes a protocol, received ${
      describe(factory)
    }: write ${caller}(() => new MyProtocol(), ...)`,
  );
}

/** @throws {TypeError} It is no object, or a promise of one. */
export function checkProtocol(protocol: unknown): void {
  checkObject(protocol, "Cannot set the protocol: expected a protocol");
}
