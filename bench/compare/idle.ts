/**
 * What one idle thing holds: `deno run ... idle.ts task|getter|connection COUNT`.
 * Told that all is there, where others have to come, it answers with the bytes
 * for each of them, by what the process takes up before and after.
 */
import {
  createTask,
  Event,
  Queue,
  run,
  sleep,
  startServer,
} from "@asyncio/asyncio";
import { createInterface } from "node:readline";
import { stdin } from "node:process";

type Collect = (options: { type: "major"; flavor: "last-resort" }) => void;
const collect = (globalThis as unknown as { gc: Collect }).gc;

/** Of the process, when its garbage is collected. */
async function memory(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect({ type: "major", flavor: "last-resort" });
    await sleep(50);
  }
  return Deno.memoryUsage().rss;
}

function say(answer: object): void {
  console.log(JSON.stringify(answer));
}

/** Makes them, and keeps them. */
type Idle = (count: number) => unknown;

const kinds: Record<string, Idle> = {
  task(count) {
    const event = new Event();
    return Array.from({ length: count }, () => createTask(() => event.wait()));
  },

  getter(count) {
    const queue = new Queue<number>();
    return Array.from({ length: count }, () => createTask(() => queue.get()));
  },

  async connection() {
    const server = await startServer(
      async (reader) => await reader.readLine(),
      { hostname: "127.0.0.1", backlog: 1000 },
    );
    say({ port: (server.addresses[0] as Deno.NetAddr).port });
    return server;
  },
};

const [kind, count] = Deno.args as [string, string];
await run(async () => {
  const idle = kinds[kind]!;
  const before = await memory();
  const held = await idle(Number(count));
  for await (const _ of createInterface({ input: stdin })) {
    const bytes = (await memory() - before) / Number(count);
    say({ bytes, held: typeof held });
  }
});
