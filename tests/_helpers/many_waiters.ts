/**
 * A hundred thousand waits in one line, given up in random order: the memory is
 * back afterwards. (What it costs is measured in bench/.)
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { createTask, sleep, type WaitOptions } from "@asyncio/asyncio/tasks";
import { collectGarbage } from "./garbage.ts";
import { Random } from "./random.ts";

const MANY = 100_000;

export interface ManyCase {
  name: string;
  wait(options?: WaitOptions): Promise<unknown>;
  /** How many stand in line. */
  waiting(): number;
}

/**
 * Gives up `count` waits, each a task of its own, by cancelling it or by its
 * signal.
 */
async function giveUp(it: ManyCase, count: number): Promise<void> {
  const random = new Random(count);
  const endings: (() => void)[] = [];
  const signalled = new AbortController();
  for (let i = 0; i < count; i++) {
    const options = i % 4 === 0 ? { signal: signalled.signal } : {};
    const task = createTask(() => it.wait(options), { eager: true });
    task.catch(() => {});
    if (i % 4 !== 0) endings.push(() => task.cancel());
  }
  assertEquals(it.waiting(), count);
  endings.push(() => signalled.abort(new Error("given up")));
  for (const end of random.shuffle(endings)) end();
  assertEquals(it.waiting(), 0);
  await sleep(0);
}

async function usedMemory(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve));
  }
  return Deno.memoryUsage().heapUsed;
}

/** Defines the test of one line. */
export function testManyWaiters(makeCase: () => ManyCase): void {
  const { name } = makeCase();

  Deno.test(`${name}: ${MANY} waits, given up in random order, leave no memory behind`, async () => {
    const it = makeCase();
    await giveUp(it, MANY); // lets the runtime's own tables grow
    const before = await usedMemory();
    await giveUp(it, MANY);
    let left = Infinity;
    // The collector may be late on a busy machine, but it cannot be early.
    for (let i = 0; i < 10 && left / MANY >= 20; i++) {
      left = await usedMemory() - before;
    }
    assert(left / MANY < 20, `${left} bytes are left of ${MANY} waits`);
  });
}
