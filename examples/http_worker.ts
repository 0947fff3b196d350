/**
 * Jobs over HTTP: `http_worker.ts 8080 "tr a-z A-Z"` runs the command for all that
 * is sent to /jobs. On SIGTERM or Ctrl-C it finishes what it took, and ends.
 */
import {
  cancellable,
  isCancelled,
  moveOnAfter,
  Queue,
  run,
  runSubprocess,
  serve,
  signals,
  taskGroup,
} from "@asyncio/asyncio";

const [port = "0", command = "sleep 0.1; tr a-z A-Z", grace] = Deno.args;
const GRACE = Number(grace ?? 20_000); // for the last jobs, in milliseconds
const queue = new Queue<Job>(16);
const jobs = new Map<number, Job>();
const count = { taken: 0, finished: 0 };

interface Job {
  id: number;
  input: string;
  state: "waiting" | "done" | "failed";
  result?: string; // the error, where it failed
}

async function answer(request: Request): Promise<Response> {
  if (request.method === "GET") {
    const job = jobs.get(Number(request.url.split("/jobs/")[1]));
    return Response.json(job ?? null, { status: job ? 200 : 404 });
  }
  const input = await request.text(); // throws if it breaks off, and is answered
  if (queue.full || queue.isShutdown) {
    const headers = { "retry-after": "1" };
    return new Response("no more now\n", { status: 503, headers });
  }
  const job: Job = { id: ++count.taken, input, state: "waiting" };
  queue.putNowait(job); // nothing has waited since it was not full
  jobs.set(job.id, job);
  jobs.delete(job.id - 1000); // it is not asked for any more
  return Response.json(job, { status: 202 });
}

async function work(): Promise<void> {
  for await (const job of queue) {
    try {
      const options = { input: job.input, captureOutput: true, check: true };
      job.result = (await runSubprocess(command, options)).stdout!;
      job.state = "done";
    } catch (error) {
      if (isCancelled(error)) throw error;
      job.result = String(error);
      job.state = "failed";
    }
    console.log(`${job.state}: job ${job.id}`);
    count.finished++;
    queue.taskDone();
  }
}

async function main(): Promise<number> {
  using stop = signals("SIGTERM", "SIGINT");
  const options = { hostname: "127.0.0.1", port: Number(port) };
  const server = await serve(answer, options);
  const address = server.addresses[0] as Deno.NetAddr;
  console.log(`listening on ${address.port}`);
  let code = 0;
  await taskGroup(async (group) => {
    for (let i = 0; i < 4; i++) group.createTask(work);
    if (Deno.args.length === 0) group.createTask(() => tryOut(address));
    for await (const signal of stop) {
      if (queue.isShutdown) break; // the second one: no more grace
      console.log(`${signal}: no more jobs are taken`);
      code = signal === "SIGINT" ? 130 : 0;
      queue.shutdown(); // the workers end when it is empty
      group.createTask(async () => {
        await moveOnAfter(GRACE, () => queue.join());
        group.cancel();
      });
    }
    group.cancel();
  });
  await server.shutdown({ timeout: 1_000 });
  console.log(`jobs taken: ${count.taken}, finished: ${count.finished}`);
  return code || (count.taken === count.finished ? 0 : 1);
}

async function tryOut({ port }: Deno.NetAddr): Promise<void> {
  const url = `http://127.0.0.1:${port}/jobs`;
  const post = (signal: AbortSignal) =>
    fetch(url, { method: "POST", body: "shout", signal });
  while ((await cancellable(post)).status === 202);
  Deno.kill(Deno.pid, "SIGTERM");
}

Deno.exit(await run(main, { handleInterrupt: false }));
