/** Random sources, functions, consumers and ends, against a plain model. @module */
import { assert, assertEquals } from "@std/assert";
import {
  buffer,
  chunks,
  map,
  merge,
  tee,
  throttle,
  timeoutEach,
  zip,
} from "@asyncio/asyncio/streams/operators";
import {
  allTasks,
  createTask,
  getRunningLoop,
  isCancelled,
  Runner,
  sleep,
} from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { Random } from "../../_helpers/random.ts";
import { type AnySource, kinds, Usage } from "./_sources.ts";

const PROGRAMS = 4000;

class Broken extends Error {
  constructor(readonly where: string) {
    super(where);
  }
}

/** What is made of a random number of items, and what should come of it. */
interface Program {
  over: AsyncIterableIterator<unknown, undefined>;
  /** The items, and whether they may come in another order. */
  gives: unknown[];
  isOrdered: boolean;
  /** The error that comes after the items; none if they come to an end. */
  error?: string | undefined;
  /** Whether items may be missing before the error. */
  isHasty?: boolean;
  /** How many calls run now. */
  running: () => number;
}

interface World {
  random: Random;
  usages: Usage[];
}

/** A source of some kind, that gives `count` items and may fail after them. */
function source(
  { random, usages }: World,
  { count = random.below(12), isBroken = random.below(4) === 0 } = {},
): { source: AnySource<number>; items: number[]; error: string | undefined } {
  const usage = new Usage();
  usages.push(usage);
  const items = Array.from({ length: count }, (_, i) => i);
  const error = isBroken ? `source ${usages.length}` : undefined;
  const behaviour = {
    delay: random.below(4),
    error: error === undefined ? undefined : new Broken(error),
  };
  const make = random.pick(Object.values(kinds));
  return { source: make(items, usage, behaviour), items, error };
}

function mapped(world: World): Program {
  const { random } = world;
  const { source: input, items, error } = source(world);
  const limit = random.pick([1, 2, 3, 10, Infinity]);
  const isOrdered = random.below(2) === 0;
  const fails = random.below(3) === 0 ? random.below(15) : -1;
  const delays = items.map(() => random.below(6) - 1);
  let running = 0;
  const call = async (item: number) => {
    assert(++running <= limit);
    try {
      if (delays[item]! >= 0) await sleep(delays[item]!);
      if (item === fails) throw new Broken("call");
      return item * 2;
    } finally {
      running--;
    }
  };
  const isBroken = fails >= 0 && fails < items.length;
  return {
    over: map(input, call, { limit, ordered: isOrdered }),
    gives: (isBroken ? items.slice(0, fails) : items).map((n) => n * 2),
    isOrdered,
    error: isBroken ? "call" : error,
    isHasty: !isOrdered,
    running: () => running,
  };
}

function others(world: World): Program {
  const { random } = world;
  const { source: input, items, error } = source(world);
  const plain = { gives: items, isOrdered: true, error, running: () => 0 };
  switch (random.below(6)) {
    case 0:
      return { ...plain, over: buffer(input, 1 + random.below(5)) };
    case 1: {
      const rate = { limit: 1 + random.below(3), interval: random.below(5) };
      return { ...plain, over: throttle(input, rate) };
    }
    case 2:
      return { ...plain, over: timeoutEach(input, 1000) };
    case 3:
      return { ...plain, over: tee(input, 1)[0]! };
    case 4: {
      const size = 1 + random.below(4);
      const gives = [];
      for (let i = 0; i < items.length; i += size) {
        gives.push(items.slice(i, i + size));
      }
      return { ...plain, gives, over: chunks(input, { size }) };
    }
    default: {
      const second = source(world, { isBroken: false });
      const third = source(world, { isBroken: false });
      const lists = [items, second.items, third.items];
      if (random.below(2) === 0) {
        return {
          over: merge(input, second.source, third.source),
          gives: lists.flat(),
          isOrdered: false,
          error,
          isHasty: true,
          running: () => 0,
        };
      }
      const rows = Math.min(...lists.map(({ length }) => length));
      const gives = Array.from({ length: rows }, (_, i) => [i, i, i]);
      // Which of those that are at their end is noticed first is left open.
      const isOpen = lists.slice(1).some(({ length }) => length === rows);
      return {
        over: zip(input, second.source, third.source),
        gives,
        isOrdered: true,
        error: items.length > rows ? undefined : isOpen ? "any" : error,
        running: () => 0,
      };
    }
  }
}

/** How often each thing has happened, to see that the programs are not idle. */
const seen: Record<string, number> = {};

async function play(world: World): Promise<void> {
  const { random, usages } = world;
  const program = random.below(2) === 0 ? mapped(world) : others(world);
  const { over, gives, isOrdered, isHasty } = program;
  const end = random.pick(["none", "break", "cancel", "return"]);
  const stop = random.below(10);
  const got: unknown[] = [];
  let outcome = "end";

  const pause = random.below(3);
  const consumer = createTask(async () => {
    for await (const item of over) {
      got.push(item);
      if (end === "break" && got.length > stop) {
        outcome = "break";
        break;
      }
      if (pause > 0) await sleep(random.below(pause * 3));
    }
  });
  if (end === "cancel" || end === "return") {
    await sleep(stop);
    if (end === "cancel") consumer.cancel();
    else await over.return!();
    outcome = consumer.done ? "end" : end;
  }
  try {
    await consumer;
  } catch (error) {
    outcome = isCancelled(error) ? "cancel" : (error as Broken).where;
    if (!isCancelled(error) && !(error instanceof Broken)) throw error;
  }
  seen[outcome.split(" ")[0]!] = (seen[outcome.split(" ")[0]!] ?? 0) + 1;

  assertEquals(allTasks().size, 1);
  assertEquals(program.running(), 0);
  for (const usage of usages) {
    assert(usage.isClosed, "a source is not closed");
    assert(usage.most <= 1);
  }
  assertEquals(await over.next(), { done: true, value: undefined });

  if (isOrdered) assertEquals(got, gives.slice(0, got.length));
  else {
    const left = new Map<unknown, number>();
    for (const item of gives) left.set(item, (left.get(item) ?? 0) + 1);
    if (program.error === undefined) {
      for (const item of got) {
        assert(left.get(item)! > 0);
        left.set(item, left.get(item)! - 1);
      }
    }
  }
  if (end !== "none") return;
  if (program.error === "any") return;
  if (program.error === undefined) assertEquals(outcome, "end");
  else if (isHasty) assert(outcome !== "end");
  else assertEquals(outcome, program.error);
  if (program.error === undefined || !isHasty) {
    assertEquals(got.length, gives.length);
  }
}

Deno.test("random programs do what the model does", async () => {
  for (let seed = 0; seed < PROGRAMS; seed++) {
    const world = { random: new Random(seed), usages: [] };
    const runner = new Runner({ clock: new VirtualClock() });
    const reports: unknown[] = [];
    runner.loop.setExceptionHandler((_, { error }) => reports.push(error));
    try {
      await runner.run(async () => {
        await play(world);
        assert(getRunningLoop().time() < 1000);
      });
      await runner.close();
      for (const error of reports) assert(error instanceof Broken);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  for (
    const outcome of ["end", "break", "cancel", "return", "call", "source"]
  ) {
    assert(seen[outcome]! > PROGRAMS / 40, `${outcome}: ${seen[outcome]}`);
  }
});
