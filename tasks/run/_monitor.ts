/** Starts the monitor of a run, if one is asked for. @module */
import { rootFrame } from "../kernel/cancel/cancel_scope.ts";
import { runInFrame } from "../kernel/context/current_scope.ts";
import type { Loop } from "../kernel/loop/loop.ts";
import { describe } from "../kernel/types.ts";
import { noVariables } from "../kernel/cancel/context_frame.ts";
import { environment } from "../kernel/permissions.ts";
import type { RunOptions } from "./run_options.ts";
import { importOutside } from "../kernel/wait/lazy_module.ts";

/**
 * Returns whether a monitor is asked for.
 *
 * @throws {TypeError} The option is no boolean, or this is not Deno.
 */
export function isMonitored(
  { monitor = environment("ASYNCIO_MONITOR") === "1" }: RunOptions,
): boolean {
  if (typeof monitor !== "boolean") {
    throw new TypeError(
      `Cannot run: monitor is a boolean, received ${describe(monitor)}`,
    );
  }
  if (monitor && !("Deno" in globalThis)) {
    throw new TypeError("Cannot run with a monitor: it needs Deno");
  }
  return monitor;
}

/**
 * Starts a monitor of `loop`, without waiting for it. The returned function
 * ends it. Errors are reported, and do not hold up the run.
 */
export function openMonitor(loop: Loop): () => Promise<void> {
  const frame = rootFrame(loop, noVariables());
  const report = (message: string) => (error: unknown) =>
    runInFrame(frame, () => loop.report({ message, error }));
  const attached = runInFrame(frame, async () => {
    const { attach } = await importOutside(() =>
      import("../monitor/server/monitor.ts")
    );
    return await attach(loop);
  }).catch(report("The monitor cannot be started"));
  return async () => {
    const detach = await attached;
    await detach?.().catch(report("The monitor cannot be ended"));
  };
}
