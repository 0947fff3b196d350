/** @module */
import { QueuedWaiter, WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { Engine } from "./_engine.ts";
import { Fifo, type Linked } from "./_fifo.ts";
import { Operator } from "./_operator.ts";
import type { Source, Upstream } from "./_source.ts";

/** The wait of a coroutine that has yielded an item, for the next request. */
class Giver extends QueuedWaiter<void> {
  /** The number of the item. */
  readonly item: number;

  constructor(item: number) {
    super();
    this.item = item;
  }
}

/** An item that was yielded before it was asked for. */
interface Ready<T> extends Linked<Ready<T>> {
  readonly item: T;
}

/**
 * An operator whose items come from coroutines, as from generators: each goes
 * on when its item was taken and the next one is asked for.
 */
export class Production<T> extends Operator<T> {
  readonly #sources: readonly Upstream[];
  readonly #produce: (production: Production<T>) => void;
  #engine: Engine | undefined = undefined;
  readonly #ready = new Fifo<Ready<T>>();
  #given = 0;
  readonly #givers: WaitQueue<void, Giver>;
  #taken = 0;
  #running = 0;

  /** @param produce Starts the coroutines. */
  constructor(
    what: string,
    sources: readonly Upstream[],
    produce: (production: Production<T>) => void,
  ) {
    super(what);
    this.#sources = sources;
    this.#produce = produce;
    this.#givers = new WaitQueue(`${what}: the next item to be asked for`);
  }

  /**
   * Starts a coroutine that reads `source`. The operator ends with the last of
   * them, and fails with the first that fails.
   */
  start(source: Upstream, coroutine: () => Promise<void>): void {
    const engine = this.#engine!;
    if (engine.isEnding) return; // closed by the code of another source
    this.#running++;
    engine.start(async () => {
      try {
        await coroutine();
        if (--this.#running === 0) this.finish();
      } catch (error) {
        this.fail(error);
      }
      await source.settle();
    });
  }

  /**
   * Yields `item`, and waits until the next one is asked for.
   *
   * @throws {CancelledError} The operator has ended.
   */
  give(item: T): Promise<void> {
    const number = this.#given;
    this.deliver(item);
    return this.untilWanted(number);
  }

  /** Yields the last item, without waiting. */
  deliver(item: T): void {
    this.#given++;
    if (this.hand(item)) {
      this.#taken++;
      if (this.nexts.size > 0) this.#wakeGivers();
    } else this.#ready.push({ item, following: undefined });
  }

  /** Waits until item `number` was taken, and the next one is asked for. */
  untilWanted(number: number): Promise<void> {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) return rejection;
    if (number < this.#taken && this.nexts.size > 0) return ready(undefined);
    return this.#givers.add(new Giver(number));
  }

  protected override begin(): void {
    this.#engine = new Engine(this.what, this.#sources, this);
    this.#produce(this);
    if (this.#running === 0) this.finish();
  }

  protected override ask(): IteratorResult<T, undefined> | undefined {
    this.#wakeGivers();
    const ready = this.#ready.shift();
    if (ready === undefined) return undefined;
    this.#taken++;
    return { done: false, value: ready.item };
  }

  /** The next item is asked for. */
  #wakeGivers(): void {
    let giver: Giver | undefined;
    while ((giver = this.#givers.first) && giver.item < this.#taken) {
      giver.wake();
    }
  }

  protected override end(): void {
    if (this.#engine === undefined) this.over();
    else this.#engine.end();
  }

  protected override get engine(): Engine | undefined {
    return this.#engine;
  }
}

/** An operator that reads one source, by one coroutine. */
export function produce<T, R>(
  source: Source<T>,
  coroutine: (production: Production<R>) => Promise<void>,
): Production<R> {
  return new Production<R>(
    source.what,
    [source],
    (production) => production.start(source, () => coroutine(production)),
  );
}
