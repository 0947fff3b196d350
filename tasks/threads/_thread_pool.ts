/** @module */
import { currentScope } from "../kernel/context/current_scope.ts";
import { detached } from "../kernel/context/detached.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import type { Loop } from "../kernel/loop/loop.ts";
import { WaitQueue } from "../kernel/wait/wait_queue.ts";
import type { Call } from "./_call.ts";
import {
  type ThreadOwner,
  type ThreadSettings,
  WorkerThread,
} from "./_worker_thread.ts";

/**
 * How many threads, if the runtime does not know how many processors there are.
 */
const PROCESSORS = 4;

/** Returns how many processors there are. */
export function processors(): number {
  return globalThis.navigator?.hardwareConcurrency ?? PROCESSORS;
}

/**
 * Threads that are started when they are needed, and run one call at a time.
 * Further calls wait. The pool is closed at the end of the run in which it was
 * made.
 */
export class ThreadPool implements ThreadOwner, AsyncDisposable {
  readonly size: number;
  readonly #loop: Loop;
  /** What the end of the run disposes. */
  readonly #resource: AsyncDisposable;
  readonly #settings: ThreadSettings;
  readonly #threads = new Set<WorkerThread>();
  readonly #idle: WorkerThread[] = [];
  readonly #calls = new WaitQueue<unknown, Call>("a worker thread");
  #closed = false;

  /**
   * @param settings `resource`: what the end of the run disposes; this by
   * default.
   */
  constructor(
    size: number,
    settings: ThreadSettings & { resource?: AsyncDisposable } = {},
  ) {
    this.size = size;
    this.#settings = settings;
    this.#loop = currentScope().loop;
    this.#resource = settings.resource ?? this;
    this.#loop.resources.add(this.#resource);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** How many threads there are. */
  get threads(): number {
    return this.#threads.size;
  }

  /** How many threads run a call. */
  get running(): number {
    return this.#threads.size - this.#idle.length;
  }

  /** How many calls wait for a thread. */
  get waiting(): number {
    return this.#calls.size;
  }

  /** Throws if the pool is closed. */
  checkOpen(): void {
    if (this.#closed) throw closedError();
  }

  /** Runs `call`: at once if a thread is free, or else in its turn. */
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

  /** Ends the threads. Calls that have not ended reject. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#loop.resources.delete(this.#resource);
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
      let thread;
      try {
        thread = this.#idle.pop() ?? this.#open();
      } catch (error) {
        // The system starts no more threads: those that there are go on.
        if (this.#threads.size > 0) return;
        call.fail(error);
        continue;
      }
      if (thread === undefined) return;
      this.#calls.remove(call);
      call.queue = undefined;
      if (!thread.run(call)) this.#idle.push(thread);
    }
  }

  #open(): WorkerThread | undefined {
    if (this.#threads.size >= this.size) return undefined;
    // The thread outlives the task that needs it first.
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
