/** @module */

/** How much memory a thread may use: as in `node:worker_threads`. */
export interface WorkerResourceLimits {
  /** The heap of long-lived objects, in megabytes. */
  maxOldGenerationSizeMb?: number | undefined;
  /** The heap of new objects, in megabytes. */
  maxYoungGenerationSizeMb?: number | undefined;
  /** Memory for code, in megabytes. */
  codeRangeSizeMb?: number | undefined;
  /** The stack, in megabytes. */
  stackSizeMb?: number | undefined;
}
