/** The same two as tasks, side by side: it takes as long as the longer one. */
import { createTask, getRunningLoop, run, sleep } from "@asyncio/asyncio";

async function sayAfter(delay: number, what: string): Promise<void> {
  await sleep(delay);
  console.log(what);
}

async function main(): Promise<void> {
  const loop = getRunningLoop();
  const started = loop.time();

  const hello = createTask(() => sayAfter(300, "hello"));
  const world = createTask(() => sayAfter(600, "world"));
  await hello;
  await world;

  const took = loop.time() - started;
  console.log(`side by side: ${took < 900}`);
}

await run(main);
