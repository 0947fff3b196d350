/** Finds out which waits are in one queue. @module */

/** A queue of waits. */
export interface QueueGroup<W> {
  /** The wait that was first when the queue was found. */
  readonly first: W;
  /** How many waits are known to be in it. */
  size: number;
}

/**
 * Finds queues by the waits in them, as a wait only knows its neighbours. Each
 * wait is visited once.
 */
export class QueueGroups<W extends object> {
  readonly #groups = new Map<W, QueueGroup<W>>();
  readonly #before: (wait: W) => W | undefined;

  /** @param before Returns the wait before another one. */
  constructor(before: (wait: W) => W | undefined) {
    this.#before = before;
  }

  /** The queues that were found; some have a single wait. */
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
