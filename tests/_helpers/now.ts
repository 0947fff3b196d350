import { getRunningLoop } from "@asyncio/asyncio/tasks";

/** The time on the clock of the current loop. */
export function now(): number {
  return getRunningLoop().time();
}
