/**
 * Everything at once, on real sockets and real children: a TCP service whose
 * requests go through a bounded queue to workers that call a subprocess; 100 clients,
 * one of which gives up in the middle; and a graceful shutdown at the end.
 *
 * Ctrl-C ends it cleanly at any time.
 */
import {
  allTasks,
  createTask,
  Future,
  getRunningLoop,
  openConnection,
  Queue,
  run,
  runSubprocess,
  sleep,
  startServer,
  type StreamReader,
  type StreamWriter,
  taskGroup,
  timeout,
  TimeoutError,
  wait,
} from "@asyncio/asyncio";

const CLIENTS = 100;
const REQUESTS_EACH = 2;
const WORKERS = 4;
const QUEUE_SIZE = 10;

/** A line whose answer is waited for. */
interface Request {
  readonly text: string;
  readonly answer: Future<string>;
}

const requests = new Queue<Request>(QUEUE_SIZE);
const latencies: number[] = [];
let children = 0;
let cancelled = 0;

// --- the service -------------------------------------------------------------

/** Answers line by line; a client that hangs up takes its requests with it. */
async function serve(
  reader: StreamReader,
  writer: StreamWriter,
): Promise<void> {
  await using _ = writer;
  await taskGroup(async (group) => {
    for await (const text of reader.lines()) {
      const request = group.createTask(async () => {
        const answer = new Future<string>();
        await requests.put({ text, answer }); // waits while the queue is full
        writer.write(`${await answer}\n`);
        await writer.drain();
      });
      request.addDoneCallback(() => {
        if (request.cancelled) cancelled++; // its client has left
      });
    }
    group.cancel();
  });
}

async function work(): Promise<void> {
  for await (const { text, answer } of requests) {
    if (answer.done) continue; // its client left while it stood in line
    const child = createTask(() => shout(text));
    answer.addDoneCallback(() => child.cancel());
    await wait([child]);
    // Its client may have left, and the program was ended.
    if (!child.cancelled) answer.setResult(child.result());
  }
}

/** Lets a program do the work. */
async function shout(text: string): Promise<string> {
  children++;
  try {
    const command: [string, ...string[]] = text === "slow"
      ? ["sleep", "60"]
      : ["tr", "a-z", "A-Z"];
    const { stdout } = await runSubprocess(command, {
      input: text,
      captureOutput: true,
      check: true,
    });
    return String(stdout);
  } finally {
    children--;
  }
}

// --- its clients ---------------------------------------------------------------

async function patientClient(id: number, port: number): Promise<void> {
  const { reader, writer } = await openConnection({
    hostname: "127.0.0.1",
    port,
  });
  await using _ = writer;
  const loop = getRunningLoop();
  for (let i = 0; i < REQUESTS_EACH; i++) {
    const sent = loop.time();
    writer.write(`client ${id}, request ${i}\n`);
    const line = new TextDecoder().decode(await reader.readLine());
    if (line !== `CLIENT ${id}, REQUEST ${i}\n`) {
      throw new Error(`client ${id} got ${JSON.stringify(line)}`);
    }
    latencies.push(loop.time() - sent);
  }
}

async function impatientClient(port: number): Promise<string> {
  const { reader, writer } = await openConnection({
    hostname: "127.0.0.1",
    port,
  });
  writer.write("slow\n");
  try {
    await timeout(1000, () => reader.readLine());
    return "was answered";
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    return "gave up after 1 s";
  } finally {
    writer.abort();
  }
}

// --- what it shows -------------------------------------------------------------

const total = CLIENTS * REQUESTS_EACH;
const live = Deno.stdout.isTerminal();

function showProgress(): void {
  const done = latencies.length;
  const text = `${done}/${total} requests served, ${requests.size} in line, ` +
    `${children} children`;
  if (!live) return console.log(text);
  const bar = "#".repeat(Math.round((done / total) * 30)).padEnd(30, ".");
  Deno.stdout.writeSync(new TextEncoder().encode(`\r[${bar}] ${text} \x1b[K`));
}

async function report(): Promise<never> {
  while (true) {
    showProgress();
    await sleep(live ? 50 : 500);
  }
}

function percentile(values: number[], p: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * p));
  return `${(sorted[at] ?? NaN).toFixed(0)} ms`;
}

async function main(): Promise<void> {
  const server = await startServer(serve, { hostname: "127.0.0.1" });
  const { port } = server.addresses[0] as Deno.NetAddr;
  const workers = Array.from({ length: WORKERS }, () => createTask(work));
  const reporter = createTask(report);

  let verdict = "";
  await taskGroup((group) => {
    for (let id = 0; id < CLIENTS; id++) {
      group.createTask(() => patientClient(id, port));
    }
    group.createTask(async () => {
      verdict = await impatientClient(port);
    });
  });

  // The graceful end: no new clients, then no new requests, then the workers go.
  await server.shutdown({ timeout: 2000 });
  requests.shutdown();
  for (const worker of workers) await worker;
  reporter.cancel();
  await wait([reporter]);
  showProgress();
  if (live) console.log();

  console.log(`requests served:    ${latencies.length}`);
  console.log(
    `requests cancelled: ${cancelled} (the impatient client ${verdict})`,
  );
  console.log(
    `latency:            p50 ${percentile(latencies, 0.5)}, p99 ${
      percentile(latencies, 0.99)
    }`,
  );
  const tasks = allTasks().size - 1; // but this one
  console.log(
    `left open:          ${server.connections} connections, ${children} children, ` +
      `${requests.size} requests, ${tasks} tasks`,
  );
}

await run(main);
