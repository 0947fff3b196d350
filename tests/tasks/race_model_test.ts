/**
 * Random programs of races: whatever happens in whatever order, of the branches
 * of a race exactly one has happened, or none if it was given up.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Queue } from "@asyncio/asyncio/queue";
import { Event, type Guard, Lock, Semaphore } from "@asyncio/asyncio/sync";
import { StreamReader } from "@asyncio/asyncio/streams";
import {
  any,
  type Awaitable,
  race,
  select,
  sleep,
  timeout,
  type WaitOptions,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { Random } from "../_helpers/random.ts";
import { virtually } from "../_helpers/virtually.ts";
import { shown } from "../_helpers/waiting_rules.ts";

const PERMITS = 3;

/** Something to wait for. */
interface Source {
  /** Whether a wait for it would not have to wait. */
  isReady(): boolean;
  wait(): Promise<unknown>;
}

/** A race under way. */
interface Racing {
  readonly attempt: Attempt;
  readonly sources: Source[];
}

/** What a random program does its steps to. */
class World {
  readonly queues = [new Queue<string>(), new Queue<string>(2)];
  readonly locks = [new Lock(), new Lock()];
  readonly semaphore = new Semaphore(PERMITS);
  readonly events = [new Event(), new Event()];
  readonly reader = new StreamReader();
  readonly guards: Guard[] = [];
  readonly outcomes: Record<string, number>;
  readonly #random: Random;
  #racing: Racing[] = [];
  #made = 0;
  #left = new Set<string>();
  #lines = 0;
  readonly #readSource: Source;
  readonly #sources: Source[];

  constructor(random: Random, outcomes: Record<string, number>) {
    this.#random = random;
    this.outcomes = outcomes;
    this.#readSource = {
      isReady: () => this.#lines > 0,
      wait: () => this.reader.readLine(),
    };
    this.#sources = [
      ...this.queues.map((queue) => ({
        isReady: () => !queue.empty,
        wait: () => queue.get(),
      })),
      ...this.locks.map((lock) => ({
        isReady: () => !lock.locked,
        wait: () => lock.acquire(),
      })),
      {
        isReady: () => !this.semaphore.locked,
        wait: () => this.semaphore.acquire(),
      },
      ...this.events.map((event) => ({
        isReady: () => event.isSet,
        wait: () => event.wait(),
      })),
      {
        isReady: () => false,
        wait: () => sleep(1 + random.below(5), { result: "time" }),
      },
    ];
  }

  async step(): Promise<void> {
    const random = this.#random;
    const dice = random.below(20);
    if (dice < 6) this.#race();
    else if (dice < 10) this.#put();
    else if (dice < 12) this.#release();
    else if (dice < 13) random.pick(this.events).set();
    else if (dice < 14) { for (const event of this.events) event.clear(); }
    else if (dice < 15) this.#feed();
    else if (dice < 18) this.#giveUp();
    else if (dice < 19) await sleep(1 + random.below(3));
    else await this.check();
  }

  #race(): void {
    const random = this.#random;
    const sources: Source[] = [];
    const count = 1 + random.below(4);
    const isRead = this.#racing.some((it) =>
      it.sources.includes(this.#readSource)
    );
    const pick = () => {
      const mayRead = !isRead && !sources.includes(this.#readSource);
      const source = mayRead && random.below(6) === 0
        ? this.#readSource
        : random.pick(this.#sources);
      sources.push(source);
      return source;
    };
    const make = (): Awaitable<unknown> => this.#branch(pick, 2);
    const attempt = new Attempt((options) =>
      this.#start(Array.from({ length: count }, make), options)
    );
    this.#racing.push({ attempt, sources });
  }

  /** A branch that is a wait: as it is, in a timeout, in a race, as a promise. */
  #branch(pick: () => Source, depth: number): Awaitable<unknown> {
    const shape = depth > 0 ? this.#random.below(6) : 0;
    if (shape === 1) {
      const inner = this.#branch(pick, depth - 1);
      return () => timeout(100_000, inner as () => Promise<unknown>);
    }
    if (shape === 2) {
      const inner = [this.#branch(pick, 0), this.#branch(pick, 0)];
      return () => this.#start(inner);
    }
    const source = pick();
    // What is there already would be taken before the race has begun.
    if (shape === 3 && depth === 2 && !source.isReady()) return source.wait();
    return () => source.wait();
  }

  #start(
    branches: Awaitable<unknown>[],
    options?: WaitOptions,
  ): Promise<unknown> {
    switch (this.#random.below(3)) {
      case 0:
        return race(branches, options);
      case 1:
        return any(branches, options);
      default:
        return select(Object.fromEntries(Object.entries(branches)), options);
    }
  }

  #put(): void {
    const queue = this.#random.pick(this.queues);
    const item = `item ${this.#made++}`;
    if (!queue.full) {
      queue.putNowait(item);
      this.#left.add(item);
    }
  }

  #feed(): void {
    const line = `line ${this.#made++}`;
    this.#left.add(line);
    this.#lines++;
    this.reader.feedData(new TextEncoder().encode(line + "\n"));
  }

  #release(): void {
    const at = this.#random.below(this.guards.length);
    this.guards.splice(at, 1)[0]?.[Symbol.dispose]();
  }

  #giveUp(): void {
    if (this.#racing.length === 0) return;
    const { attempt } = this.#random.pick(this.#racing);
    const how = this.#random.below(4);
    if (how !== 1) attempt.cancel();
    if (how !== 0) attempt.abort();
    if (how === 3) this.#put();
  }

  /** Lets everything happen, and looks whether anything is missing. */
  async check(): Promise<void> {
    await sleep(0);
    await sleep(0);
    const racing = this.#racing;
    this.#racing = racing.filter((it) => it.attempt.outcome === "pending");
    for (const { attempt: { outcome, value } } of racing) {
      this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
      if (outcome === "value") this.#take(value);
      else assert(/pending|cancelled|Aborted/.test(outcome), outcome);
    }
    this.#checkNothingMissing();
    // What is there for a race is taken.
    for (const { sources } of this.#racing) {
      for (const source of sources) assertEquals(source.isReady(), false);
    }
  }

  #take(value: unknown): void {
    if (value === undefined || value === true || value === "time") return;
    if (value instanceof Uint8Array) value = new TextDecoder().decode(value);
    if (typeof value === "object") {
      if ("name" in value!) {
        return this.#take((value as { value?: unknown }).value);
      }
      this.guards.push(value as Guard);
      return;
    }
    const item = String(value).trimEnd();
    if (item.startsWith("line")) this.#lines--;
    assert(this.#left.delete(item), `${item} was given twice`);
  }

  #checkNothingMissing(): void {
    const items = this.queues.reduce((sum, queue) => sum + queue.size, 0);
    assertEquals(items + this.#lines, this.#left.size);
    const held = this.locks.filter(({ locked }) => locked).length +
      PERMITS - this.semaphore.value;
    assertEquals(held, this.guards.length);
  }

  /** Gives up what still waits: no queue has anyone left in it. */
  async end(): Promise<void> {
    for (const { attempt } of this.#racing) attempt.cancel();
    await this.check();
    assertEquals(this.#racing, []);
    for (const queue of this.queues) assertEquals(shown(queue, "getters"), 0);
    for (const queued of [...this.locks, this.semaphore]) {
      assertEquals(shown(queued, "waiting"), 0);
    }
    while (this.guards.length > 0) this.#release();
    this.#checkNothingMissing();
    const rest = await this.reader.read(0).then(() => this.#lines);
    for (let i = 0; i < rest; i++) this.#take(await this.reader.readLine());
    for (const queue of this.queues) {
      while (!queue.empty) this.#take(queue.getNowait());
    }
    assertEquals(this.#left.size, 0);
  }
}

Deno.test("of the branches of a race exactly one has happened, in 100 000 random steps", () =>
  virtually(async () => {
    const random = new Random(19_450_001);
    const outcomes: Record<string, number> = {};
    for (let i = 0; i < 500; i++) {
      const world = new World(random, outcomes);
      for (let step = 0; step < 200; step++) await world.step();
      await world.end();
    }
    for (const outcome of ["value", "cancelled", "Aborted", "pending"]) {
      assert((outcomes[outcome] ?? 0) > 500, Deno.inspect(outcomes));
    }
  }));
