/** @module */
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { Engine, type Operated } from "./_engine.ts";
import { Operator } from "./_operator.ts";
import type { Source } from "./_source.ts";

/** An item, kept by the branches that have not taken it. */
interface Link<T> {
  readonly value: T;
  next: Link<T> | undefined;
}

/** How the source has ended. */
type Ending = { error: unknown; isTold: boolean } | "finished" | undefined;

/** A source that is read once, for several branches. */
export class Tee<T> implements Operated {
  readonly branches: readonly Branch<T>[];
  readonly source: Source<T>;
  readonly #maxSize: number;
  /** Those that have not left. */
  readonly #live: Set<Branch<T>>;
  readonly #idle: WaitQueue<void>;
  #engine: Engine | undefined = undefined;
  #newest: Link<T>;
  /** How many items have come. */
  #count = 0;
  #ending: Ending = undefined;
  /** The branch that has left last: over when the source is closed. */
  #closing: Branch<T> | undefined = undefined;
  #isOver = false;

  constructor(source: Source<T>, n: number, maxSize: number) {
    this.source = source;
    this.#maxSize = maxSize;
    this.#idle = new WaitQueue(`${source.what}: the next item to be asked for`);
    const start: Link<T> = { value: undefined as T, next: undefined };
    this.#newest = start;
    this.branches = Array.from({ length: n }, () => new Branch(this, start));
    this.#live = new Set(this.branches);
  }

  get ending(): Ending {
    return this.#ending;
  }

  begin(): void {
    if (this.#engine !== undefined) return;
    this.#engine = new Engine(this.source.what, [this.source], this);
    this.#engine.start(this.#read);
  }

  /** A branch has asked for an item, has taken one or has left. */
  changed(): void {
    if (this.#idle.size > 0 && this.#isWanted) this.#idle.wake();
  }

  leave(branch: Branch<T>): void {
    this.#live.delete(branch);
    if (this.#live.size > 0) {
      this.changed();
      return branch.over();
    }
    const ending = this.#ending;
    if (typeof ending === "object" && !ending.isTold) {
      branch.report(ending.error);
    }
    if (this.#engine === undefined || this.#isOver) return branch.over();
    this.#closing = branch;
    this.#engine.end();
  }

  get engine(): Engine | undefined {
    return this.#engine;
  }

  failed(error: unknown): void {
    if (!this.#engine!.isEnding) this.#end({ error, isTold: false });
    else if (this.#closing === undefined) this.report(error);
    else this.#closing.failed(error);
  }

  report(error: unknown): void {
    this.branches[0]!.report(error);
  }

  over(): void {
    this.#isOver = true;
    this.#closing?.over();
  }

  /** Whether a branch waits, and none is too far behind it. */
  get #isWanted(): boolean {
    let isWaiting = false;
    let slowest = this.#count;
    for (const branch of this.#live) {
      isWaiting ||= branch.isWaiting;
      slowest = Math.min(slowest, branch.taken);
    }
    return isWaiting && this.#count - slowest < this.#maxSize;
  }

  #read = async (): Promise<void> => {
    try {
      for (;;) {
        while (!this.#isWanted) {
          await (checkpointIfCancelled() ?? this.#idle.wait());
        }
        const result = await this.source.next();
        if (result.done) break;
        this.#count++;
        this.#newest = this.#newest.next = {
          value: result.value,
          next: undefined,
        };
        for (const branch of this.#live) branch.give();
      }
      this.#end("finished");
    } catch (error) {
      if (!this.#engine!.isEnding) this.#end({ error, isTold: false });
      else this.report(error);
    }
    await this.source.settle();
  };

  #end(ending: Ending): void {
    this.#ending = ending;
    this.#engine!.end();
    for (const branch of [...this.#live]) branch.give();
  }
}

/** One of the iterators over the items of a {@linkcode Tee}. */
export class Branch<T> extends Operator<T> {
  readonly #tee: Tee<T>;
  /** The item that it has taken last. */
  #newest: Link<T>;
  #isAsking = false;
  /** How many items it has taken. */
  taken = 0;

  constructor(tee: Tee<T>, start: Link<T>) {
    super(tee.source.what);
    this.#tee = tee;
    this.#newest = start;
  }

  /** Whether it waits for an item that has not come yet. */
  get isWaiting(): boolean {
    return this.#isAsking || this.nexts.size > 0;
  }

  /** Wakes waiting calls of `next` with the items that have come. */
  give(): void {
    while (this.nexts.size > 0) {
      const result = this.#take();
      if (result === undefined) return;
      this.nexts.wake(result);
    }
  }

  protected override begin(): void {
    this.#tee.begin();
  }

  protected override ask(): IteratorResult<T, undefined> | undefined {
    const result = this.#take();
    if (result !== undefined || this.#tee.ending !== undefined) return result;
    this.#isAsking = true;
    this.#tee.changed();
    this.#isAsking = false;
    return undefined;
  }

  protected override end(): void {
    this.#newest = { value: undefined as T, next: undefined }; // and holds no item
    this.#tee.leave(this);
  }

  protected override get engine(): Engine | undefined {
    return this.#tee.engine;
  }

  #take(): IteratorResult<T, undefined> | undefined {
    const { next } = this.#newest;
    if (next !== undefined) {
      this.#newest = next;
      this.taken++;
      this.#tee.changed();
      return { done: false, value: next.value };
    }
    const { ending } = this.#tee;
    if (ending === "finished") this.finish();
    else if (ending !== undefined && this.state === "open") {
      ending.isTold = true;
      this.fail(ending.error);
    }
    return undefined;
  }
}
