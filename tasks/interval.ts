/** @module */
import { currentScope } from "./kernel/context/current_scope.ts";
import { Deadline } from "./kernel/loop/deadline.ts";
import {
  checkMilliseconds,
  checkOptions,
  describe,
  type WaitOptions,
} from "./kernel/types.ts";
import { checkpointIfCancelled, ready } from "./kernel/wait/checkpoint.ts";
import { type QueuedWaiter, WaitQueue } from "./kernel/wait/wait_queue.ts";
import { printable } from "./kernel/watch/inspect.ts";

/** What happens to moments that were missed. */
type Missed = "burst" | "skip" | "delay";

const MISSED: readonly unknown[] = ["burst", "skip", "delay"];

/**
 * Returns an iterable with a moment each `period` milliseconds. As tokio's
 * `interval`; asyncio has no counterpart, and `setInterval` does not wait for
 * its callback.
 *
 * - The first moment comes one period after the iteration began. The items are
 *   the planned times, on the loop's clock: they do not drift, however late the
 *   loop is.
 * - If the body of the loop takes longer than a period, the moment that was due
 *   comes at once. `missed` says what follows: with `"skip"` (the default), the
 *   next planned moment that is not over; with `"burst"`, all moments that were
 *   missed; with `"delay"`, a moment one period later, and all others counted
 *   from there.
 * - Each `for await` has moments of its own.
 *
 * **Cancel safety:** a `next()` that is cancelled or aborted takes no moment,
 * and leaves no timer behind.
 *
 * @param period Milliseconds.
 * @throws {RangeError} `period` is not more than 0.
 * @throws {TypeError} `period` is no number, or `missed` none of the three.
 *
 * @example
 * ```ts
 * import { getRunningLoop, interval, run, sleep } from "@asyncio/asyncio/tasks";
 * import { VirtualClock } from "@asyncio/asyncio/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await run(async () => {
 *   const times: number[] = [];
 *   for await (const moment of interval(1000)) {
 *     times.push(moment);
 *     if (times.length === 3) break;
 *     await sleep(300); // some work: the next one is still on time
 *   }
 *   assertEquals(times, [1000, 2000, 3000]);
 *   assertEquals(getRunningLoop().time(), 3000);
 * }, { clock: new VirtualClock() });
 * ```
 */
export function interval(
  period: number,
  options?: WaitOptions & { missed?: "burst" | "skip" | "delay" | undefined },
): AsyncIterable<number> {
  checkMilliseconds(period, "Cannot make an interval: the period");
  if (period <= 0) {
    throw new RangeError(
      `Cannot make an interval: the period is more than 0 ms, received ${period}`,
    );
  }
  checkOptions(options, "make an interval");
  const missed = options?.missed ?? "skip";
  if (!MISSED.includes(missed)) {
    throw new TypeError(
      `Cannot make an interval: missed is one of ${
        MISSED.join(", ")
      }, received ${describe(missed)}`,
    );
  }
  return new Interval(period, missed, options);
}

class Interval implements AsyncIterable<number> {
  readonly #period: number;
  readonly #missed: Missed;
  readonly #options: WaitOptions | undefined;

  constructor(
    period: number,
    missed: Missed,
    options: WaitOptions | undefined,
  ) {
    this.#period = period;
    this.#missed = missed;
    this.#options = options;
  }

  [Symbol.asyncIterator](): AsyncIterator<number, undefined> {
    return new Moments(new Plan(this.#period, this.#missed), this.#options);
  }

  static {
    printable(Interval, (it) => ({ period: it.#period, missed: it.#missed }));
  }
}

/** The planned moments. */
class Plan {
  readonly clock = currentScope().loop.clock;
  readonly period: number;
  readonly #missed: Missed;
  /** The time from which moments are counted, so that no rounding adds up. */
  #start = this.clock.now();
  #count = 1;

  constructor(period: number, missed: Missed) {
    this.period = period;
    this.#missed = missed;
  }

  get next(): number {
    return this.#start + this.#count * this.period;
  }

  /**
   * Returns the next moment, and plans the one after it.
   *
   * @param isLate Whether the next moment is over.
   */
  take(isLate: boolean): number {
    const moment = this.next;
    const now = this.clock.now();
    this.#count++;
    if (this.#missed === "skip") this.#skipTo(now);
    else if (this.#missed === "delay" && (isLate || this.next <= now)) {
      this.#start = now;
      this.#count = 1;
    }
    return moment;
  }

  #skipTo(now: number): void {
    if (this.next > now) return;
    this.#count = Math.floor((now - this.#start) / this.period);
    while (this.next <= now) this.#count++; // the division may be rounded
  }
}

type Moment = IteratorResult<number, undefined>;

class Moments extends WaitQueue<Moment>
  implements AsyncIterator<number, undefined> {
  readonly #plan: Plan;
  readonly #options: WaitOptions | undefined;
  readonly #loop = currentScope().loop;
  #deadline: Deadline | undefined = undefined;
  #isOver = false;

  constructor(plan: Plan, options: WaitOptions | undefined) {
    super(`interval ${plan.period}`);
    this.#plan = plan;
    this.#options = options;
  }

  next(): Promise<Moment> {
    const rejection = checkpointIfCancelled(this.#options);
    if (rejection !== undefined) return rejection;
    if (this.#isOver) return ready({ done: true, value: undefined });
    const now = this.#plan.clock.now();
    if (this.first === undefined && this.#plan.next <= now) {
      const isLate = this.#plan.next < now;
      return ready({ done: false, value: this.#plan.take(isLate) });
    }
    const promise = this.wait(this.#options);
    this.#arm();
    return promise;
  }

  return(): Promise<Moment> {
    this.#isOver = true;
    this.wakeAll({ done: true, value: undefined });
    return ready({ done: true, value: undefined });
  }

  override remove(waiter: QueuedWaiter<Moment>): void {
    super.remove(waiter);
    if (this.first !== undefined) return;
    this.#deadline?.stop();
    this.#deadline = undefined;
  }

  #arm(): void {
    this.#deadline ??= new Deadline(this.#loop, this.#plan.next, () => {
      this.#deadline = undefined;
      this.first!.wakeNow({ done: false, value: this.#plan.take(false) });
      if (this.first !== undefined) this.#arm();
    });
  }

  static {
    printable(Moments, (it) => ({
      next: it.#plan.next,
      waiting: it.size,
    }));
  }
}
