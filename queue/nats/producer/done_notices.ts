/** @module */
import { WaitQueue } from "../../../tasks/kernel/wait/wait_queue.ts";
import { moveOnAfter } from "../../../tasks/timeout.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../../tasks/kernel/wait/checkpoint.ts";
import type { ReconnectingConnection } from "../transport/reconnecting_connection.ts";
import type { Subjects } from "../_subjects.ts";

/** How long those who finish jobs remember that somebody waits for it. */
const MEMORY = 3000;

/** Who waits says so that often. */
const REMINDER = 1000;

/**
 * The word that a job was finished, for those who wait for room, or for the
 * end. It goes around only while somebody waits, and may get lost: who waits
 * looks for itself, too, now and then.
 */
export class DoneNotices {
  readonly #link: ReconnectingConnection;
  readonly #names: Subjects;
  readonly #waiting = new WaitQueue<void>("Jobs");
  #listenedTo = -Infinity;
  #reminded = -Infinity;
  #heard = 0;

  constructor(link: ReconnectingConnection, names: Subjects) {
    this.#link = link;
    this.#names = names;
    link.subscribe(names.watching, () => {
      this.#listenedTo = performance.now() + MEMORY;
    });
    link.subscribe(names.news, () => {
      this.#heard++;
      this.#waiting.wakeAll();
    });
  }

  /** How often there was news: to be given to `wait`. */
  get heard(): number {
    return this.#heard;
  }

  /** Says that a job was finished, to those who want to hear it. */
  tell(): void {
    if (performance.now() > this.#listenedTo) return;
    this.#link.publish(this.#names.news);
  }

  /** Waits for news since `heard`, or `ms` milliseconds. */
  async wait(heard: number, ms: number, options?: WaitOptions): Promise<void> {
    const now = performance.now();
    if (now - this.#reminded > REMINDER) {
      this.#reminded = now;
      this.#link.publish(this.#names.watching);
    }
    if (this.#heard > heard) return;
    await moveOnAfter(
      ms,
      () => checkpointIfCancelled(options) ?? this.#waiting.wait(options),
    );
  }

  close(error: unknown): void {
    this.#waiting.failAll(error);
  }
}
