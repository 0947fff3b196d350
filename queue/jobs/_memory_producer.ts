/** Puts jobs into a queue in memory. @module */
import { isThenable, type WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import type { Codec } from "./codec.ts";
import { settled } from "./codec_wait.ts";
import { type Entry, newEntry } from "./_entry.ts";
import { closedError } from "./errors.ts";
import type { DeadLetter } from "./jobs.ts";
import type { DeadEntry, MemoryDeadLetters } from "./_memory_dead_letters.ts";
import type { Store } from "./_memory_store.ts";
import type { PutOptions } from "./options.ts";
import { type Putter, Putters } from "./_putters.ts";
import { SeenIds } from "./_seen_ids.ts";
import {
  checkPut,
  DEFAULT_PRIORITY,
  listed,
  type Settings,
} from "./settings.ts";
import { QUEUE, type QueueName } from "./queue_name.ts";
import { traced } from "./telemetry.ts";

/** A job that is to be put. */
interface Offer {
  readonly entry: Entry;
  readonly delay: number;
  readonly expires: number;
  /** What the error returns if the job is not put. */
  readonly item: unknown;
  /** If a dead letter is put back: that one. */
  readonly dead?: DeadEntry;
}

/** What a producer works with. */
export interface MemoryProducerParts<T> {
  readonly codec: Codec<T>;
  readonly settings: Settings;
  readonly store: Store;
  readonly letters: MemoryDeadLetters;
}

/** Puts jobs into a store; they wait while it is full. */
export class MemoryProducer<T> {
  readonly [QUEUE]: QueueName = { system: "memory", name: "memoryJobs" };
  readonly #parts: MemoryProducerParts<T>;
  readonly #seen: SeenIds;
  /** The unfinished jobs that were put with an id, by that. */
  readonly #named = new Map<string, Entry>();
  readonly #putters = new Putters<Offer>();
  #isClosed = false;

  constructor(parts: MemoryProducerParts<T>) {
    this.#parts = parts;
    this.#seen = new SeenIds(parts.settings.window);
  }

  /** How many puts wait for room. */
  get waiting(): number {
    return this.#putters.size;
  }

  put(value: T, options?: PutOptions): Promise<void> {
    return traced(this, options?.id, (trace) => {
      try {
        checkPut(options);
        const data = this.#parts.codec.encode(value);
        const from = { item: value, options, trace };
        if (!isThenable(data)) return this.#offer(data, from);
        return composite(async () =>
          await this.#offer(await settled(data, options), from)
        );
      } catch (error) {
        return Promise.reject(error);
      }
    });
  }

  #offer(
    data: Uint8Array,
    { item, options = {}, trace }: {
      item: T;
      options: PutOptions | undefined;
      trace: string | undefined;
    },
  ): Promise<void> {
    const { id, delay = 0, expires = Infinity, key, unique } = options;
    const entry = newEntry(data, {
      id: id ?? crypto.randomUUID(),
      priority: options.priority ?? DEFAULT_PRIORITY,
      key,
      named: id !== undefined,
      untilDone: unique === "untilDone",
      trace,
    });
    return this.#put({ entry, delay, expires, item }, options);
  }

  #put(offer: Offer, options?: WaitOptions): Promise<void> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#isClosed) return readyError(closedError("put", offer));
    if (this.#isFull && !this.#isHere(offer)) {
      return this.#putters.join(offer, options);
    }
    try {
      this.#accept(offer);
    } catch (error) {
      return readyError(error);
    }
    return ready(undefined);
  }

  putMany(
    list: Iterable<{ value: T } & Omit<PutOptions, "signal">>,
    options?: WaitOptions,
  ): Promise<void> {
    return composite(async () => {
      for (const { value, ...rest } of listed(list)) {
        await this.put(value, { ...rest, signal: options?.signal });
      }
    });
  }

  /** Puts a dead letter back. */
  putBack(
    letter: DeadLetter<T>,
    dead: DeadEntry,
    options?: WaitOptions,
  ): Promise<void> {
    const entry = newEntry(dead.data, dead.entry);
    const rest = { delay: 0, expires: Infinity, item: letter, dead };
    return this.#put({ entry, ...rest }, options);
  }

  /** Puts a run of a schedule. */
  putRun(data: Uint8Array, id: string): Promise<void> {
    const entry = newEntry(data, {
      id,
      priority: DEFAULT_PRIORITY,
      key: undefined,
      named: true,
      untilDone: false,
      trace: undefined,
    });
    const rest = { delay: 0, expires: Infinity, item: undefined };
    return this.#put({ entry, ...rest });
  }

  get #isFull(): boolean {
    const { store, settings } = this.#parts;
    return store.size >= settings.maxSize;
  }

  /** Whether the job, or one with its id, is in the queue already. */
  #isHere({ entry, dead }: Offer): boolean {
    const { store, letters } = this.#parts;
    if (dead !== undefined && !letters.has(dead)) return true;
    if (!entry.named) return false;
    const other = this.#named.get(entry.id);
    if (entry.untilDone) return other !== undefined;
    if (dead !== undefined) return false;
    return other?.untilDone === true ||
      this.#seen.has(entry.id, store.loop.time());
  }

  /** Puts the job into the store. If that throws, nothing has changed. */
  #accept(offer: Offer): void {
    if (this.#isHere(offer)) return;
    const { store, letters } = this.#parts;
    const { entry, delay, expires, dead } = offer;
    store.checkTimers(offer);
    if (dead !== undefined) letters.delete(dead);
    else if (entry.named && !entry.untilDone) {
      this.#seen.add(entry.id, store.loop.time());
    }
    if (entry.named) this.#named.set(entry.id, entry);
    store.add(entry, delay, expires);
  }

  /** Frees the id of an entry that has left the store. */
  finished(entry: Entry): void {
    const { id } = entry;
    if (this.#named.get(id) === entry) this.#named.delete(id);
  }

  /** Lets waiting puts in, as far as there is room. */
  letIn(): void {
    let putter: Putter<Offer> | undefined;
    while (!this.#isFull && (putter = this.#putters.first) !== undefined) {
      this.#letOneIn(putter);
    }
  }

  #letOneIn(putter: Putter<Offer>): void {
    const { offer } = putter;
    try {
      this.#parts.store.checkTimers(offer);
    } catch (error) {
      return void putter.fail(error);
    }
    // Before the job is in: that may call `decode`, which may come back here.
    putter.wake();
    this.#accept(offer);
    const { id, named } = offer.entry;
    if (named) this.#putters.wakeAll(id, (other) => this.#isHere(other));
  }

  /** Lets puts reject from now on. */
  close(): void {
    this.#isClosed = true;
    this.#seen.clear();
    this.#named.clear();
    let putter: Putter<Offer> | undefined;
    while ((putter = this.#putters.first) !== undefined) {
      putter.fail(closedError("put", putter.offer));
    }
  }
}
