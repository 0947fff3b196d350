/**
 * Two workers, a queue and a lock, and the timeline of it: opens in Perfetto
 * (https://ui.perfetto.dev), and is drawn here as a picture.
 *
 * deno run -A examples/timeline.ts [PICTURE.svg]
 */
import { Lock, Queue, run, sleep, taskGroup } from "@asyncio/asyncio";
import { draw } from "./_draw_timeline.ts";

const lock = new Lock();

async function work(queue: Queue<number>): Promise<void> {
  for await (const ms of queue) {
    await sleep(ms); // fetches a page
    using _ = await lock.acquire();
    await sleep(6); // stores it
  }
}

async function main(): Promise<void> {
  const queue = new Queue<number>(1);
  await taskGroup((group) => {
    group.createTask(() => work(queue), { name: "worker 1" });
    group.createTask(() => work(queue), { name: "worker 2" });
    group.createTask(async () => {
      for (const ms of [12, 15, 8, 20, 5, 10]) await queue.put(ms);
      await sleep(4);
      queue.shutdown();
    }, { name: "producer" });
  });
}

const [picture] = Deno.args;
const trace = await Deno.makeTempFile({ suffix: ".json" });
await run(main, { trace });

const { traceEvents } = JSON.parse(await Deno.readTextFile(trace));
await Deno.remove(trace);
console.log(`${traceEvents.length} events`);
if (picture !== undefined) await Deno.writeTextFile(picture, draw(traceEvents));
