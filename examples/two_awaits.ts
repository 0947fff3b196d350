/** Two awaits, one after the other: the times add up. */
import { getRunningLoop, run, sleep } from "@asyncio/asyncio";

async function sayAfter(delay: number, what: string): Promise<void> {
  await sleep(delay);
  console.log(what);
}

async function main(): Promise<void> {
  const loop = getRunningLoop();
  const started = loop.time();

  await sayAfter(100, "hello");
  await sayAfter(200, "world");

  const took = loop.time() - started;
  console.log(`finished after about ${Math.floor(took / 100) * 100} ms`);
}

await run(main);
