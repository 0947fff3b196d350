/** @module */
import type { EventLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { ready } from "../../../tasks/kernel/wait/checkpoint.ts";
import { settled } from "../codec_wait.ts";
import { type Times, timesOf } from "./recurrence.ts";
import { dueRuns, type Missed } from "./runs.ts";
import { runId, type Schedule, type Schedules } from "./schedule.ts";

/** The longest timer, in milliseconds, as the clock of the machine may be set. */
const LONGEST_WAIT = 60 * 60_000;

/** What schedules need of their queue. */
export interface ScheduleHost<T> {
  readonly loop: EventLoop;
  /** The time of the queue, in milliseconds since 1970. */
  now(): number;
  /** Returns a rejection if nothing can be scheduled now. */
  check(options?: WaitOptions): Promise<never> | undefined;
  encode(value: T): Uint8Array | PromiseLike<Uint8Array>;
  /** Puts a run; waits while the queue is full. */
  put(data: Uint8Array, id: string): Promise<void>;
}

interface Registered {
  readonly definition: string;
  readonly times: Times;
  readonly missed: Missed;
  readonly data: Uint8Array;
  next: number;
  timer: TimerHandle | undefined;
}

/** The schedules of a queue in memory. */
export class MemorySchedules<T> implements Schedules<T> {
  readonly #host: ScheduleHost<T>;
  readonly #all = new Map<string, Registered>();

  constructor(host: ScheduleHost<T>) {
    this.#host = host;
  }

  async set(
    { name, cron, every, timeZone, value, missed }: Schedule<T>,
    options?: WaitOptions,
  ): Promise<void> {
    const host = this.#host;
    const data = await settled(host.encode(value), options);
    // Afterwards, as the queue may have been closed meanwhile.
    const rejection = host.check(options);
    if (rejection !== undefined) await rejection;
    const now = host.now();
    const definition = JSON.stringify([cron, every, timeZone]);
    const old = this.#all.get(name);
    const same = old?.definition === definition;
    const times = same ? old.times : timesOf({ cron, every, timeZone }, now);
    const next = same ? old.next : times.next(now);
    const registered = { definition, times, missed, data, next };
    this.#plan(name, { ...registered, timer: undefined });
  }

  async remove(name: string, options?: WaitOptions): Promise<void> {
    await (this.#host.check(options) ?? ready(undefined));
    this.#all.get(name)?.timer?.cancel();
    this.#all.delete(name);
  }

  close(): void {
    for (const { timer } of this.#all.values()) timer?.cancel();
    this.#all.clear();
  }

  #plan(name: string, it: Registered): void {
    const wait = Math.min(it.next - this.#host.now(), LONGEST_WAIT);
    const timer = this.#host.loop.callLater(wait, () => this.#fire(name, it));
    this.#all.get(name)?.timer?.cancel();
    it.timer = timer;
    this.#all.set(name, it);
  }

  #fire(name: string, it: Registered): void {
    const { times, missed, next, data } = it;
    const now = this.#host.now();
    const due = dueRuns(times, { next, now, missed, since: -Infinity });
    it.next = due.next;
    const puts = due.runs.map((run) => this.#host.put(data, runId(name, run)));
    const goOn = () => {
      if (this.#all.get(name) === it) this.#plan(name, it);
    };
    // While the queue is full, no more runs are put.
    Promise.all(puts).then(goOn, () => {}); // a put fails if the queue is closed
  }
}
