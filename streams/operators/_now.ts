/** @module */
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";

/** The time on the current loop's clock, in milliseconds. */
export function now(): number {
  return currentScope().loop.clock.now();
}
