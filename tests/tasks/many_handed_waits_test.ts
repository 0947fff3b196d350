/**
 * The waits behind many promises of one task are found. (What it costs is
 * measured in bench/queue_bench.ts.)
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Queue } from "@asyncio/asyncio/queue";
import {
  asCompleted,
  createTask,
  ensureFuture,
  type Future,
  gather,
  race,
  wait,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { Random } from "../_helpers/random.ts";

const MANY = 200;

interface Begun {
  readonly queue: Queue<number>;
  readonly promise: Promise<number>;
}

function gettersOf(queue: Queue<number>): number {
  return Number(/getters: (\d+)/.exec(Deno.inspect(queue))![1]);
}

/** How waits are begun. */
const BEGIN: Record<string, (queue: Queue<number>) => Promise<number>> = {
  "waits": (queue) => queue.get(),
  "waits in several steps": (queue) => waitFor(() => queue.get(), 60_000),
  "both": (queue) =>
    queue.maxSize === 1 ? queue.get() : waitFor(() => queue.get(), 60_000),
};

/** In which order their promises become futures. */
const ORDER: Record<string, (begun: Begun[]) => Begun[]> = {
  "in order": (begun) => begun,
  "in reverse": (begun) => begun.toReversed(),
  "in any order": (begun) => new Random(1).shuffle(begun),
  "every third first": (begun) => [
    ...begun.filter((_, i) => i % 3 === 0),
    ...begun.filter((_, i) => i % 3 !== 0),
  ],
};

for (const [what, begin] of Object.entries(BEGIN)) {
  for (const [order, sort] of Object.entries(ORDER)) {
    Deno.test(`of many ${what}, whose promises become futures ${order}, a cancel ends just one`, async () => {
      await createTask(async () => {
        const begun = Array.from({ length: MANY }, (_, i): Begun => {
          const queue = new Queue<number>(i % 2);
          return { queue, promise: begin(queue) };
        });
        const futures = new Map<Begun, Future<number>>();
        for (const one of sort([...begun])) {
          futures.set(one, ensureFuture(one.promise));
        }
        for (const [i, one] of begun.entries()) {
          futures.get(one)!.cancel();
          await futures.get(one)!.catch(() => {});
          const next = begun[i + 1]?.queue;
          assertEquals(gettersOf(one.queue), 0);
          if (next !== undefined) assertEquals(gettersOf(next), 1);
        }
      });
    });
  }
}

/** What takes a list of promises. */
const COMBINE: Record<string, (gets: Promise<number>[]) => Promise<unknown>> = {
  gather: (gets) => gather(gets),
  race: (gets) => race(gets),
  wait: (gets) => wait(gets),
  asCompleted: async (gets) => {
    for await (const _ of asCompleted(gets));
  },
};

for (const [name, combine] of Object.entries(COMBINE)) {
  Deno.test(`${name}: of twenty thousand waits, a cancel ends all`, async () => {
    const queue = new Queue<number>();
    const task = createTask(
      () => combine(Array.from({ length: 20_000 }, () => queue.get())),
      { eager: true },
    );
    assertEquals(gettersOf(queue), 20_000);
    task.cancel();
    await task.catch(() => {});
    assertEquals(task.cancelled, true);
    queue.putNowait(1);
    assertEquals(queue.size, 1);
  });
}
