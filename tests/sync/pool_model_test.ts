import { assert, assertEquals } from "@std/assert";
import { type Lease, Pool } from "@asyncio/asyncio/sync";
import { Future, sleep } from "@asyncio/asyncio/tasks";
import { giveUpOne, type Wait, Waits } from "../_helpers/model.ts";
import { Random } from "../_helpers/random.ts";

/** A pool and its model; the test decides when each `create` ends, and how. */
class Program {
  readonly pool: Pool<number>;
  readonly #random: Random;
  readonly #waits: Waits;
  readonly #max: number;
  readonly #line: Wait[] = [];
  readonly #idle: number[] = [];
  readonly #lent: { lease: () => Lease<number> | undefined; id: number }[] = [];
  readonly #being: Future<number>[] = [];
  readonly #bad = new Set<number>();
  readonly #destroyed: number[] = [];
  readonly #expectedToBeDestroyed: number[] = [];
  #made = 0;
  #making = 0;
  #closed = false;

  constructor(random: Random, waits: Waits) {
    this.#random = random;
    this.#waits = waits;
    this.#max = 1 + random.below(4);
    this.pool = new Pool({
      create: () => {
        const future = new Future<number>();
        this.#being.push(future);
        return future;
      },
      destroy: (id) => void this.#destroyed.push(id),
      validate: (id) => !this.#bad.has(id),
      max: this.#max,
    });
  }

  async step(): Promise<void> {
    const random = this.#random;
    const dice = random.below(100);
    if (dice < 35) this.#acquire();
    else if (dice < 55) this.#giveBack(false);
    else if (dice < 60) this.#giveBack(true);
    else if (dice < 75) giveUpOne(random, this.#line);
    else if (dice < 80) this.#bad.add(random.below(this.#made + 1));
    else if (dice < 99) await this.#finishOne();
    else if (random.below(4) === 0) this.#close();
    this.compare();
  }

  compare(): void {
    const { pool } = this;
    assertEquals(pool.waiting, this.#line.length);
    assertEquals(pool.idle, this.#idle.length);
    assertEquals(pool.size, this.#size);
    assertEquals(this.#destroyed, this.#expectedToBeDestroyed);
  }

  /** Ends all waits; all resources are to be destroyed then. */
  async end(): Promise<void> {
    this.#close();
    const closed = this.pool.close();
    while (this.#making > 0) await this.#finishOne();
    await sleep(0);
    while (this.#lent.length > 0) this.#giveBack(false);
    await closed;
    this.compare();
    assertEquals(this.#destroyed.length, this.#made);
  }

  get #size(): number {
    return this.#idle.length + this.#lent.length + this.#making;
  }

  #acquire(): void {
    const wait = this.#waits.begin((options) => this.pool.acquire(options));
    if (this.#closed) wait.expected = "PoolClosedError";
    else this.#line.push(wait);
    this.#supply();
  }

  #giveBack(discards: boolean): void {
    const lent = this.#random.pick(this.#lent);
    const lease = lent?.lease();
    if (lent === undefined || lease === undefined) return;
    if (discards) lease.discard();
    else lease.release();
    lease.release(); // has no effect
    this.#lent.splice(this.#lent.indexOf(lent), 1);
    const { id } = lent;
    if (discards || this.#closed) this.#destroy(id);
    else if (this.#line.length === 0) this.#idle.push(id);
    else if (this.#bad.has(id)) this.#destroy(id);
    else this.#lend(id);
    this.#supply();
  }

  async #finishOne(): Promise<void> {
    const i = this.#random.below(this.#being.length || 1);
    const [future] = this.#being.splice(i, 1);
    if (future === undefined) return;
    this.#making--;
    // If no call would reject with the error, it would be reported.
    if (this.#line.length > 0 && this.#random.below(4) === 0) {
      future.setException(new RangeError("no more"));
      this.#line.shift()!.expected = "RangeError";
    } else {
      const id = this.#made++;
      future.setResult(id);
      if (this.#closed) this.#destroy(id);
      else if (this.#line.length > 0) this.#lend(id);
      else this.#idle.push(id);
    }
    this.#supply();
    await sleep(0);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    void this.pool.close();
    for (const wait of this.#line.splice(0)) wait.expected = "PoolClosedError";
    for (const id of this.#idle.splice(0)) this.#destroy(id);
  }

  #supply(): void {
    while (this.#line.length > this.#making) {
      const id = this.#idle.pop();
      if (id === undefined) {
        if (this.#size === this.#max) return;
        this.#making++;
      } else if (this.#bad.has(id)) this.#destroy(id);
      else this.#lend(id);
    }
  }

  #lend(id: number): void {
    const wait = this.#line.shift()!;
    wait.succeed();
    const lease = () => wait.attempt.value as Lease<number> | undefined;
    this.#lent.push({ lease, id });
  }

  #destroy(id: number): void {
    this.#expectedToBeDestroyed.push(id);
  }

  /** Those who have a lease have the resource that the model says. */
  checkResources(): void {
    for (const { lease, id } of this.#lent) {
      if (lease() !== undefined) assertEquals(lease()!.resource, id);
    }
  }
}

Deno.test("Pool: 30 000 random steps give what the model gives", async () => {
  const random = new Random(2_718_281);
  const waits = new Waits();
  for (let i = 0; i < 150; i++) {
    const program = new Program(random, waits);
    for (let step = 0; step < 200; step++) {
      await program.step();
      if (random.below(6) > 0) continue;
      await waits.check(false);
      program.checkResources();
    }
    await program.end();
    await waits.check(false);
    assertEquals(waits.pending, 0);
  }
  for (
    const [end, least] of Object.entries({
      value: 2000,
      cancelled: 500,
      Aborted: 500,
      RangeError: 200,
      PoolClosedError: 100,
    })
  ) assert((waits.outcomes[end] ?? 0) > least, Deno.inspect(waits.outcomes));
});
