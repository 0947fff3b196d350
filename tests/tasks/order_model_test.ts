/**
 * Random programs, of more than a turn begins: whatever runs soon causes more of
 * it, at once or after a microtask or a turn. The model is a line for each kind
 * of what has to keep its order.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  createTask,
  Future,
  gather,
  getRunningLoop,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Event } from "@asyncio/asyncio/sync";
import { Random } from "../_helpers/random.ts";

const CAUSES = 12_000;
const AT_ONCE = 2_000;

/** What was caused, and what has run, in order. */
class Line {
  readonly caused: number[] = [];
  readonly ran: number[] = [];
}

class RandomProgram {
  readonly #random: Random;
  /** Callbacks and the code that awaits futures and events. */
  readonly ordered = new Line();
  readonly firstSteps = new Line();
  /** What wakes each of the tasks that wait already. */
  readonly #wakes: (() => void)[] = [];
  #waiting = 0;
  #left = CAUSES;
  #caused = 0;
  #ran = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  async run(): Promise<void> {
    this.#prepareWaits();
    while (this.#waiting < CAUSES) await sleep(1);
    this.#cause(AT_ONCE);
    while (this.#ran < this.#caused) await sleep(1);
  }

  /** Tasks that wait for a future or an event, and then cause more. */
  #prepareWaits(): void {
    for (let i = 0; i < CAUSES; i++) {
      const future = new Future<void>();
      const event = new Event();
      const isFuture = this.#random.next() < 0.5;
      const wait = isFuture ? () => future : () => event.wait();
      let id = -1;
      createTask(async () => {
        this.#waiting++;
        await wait();
        await this.#arrive(this.ordered, id);
      });
      this.#wakes.push(() => {
        id = this.#enter(this.ordered);
        if (isFuture) future.setResult();
        else event.set();
      });
    }
  }

  #enter(line: Line): number {
    line.caused.push(this.#caused);
    return this.#caused++;
  }

  async #arrive(line: Line, id: number): Promise<void> {
    line.ran.push(id);
    this.#ran++;
    this.#cause(this.#random.below(2));
    if (this.#random.next() < 0.3) await undefined;
    else if (this.#random.next() < 0.05) await sleep(0);
    this.#cause(this.#random.below(3));
  }

  #cause(count: number): void {
    for (let i = 0; i < count && this.#left > 0; i++) {
      this.#left--;
      this.#causeOne();
    }
  }

  #causeOne(): void {
    const kind = this.#random.below(4);
    if (kind === 0) {
      const id = this.#enter(this.ordered);
      getRunningLoop().callSoon(() => void this.#arrive(this.ordered, id));
    } else if (kind === 1) {
      this.#wakes.pop()!();
    } else if (kind === 2) {
      createTask(this.#firstStep());
    } else {
      gather([this.#firstStep(), this.#firstStep()]);
    }
  }

  #firstStep(): () => Promise<void> {
    const id = this.#enter(this.firstSteps);
    return () => this.#arrive(this.firstSteps, id);
  }
}

for (let seed = 1; seed <= 8; seed++) {
  Deno.test(`callbacks, wake-ups and first steps keep the order in which they were caused, within the budget and past it: seed ${seed}`, () =>
    run(async () => {
      const program = new RandomProgram(seed);
      await program.run();
      const { ordered, firstSteps } = program;
      assert(ordered.ran.length + firstSteps.ran.length >= CAUSES);
      assertEquals(ordered.ran, ordered.caused);
      assertEquals(firstSteps.ran, firstSteps.caused);
    }));
}
