/** @module */
import { isCancelled } from "../../tasks/kernel/errors.ts";

/**
 * Throws the error of waits that have ended side by side, if there is one. A cancel
 * comes first: it is delivered only once, but the next wait for the program throws
 * the failure of a stream again.
 */
export function throwFailure(
  outcomes: readonly PromiseSettledResult<unknown>[],
): void {
  const failures = outcomes.filter((it) => it.status === "rejected");
  const failure = failures.find(({ reason }) => isCancelled(reason)) ??
    failures[0];
  if (failure !== undefined) throw failure.reason;
}
