/** @module */
import { currentScope } from "../kernel/context/current_scope.ts";
import { detached } from "../kernel/context/detached.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import type { Loop } from "../kernel/loop/loop.ts";
import { WaitQueue } from "../kernel/wait/wait_queue.ts";
import {
  type Call,
  type ThreadOwner,
  type ThreadSettings,
  WorkerThread,
} from "./_worker_thread.ts";

/** Where the runtime does not say how many processors there are. */
const PROCESSORS = 4;

/** As many threads as there are processors. */
export function processors(): number {
  return globalThis.navigator?.hardwareConcurrency ?? PROCESSORS;
}

/**
 * Threads that are started when they are needed, and run one call each; the
 * other calls stand in line. It ends with the run it was made in.
 */
export class ThreadPool implements ThreadOwner, AsyncDisposable {
  readonly size: number;
  readonly #loop: Loop;
  readonly #face: AsyncDisposable;
  readonly #settings: ThreadSettings;
  readonly #threads = new Set<WorkerThread>();
  readonly #idle: WorkerThread[] = [];
  readonly #calls = new WaitQueue<unknown, Call>("a worker thread");
  #closed = false;

  /** @param settings `face`: what stands for it among what ends with the run. */
  constructor(
    size: number,
    settings: ThreadSettings & { face?: AsyncDisposable } = {},
  ) {
    this.size = size;
    this.#settings = settings;
    this.#loop = currentScope().loop;
    this.#face = settings.face ?? this;
    this.#loop.resources.add(this.#face);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** How many threads there are. */
  get threads(): number {
    return this.#threads.size;
  }

  /** How many of them run a call. */
  get running(): number {
    return this.#threads.size - this.#idle.length;
  }

  /** How many calls stand in line. */
  get waiting(): number {
    return this.#calls.size;
  }

  /** Throws when the pool is closed. */
  checkOpen(): void {
    if (this.#closed) throw closedError();
  }

  /** Has `call` run: at once where a thread is free, or else in its turn. */
  start(call: Call): void {
    this.#calls.add(call);
    this.#serve();
  }

  freed(thread: WorkerThread): void {
    this.#idle.push(thread);
    this.#serve();
  }

  lost(thread: WorkerThread, error?: unknown): void {
    this.#threads.delete(thread);
    const index = this.#idle.indexOf(thread);
    if (index >= 0) this.#idle.splice(index, 1);
    if (error !== undefined) {
      const message = "Exception in a worker thread that ran no call";
      this.#loop.report({ message, error });
    }
    this.#serve();
  }

  /** Ends the threads, and the calls with an error. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#loop.resources.delete(this.#face);
    this.#calls.failAll(closedError());
    const threads = [...this.#threads];
    this.#threads.clear();
    this.#idle.length = 0;
    await Promise.all(threads.map((thread) => thread.end(closedError())));
  }

  #serve(): void {
    for (
      let call = this.#calls.first;
      call !== undefined;
      call = this.#calls.first
    ) {
      const thread = this.#idle.pop() ?? this.#open();
      if (thread === undefined) return;
      this.#calls.remove(call);
      call.queue = undefined;
      if (!thread.run(call)) this.#idle.push(thread);
    }
  }

  #open(): WorkerThread | undefined {
    if (this.#threads.size >= this.size) return undefined;
    // It outlives the task that needed it first.
    const thread = detached(() => new WorkerThread(this, this.#settings));
    this.#threads.add(thread);
    return thread;
  }
}

function closedError(): InvalidStateError {
  return new InvalidStateError(
    "Cannot call a function: the pool of worker threads is closed",
  );
}
