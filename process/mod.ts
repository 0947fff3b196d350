/**
 * Programs, each ended when it should be.
 *
 * @module
 */
export { DEVNULL, INHERIT, PIPE, type Stdio, STDOUT } from "./stdio.ts";
export type { SubprocessOptions } from "./options.ts";
export {
  createSubprocessExec,
  createSubprocessShell,
} from "./create_subprocess.ts";
export { Process } from "./process.ts";
export { runSubprocess, type RunSubprocessOptions } from "./run_subprocess.ts";
export { CompletedProcess } from "./completed_process.ts";
export {
  CalledProcessError,
  type Captured,
  type Command,
  TimeoutExpiredError,
} from "./errors.ts";
export type { TimeLimits } from "./_limits.ts";
export type { Output } from "./_communication.ts";
export type { WaitOptions } from "../tasks/types.ts";
