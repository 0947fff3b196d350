/**
 * A server that runs out of file descriptors: a program of its own, started
 * with few of them. Prints its port, and what comes of the clients that
 * connect. An exception handler may look at the stack of the error.
 *
 * @module
 */
import { startServer } from "@asyncio/asyncio/streams";
import { getRunningLoop, run, sleep } from "@asyncio/asyncio/tasks";

const CLIENTS = 100;

await run(async () => {
  const messages: string[] = [];
  getRunningLoop().setExceptionHandler((_loop, { message, error }) => {
    messages.push(message);
    messages.push((error as Error).stack!);
  });
  let served = 0;
  const server = await startServer(() => void served++, {
    hostname: "127.0.0.1",
  });
  const { port } = server.addresses[0] as Deno.NetAddr;
  console.log(port);

  while (messages.length === 0) await sleep(10);
  const before = served;
  await sleep(500);
  console.log("paused:", served === before && before < CLIENTS);
  while (served < CLIENTS) {
    server.closeClients(); // makes room
    await sleep(10);
  }
  console.log("served:", served);
  console.log("reports:", messages.length / 2);
  for (const message of messages) {
    console.log(message.replace(`${port}`, "PORT"));
  }
});
