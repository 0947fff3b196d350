/** The schedules of a queue on NATS. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { settled } from "../../jobs/codec_wait.ts";
import { loadParser, timesOf } from "../../jobs/schedule/recurrence.ts";
import { dueRuns, type Missed } from "../../jobs/schedule/runs.ts";
import {
  runId,
  type Schedule,
  type Schedules,
} from "../../jobs/schedule/schedule.ts";
import type { QueueContext } from "../queue_context.ts";
import type { StreamReply } from "../stream_config.ts";
import { tokenOf } from "../subjects.ts";
import { apiFind } from "../transport/jetstream_api.ts";
import type { SharedState } from "./shared_state.ts";

/** The shared record of a schedule. */
interface SharedSchedule {
  readonly name: string;
  readonly cron?: string | undefined;
  readonly every?: number | undefined;
  readonly timeZone?: string | undefined;
  readonly missed: Missed;
  /** The encoded value, in Base64. */
  readonly data: string;
  /** The time from which `every` counts. */
  readonly start: number;
  /** The next run that has not been put. */
  readonly next: number;
}

/** The longest timer, in milliseconds, as the clock of the machine may be set. */
const LONGEST_WAIT = 60_000;

/** The pause before a run that could not be put is tried again, in milliseconds. */
const AGAIN = 1000;

/** When this process looks at a schedule. */
interface Plan {
  timer: TimerHandle | undefined;
  /** Whether a look is under way. */
  looking: boolean;
  /** Whether the schedule has changed during the look. */
  again: boolean;
}

/** What schedules need of their queue. */
export interface ScheduleHost<T> {
  readonly state: SharedState;
  check(options?: WaitOptions): Promise<never> | undefined;
  encode(value: T): Uint8Array | PromiseLike<Uint8Array>;
  /** Puts a run: once, even if several processes do it. */
  put(data: Uint8Array, id: string): Promise<void>;
  /** Sends the notice of a change to all processes. */
  notify(): void;
  /** Does work in no task; its errors are ignored. */
  begin(work: () => Promise<void>): void;
}

/**
 * The schedules of a queue on NATS. Every process knows them all. When a run is due,
 * each process puts it under the same id, and writes the next time into the record,
 * which one of them succeeds in.
 */
export class NatsSchedules<T> implements Schedules<T> {
  readonly #context: QueueContext;
  readonly #host: ScheduleHost<T>;
  readonly #loop = getRunningLoop();
  /** Since when this process has had the queue open. */
  readonly #since: number = Date.now();
  readonly #plans = new Map<string, Plan>();
  #closed = false;

  constructor(context: QueueContext, host: ScheduleHost<T>) {
    this.#context = context;
    this.#host = host;
  }

  async set(
    { name, cron, every, timeZone, value, missed }: Schedule<T>,
    options?: WaitOptions,
  ): Promise<void> {
    await this.#host.check(options);
    const data = toBase64(await settled(this.#host.encode(value), options));
    const now = Date.now();
    const subject = await this.#subject(name);
    await this.#host.state.update<SharedSchedule>(subject, (old) => {
      const same = old !== undefined && old.cron === cron &&
        old.every === every && old.timeZone === timeZone;
      if (same) return { ...old, missed, data };
      const recurrence = { cron, every, timeZone };
      const next = timesOf(recurrence, now).next(now);
      return { name, ...recurrence, missed, data, start: now, next };
    }, options);
    this.#plan(subject, 0);
    this.#host.notify();
  }

  async remove(name: string, options?: WaitOptions): Promise<void> {
    await this.#host.check(options);
    const subject = await this.#subject(name);
    await this.#host.state.update<SharedSchedule>(
      subject,
      () => null,
      options,
    );
    this.#host.notify();
  }

  async #subject(name: string): Promise<string> {
    const { subjects } = this.#context;
    return subjects.shared("schedule", await tokenOf(name));
  }

  /** Reads which schedules there are. */
  async look(): Promise<void> {
    const { connection, subjects } = this.#context;
    const found = await apiFind<StreamReply>(
      connection,
      `STREAM.INFO.${subjects.state}`,
      { subjects_filter: subjects.shared("schedule", "*") },
      { doubt: 0 },
    );
    for (const subject of Object.keys(found?.state.subjects ?? {})) {
      this.#plan(subject, 0);
    }
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#plans.values()) timer?.cancel();
  }

  #plan(subject: string, ms: number): void {
    if (this.#closed) return;
    const plan: Plan = this.#plans.get(subject) ??
      { timer: undefined, looking: false, again: false };
    this.#plans.set(subject, plan);
    if (plan.looking) return void (plan.again = true);
    plan.timer?.cancel();
    const wait = Math.min(Math.max(ms, 0), LONGEST_WAIT);
    plan.timer = this.#loop.callLater(wait, () => {
      plan.looking = true;
      this.#host.begin(() => this.#look(subject, plan));
    });
  }

  async #look(subject: string, plan: Plan): Promise<void> {
    let next: number | undefined = Date.now() + AGAIN;
    try {
      next = await this.#fire(subject);
    } finally {
      plan.looking = false;
      if (next === undefined && !plan.again) this.#plans.delete(subject);
      else this.#plan(subject, plan.again ? 0 : next! - Date.now());
      plan.again = false;
    }
  }

  /** Puts the runs that are due; resolves to the next time to look. */
  async #fire(subject: string): Promise<number | undefined> {
    const { state, put } = this.#host;
    const { value, seq } = await state.read<SharedSchedule>(subject);
    if (value === undefined) return undefined;
    if (value.cron !== undefined) await loadParser();
    const { name, missed, data, start, next } = value;
    const due = dueRuns(timesOf(value, start), {
      next,
      now: Date.now(),
      missed,
      since: this.#since,
    });
    if (due.next === next) return due.look;
    for (const run of due.runs) await put(fromBase64(data), runId(name, run));
    await state.write(subject, { ...value, next: due.next }, seq);
    return due.look;
  }
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (it) => String.fromCharCode(it)).join(""));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
