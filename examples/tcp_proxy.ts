/**
 * A TCP proxy. `tcp_proxy.ts 8080 example.org:80` serves until Ctrl-C, and then
 * lets open connections finish. Without arguments it shows itself at work.
 */
import {
  type ConnectOptions,
  getRunningLoop,
  isCancelled,
  openConnection,
  run,
  type Server,
  startServer,
  type StreamReader,
  type StreamWriter,
  taskGroup,
  timeout,
} from "@asyncio/asyncio";

/**
 * Connects each client with the target, until both have ended, or nothing has
 * moved for `idle` milliseconds.
 */
export function startProxy(
  target: ConnectOptions,
  { port = 0, idle = 60_000 } = {},
): Promise<Server> {
  return startServer(async (reader, writer) => {
    const writers = [writer];
    let bytes = 0;
    try {
      const there = await timeout(5_000, () => openConnection(target));
      writers.push(there.writer);
      await timeout(idle, async (limit) => {
        const copied = (count: number) => {
          bytes += count;
          if (!limit.expired) limit.reschedule(getRunningLoop().time() + idle);
        };
        await taskGroup((group) => { // the first to fail ends the other
          group.createTask(() => copy(reader, there.writer, copied));
          group.createTask(() => copy(there.reader, writer, copied));
        });
        for (const one of writers) await one.waitClosed(); // all is sent
      });
    } catch (error) {
      if (isCancelled(error)) throw error;
      console.log(error instanceof AggregateError ? error.message : `${error}`);
    } finally {
      for (const one of writers) one.abort(); // harmless where it is closed
      console.log(`${bytes} bytes went through`);
    }
  }, { hostname: "127.0.0.1", port });
}

/** Copies to the end, no faster than `to` is read, and hands the end on. */
async function copy(
  from: StreamReader,
  to: StreamWriter,
  copied: (bytes: number) => void,
): Promise<void> {
  while (true) {
    const chunk = await from.read(65_536);
    copied(chunk.length);
    if (chunk.length === 0) return to.writeEof(); // the answer may still come
    to.write(chunk);
    await to.drain();
  }
}

async function serve(port: number, target: string): Promise<void> {
  const { hostname, port: to } = new URL(`tcp://${target}`);
  const proxy = await startProxy({ hostname, port: Number(to) }, { port });
  console.log(`listening on ${(proxy.addresses[0] as Deno.NetAddr).port}`);
  try {
    await proxy.waitClosed(); // it is not closed: this waits for Ctrl-C
  } finally {
    console.log(`connections to finish: ${proxy.connections}`);
    await proxy.shutdown({ timeout: 5_000 });
  }
}

/** The target tells how much it got, once that has ended. */
async function demonstrate(): Promise<void> {
  const server = await startServer(async (reader, writer) => {
    writer.write(`${(await reader.read()).length} bytes arrived`);
    writer.close();
  }, { hostname: "127.0.0.1" });
  const proxy = await startProxy(server.addresses[0] as Deno.NetAddr);
  const address = proxy.addresses[0] as Deno.NetAddr;
  const { reader, writer } = await openConnection(address);
  writer.write(new Uint8Array(1_000_000));
  writer.writeEof();
  console.log(new TextDecoder().decode(await reader.read()));
  await proxy.shutdown({ timeout: 5_000 });
}

if (import.meta.main) {
  const [port, target] = Deno.args;
  await run(target ? () => serve(Number(port), target) : demonstrate);
}
