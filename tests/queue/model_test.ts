import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  LifoQueue,
  PriorityQueue,
  Queue,
  QueueEmptyError,
  QueueFullError,
  QueueShutDownError,
} from "@asyncio/asyncio/queue";
import { giveUpOne, type Wait, Waits } from "../_helpers/model.ts";
import { Random } from "../_helpers/random.ts";

interface Item {
  id: number;
  priority: number;
}

/** In which order a queue gives its items, as plainly as can be. */
type Order = (items: Item[]) => Item;

const first: Order = (items) => items.shift()!;
const last: Order = (items) => items.pop()!;
const smallest: Order = (items) => {
  let best = 0;
  for (let i = 1; i < items.length; i++) {
    if (items[i]!.priority < items[best]!.priority) best = i;
  }
  return items.splice(best, 1)[0]!;
};

/** A queue and its model, which do the same. */
class Program {
  readonly queue: Queue<Item>;
  readonly #random: Random;
  readonly #order: Order;
  readonly #waits: Waits;
  readonly #maxSize: number;
  readonly #items: Item[] = [];
  readonly #getters: Wait[] = [];
  readonly #putters: (Wait & { item?: Item })[] = [];
  readonly #joiners: Wait[] = [];
  #unfinished = 0;
  #isShutdown = false;
  #ids = 0;

  constructor(
    random: Random,
    waits: Waits,
    kind: { make: (maxSize: number) => Queue<Item>; order: Order },
  ) {
    this.#random = random;
    this.#waits = waits;
    this.#order = kind.order;
    this.#maxSize = random.below(4);
    this.queue = kind.make(this.#maxSize);
  }

  step(): void {
    const random = this.#random;
    const dice = random.below(100);
    if (dice < 22) this.#put();
    else if (dice < 44) this.#get();
    else if (dice < 52) this.#putNowait();
    else if (dice < 60) this.#getNowait();
    else if (dice < 75) this.#giveUp();
    else if (dice < 92) this.#taskDone();
    else if (dice < 97) this.#join();
    else if (dice < 99) this.#remove();
    else if (random.below(3) === 0) this.#shutdown(random.below(2) === 0);
    this.compare();
  }

  compare(): void {
    const { queue } = this;
    assertEquals(queue.size, this.#items.length);
    assertEquals(queue.empty, this.#items.length === 0);
    assertEquals(queue.full, this.#full);
    assertEquals(queue.isShutdown, this.#isShutdown);
  }

  get lines(): string {
    return `getters: ${this.#getters.length}, putters: ${this.#putters.length}`;
  }

  get #full(): boolean {
    return this.#maxSize > 0 && this.#items.length >= this.#maxSize;
  }

  #newItem(): Item {
    return { id: this.#ids++, priority: this.#random.below(3) };
  }

  #put(): void {
    const item = this.#newItem();
    const wait = this.#waits.begin((options) => this.queue.put(item, options));
    if (this.#isShutdown) wait.expected = "QueueShutDownError";
    else if (this.#full) this.#putters.push(Object.assign(wait, { item }));
    else {
      this.#accept(item);
      wait.succeed();
    }
  }

  #putNowait(): void {
    const item = this.#newItem();
    const put = () => this.queue.putNowait(item);
    if (this.#isShutdown) {
      assertEquals(assertThrows(put, QueueShutDownError).item, item);
    } else if (this.#full) assertThrows(put, QueueFullError);
    else {
      put();
      this.#accept(item);
    }
  }

  #get(): void {
    const wait = this.#waits.begin((options) => this.queue.get(options));
    if (this.#items.length > 0) wait.succeed(this.#take());
    else if (this.#isShutdown) wait.expected = "QueueShutDownError";
    else this.#getters.push(wait);
  }

  #getNowait(): void {
    const get = () => this.queue.getNowait();
    if (this.#items.length > 0) {
      const item = get();
      assertEquals(item, this.#take());
    } else {
      assertThrows(
        get,
        this.#isShutdown ? QueueShutDownError : QueueEmptyError,
      );
    }
  }

  #giveUp(): void {
    giveUpOne(this.#random, this.#getters, this.#putters, this.#joiners);
  }

  #taskDone(): void {
    if (this.#unfinished === 0) {
      assertThrows(() => this.queue.taskDone(), RangeError);
    } else {
      this.queue.taskDone();
      this.#finish(1);
    }
  }

  #join(): void {
    const wait = this.#waits.begin((options) => this.queue.join(options));
    if (this.#unfinished === 0) wait.succeed();
    else this.#joiners.push(wait);
  }

  #remove(): void {
    const isPicked = ({ priority }: Item) => priority === 1;
    const removed = this.queue.remove(isPicked);
    const expected: Item[] = [];
    const kept: Item[] = [];
    // In the order in which they would have left.
    const leaving = [...this.#items];
    while (leaving.length > 0) {
      const item = this.#order(leaving);
      if (isPicked(item)) expected.push(item);
    }
    for (const item of this.#items) if (!isPicked(item)) kept.push(item);
    this.#items.splice(0, this.#items.length, ...kept);
    assertEquals(removed, expected);
    while (this.#putters.length > 0 && !this.#full) this.#letIn();
    this.#finish(removed.length);
  }

  /** Ends all waits. */
  end(): void {
    this.#shutdown(true);
    while (this.#unfinished > 0) this.#taskDone();
  }

  #shutdown(immediate: boolean): void {
    this.queue.shutdown(immediate);
    this.#isShutdown = true;
    if (immediate) this.#finish(this.#items.splice(0).length);
    for (const wait of this.#putters.splice(0)) {
      wait.expected = "QueueShutDownError";
    }
    for (const wait of this.#getters.splice(0)) {
      wait.expected = "QueueShutDownError";
    }
  }

  #accept(item: Item): void {
    this.#unfinished++;
    const getter = this.#getters.shift();
    if (getter === undefined) this.#items.push(item);
    else getter.succeed(item);
  }

  #take(): Item {
    const item = this.#order(this.#items);
    if (this.#putters.length > 0) this.#letIn();
    return item;
  }

  #letIn(): void {
    const putter = this.#putters.shift()!;
    this.#items.push(putter.item!);
    this.#unfinished++;
    putter.succeed();
  }

  #finish(count: number): void {
    // A report that is too early takes an item off that is still in there.
    this.#unfinished = Math.max(0, this.#unfinished - count);
    if (this.#unfinished > 0) return;
    for (const wait of this.#joiners.splice(0)) wait.succeed();
  }
}

const KINDS = [
  { make: (maxSize: number) => new Queue<Item>(maxSize), order: first },
  { make: (maxSize: number) => new LifoQueue<Item>(maxSize), order: last },
  {
    make: (maxSize: number) =>
      new PriorityQueue<Item>(maxSize, {
        compare: (a, b) => a.priority - b.priority,
      }),
    order: smallest,
  },
];

for (const kind of KINDS) {
  const { name } = kind.make(0).constructor;
  Deno.test(`${name}: 40 000 random steps give what the model gives`, async () => {
    const random = new Random(20_260_401);
    const waits = new Waits();
    for (let program = 0; program < 200; program++) {
      const it = new Program(random, waits, kind);
      for (let step = 0; step < 200; step++) {
        it.step();
        if (random.below(6) === 0) {
          await waits.check();
          assert(Deno.inspect(it.queue).includes(it.lines), it.lines);
        }
      }
      it.end();
      await waits.check();
      assertEquals(waits.pending, 0);
    }
    for (
      const outcome of ["value", "cancelled", "Aborted", "QueueShutDownError"]
    ) {
      assert(
        (waits.outcomes[outcome] ?? 0) > 500,
        Deno.inspect(waits.outcomes),
      );
    }
  });
}

for (const overflow of ["dropOldest", "dropNewest"] as const) {
  Deno.test(`Queue, ${overflow}: 20 000 random steps give what the model gives`, async () => {
    const random = new Random(20_260_402);
    const waits = new Waits();
    for (let program = 0; program < 100; program++) {
      const maxSize = 1 + random.below(3);
      const dropped: number[] = [];
      const queue = new Queue<number>({
        maxSize,
        overflow,
        onDrop: (item) => void dropped.push(item),
      });
      const items: number[] = [];
      const getters: Wait[] = [];
      const joiners: Wait[] = [];
      const expected: number[] = [];
      let unfinished = 0;
      let next = 0;
      const finish = () => {
        if (--unfinished > 0) return;
        for (const wait of joiners.splice(0)) wait.succeed();
      };
      const put = () => {
        const item = next++;
        if (random.below(2) === 0) queue.putNowait(item);
        else waits.begin((options) => queue.put(item, options)).succeed();
        const getter = getters.shift();
        if (getter === undefined && items.length === maxSize) {
          if (overflow === "dropNewest") return void expected.push(item);
          expected.push(items.shift()!);
        } else unfinished++;
        if (getter === undefined) items.push(item);
        else getter.succeed(item);
      };
      const step = () => {
        const dice = random.below(100);
        if (dice < 45) put();
        else if (dice < 70) {
          const wait = waits.begin((options) => queue.get(options));
          if (items.length > 0) wait.succeed(items.shift());
          else getters.push(wait);
        } else if (dice < 80) giveUpOne(random, getters, joiners);
        else if (dice < 95) {
          if (unfinished === items.length) return;
          queue.taskDone();
          finish();
        } else {
          const wait = waits.begin((options) => queue.join(options));
          if (unfinished === 0) wait.succeed();
          else joiners.push(wait);
        }
        assertEquals(queue.size, items.length);
        assertEquals(dropped, expected);
      };
      for (let k = 0; k < 200; k++) {
        step();
        if (random.below(6) === 0) await waits.check();
      }
      while (getters.length + joiners.length > 0) {
        giveUpOne(random, getters, joiners);
      }
      await waits.check();
      assertEquals(waits.pending, 0);
    }
    for (const end of ["value", "cancelled", "Aborted"]) {
      assert((waits.outcomes[end] ?? 0) > 200, Deno.inspect(waits.outcomes));
    }
  });
}
