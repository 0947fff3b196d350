import { type Coroutine, run } from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";

/** Runs `main` on a clock that jumps: time is exact, and costs nothing. */
export function virtually<T>(main: Coroutine<T>): Promise<T> {
  return run(main, { clock: new VirtualClock() });
}
