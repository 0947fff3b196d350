import { assert, assertEquals, assertThrows } from "@std/assert";
import { Condition, Lock } from "@asyncio/asyncio/sync";
import { type Wait, Waits } from "../_helpers/model.ts";
import { Random } from "../_helpers/random.ts";

/** Two conditions on one lock, and their model. */
class Program {
  readonly #random: Random;
  readonly #waits: Waits;
  readonly #lock = new Lock();
  readonly #conditions = [new Condition(this.#lock), new Condition(this.#lock)];
  readonly #notifiable: [Wait[], Wait[]] = [[], []];
  /** Who waits for the lock, with how that ends. */
  readonly #line: { wait: Wait; end: string; acquires?: true }[] = [];
  #held = false;

  constructor(random: Random, waits: Waits) {
    this.#random = random;
    this.#waits = waits;
  }

  get #first(): Condition {
    return this.#conditions[0]!;
  }

  step(): void {
    const dice = this.#random.below(20);
    const which = this.#random.below(2) as 0 | 1;
    if (dice < 5) this.#acquire();
    else if (dice < 9) this.#release();
    else if (dice < 14) this.#wait(which);
    else if (dice < 17) this.#notify(which, this.#random.below(4));
    else this.#giveUp();
    this.#compare();
  }

  end(): void {
    for (const which of [0, 1] as const) {
      if (!this.#held) this.#acquire();
      this.#notify(which, Infinity);
    }
    while (this.#held) this.#release();
  }

  #compare(): void {
    assertEquals(this.#first.locked, this.#held);
    assert(
      Deno.inspect(this.#lock).includes(`waiting: ${this.#line.length} }`),
    );
    for (const which of [0, 1] as const) {
      const waiting = `waiting: ${this.#notifiable[which].length} }`;
      assert(Deno.inspect(this.#conditions[which]).includes(waiting));
    }
  }

  #acquire(): void {
    const wait = this.#waits.begin((options) => this.#first.acquire(options));
    if (this.#held) this.#line.push({ wait, end: "value", acquires: true });
    else {
      this.#held = true;
      wait.succeed();
    }
  }

  #passOn(): void {
    const next = this.#line.shift();
    this.#held = next !== undefined;
    if (next !== undefined) next.wait.expected = next.end;
  }

  #release(): void {
    if (!this.#held) assertThrows(() => this.#first.release(), Error);
    else {
      this.#first.release();
      this.#passOn();
    }
  }

  #wait(which: 0 | 1): void {
    const condition = this.#conditions[which]!;
    const wait = this.#waits.begin((options) => condition.wait(options));
    if (!this.#held) wait.expected = "Error";
    else {
      this.#notifiable[which].push(wait);
      this.#passOn();
    }
  }

  #notify(which: 0 | 1, n: number): void {
    const condition = this.#conditions[which]!;
    if (!this.#held) assertThrows(() => condition.notify(n), Error);
    else {
      condition.notify(n);
      for (const wait of this.#notifiable[which].splice(0, n)) {
        this.#line.push({ wait, end: "value" });
      }
    }
  }

  /**
   * Cancels or aborts anything: who waits to have the lock again is not
   * impressed.
   */
  #giveUp(): void {
    const waits = [
      ...this.#notifiable[0],
      ...this.#notifiable[1],
      ...this.#line.map((it) => it.wait),
    ];
    if (waits.length === 0) return;
    const wait = this.#random.pick(waits);
    const isAbort = this.#random.below(2) === 0;
    const end = isAbort ? "Aborted" : "cancelled";
    if (isAbort) wait.attempt.abort();
    else wait.attempt.cancel();
    for (const notifiable of this.#notifiable) {
      const place = notifiable.indexOf(wait);
      if (place < 0) continue;
      notifiable.splice(place, 1);
      this.#line.push({ wait, end });
      if (!this.#held) this.#passOn();
      return;
    }
    const place = this.#line.findIndex((it) => it.wait === wait);
    if (!this.#line[place]!.acquires) return;
    this.#line.splice(place, 1);
    wait.expected = end;
  }
}

Deno.test("Condition: 20 000 random steps on two that share a lock give what the model gives", async () => {
  const random = new Random(55_555);
  const waits = new Waits();
  for (let i = 0; i < 200; i++) {
    const program = new Program(random, waits);
    for (let step = 0; step < 100; step++) {
      program.step();
      if (random.below(5) === 0) await waits.check(false);
    }
    program.end();
    await waits.check(false);
    assertEquals(waits.pending, 0);
  }
  for (const outcome of ["value", "cancelled", "Aborted", "Error"]) {
    assert((waits.outcomes[outcome] ?? 0) > 200, Deno.inspect(waits.outcomes));
  }
});
