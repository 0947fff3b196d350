import { assertEquals } from "@std/assert";
import { natsJobs } from "@asyncio/asyncio/queue/nats";
import {
  createSubprocessExec,
  PIPE,
  type Process,
} from "@asyncio/asyncio/process";
import { letters } from "../jobs/_place.ts";
import { ignore, NatsServer } from "./_nats_server.ts";

function test(what: string, fn: () => Promise<void>): void {
  Deno.test({ name: `natsJobs: ${what}`, ignore, fn });
}

/** Starts a process that works on the queue "test". */
function startWorker(servers: string, mode: "hang" | "work"): Promise<Process> {
  const program = new URL("_worker.ts", import.meta.url).pathname;
  return createSubprocessExec(Deno.execPath(), [
    "run",
    "-A",
    "--quiet",
    program,
    servers,
    "test",
    mode,
  ], { stdout: PIPE });
}

async function nextLine(process: Process): Promise<string> {
  const line = await process.stdout!.readLine();
  return new TextDecoder().decode(line).trim();
}

test("a job whose worker is killed with SIGKILL is done by another", async () => {
  await using server = await NatsServer.start();
  await using jobs = await natsJobs<string>({
    servers: server.address,
    name: "test",
    lease: 1000,
  });
  await jobs.put("a");
  await using victim = await startWorker(server.address, "hang");
  assertEquals(await nextLine(victim), "a 1");
  victim.kill(); // SIGKILL
  await victim.wait();
  await using other = await startWorker(server.address, "work");
  assertEquals(await nextLine(other), "a 2");
  await jobs.join();
  assertEquals(await letters(jobs), []);
});

test("a worker process that gets Ctrl-C gives its job back at once, and ends", async () => {
  await using server = await NatsServer.start();
  await using jobs = await natsJobs<string>({
    servers: server.address,
    name: "test",
    lease: 600_000,
  });
  await jobs.put("a");
  await using worker = await startWorker(server.address, "hang");
  assertEquals(await nextLine(worker), "a 1");
  worker.sendSignal("SIGINT");
  const job = await jobs.get();
  assertEquals([job.value, job.attempt], ["a", 1]);
  assertEquals(await worker.wait(), 130);
});
