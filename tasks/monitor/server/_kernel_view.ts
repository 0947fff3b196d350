/**
 * All that the monitor takes from the kernel: the tasks of a loop, what each
 * waits for, the scopes inside of it.
 *
 * @module
 */
import { completionOf } from "../../future.ts";
import {
  awaitersOf,
  stateOf,
  waitsOf as scopedWaitsOf,
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
import { Waiter } from "../../kernel/wait/waiter.ts";
import { madeAt, userFrame } from "../../kernel/watch/user_frame.ts";
import { scopeOf, spawn, Task } from "../../task.ts";
import type { TaskState } from "../protocol.ts";

export type { Loop };

/** A scope inside a task. */
export type Scope = CancelScope;

/** A wait of a task. */
export type Wait = ScopedWait;

/** The tasks that have not ended, oldest first: no more than `most`. */
export function tasksOn(loop: Loop, most = Infinity): Task<unknown>[] {
  return Iterator.from(loop.tasks).take(most)
    .map(({ task }) => task as Task<unknown>).toArray();
}

/** The loop that a task runs on. */
export function loopOf(task: Task<unknown>): Loop {
  return scopeOf(task).loop;
}

/** How many there are. */
export function countTasks(loop: Loop): number {
  return loop.tasks.size;
}

/** What a task does. No task runs while this is called. */
export function taskStateOf(task: Task<unknown>): TaskState {
  if (scopedWaitsOf(task).length > 0) return "waiting";
  return stateOf(task) === "pending" ? "new" : "foreign";
}

/** The waits that a task is in. */
export function waitsOf(task: Task<unknown>): Wait[] {
  return scopedWaitsOf(task);
}

/** The tasks that wait for a task. */
export function awaitedBy(task: Task<unknown>): Task<unknown>[] {
  return awaitersOf(task);
}

/** The scope of the group that a task belongs to. */
export function groupOf(task: Task<unknown>): Scope | undefined {
  return scopeOf(task).group;
}

/** The scope that a wait was begun in, unless that is its task. */
export function scopeOfWait(wait: Wait): Scope | undefined {
  if (!(wait instanceof Waiter)) return undefined;
  return wait.scope.parent === undefined ? undefined : wait.scope;
}

/** The scope around a scope, unless that is the task. */
export function scopeAround({ parent }: Scope): Scope | undefined {
  return parent?.parent === undefined ? undefined : parent;
}

/** The task that a scope is in. */
export function taskOfScope(scope: Scope): Task<unknown> | undefined {
  return scope.task instanceof Task ? scope.task : undefined;
}

/** The timeouts and shields inside a task. */
export function limitsIn(task: Task<unknown>): Scope[] {
  const found: Scope[] = [];
  const open = [...scopeOf(task).children];
  for (const scope of open) {
    if (scope.deadline !== Infinity || scope.shielded) found.push(scope);
    open.push(...scope.children);
  }
  return found;
}

/** The task that a wait is of. */
export function taskOfWait(wait: Wait): Task<unknown> | undefined {
  return wait instanceof Waiter ? taskOfScope(wait.scope) : undefined;
}

/** The wait before another one in the queue that it stands in. */
export function waitBefore(wait: Wait): Wait | undefined {
  return wait instanceof QueuedWaiter ? wait.previousInQueue : undefined;
}

/** For how long a wait has lasted, on the loop's clock. */
export function ageOf(wait: Wait, loop: Loop): number | undefined {
  if (wait.since === undefined) return undefined;
  return Math.max(Math.round(loop.clock.now() - wait.since), 0);
}

/** Notes that waits last since now, unless it is known since when. */
export function noteAges(task: Task<unknown>, loop: Loop): void {
  for (const wait of scopedWaitsOf(task)) wait.since ??= loop.clock.now();
}

/** Whether a loop runs on the real clock. */
export function isOnRealClock(loop: Loop): boolean {
  return loop.clock === realClock;
}

/** In debug mode: the line where a wait was begun. */
export function lineOf(wait: Wait): string | undefined {
  return userFrame(wait.where);
}

/** In debug mode: the line where a task was made. */
export function lineOfTask(task: Task<unknown>): string | undefined {
  return madeAt(task);
}

/** In debug mode: what a task holds, and where it took that. */
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

/** Runs code, and all that it starts, in no task and no run. */
export function inNoRun<T>(fn: () => T): T {
  return runInFrame(rootFrame(outsideLoop, noVariables()), fn);
}

/** Tells the exception handler of a loop. */
export function report(loop: Loop, message: string, error: unknown): void {
  const frame = rootFrame(loop, noVariables());
  runInFrame(frame, () => loop.report({ message, error }));
}
