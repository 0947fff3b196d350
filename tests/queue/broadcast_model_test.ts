import { assert, assertEquals } from "@std/assert";
import { Broadcast, type Subscription } from "@asyncio/asyncio/queue";
import { giveUpOne, type Wait, Waits } from "../_helpers/model.ts";
import { Random } from "../_helpers/random.ts";

type Overflow = "wait" | "dropOldest" | "fail";

/** A subscription, and all that the model knows of it. */
interface Sub {
  real: Subscription<number>;
  maxSize: number;
  overflow: Overflow;
  items: number[];
  getters: Wait[];
  missed: number;
  lagged: boolean;
}

const REPLAY = 3;

class Program {
  readonly #random: Random;
  readonly #waits: Waits;
  readonly #broadcast = new Broadcast<number>({ replay: REPLAY });
  readonly #subs: Sub[] = [];
  readonly #publishers: (Wait & { item: number })[] = [];
  readonly #kept: number[] = [];
  #isShutdown = false;
  #items = 0;

  constructor(random: Random, waits: Waits) {
    this.#random = random;
    this.#waits = waits;
  }

  step(): void {
    const random = this.#random;
    const dice = random.below(100);
    if (dice < 30) this.#publish();
    else if (dice < 60) this.#get();
    else if (dice < 75) {
      const lines = [this.#publishers, ...this.#subs.map((it) => it.getters)];
      giveUpOne(random, ...lines);
    } else if (dice < 85) this.#subscribe();
    else if (dice < 90) this.#unsubscribe();
    else if (dice < 99) this.#getNowait();
    else if (random.below(3) === 0) this.#shutdown();
    this.compare();
  }

  compare(): void {
    assertEquals(this.#broadcast.subscribers, this.#subs.length);
    const publishers = `publishers: ${this.#publishers.length}`;
    assert(Deno.inspect(this.#broadcast).includes(publishers), publishers);
    for (const { real, items, getters, missed } of this.#subs) {
      assertEquals(
        Deno.inspect(real),
        `Subscription { size: ${items.length}, getters: ${getters.length}, missed: ${missed} }`,
      );
    }
  }

  end(): void {
    this.#shutdown();
    while (this.#subs.length > 0) this.#unsubscribe();
    this.compare();
  }

  #publish(): void {
    const item = this.#items++;
    const wait = this.#waits.begin((options) =>
      this.#broadcast.publish(item, options)
    );
    if (this.#isShutdown) wait.expected = "QueueShutDownError";
    else this.#publishers.push(Object.assign(wait, { item }));
    this.#admit();
  }

  #admit(): void {
    const isFull = ({ items, maxSize }: Sub) =>
      maxSize > 0 && items.length >= maxSize;
    while (this.#publishers.length > 0) {
      const slow = this.#subs.filter((sub) => sub.overflow === "wait");
      if (slow.some(isFull)) return;
      const publisher = this.#publishers.shift()!;
      publisher.succeed();
      this.#kept.push(publisher.item);
      for (const sub of this.#subs) {
        if (sub.lagged) sub.missed++;
        else if (!isFull(sub)) this.#deliver(sub, publisher.item);
        else {
          sub.missed++;
          if (sub.overflow === "fail") sub.lagged = true;
          else {
            sub.items.shift();
            this.#deliver(sub, publisher.item);
          }
        }
      }
    }
  }

  #deliver(sub: Sub, item: number): void {
    const getter = sub.getters.shift();
    if (getter === undefined) sub.items.push(item);
    else getter.succeed(item);
  }

  #endOf(sub: Sub): string | undefined {
    if (sub.lagged) return "LaggedError";
    return this.#isShutdown ? "QueueShutDownError" : undefined;
  }

  #get(): void {
    const sub = this.#random.pick(this.#subs);
    if (sub === undefined) return;
    const wait = this.#waits.begin((options) => sub.real.get(options));
    const end = this.#endOf(sub);
    if (sub.items.length > 0) wait.succeed(sub.items.shift());
    else if (end !== undefined) wait.expected = end;
    else sub.getters.push(wait);
    this.#admit();
  }

  #getNowait(): void {
    const sub = this.#random.pick(this.#subs);
    if (sub === undefined) return;
    let got: unknown;
    try {
      got = sub.real.getNowait();
    } catch (error) {
      got = (error as Error).name;
    }
    const expected = sub.items.shift() ?? this.#endOf(sub) ?? "QueueEmptyError";
    assertEquals(got, expected);
    this.#admit();
  }

  #subscribe(): void {
    if (this.#subs.length === 4) return;
    const random = this.#random;
    const options = {
      maxSize: random.below(4),
      overflow: random.pick<Overflow>(["wait", "dropOldest", "fail"]),
      replay: random.below(5),
    };
    const { maxSize, replay } = options;
    const most = Math.min(replay, REPLAY, maxSize > 0 ? maxSize : Infinity);
    const real = this.#broadcast.subscribe(options);
    const items = most === 0 ? [] : this.#kept.slice(-most);
    const nothing = { getters: [], missed: 0, lagged: false };
    this.#subs.push({ real, ...options, items, ...nothing });
  }

  #unsubscribe(): void {
    const i = this.#random.below(this.#subs.length || 1);
    const [sub] = this.#subs.splice(i, 1);
    if (sub === undefined) return;
    sub.real[Symbol.dispose]();
    const end = sub.lagged ? "LaggedError" : "QueueShutDownError";
    for (const getter of sub.getters) getter.expected = end;
    this.#admit();
  }

  #shutdown(): void {
    this.#broadcast.shutdown();
    this.#isShutdown = true;
    const publishers = this.#publishers.splice(0);
    const getters = this.#subs.flatMap((sub) => sub.getters.splice(0));
    for (const wait of [...publishers, ...getters]) {
      wait.expected = "QueueShutDownError";
    }
  }
}

Deno.test("Broadcast: 40 000 random steps give what the model gives", async () => {
  const random = new Random(1_414_213);
  const waits = new Waits();
  for (let i = 0; i < 200; i++) {
    const program = new Program(random, waits);
    for (let step = 0; step < 200; step++) {
      program.step();
      if (random.below(6) === 0) await waits.check();
    }
    program.end();
    await waits.check();
    assertEquals(waits.pending, 0);
  }
  for (
    const end of [
      "value",
      "cancelled",
      "Aborted",
      "QueueShutDownError",
      "LaggedError",
    ]
  ) assert((waits.outcomes[end] ?? 0) > 500, Deno.inspect(waits.outcomes));
});
