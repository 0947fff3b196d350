/** Three workers over a queue; `join` waits for the work, then they are cancelled. */
import {
  createTask,
  gather,
  getRunningLoop,
  Queue,
  run,
  sleep,
} from "@asyncio/asyncio";

async function worker(name: string, queue: Queue<number>): Promise<void> {
  while (true) {
    // Get a "work item" out of the queue.
    const sleepFor = await queue.get();

    // Sleep for that long.
    await sleep(sleepFor);

    // Tell the queue that the "work item" has been processed.
    queue.taskDone();

    console.log(`${name} has slept for ${sleepFor} ms`);
  }
}

async function main(): Promise<void> {
  // Create a queue that we will use to store our "workload".
  const queue = new Queue<number>();

  // Generate random timings and put them into the queue.
  let totalSleepTime = 0;
  for (let i = 0; i < 20; i++) {
    const sleepFor = 5 + Math.floor(Math.random() * 95);
    totalSleepTime += sleepFor;
    queue.putNowait(sleepFor);
  }

  // Create three worker tasks to process the queue side by side.
  const tasks = [];
  for (let i = 0; i < 3; i++) {
    tasks.push(createTask(() => worker(`worker-${i}`, queue)));
  }

  // Wait until the queue is fully processed.
  const loop = getRunningLoop();
  const startedAt = loop.time();
  await queue.join();
  const totalSleptFor = loop.time() - startedAt;

  // Cancel our worker tasks, and wait until they have ended.
  for (const task of tasks) task.cancel();
  await gather(tasks, { returnExceptions: true });

  console.log("====");
  console.log(`3 workers slept in parallel for ${totalSleptFor.toFixed(0)} ms`);
  console.log(`total expected sleep time: ${totalSleepTime} ms`);
}

await run(main);
