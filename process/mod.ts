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
export { runSubprocess } from "./run_subprocess.ts";
export type { RunSubprocessOptions } from "./run_options.ts";
export { pipeline } from "./pipeline.ts";
export { CompletedPipeline } from "./completed_pipeline.ts";
export { CompletedProcess } from "./completed_process.ts";
export {
  CalledProcessError,
  type CapturedOutput,
  TimeoutExpiredError,
} from "./errors.ts";
export type { TimeLimits } from "./_limits.ts";
export type { ProcessOutput } from "./_communication.ts";
export type { WaitOptions } from "../tasks/types.ts";
