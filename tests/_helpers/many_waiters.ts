/**
 * A hundred thousand waits in one line, given up in random order: the time
 * grows with their number and no faster, and the memory is back afterwards.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { createTask, sleep, type WaitOptions } from "@asyncio/asyncio/tasks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Random } from "./random.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const MANY = 100_000;

export interface ManyCase {
  name: string;
  wait(options?: WaitOptions): Promise<unknown>;
  /** How many stand in line. */
  waiting(): number;
}

/**
 * Gives up `count` waits, each a task of its own, by cancelling it or by its
 * signal; says how long that took.
 */
async function giveUp(it: ManyCase, count: number): Promise<number> {
  const random = new Random(count);
  const started = performance.now();
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
  return performance.now() - started;
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

  Deno.test(`${name}: ${MANY} waits, given up in random order, take linear time and leave no memory behind`, async () => {
    const it = makeCase();
    await giveUp(it, MANY); // lets the runtime's own tables grow
    const before = await usedMemory();
    let ratio = Infinity;
    // Whatever else runs on the machine can only make it look worse.
    for (let i = 0; i < 5 && ratio > 16; i++) {
      const few = await giveUp(it, MANY / 8);
      ratio = await giveUp(it, MANY) / few;
    }
    assert(
      ratio < 32,
      `8 times the waits took ${ratio.toFixed(1)} times the time`,
    );
    const left = await usedMemory() - before;
    assert(left / MANY < 20, `${left} bytes are left of ${MANY} waits`);
  });
}
