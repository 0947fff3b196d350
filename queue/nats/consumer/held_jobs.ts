/** The jobs that this process has taken from the servers. @module */
import type { Loss } from "../../jobs/errors.ts";
import type { JobState } from "../../jobs/job.ts";
import { type Delivery, storedAtOf } from "./delivery.ts";
import { DoneLog } from "./done_log.ts";
import { EndingJobs } from "./ending_jobs.ts";

/** The longest time for which a process says that it holds a job, in milliseconds. */
export const LONGEST_HOLD = 10_000;

/** What is used of a job that is leased here. */
export interface HeldJob {
  readonly id: string;
  readonly attempt: number;
  readonly state: JobState;
  readonly progress: string | undefined;
  /** The last one: the servers may deliver the job once more. */
  delivery: Delivery;
  lose(loss: Loss): void;
  handBackClosed(): void;
}

/** That a job is done, or for how many milliseconds it is held at least. */
export type Knowledge = "done" | number;

/** The jobs that this process holds, is taking out of the queue, or has taken out. */
export class HeldJobs {
  /** The jobs that are leased here, by their numbers, oldest lease first. */
  readonly held: Map<number, HeldJob> = new Map();
  readonly ending: EndingJobs = new EndingJobs();
  /** Those that are out, as soon as the servers are told so. */
  readonly done: DoneLog = new DoneLog();
  /** Called when a job is no longer held here. */
  onGone: ((delivery: Delivery) => void) | undefined = undefined;
  /** Called when the lease of a job was restarted. */
  onExtended: ((delivery: Delivery) => void) | undefined = undefined;
  /** Called when a job that is held here was delivered here once more. */
  onRenewed: ((delivery: Delivery) => void) | undefined = undefined;

  /** Notes that `job` is leased here; an earlier holder has lost it. */
  hold(job: HeldJob): void {
    const { sequence } = job.delivery;
    if (this.held.get(sequence) !== job) this.lose(sequence);
    this.held.delete(sequence); // the oldest lease comes first
    this.held.set(sequence, job);
  }

  /** Forgets jobs whose leases have run out. */
  forgetLost(): void {
    for (const [old, job] of this.held) {
      if (job.state === "leased") break;
      this.held.delete(old);
      job.lose("expired");
      this.onGone?.(job.delivery);
    }
  }

  /** Lets the holder here lose a job: the job has come again, or is gone. */
  lose(sequence: number, loss: Loss = "expired"): void {
    const job = this.held.get(sequence);
    if (job === undefined) return;
    this.held.delete(sequence);
    job.lose(loss);
    this.onGone?.(job.delivery);
  }

  /** Notes that a job is being settled: the holder cannot lose it any more. */
  letGo({ sequence }: Delivery): void {
    this.held.delete(sequence);
  }

  /** Notes that a job could not be settled. */
  gone(delivery: Delivery): void {
    this.done.delete(delivery);
    this.lose(delivery.sequence);
    this.onGone?.(delivery);
  }

  /**
   * Lets the holder of a job go on with its new delivery. Returns `false` if the job
   * is not held here.
   */
  renew(delivery: Delivery): boolean {
    const { sequence, key } = delivery;
    const ending = this.ending.get(sequence);
    if (ending?.key === key) {
      this.ending.onHandedOut?.(ending);
      return true;
    }
    const job = this.held.get(sequence);
    if (job?.delivery.key !== key || job.state !== "leased") return false;
    delivery.returns = delivery.deliveries - job.attempt; // it is no attempt
    delivery.note = job.delivery.note;
    delivery.maybeNoted = job.delivery.maybeNoted;
    job.delivery = delivery;
    this.hold(job);
    this.onExtended?.(delivery);
    this.onRenewed?.(delivery);
    return true;
  }

  /** Notes that the servers have handed out the job with this key to another process. */
  handedOutElsewhere(key: string): void {
    const { sequence } = storedAtOf(key);
    const ending = this.ending.get(sequence);
    const delivery = ending ?? this.held.get(sequence)?.delivery;
    if (delivery?.key !== key) return;
    delivery.maybeNoted = true;
    if (ending !== undefined) this.ending.onHandedOut?.(ending);
  }

  /** What this process knows of the job with this key. */
  knowledgeOf(key: string): Knowledge | undefined {
    const stored = storedAtOf(key);
    if (this.done.has(stored)) return "done";
    const { sequence } = stored;
    const job = this.held.get(sequence);
    const delivery = job?.state === "leased"
      ? job.delivery
      : this.ending.get(sequence);
    if (delivery?.key !== key) return undefined;
    const left = Math.max(delivery.lease.remaining(), 0);
    return Math.min(left, LONGEST_HOLD);
  }
}
