/** Three coroutines, gathered: their steps interleave, their results come in order. */
import { gather, run, sleep } from "@asyncio/asyncio";

async function factorial(name: string, number: number): Promise<number> {
  let product = 1;
  for (let i = 2; i <= number; i++) {
    console.log(`Task ${name}: Compute factorial(${i})...`);
    await sleep(50);
    product *= i;
  }
  console.log(`Task ${name}: factorial(${number}) = ${product}`);
  return product;
}

async function main(): Promise<void> {
  const results = await gather([
    () => factorial("A", 2),
    () => factorial("B", 3),
    () => factorial("C", 4),
  ]);
  console.log(results);
}

await run(main);
