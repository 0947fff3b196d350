import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  createSubprocessExec,
  PIPE,
  type Process,
} from "@asyncio/asyncio/process";
import { createTask, sleep } from "@asyncio/asyncio/tasks";
import { REPLY_TIMEOUT_MS } from "../../../queue/nats/shared/holders.ts";
import { keepBusy } from "../../_helpers/keep_busy.ts";
import { KEPT, letters } from "../jobs/_place.ts";
import { askServer } from "./_admin.ts";
import { ignore, NatsServer } from "./_nats_server.ts";
import { open } from "./_open.ts";
import { Proxy } from "./_proxy.ts";

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
  await using jobs = await open<string>(server, { lease: 1000 });
  await jobs.put("a");
  await using victim = await startWorker(server.address, "hang");
  const first = await nextLine(victim);
  victim.kill(); // SIGKILL
  await victim.wait();
  await using other = await startWorker(server.address, "work");
  const second = await nextLine(other);
  assertEquals([first, second].map((it) => it.slice(0, 2)), ["a ", "a "]);
  assert(Number(second.slice(2)) > Number(first.slice(2)));
  await jobs.join();
  assertEquals(await letters(jobs), []);
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  test(`a worker process that gets ${signal} gives its job back at once, and ends`, async () => {
    await using server = await NatsServer.start();
    await using jobs = await open<string>(server, { lease: 600_000 });
    await jobs.put("a");
    await using worker = await startWorker(server.address, "hang");
    assertEquals(await nextLine(worker), "a 1");
    worker.sendSignal(signal);
    const job = await jobs.get();
    assertEquals([job.value, job.attempt], ["a", 1]);
    assertEquals(await worker.wait(), code);
  });
}

test("processes that are stopped for longer than replies are waited for still hear of each other", async () => {
  await using server = await NatsServer.start();
  await using holder = await open<string>(server);
  await using proxy = new Proxy(server.port);
  await using jobs = await open<string>(proxy);
  await holder.put("a");
  await (await holder.get()).report("half of it");
  proxy.garble = (said) => {
    if (said.includes("PUB jobs.test.holders")) keepBusy(2 * REPLY_TIMEOUT_MS);
    return said;
  };
  const [info] = await Array.fromAsync(jobs.list("leased"));
  assertEquals(info!.progress, "half of it");
});

/** Waits until a process asks the servers for jobs. */
async function untilAsking(server: NatsServer): Promise<void> {
  const { port } = server;
  const { consumers } = await askServer(port, "CONSUMER.NAMES.JOBS_test");
  const info = `CONSUMER.INFO.JOBS_test.${consumers[0]}`;
  while (!((await askServer(port, info)).num_waiting > 0));
}

test("a process that was stopped for longer than a lease does not begin what another has", async () => {
  await using server = await NatsServer.start();
  await using jobs = await open<string>(server, { lease: KEPT });
  await using stopped = await startWorker(server.address, "work");
  await untilAsking(server);
  stopped.sendSignal("SIGSTOP");
  await jobs.put("a"); // into the socket of the process that does not run
  let job = await jobs.get(); // after its lease
  for (let tries = 0; job.attempt === 1 && tries < 5; tries++) {
    // The server has missed what the process asked for, as it was slow.
    stopped.sendSignal("SIGCONT");
    await job.done();
    await untilAsking(server);
    stopped.sendSignal("SIGSTOP");
    await jobs.put("a");
    job = await jobs.get();
  }
  assertEquals(job.value, "a");
  assert(job.attempt > 1);
  const holding = createTask(async () => {
    for (;; await sleep(KEPT / 20)) await job.extend();
  });
  stopped.sendSignal("SIGCONT");
  await jobs.put("b");
  assertMatch(await nextLine(stopped), /^b \d$/); // and not "a"
  holding.cancel();
  assertEquals(job.state, "leased");
  await job.done();
  await jobs.join();
});
