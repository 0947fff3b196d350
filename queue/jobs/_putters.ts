/** Waits for room in a queue of jobs. @module */
import { QueuedWaiter, WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/** What {@linkcode Putters} read of an offer. */
interface Named {
  readonly entry: { readonly id: string; readonly named: boolean };
}

/** A wait for room. */
export class Putter<O extends Named> extends QueuedWaiter<void> {
  readonly offer: O;

  constructor(offer: O, options?: WaitOptions) {
    super(options);
    this.offer = offer;
  }
}

/** The waits for room, first come, first served, also to be found by id. */
export class Putters<O extends Named> {
  readonly #waiters: WaitQueue<void, Putter<O>> = new WaitQueue<
    void,
    Putter<O>
  >("Jobs.put");
  readonly #byId = new Map<string, Putter<O>[]>();

  get size(): number {
    return this.#waiters.size;
  }

  get first(): Putter<O> | undefined {
    return this.#waiters.first;
  }

  join(offer: O, options?: WaitOptions): Promise<void> {
    if (this.#waiters.size === 0) this.#byId.clear();
    const putter = new Putter(offer, options);
    if (offer.entry.named) this.#note(offer.entry.id, putter);
    return this.#waiters.add(putter);
  }

  #note(id: string, putter: Putter<O>): void {
    const others = this.#byId.get(id)?.filter(({ pending }) => pending) ?? [];
    this.#byId.set(id, [...others, putter]);
  }

  /** Ends the waits with this id for which `here` returns `true`. */
  wakeAll(id: string, here: (offer: O) => boolean): void {
    const all = this.#byId.get(id);
    if (all === undefined) return;
    const left = all.filter((it) => it.pending && !here(it.offer));
    if (left.length > 0) this.#byId.set(id, left);
    else this.#byId.delete(id);
    for (const it of all) if (it.pending && here(it.offer)) it.wake();
  }
}
