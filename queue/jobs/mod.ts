/**
 * Jobs that survive the process that took them.
 * @module
 */
export { fullJitter } from "./backoff.ts";
export { LeaseLostError } from "./errors.ts";
export type {
  DeadLetter,
  Job,
  Jobs,
  JobsOptions,
  JobState,
  PutOptions,
} from "./jobs.ts";
export { memoryJobs } from "./memory_jobs.ts";
export { work, type WorkOptions } from "./work.ts";
export { QueueShutDownError } from "../errors.ts";
export type { WaitOptions } from "../../tasks/types.ts";
