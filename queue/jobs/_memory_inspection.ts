/** Looking into a queue in memory, and taking jobs out of it. @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { ready } from "../../tasks/kernel/wait/checkpoint.ts";
import type { Codec } from "./codec.ts";
import { decodedOrNothing } from "./codec_wait.ts";
import type { Entry } from "./_entry.ts";
import type { JobInfo, StoredJobState } from "./jobs.ts";
import { listing } from "./listing.ts";
import type { MemoryDeadLetters } from "./_memory_dead_letters.ts";
import type { Store } from "./_memory_store.ts";
import { byPriority } from "./_ready_jobs.ts";
import { valueOf } from "./results.ts";
import { momentIn } from "./settings.ts";

/** Looks into a queue. */
export class MemoryInspection<T> {
  readonly #store: Store;
  readonly #letters: MemoryDeadLetters;
  readonly #codec: Codec<T>;

  constructor(store: Store, letters: MemoryDeadLetters, codec: Codec<T>) {
    this.#store = store;
    this.#letters = letters;
    this.#codec = codec;
  }

  /** How many jobs are in each state. */
  counts(): Record<StoredJobState, number> {
    const { waiting, delayed, leased } = this.#store.counts;
    return { waiting, delayed, leased, dead: this.#letters.size };
  }

  /** The jobs in one state. */
  list(
    state: StoredJobState,
    check: () => Promise<never> | undefined,
    options?: WaitOptions,
  ): AsyncIterableIterator<JobInfo<T>> {
    const entryState = state === "dead" ? "gone" : state;
    let all: Iterator<Entry> | undefined;
    const next = async () => {
      all ??= await ready(this.#entries(state).values());
      for (let it = all.next(); !it.done; it = all.next()) {
        if (it.value.state === entryState) return it.value;
      }
      return undefined;
    };
    return listing(check, next, (entry) => this.#info(entry, state, options));
  }

  #entries(state: StoredJobState): Entry[] {
    if (state === "dead") return this.#letters.all.map(({ entry }) => entry);
    const entries = [...this.#store.entries].filter((it) => it.state === state);
    if (state === "waiting") entries.sort(byPriority);
    if (state === "delayed") entries.sort((a, b) => a.due!.when - b.due!.when);
    return entries;
  }

  async #info(
    entry: Entry,
    state: StoredJobState,
    options?: WaitOptions,
  ): Promise<JobInfo<T>> {
    const { id, priority, attempts, key, due } = entry;
    const progress = this.#store.leaseOf(entry)?.job?.progress;
    const wait = due === undefined ? 0 : due.when - this.#store.loop.time();
    return {
      id,
      value: await decodedOrNothing(this.#codec, entry.data, options),
      state,
      attempt: attempts,
      priority,
      ...(key !== undefined && { key }),
      ...(due !== undefined && { due: new Date(momentIn(wait)) }),
      ...(progress !== undefined && { progress: valueOf(progress) }),
    };
  }

  /**
   * Takes a job out: a leased one only if `leased` is set, a dead letter only if
   * not.
   *
   * @returns Whether a job was taken out.
   */
  takeOut(id: string, leased: boolean): boolean {
    const entry = this.#store.find(id);
    if (entry !== undefined) {
      if (entry.state === "leased" && !leased) return false;
      this.#store.cancel(entry);
      return true;
    }
    const dead = leased ? undefined : this.#letters.find(id);
    return dead !== undefined && this.#letters.delete(dead);
  }
}
