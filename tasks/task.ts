/** @module */
import {
  type Context,
  contextOf,
  variablesOf,
} from "./kernel/context/context_variables.ts";
import type { EventLoop } from "./event_loop.ts";
import { completionOf, Future } from "./future.ts";
import { CancelScope } from "./kernel/cancel/cancel_scope.ts";
import {
  currentScope,
  currentVariables,
  runInScope,
  scopeOfCaller,
} from "./kernel/context/current_scope.ts";
import {
  cancellation,
  InvalidStateError,
  isCancelled,
} from "./kernel/errors.ts";
import type { FirstSteps, Runnable } from "./kernel/loop/runnable.ts";
import type { Loop } from "./kernel/loop/loop.ts";
import { type Coroutine, describe, isThenable } from "./kernel/types.ts";
import { printable } from "./kernel/watch/inspect.ts";
import { assimilate } from "./_promise_subscription.ts";

/** How a task is made. */
export interface TaskOptions {
  /**
   * For reports and for those who look inside; `"Task-1"`, `"Task-2"`, ...
   * unless given.
   */
  name?: string | undefined;
  /**
   * Whether it runs at once, up to its first wait, instead of after the
   * caller's synchronous code.
   */
  eager?: boolean | undefined;
  /**
   * The context variables it runs with, shared and not copied; a copy of its
   * creator's unless given.
   */
  context?: Context | undefined;
}

let tasksMade = 0;

/** The loop whose task factory is called now: what that makes is plain. */
let askedFactory: Loop | undefined = undefined;

/** The loop of another run; there is no loop where `new` was called. */
function faceOf(loop: Loop | undefined): EventLoop {
  if (loop !== undefined) return loop.eventLoop as EventLoop;
  throw new TypeError(
    "Cannot construct a Task: write createTask(() => f(x))",
  );
}

let start!: (task: Task<unknown>) => void;
let succeed!: (task: Task<unknown>, value: unknown) => void;
let fail!: (task: Task<unknown>, error: unknown) => void;

/**
 * Makes a task on `loop`: for the kernel. Its first step is taken soon, or
 * among the `steps` of others.
 */
export let spawn!: <T>(
  coroutine: Coroutine<T>,
  loop: Loop,
  options?: TaskOptions,
  steps?: FirstSteps,
) => Task<T>;

/** Whether a task has taken its first step: for the kernel. */
export let hasStarted!: (task: Task<unknown>) => boolean;

/** The scope of a task: for the kernel. */
export let scopeOf!: (task: Task<unknown>) => CancelScope;

/**
 * A coroutine that runs on its own: a future of its result that can be
 * cancelled for good. Made by {@linkcode createTask}. Mirrors `asyncio.Task`.
 *
 * - Cancelled before it started, it never runs. Cancelled in a wait, it gets
 *   the {@linkcode CancelledError} right there; where it waits for another task
 *   or future, that is cancelled, and hands the cancel back when it has ended.
 * - Where it waits for something foreign, its `signal` aborts, and its next
 *   wait throws. A wait that was over before the cancel keeps its value.
 * - A task that catches the error and goes on, lives. One that ends with a
 *   cancel undelivered, ends cancelled.
 * - The loop holds it until it has ended: fire-and-forget is safe.
 *
 * **Cancel safety:** as of every future: a task that is cancelled while it
 * awaits this one cancels this one.
 *
 * @example
 * ```ts
 * import { createTask, sleep } from "@asyncio/asyncio/tasks";
 * import { assert, assertEquals, assertFalse } from "@std/assert";
 *
 * const task = createTask(() => sleep(60_000), { name: "nap" });
 * await sleep(0);
 * assertEquals([task.name, task.done], ["nap", false]);
 * assert(task.cancel("time to get up"));
 * await task.catch(() => {});
 * assert(task.cancelled);
 * assertFalse(task.cancel()); // it has ended
 * ```
 *
 * @typeParam T What its coroutine returns.
 */
export class Task<T> extends Future<T> {
  readonly #scope: CancelScope;
  #coroutine: Coroutine<T> | undefined;
  #name: string | number;

  private constructor(
    coroutine: Coroutine<T>,
    loop: Loop,
    options: TaskOptions | undefined,
  ) {
    const here = loop === currentScope().loop;
    super(here ? undefined : { loop: faceOf(loop) });
    const context = options?.context;
    const variables = context === undefined
      ? currentVariables().bindings
      : variablesOf(context);
    this.#coroutine = coroutine;
    const name = options?.name;
    this.#name = name === undefined ? ++tasksMade : String(name);
    this.#scope = new CancelScope(loop, this, variables);
    loop.tasks.add(this.#scope);
  }

  /**
   * Its name: `"Task-1"`, `"Task-2"`, ... unless it was given one. Mirrors
   * `asyncio.Task.get_name` and `set_name`.
   */
  get name(): string {
    return typeof this.#name === "string" ? this.#name : `Task-${this.#name}`;
  }

  set name(value: string) {
    this.#name = String(value);
  }

  /** The loop it runs on. Mirrors `asyncio.Task.get_loop`. */
  get loop(): EventLoop {
    return this.#scope.loop.eventLoop as EventLoop;
  }

  /**
   * Aborts, with the {@linkcode CancelledError}, when `cancel()` is called: for
   * foreign calls. Once that cancel was delivered or taken back, this is a
   * fresh one, so ask for it where it is used.
   */
  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  /**
   * How many cancels were asked for and not taken back. Mirrors
   * `asyncio.Task.cancelling`.
   */
  get cancelling(): number {
    return this.#scope.cancels;
  }

  /**
   * Asks it to end: the waits it is in throw {@linkcode CancelledError}, right
   * away; where it is in none, the next one does. False when it has ended.
   * Mirrors `asyncio.Task.cancel`.
   *
   * @param message For the error.
   */
  override cancel(message?: string): boolean {
    if (this.done) return false;
    const error = cancellation(this.#scope.loop, message);
    this.#scope.cancel(error, scopeOfCaller());
    return true;
  }

  /**
   * Takes one cancel back: for the code that asked for it, once its work is done.
   * When none is left, one that is not delivered yet will not be. Mirrors
   * `asyncio.Task.uncancel`.
   *
   * @returns How many are left.
   */
  uncancel(): number {
    return this.#scope.uncancel();
  }

  /** The context variables it runs with. Mirrors `asyncio.Task.get_context`. */
  getContext(): Context {
    return contextOf(this.#scope.frame.variables);
  }

  /**
   * A task's result is what its coroutine returns. Mirrors
   * `asyncio.Task.set_result`.
   *
   * @throws {InvalidStateError} Always.
   */
  override setResult(_value: T): void {
    throw new InvalidStateError(
      "Cannot set the result of a task: it comes from its coroutine",
    );
  }

  /**
   * A task's error is what its coroutine throws. Mirrors
   * `asyncio.Task.set_exception`.
   *
   * @throws {InvalidStateError} Always.
   */
  override setException(_error: unknown): void {
    throw new InvalidStateError(
      "Cannot set the error of a task: it comes from its coroutine",
    );
  }

  /** `"Task"` */
  override get [Symbol.toStringTag](): string {
    return "Task";
  }

  #succeed(value: T): void {
    const { pending } = this.#scope;
    if (pending !== undefined) return this.#fail(pending);
    this.#leave();
    completionOf<T>(this).succeed(value);
    this.#close();
  }

  #fail(error: unknown): void {
    this.#leave();
    if (isCancelled(error)) completionOf(this).cancel(error);
    else completionOf(this).fail(error);
    this.#close();
  }

  #leave(): void {
    const { loop } = this.#scope;
    loop.tasks.remove(this.#scope);
    if (loop.observer !== undefined) loop.observer.ended(this);
  }

  /** Last, as it is this task that wakes those who wait for it. */
  #close(): void {
    this.#scope.close();
    const { onWait } = this.#scope.loop;
    if (onWait !== undefined) onWait();
  }

  static {
    spawn = (coroutine, loop, options, steps) => {
      if (loop.closed) {
        throw new InvalidStateError(
          "Cannot create a task: the run that this code belongs to has ended",
        );
      }
      if (loop.taskFactory !== undefined && askedFactory !== loop) {
        return madeByFactory(coroutine, loop, options);
      }
      const task = new Task(coroutine, loop, options);
      if (loop.observer !== undefined) loop.observer.made(task);
      if (options?.eager) startNow(task);
      else if (steps !== undefined) steps.add(new FirstStep(task));
      else loop.soon(new FirstStep(task));
      return task;
    };
    start = (task) => {
      const coroutine = task.#coroutine!;
      task.#coroutine = undefined;
      const { observer } = task.#scope.loop;
      if (observer !== undefined) observer.started(task);
      const cancel = task.#scope.takePending();
      if (cancel !== undefined) return task.#fail(cancel);
      runInScope(task.#scope, step, coroutine);
    };
    succeed = (task, value) => task.#succeed(value);
    fail = (task, error) => task.#fail(error);
    scopeOf = (task) => task.#scope;
    hasStarted = (task) => task.#coroutine === undefined;
    printable(Task, (task) => ({
      name: task.name,
      state: stateOf(task),
      waitsFor: task.done
        ? undefined
        : task.#scope.waits.map((wait) => wait.what),
    }));
  }
}

/** Has the task factory of `loop` make a task. */
function madeByFactory<T>(
  coroutine: Coroutine<T>,
  loop: Loop,
  options: TaskOptions | undefined,
): Task<T> {
  const before = askedFactory;
  askedFactory = loop;
  let task: unknown;
  try {
    const face = loop.eventLoop as EventLoop;
    task = loop.taskFactory!(face, coroutine, options ?? {});
  } finally {
    askedFactory = before;
  }
  if (task instanceof Task) return task;
  throw new TypeError(
    `Cannot create a task: a task factory returns the task that loop.createTask gives, received ${
      describe(task)
    }`,
  );
}

/** Takes the first step of an eager task, whose own tasks are no factory's. */
function startNow(task: Task<unknown>): void {
  const before = askedFactory;
  askedFactory = undefined;
  start(task);
  askedFactory = before;
}

/**
 * Calls the coroutine of the task that is current. An error keeps the functions
 * and receivers of the frames that it was thrown through; the task is none of
 * them, so that it can be collected while its error is still there.
 */
function step(coroutine: Coroutine<unknown>): void {
  try {
    const result = coroutine();
    if (!isThenable(result)) return currentSucceeds(result);
    // In the task's scope: where this is a future, it is a wait of the task.
    assimilate(result).then(currentSucceeds, currentFails);
  } catch (error) {
    currentFails(error);
  }
}

function currentSucceeds(value: unknown): void {
  succeed(currentScope().task as Task<unknown>, value);
}

function currentFails(error: unknown): void {
  fail(currentScope().task as Task<unknown>, error);
}

class FirstStep implements Runnable {
  readonly runsUserCode = true;
  #task: Task<unknown> | undefined;

  constructor(task: Task<unknown>) {
    this.#task = task;
  }

  run(): void {
    const task = this.#task!;
    this.#task = undefined; // see step
    start(task);
  }
}

/** The tasks on `loop` that have not ended, oldest first. */
export function tasksOf(loop: Loop): Task<unknown>[] {
  return Array.from(loop.tasks, ({ task }) => task as Task<unknown>);
}

/** The state of a future in a word. */
function stateOf(task: Task<unknown>): string {
  return completionOf(task).state;
}
