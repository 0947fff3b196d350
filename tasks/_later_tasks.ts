/** @module */
import { AsyncLocalStorage } from "node:async_hooks";
import { Future } from "./future.ts";
import { rootFrame } from "./kernel/cancel/cancel_scope.ts";
import {
  copyVariables,
  currentScope,
  runInFrame,
} from "./kernel/context/current_scope.ts";
import type { Coroutine } from "./kernel/types.ts";
import { spawn } from "./task.ts";

/** A function that is to begin later, and its place among the results. */
export interface Later {
  readonly place: number;
  readonly coroutine: Coroutine<unknown>;
}

/**
 * Functions that become tasks as others end, in order: in the asynchronous
 * context in which this was made, and with the context variables that were set
 * then.
 */
export class LaterTasks {
  readonly #later: Later[];
  #next = 0;
  readonly #running: Set<unknown>;
  readonly #limit: number;
  #isStarting = false;
  readonly #inContext = AsyncLocalStorage.snapshot();
  readonly #frame = rootFrame(currentScope().loop, copyVariables());

  /** @param running The tasks that run already: that many run at a time. */
  constructor(later: Later[], running: Iterable<unknown>) {
    this.#later = later;
    this.#running = new Set(running);
    this.#limit = this.#running.size;
  }

  /**
   * Called when `task` has ended. If it was one of these, the next one begins.
   */
  ended(
    task: unknown,
    begin: (place: number, task: Future<unknown>) => void,
  ): void {
    if (!this.#running.delete(task) || this.#isStarting) return;
    this.#isStarting = true; // eager tasks may end at once, which calls this again
    while (
      this.#running.size < this.#limit && this.#next < this.#later.length
    ) {
      const { place, coroutine } = this.#later[this.#next++]!;
      const task = this.#inContext(() => this.#start(coroutine));
      this.#running.add(task);
      begin(place, task);
    }
    this.#isStarting = false;
  }

  /** Starts no more tasks, and returns how many functions are left. */
  drop(): number {
    const left = this.#later.length - this.#next;
    this.#next = this.#later.length;
    return left;
  }

  #start(coroutine: Coroutine<unknown>): Future<unknown> {
    return runInFrame(this.#frame, () => {
      try {
        return spawn(coroutine, this.#frame.scope.loop);
      } catch (error) {
        const future = new Future<unknown>();
        future.setException(error);
        return future;
      }
    });
  }
}
