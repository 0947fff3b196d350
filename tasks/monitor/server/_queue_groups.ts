/** Which waits stand in one queue. @module */

/** A queue of waits. */
export interface QueueGroup<W> {
  /** The first that stood in it when it was found. */
  readonly first: W;
  /** How many waits are known to stand in it. */
  size: number;
}

/**
 * Finds the queues by the waits in them, as a wait knows its neighbours only.
 * Each wait is visited once, however many stand in a queue.
 */
export class QueueGroups<W extends object> {
  readonly #groups = new Map<W, QueueGroup<W>>();
  readonly #before: (wait: W) => W | undefined;

  /** @param before Returns the wait before another one. */
  constructor(before: (wait: W) => W | undefined) {
    this.#before = before;
  }

  /** The queues that have been found; some have a single wait. */
  get all(): ReadonlySet<QueueGroup<W>> {
    return new Set(this.#groups.values());
  }

  /** Adds a wait, and those before it in its queue. */
  add(wait: W): void {
    const added: W[] = [];
    let at: W | undefined = wait;
    for (; at !== undefined && !this.#groups.has(at); at = this.#before(at)) {
      added.push(at);
    }
    const group = at === undefined
      ? { first: added.at(-1)!, size: 0 }
      : this.#groups.get(at)!;
    group.size += added.length;
    for (const each of added) this.#groups.set(each, group);
  }
}
