import { assert, assertEquals } from "@std/assert";
import { SingleFlight } from "@asyncio/asyncio/sync";
import { Future, isCancelled, sleep } from "@asyncio/asyncio/tasks";
import { giveUpOne, type Wait, Waits } from "../_helpers/model.ts";
import { Random } from "../_helpers/random.ts";

/** Work under way: the test says when it ends, and when it has cleaned up. */
class Work {
  readonly end = new Future<number>();
  readonly cleaned = new Future<void>();

  async run(): Promise<number> {
    try {
      return await this.end;
    } catch (error) {
      if (isCancelled(error)) await this.cleaned;
      throw error;
    }
  }
}

/** What the model knows of one key. */
interface Flight {
  work: Work;
  line: Wait[];
  isCancelled: boolean;
}

class Program {
  readonly flights = new SingleFlight<number, number>();
  readonly #random: Random;
  readonly #waits: Waits;
  readonly #model = new Map<number, Flight>();
  /** The works that have begun, in order. */
  readonly #begun: Work[] = [];
  #numbers = 0;

  constructor(random: Random, waits: Waits) {
    this.#random = random;
    this.#waits = waits;
  }

  async step(): Promise<void> {
    const key = this.#random.below(2);
    const flight = this.#model.get(key);
    const dice = this.#random.below(10);
    if (dice < 5) this.#call(key);
    else if (flight === undefined) return;
    else if (dice < 8) this.#leave(flight);
    else this.#end(key, flight);
    await sleep(0); // the work begins, or has ended
    for (const [key, { work }] of this.#model) {
      assert(this.#begun.includes(work), `${key}`);
    }
    await this.#waits.check();
    const waiting = [...this.#model.values()].map((it) => it.line.length)
      .reduce((a, b) => a + b, 0);
    assertEquals(
      Deno.inspect(this.flights),
      `SingleFlight { keys: ${this.#model.size}, waiting: ${waiting} }`,
    );
  }

  /** Ends all works, and with them all waits. */
  async end(): Promise<void> {
    while (this.#model.size > 0) {
      for (const [key, flight] of this.#model) this.#end(key, flight);
      await sleep(0);
      await this.#waits.check();
    }
  }

  #call(key: number): void {
    const work = new Work();
    const wait = this.#waits.begin((options) =>
      this.flights.run(key, () => {
        this.#begun.push(work);
        return work.run();
      }, options)
    );
    const flight = this.#model.get(key);
    const call = Object.assign(wait, { work });
    if (flight !== undefined) flight.line.push(call);
    else this.#model.set(key, { work, line: [call], isCancelled: false });
  }

  #leave(flight: Flight): void {
    giveUpOne(this.#random, flight.line);
    if (flight.line.length === 0) flight.isCancelled = true;
  }

  #end(key: number, flight: Flight): void {
    const { work, line, isCancelled } = flight;
    if (isCancelled) {
      work.cleaned.setResult(undefined);
      const next = line[0] as Wait & { work: Work } | undefined;
      if (next === undefined) this.#model.delete(key);
      else Object.assign(flight, { work: next.work, isCancelled: false });
      return;
    }
    this.#model.delete(key);
    if (this.#random.below(4) === 0) {
      work.end.setException(new RangeError("broken"));
      for (const wait of line) wait.expected = "RangeError";
    } else {
      const number = this.#numbers++;
      work.end.setResult(number);
      for (const wait of line) wait.succeed(number);
    }
  }
}

Deno.test("SingleFlight: 20 000 random steps give what the model gives", async () => {
  const random = new Random(161_803);
  const waits = new Waits();
  for (let i = 0; i < 100; i++) {
    const program = new Program(random, waits);
    for (let step = 0; step < 200; step++) await program.step();
    await program.end();
    assertEquals(waits.pending, 0);
  }
  for (const end of ["value", "cancelled", "Aborted", "RangeError"]) {
    assert((waits.outcomes[end] ?? 0) > 500, Deno.inspect(waits.outcomes));
  }
});
