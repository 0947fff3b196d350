/** @module */
import { contextOf } from "../../tasks/context.ts";
import {
  copyVariables,
  currentScope,
} from "../../tasks/kernel/context/current_scope.ts";
import { completionOf } from "../../tasks/future.ts";
import type { Scheduler } from "../../tasks/kernel/loop/scheduler.ts";
import { spawn, type Task } from "../../tasks/task.ts";
import type { Coroutine } from "../../tasks/kernel/types.ts";
import type { Variables } from "../../tasks/kernel/variables.ts";
import type { Upstream } from "./_source.ts";

/** What is told of the tasks. */
export interface Operated {
  /** One has failed, or was cancelled by something else. */
  failed(error: unknown): void;
  /** A source has failed that nothing reads any more. */
  closingFailed(error: unknown): void;
  /** All have ended, and the sources are closed. */
  over(): void;
}

/**
 * The tasks that work for an operator, and the sources that they read: they end
 * together. They run on the loop of the code that has asked for the first item,
 * with a copy of its context variables each.
 */
export class Engine {
  readonly what: string;
  readonly scheduler: Scheduler = currentScope().scheduler;
  readonly variables: Variables = copyVariables();
  isEnding = false;
  readonly #operated: Operated;
  readonly #sources: readonly Upstream[];
  readonly #tasks = new Set<Task<unknown>>();
  #isOver = false;

  constructor(
    what: string,
    sources: readonly Upstream[],
    operated: Operated,
  ) {
    this.what = what;
    this.#sources = sources;
    this.#operated = operated;
    for (const source of sources) {
      source.onLateError = (error) => operated.closingFailed(error);
    }
  }

  /** Starts a task: at once, unless it is to close something. */
  start(coroutine: Coroutine<void>, eager = true): Task<void> {
    const { bindings } = this.variables;
    const context = contextOf({ bindings });
    const options = { name: this.what, context, eager };
    const task = spawn(coroutine, this.scheduler, options);
    this.#tasks.add(task);
    completionOf(task).listen({
      settled: ({ state, error }) => {
        this.#tasks.delete(task);
        if (state === "failed" || (state === "cancelled" && !this.isEnding)) {
          this.#operated.failed(error);
        }
        this.#overIfIdle();
      },
    });
    return task;
  }

  /** Whether `task` is one of its own. */
  owns(task: object | undefined): boolean {
    return this.#tasks.has(task as Task<unknown>);
  }

  /** Cancels the tasks and closes the sources. */
  end(): void {
    if (this.isEnding) return;
    this.isEnding = true;
    const tasks = [...this.#tasks];
    // Later: they may call anything, and this may be called by a cancel.
    for (const source of this.#sources) {
      if (source.isOpen) this.start(() => source.close(), false);
    }
    for (const task of tasks) task.cancel(`${this.what} has ended`);
    this.#overIfIdle();
  }

  #overIfIdle(): void {
    if (!this.isEnding || this.#tasks.size > 0 || this.#isOver) return;
    this.#isOver = true;
    this.#operated.over();
  }
}
