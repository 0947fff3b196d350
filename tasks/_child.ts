/** @module */
import type { Listener } from "./_completion.ts";
import type { Sibling } from "./_siblings.ts";
import type { Task } from "./task.ts";

/** A task of a group that has not ended: a link of the group's list. */
export class Child implements Listener, Sibling<Child> {
  previousSibling: Child | undefined = undefined;
  nextSibling: Child | undefined = undefined;
  readonly task: Task<unknown>;
  /** The task that waits for the group. */
  readonly awaiter: object | undefined;
  readonly #ended: (child: Child) => void;

  constructor(
    task: Task<unknown>,
    awaiter: object | undefined,
    ended: (child: Child) => void,
  ) {
    this.task = task;
    this.awaiter = awaiter;
    this.#ended = ended;
  }

  settled(): void {
    this.#ended(this);
  }
}
