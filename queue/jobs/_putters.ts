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
  readonly #ended: (putter: Putter<O>) => void;

  /** @param ended Called when the wait has ended. */
  constructor(
    offer: O,
    ended: (putter: Putter<O>) => void,
    options?: WaitOptions,
  ) {
    super(options);
    this.offer = offer;
    this.#ended = ended;
  }

  protected override leave(): void {
    super.leave();
    this.#ended(this);
  }
}

/** The waits for room, first come, first served, also to be found by id. */
export class Putters<O extends Named> {
  readonly #waiters: WaitQueue<void, Putter<O>> = new WaitQueue<
    void,
    Putter<O>
  >("Jobs.put");
  readonly #byId = new Map<string, Set<Putter<O>>>();

  get size(): number {
    return this.#waiters.size;
  }

  get first(): Putter<O> | undefined {
    return this.#waiters.first;
  }

  join(offer: O, options?: WaitOptions): Promise<void> {
    const putter = new Putter(offer, (it) => this.#forget(it), options);
    const { id, named } = offer.entry;
    if (named) {
      const others = this.#byId.get(id);
      if (others === undefined) this.#byId.set(id, new Set([putter]));
      else others.add(putter);
    }
    return this.#waiters.add(putter);
  }

  #forget(putter: Putter<O>): void {
    const { id } = putter.offer.entry;
    const all = this.#byId.get(id);
    if (all?.delete(putter) && all.size === 0) this.#byId.delete(id);
  }

  /** Ends the waits with this id for which `here` returns `true`. */
  wakeAll(id: string, here: (offer: O) => boolean): void {
    for (const it of this.#byId.get(id) ?? []) if (here(it.offer)) it.wake();
  }
}
