/**
 * Jobs on NATS JetStream.
 * @module
 */
export { NatsError } from "./errors.ts";
export { natsJobs } from "./nats_jobs.ts";
export type { NatsJobsOptions } from "./nats_options.ts";
export { LeaseLostError } from "../jobs/errors.ts";
export type {
  DeadLetter,
  Job,
  Jobs,
  JobsOptions,
  JobState,
  PutOptions,
} from "../jobs/jobs.ts";
export { QueueShutDownError } from "../errors.ts";
export type { WaitOptions } from "../../tasks/types.ts";
