/** @module */
import { rootFrame } from "../../tasks/kernel/cancel/cancel_scope.ts";
import {
  copyVariables,
  currentScope,
  runInFrame,
} from "../../tasks/kernel/context/current_scope.ts";
import type { Loop } from "../../tasks/kernel/loop/loop.ts";
import { completionOf } from "../../tasks/kernel/wait/completion.ts";
import type { Variables } from "../../tasks/kernel/cancel/context_frame.ts";
import { createTask } from "../../tasks/create_task.ts";
import type { Task } from "../../tasks/task.ts";
import type { Upstream } from "./_source.ts";

/** The operator, which is told of what happens to its tasks and sources. */
export interface Operated {
  /** A task has failed, or was cancelled by something else. */
  failed(error: unknown): void;
  /** A source has failed that is not read any more. */
  report(error: unknown): void;
  /** All tasks have ended, and all sources are closed. */
  over(): void;
}

/**
 * The tasks that work for an operator, and the sources that they read: they end
 * together. They run on the loop of the code that has asked for the first item,
 * each with a copy of its context variables.
 */
export class Engine {
  readonly what: string;
  readonly loop: Loop = currentScope().loop;
  readonly variables: Variables = copyVariables();
  isEnding = false;
  readonly #sources: readonly Upstream[];
  readonly #operated: Operated;
  /** Each with what ends it, though its coroutine may not have. */
  readonly #tasks = new Map<object | undefined, (error: unknown) => void>();
  /** Those that close a source. */
  readonly #closings = new Set<Task<void>>();
  /** Those that it has cancelled itself. */
  readonly #cancelled = new WeakSet<Task<void>>();
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
      source.onLateError = (error) => operated.report(error);
      source.onAbandoned = (task, error) => this.#abandon(task, error);
    }
  }

  /** Starts a task: at once, unless `eager` is false. */
  start(coroutine: () => Promise<void>, eager = true): Task<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const work = () => {
      // Its own code may close the operator, before `createTask` returns.
      this.#tasks.set(currentScope().task, reject);
      coroutine().then(resolve, reject);
      return promise;
    };
    // The task inherits nothing from the code that calls this.
    return runInFrame(rootFrame(this.loop, this.variables), () => {
      const task = createTask(work, { name: this.what, eager });
      this.#tasks.set(task, reject);
      task.addDoneCallback(this.#ended);
      return task;
    });
  }

  /** Whether `task` is one of its own. */
  owns(task: object | undefined): boolean {
    return this.#tasks.has(task);
  }

  /** Cancels one of its tasks, which is no failure of that. */
  cancel(task: Task<void>): void {
    this.#cancelled.add(task);
    task.cancel(`${this.what} is ending`);
  }

  /** Closes the sources, and cancels the tasks that do something else. */
  end(): void {
    if (this.isEnding) return;
    this.isEnding = true;
    const tasks = [...this.#tasks.keys()] as Task<void>[];
    this.closeSources();
    for (const task of tasks) {
      if (!this.#closings.has(task)) this.cancel(task);
    }
    this.#overIfIdle();
  }

  /** If it is ending: gives sources up that do not close. */
  hurry(): void {
    if (!this.isEnding) return;
    for (const source of this.#sources) source.hurry();
  }

  /** Closes the sources, which nothing reads any more. */
  closeSources(): void {
    for (const source of this.#sources) {
      if (source.isOpen) this.#closings.add(this.start(() => close(source)));
    }
  }

  /** Ends a task that awaits something foreign, which may never come. */
  #abandon(task: object | undefined, error: unknown): void {
    this.#tasks.get(task)?.(error);
  }

  #ended = (task: Task<void>): void => {
    this.#tasks.delete(task);
    this.#closings.delete(task);
    const completion = completionOf(task);
    const isOwnCancel = this.isEnding || this.#cancelled.has(task);
    const { state } = completion;
    if (state === "failed" || state === "cancelled" && !isOwnCancel) {
      this.#operated.failed(completion.error);
    }
    this.#overIfIdle();
  };

  #overIfIdle(): void {
    if (!this.isEnding || this.#tasks.size > 0 || this.#isOver) return;
    this.#isOver = true;
    this.#operated.over();
  }
}

/**
 * Not at once, as it runs foreign code, and it may be a cancel that calls this;
 * but in a task that has begun, and so is not cancelled before it has.
 */
async function close(source: Upstream): Promise<void> {
  await undefined;
  await source.close();
}
