/**
 * All that the monitor reads from the kernel: the tasks of a loop, what each
 * waits for, the scopes inside it.
 *
 * @module
 */
import { completionOf } from "../../future.ts";
import {
  awaitersOf as awaitedBy,
  stateOf,
  waitsOf,
} from "../../debug/call_graph.ts";
import {
  type CancelScope,
  rootFrame,
} from "../../kernel/cancel/cancel_scope.ts";
import type { ScopedWait } from "../../kernel/cancel/scoped_wait.ts";
import { outsideLoop, runInFrame } from "../../kernel/context/current_scope.ts";
import { heldBy } from "../../kernel/context/leak_checks.ts";
import { realClock } from "../../kernel/loop/clock.ts";
import type { Loop } from "../../kernel/loop/loop.ts";
import { noVariables } from "../../kernel/cancel/context_frame.ts";
import { QueuedWaiter } from "../../kernel/wait/wait_queue.ts";
import { madeAt, userFrame } from "../../kernel/watch/user_frame.ts";
import { scopeOf, spawn, Task } from "../../task.ts";
import type { TaskState } from "../protocol.ts";

export { awaitedBy, type Loop, waitsOf };

/** A scope inside a task. */
export type Scope = CancelScope;

/** A wait of a task. */
export type Wait = ScopedWait;

/** Returns the tasks that have not ended, oldest first, `most` at most. */
export function tasksOn(loop: Loop, most = Infinity): Task<unknown>[] {
  return Iterator.from(loop.tasks).take(most)
    .map(({ task }) => task as Task<unknown>).toArray();
}

/** Returns the loop of a task. */
export function loopOf(task: Task<unknown>): Loop {
  return scopeOf(task).loop;
}

/** Returns how many tasks have not ended. */
export function countTasks(loop: Loop): number {
  return loop.tasks.size;
}

/** Returns what a task does. No task runs while this is called. */
export function taskStateOf(task: Task<unknown>): TaskState {
  if (waitsOf(task).length > 0) return "waiting";
  return stateOf(task) === "pending" ? "new" : "foreign";
}

/** Returns the scope of the group of a task. */
export function groupOf(task: Task<unknown>): Scope | undefined {
  return scopeOf(task).group;
}

/** Returns the scope in which a wait was begun, unless that is its task. */
export function scopeOfWait({ scope }: Wait): Scope | undefined {
  return scope.parent === undefined ? undefined : scope;
}

/** Returns the scope around a scope, unless that is the task. */
export function scopeAround({ parent }: Scope): Scope | undefined {
  return parent?.parent === undefined ? undefined : parent;
}

/** Returns the task of a scope. */
export function taskOfScope(scope: Scope): Task<unknown> | undefined {
  return scope.task instanceof Task ? scope.task : undefined;
}

/** Returns the timeouts and shields inside a task. */
export function limitsIn(task: Task<unknown>): Scope[] {
  const found: Scope[] = [];
  const open = [...scopeOf(task).children];
  for (const scope of open) {
    if (scope.deadline !== Infinity || scope.shielded) found.push(scope);
    open.push(...scope.children);
  }
  return found;
}

/** Returns the task of a wait. */
export function taskOfWait({ scope }: Wait): Task<unknown> | undefined {
  return taskOfScope(scope);
}

/** Returns the wait before another one in its queue. */
export function waitBefore(wait: Wait): Wait | undefined {
  return wait instanceof QueuedWaiter ? wait.previousInQueue : undefined;
}

/** Returns how long a wait has lasted, on the loop's clock. */
export function ageOf(wait: Wait, loop: Loop): number | undefined {
  if (wait.since === undefined) return undefined;
  return Math.max(Math.round(loop.clock.now() - wait.since), 0);
}

/**
 * Notes for the waits of a task that they begin now, unless it is known when.
 */
export function noteAges(task: Task<unknown>, loop: Loop): void {
  for (const wait of waitsOf(task)) wait.since ??= loop.clock.now();
}

/** Returns whether a loop runs on the real clock. */
export function isOnRealClock(loop: Loop): boolean {
  return loop.clock === realClock;
}

/** Returns, in debug mode, the line where a wait was begun. */
export function lineOf(wait: Wait): string | undefined {
  return userFrame(wait.where);
}

/** Returns, in debug mode, the line where a task was made. */
export function lineOfTask(task: Task<unknown>): string | undefined {
  return madeAt(task);
}

/** Returns, in debug mode, what a task holds, and where it took that. */
export function holdsOf(task: Task<unknown>): string[] {
  return heldBy(task).map(({ what, where }) => {
    const line = userFrame(where);
    return line === undefined ? what : `${what}, taken at ${line}`;
  });
}

/** Runs code as a task on a loop, and calls `ended` after it. */
export function startTask(
  loop: Loop,
  name: string,
  coroutine: () => Promise<unknown>,
  ended: () => void,
): Task<unknown> {
  const frame = rootFrame(loop, noVariables());
  const task = runInFrame(frame, () => spawn(coroutine, loop, { name }));
  completionOf(task).listen({ settled: ended });
  return task;
}

/** Calls `fn`, and so all that it starts, in no task and no run. */
export function inNoRun<T>(fn: () => T): T {
  return runInFrame(rootFrame(outsideLoop, noVariables()), fn);
}

/** Calls the exception handler of a loop. */
export function report(loop: Loop, message: string, error: unknown): void {
  const frame = rootFrame(loop, noVariables());
  runInFrame(frame, () => loop.report({ message, error }));
}
