/** The options of queues of jobs, and of a put. @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/** The options of a queue of jobs. */
// deno-lint-ignore no-explicit-any -- options without codec fit jobs of any kind
export interface JobsOptions<T = any> {
  /**
   * How many jobs the queue holds at most: waiting, delayed and leased ones; 0
   * or less for no bound, which is the default. Dead letters do not count.
   */
  maxSize?: number | undefined;
  /**
   * Milliseconds for which a job belongs to its worker; 30 000 by default. A job
   * that is neither settled nor extended within that time comes again.
   */
  lease?: number | undefined;
  /**
   * How often a job is tried; 5 by default, `Infinity` for no limit. After the
   * last attempt it becomes a dead letter.
   */
  maxAttempts?: number | undefined;
  /**
   * Milliseconds for which the queue remembers the ids of the jobs that were
   * put; 120 000 by default. A second put of the same id within that time puts
   * nothing.
   */
  window?: number | undefined;
  /**
   * Turns a value into bytes or text, or into a promise of them; JSON by
   * default.
   *
   * @example Encrypted on the way and on the disks of the servers
   * ```ts
   * import { memoryJobs } from "@asyncio/asyncio/queue/jobs";
   * import { assertEquals } from "@std/assert";
   *
   * const key = await crypto.subtle.generateKey(
   *   { name: "AES-GCM", length: 256 },
   *   false,
   *   ["encrypt", "decrypt"],
   * );
   * await using jobs = memoryJobs<string>({
   *   async encode(value) {
   *     const iv = crypto.getRandomValues(new Uint8Array(12));
   *     const text = new TextEncoder().encode(value);
   *     const data = await crypto.subtle.encrypt(
   *       { name: "AES-GCM", iv },
   *       key,
   *       text,
   *     );
   *     return new Uint8Array([...iv, ...new Uint8Array(data)]);
   *   },
   *   async decode(bytes) {
   *     const iv = bytes.slice(0, 12);
   *     const data = await crypto.subtle.decrypt(
   *       { name: "AES-GCM", iv },
   *       key,
   *       bytes.slice(12),
   *     );
   *     return new TextDecoder().decode(data);
   *   },
   * });
   * await jobs.put("a secret");
   * assertEquals((await jobs.get()).value, "a secret");
   * ```
   */
  encode?:
    | ((value: T) => Uint8Array | string | PromiseLike<Uint8Array | string>)
    | undefined;
  /** Turns bytes into a value, or a promise of one; from JSON by default. */
  decode?: ((data: Uint8Array) => T | PromiseLike<T>) | undefined;
  /** How long the queue keeps results and dead letters. */
  retention?: {
    /**
     * Milliseconds for which the result of a job can be asked for after the job
     * is done; 60 000 by default.
     */
    done?: number | undefined;
    /** Milliseconds for which a dead letter is kept; for ever by default. */
    dead?: number | undefined;
  } | undefined;
}

/** The options of {@linkcode Jobs.put}. */
export interface PutOptions extends WaitOptions {
  /**
   * Identifies the job; a new, random id by default. Putting an id that the queue
   * knows does nothing, see {@linkcode PutOptions.unique}.
   */
  id?: string | undefined;
  /**
   * Milliseconds before the job may be taken; with `Infinity` it stays delayed
   * until it is taken out.
   */
  delay?: number | undefined;
  /**
   * How urgent it is: 0, 1, 2 or 3; 2 by default, and 0 is the most urgent.
   * Within a priority, jobs are taken in order of arrival. At least every 32nd job
   * is a less urgent one, if there are any, so that none waits for ever.
   */
  priority?: 0 | 1 | 2 | 3 | undefined;
  /**
   * Milliseconds from the put within which the first attempt must begin. If it
   * does not, the job becomes a dead letter with the reason `expired`.
   */
  expires?: number | undefined;
  /**
   * Jobs with the same key are limited together by the `keyConcurrency` of the
   * workers: a customer, an account, a host.
   */
  key?: string | undefined;
  /**
   * How long no other job can have the `id`. `"window"`, the default: for the
   * `window` of the queue, also after the job is done. `"untilDone"`: as long as
   * the job is waiting, delayed or leased. Put an id in one of these ways only:
   * queues on NATS do not compare the two.
   */
  unique?: "window" | "untilDone" | undefined;
}
