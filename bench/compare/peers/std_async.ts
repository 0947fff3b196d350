/** The Channel of @std/async: in version 1.1 unstable, and on JSR alone. */
import { check, serve } from "../serve.ts";

interface Channel {
  send(item: number): Promise<void>;
  receive(): Promise<number>;
}

interface Module {
  Channel: new (options: { capacity: number }) => Channel;
}

async function importChannel(): Promise<Module> {
  const path = "jsr:@std/async@^1/"; // put together here: the types may be checked without JSR
  try {
    return await import(`${path}channel`);
  } catch {
    return await import(`${path}unstable-channel`);
  }
}

const { Channel } = await importChannel();

await serve("Channel of @std/async", {
  async queue(units) {
    const channel = new Channel({ capacity: 100 });
    let received = 0;
    const produce = async () => {
      for (let i = 0; i < units; i++) await channel.send(1);
    };
    const consume = async () => {
      for (let i = 0; i < units; i++) received += await channel.receive();
    };
    await Promise.all([produce(), consume()]);
    check(received, units);
  },
});
