/** A process on BullMQ: node bullmq.mjs PORT NAME ROLE... */
import process from "node:process";
import { play } from "./roles.js";

// Installed where this file is copied to, and nowhere else.
const library = "bullmq";
const { Queue, Worker } = await import(library);

const [port, name, ...roles] = process.argv.slice(2);
const connection = { host: "127.0.0.1", port: Number(port) };
const queue = new Queue(name, { connection });

await play({
  put: (value) =>
    queue.add("job", value, { removeOnComplete: true, removeOnFail: true }),
  async work(handler, concurrency) {
    const worker = new Worker(name, ({ data }) => handler(data), {
      connection,
      concurrency,
    });
    await worker.waitUntilReady();
    return () => worker.close();
  },
  close: () => queue.close(),
}, roles);
