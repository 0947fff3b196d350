/**
 * An HTTP server that runs out of file descriptors: a program of its own,
 * started with few of them. Prints its port, what it has reported, and how many
 * requests it has answered then.
 *
 * @module
 */
import { Event } from "@asyncio/asyncio/sync";
import { serve } from "@asyncio/asyncio/streams";
import { getRunningLoop, run } from "@asyncio/asyncio/tasks";

await run(async () => {
  const reported = new Event();
  const answered = new Event();
  const reports: string[] = [];
  getRunningLoop().setExceptionHandler((_loop, { message }) => {
    reports.push(message);
    reported.set();
  });
  const server = await serve(() => {
    answered.set();
    return new Response("hello");
  }, { hostname: "127.0.0.1" });
  const { port } = server.addresses[0] as Deno.NetAddr;
  console.log(port);
  await reported.wait();
  console.log("reported");
  await answered.wait();
  await server.shutdown({ timeout: 1000 });
  for (const message of reports) {
    console.log(message.replace(`${port}`, "PORT"));
  }
});
