/** Changes that other processes make to a queue. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { streamReport } from "../reports.ts";
import type { QueueContext } from "../queue_context.ts";
import { linesOf, shrink } from "../consumers.ts";
import { boundIn, settingsIn, type StreamReply } from "../stream_config.ts";
import type { Line } from "../subjects.ts";
import { apiFind } from "../transport/jetstream_api.ts";
import type { Msg } from "../transport/client.ts";
import { readRecord, type SharedState } from "./shared_state.ts";

/** What a notice says of a pause. */
const PAUSED = "paused", RESUMED = "resumed";

/** How often changes are looked for without a notice, in milliseconds. */
const INTERVAL = 2000;

/** Called with what other processes may change. */
export interface ControlEvents {
  paused(paused: boolean): void;
  lines(lines: Line[]): void;
  softBound(soft: boolean): void;
  /** Called at the beginning of each look. */
  looking(): void;
  /** Called if a shared record has changed. */
  shared(): Promise<void>;
}

/**
 * Notices the changes that other processes make to a queue: pauses, settings, lines
 * and schedules. Processes send each other notices. As those may get lost, each
 * also looks every two seconds.
 */
export class Control {
  readonly #context: QueueContext;
  readonly #state: SharedState;
  readonly #events: ControlEvents;
  readonly #loop = getRunningLoop();
  readonly #begin: (work: () => Promise<void>) => void;
  #timer: TimerHandle | undefined = undefined;
  #looking = false;
  #again = false;
  #consumers = -1;
  #sharedSeq = -1;
  #closed = false;

  constructor(
    context: QueueContext,
    { state, begin, ...events }: ControlEvents & {
      state: SharedState;
      /** Does work in no task; its errors are ignored. */
      begin: (work: () => Promise<void>) => void;
    },
  ) {
    this.#context = context;
    this.#state = state;
    this.#events = events;
    this.#begin = begin;
    const { connection, subjects } = context;
    connection.subscribe(subjects.control, (notice) => this.#noticed(notice));
    this.#plan();
  }

  /** Sends the notice of a change to all processes, this one too. */
  notify(what = ""): void {
    const { connection, subjects } = this.#context;
    connection.publish(subjects.control, what);
  }

  #noticed(notice: Msg): void {
    if (this.#closed) return;
    const what = notice.string();
    if (what === PAUSED || what === RESUMED) {
      this.#events.paused(what === PAUSED);
      this.#sharedSeq = -1; // it may be older than what was seen
    }
    this.look();
  }

  /** Pauses or resumes the queue. */
  async setPaused(paused: boolean, options?: WaitOptions): Promise<void> {
    const subject = this.#context.subjects.shared("paused");
    await this.#state.update<boolean>(
      subject,
      (old = false) => old === paused ? undefined : paused,
      options,
    );
    this.#events.paused(paused);
    this.notify(paused ? PAUSED : RESUMED);
    // After the answer, the servers have passed the notice on, too.
    await this.isPaused(options);
  }

  /** Resolves to whether the queue is paused. */
  isPaused(options?: WaitOptions): Promise<boolean> {
    return readPaused(this.#context, options);
  }

  /** Looks at once, or once more after the look under way. */
  look(): void {
    if (this.#closed) return;
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    this.#timer?.cancel();
    this.#begin(async () => {
      try {
        while (this.#again && !this.#closed) {
          this.#again = false;
          await this.#lookNow();
        }
      } finally {
        this.#looking = false;
        this.#plan();
      }
    });
  }

  async #lookNow(): Promise<void> {
    const { connection, subjects } = this.#context;
    this.#events.looking();
    const jobs = await streamReport(connection, subjects.jobs);
    this.#context.settings = settingsIn(jobs.config);
    const { maxSize } = this.#context.settings;
    this.#events.softBound(boundIn(jobs.config) > maxSize);
    const { consumer_count } = jobs.state;
    if (consumer_count !== this.#consumers) {
      this.#consumers = consumer_count;
      this.#events.lines(await linesOf(this.#context));
    }
    const shared = await apiFind<StreamReply>(
      connection,
      `STREAM.INFO.${subjects.state}`,
      undefined,
      { doubt: 0 },
    );
    // If a cluster does not know the stream at the moment, nothing has changed.
    if (shared !== undefined && shared.state.last_seq !== this.#sharedSeq) {
      this.#sharedSeq = shared.state.last_seq;
      this.#events.paused(await this.isPaused());
      await this.#events.shared();
    }
    await shrink(this.#context, jobs);
  }

  #plan(): void {
    this.#timer?.cancel();
    if (this.#closed) return;
    this.#timer = this.#loop.callLater(INTERVAL, () => this.look());
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }
}

/** Reads whether a queue is paused. */
export async function readPaused(
  context: QueueContext,
  options?: WaitOptions,
): Promise<boolean> {
  const subject = context.subjects.shared("paused");
  return (await readRecord<boolean>(context, subject, options)).value === true;
}
