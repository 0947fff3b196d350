import { assert, assertEquals } from "@std/assert";
import { Example } from "./_example.ts";
import { Folder } from "../_helpers/folder.ts";

interface Job {
  id: number;
  input: string;
  state: string;
  result?: string;
}

/** The service, in a process of its own, with a command that waits to be let. */
class Service implements AsyncDisposable {
  readonly program: Example;
  readonly folder = new Folder();
  port = 0;
  #url = "";

  private constructor(args: string[]) {
    const { path: cwd } = this.folder;
    this.program = new Example("http_worker.ts", ["0", ...args], { cwd });
  }

  static async start(...args: string[]): Promise<Service> {
    const service = new Service(args);
    const [, port] = await service.program.line(/^listening on (\d+)$/);
    service.port = Number(port);
    service.#url = `http://127.0.0.1:${port}/jobs`;
    return service;
  }

  /** The job, or the status with which it was refused. */
  async post(text: string): Promise<Job | Response> {
    const response = await fetch(this.#url, { method: "POST", body: text });
    if (response.status === 202) return await response.json();
    await response.body?.cancel();
    return response;
  }

  /** Posts jobs until one is refused; gives that refusal. */
  async fill(): Promise<{ jobs: Job[]; refused: Response }> {
    const jobs: Job[] = [];
    while (true) {
      const answer = await this.post(`text ${jobs.length}`);
      if (answer instanceof Response) return { jobs, refused: answer };
      jobs.push(answer);
    }
  }

  async get(id: number): Promise<{ status: number; job: Job | null }> {
    const response = await fetch(`${this.#url}/${id}`);
    return { status: response.status, job: await response.json() };
  }

  /** Lets the commands end that wait for it. */
  async open(): Promise<void> {
    await this.folder.write("open", "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

const WAITING = "while [ ! -e open ]; do sleep 0.01; done; tr a-z A-Z";

Deno.test("a job is done, and its result can be had", async () => {
  await using service = await Service.start("tr a-z A-Z");
  const job = await service.post("shout") as Job;
  await service.program.line(new RegExp(`^done: job ${job.id}$`));
  const { status, job: done } = await service.get(job.id);
  assertEquals(status, 200);
  assertEquals(done, { id: 1, input: "shout", state: "done", result: "SHOUT" });
});

Deno.test("a job that fails says why, and others go on", async () => {
  await using service = await Service.start(
    "read word; test $word = good && echo fine",
  );
  for (const text of ["bad\n", "good\n"]) await service.post(text);
  for (let i = 0; i < 2; i++) await service.program.line(/^(done|failed)/);
  const failed = (await service.get(1)).job!;
  assertEquals(failed.state, "failed");
  assert(failed.result!.includes("ended with code 1"), failed.result);
  assertEquals((await service.get(2)).job!.result, "fine\n");
});

Deno.test("a job that was never taken is unknown", async () => {
  await using service = await Service.start("cat");
  assertEquals(await service.get(77), { status: 404, job: null });
});

Deno.test("with enough to do, jobs are refused and the client told to come again", async () => {
  await using service = await Service.start(WAITING);
  const { jobs, refused } = await service.fill();
  assertEquals(refused.status, 503);
  assertEquals(refused.headers.get("retry-after"), "1");
  assert(jobs.length >= 16);
  await service.open();
  await service.program.line(/^done/);
  assert(!((await service.post("now")) instanceof Response));
});

/** The ids of the jobs that it says are done, in order. */
function doneIn(stdout: string): number[] {
  const lines = [...stdout.matchAll(/^done: job (\d+)$/gm)];
  return lines.map(([, id]) => Number(id)).sort((a, b) => a - b);
}

for (const [signal, exitCode] of [["SIGTERM", 0], ["SIGINT", 130]] as const) {
  Deno.test(`on ${signal}, what was taken is done, and no more is taken`, async () => {
    await using service = await Service.start(WAITING);
    const { jobs } = await service.fill();
    service.program.kill(signal);
    await service.program.line(new RegExp(`^${signal}: no more jobs`));
    assert(await service.post("late") instanceof Response);
    const { job } = await service.get(jobs.length);
    assertEquals(job?.state, "waiting"); // it still tells
    await service.open();
    const { code, stdout, stderr, orphans } = await service.program.ended();
    assertEquals(stderr, "");
    assertEquals(code, exitCode);
    assertEquals(orphans, []);
    assertEquals(doneIn(stdout), jobs.map(({ id }) => id));
    const count = jobs.length;
    assert(stdout.endsWith(`jobs taken: ${count}, finished: ${count}\n`));
  });
}

Deno.test("jobs that take longer than the grace are ended, and the exit code tells", async () => {
  await using service = await Service.start("sleep 600 & sleep 600", "100");
  for (const text of ["a", "b"]) await service.post(text);
  service.program.kill("SIGTERM");
  const { code, stdout, stderr, orphans } = await service.program.ended();
  assertEquals(stderr, "");
  assertEquals(code, 1);
  assertEquals(orphans, []);
  assert(stdout.endsWith("jobs taken: 2, finished: 0\n"), stdout);
});

Deno.test("a second signal ends the grace, and leaves no program behind", async () => {
  const grace = "3600000";
  await using service = await Service.start("sleep 600 & sleep 600", grace);
  await service.post("text");
  service.program.kill("SIGINT");
  await service.program.line(/^SIGINT: no more jobs/);
  service.program.kill("SIGINT");
  const { code, stdout, stderr, orphans } = await service.program.ended();
  assertEquals(stderr, "");
  assertEquals(code, 130);
  assertEquals(orphans, []);
  assert(stdout.endsWith("jobs taken: 1, finished: 0\n"), stdout);
});

Deno.test("a request that is under way when the signal comes gets its answer", async () => {
  await using service = await Service.start("cat");
  using conn = await Deno.connect({ port: service.port });
  const head =
    "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n" +
    "Expect: 100-continue\r\n\r\n";
  await conn.write(new TextEncoder().encode(head));
  const buffer = new Uint8Array(1_000);
  const read = async () => {
    const count = await conn.read(buffer);
    return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
  };
  assert((await read()).startsWith("HTTP/1.1 100"));
  service.program.kill("SIGTERM");
  await service.program.line(/^SIGTERM: no more jobs/);
  assert((await read()).startsWith("HTTP/1.1 503")); // the rest may stay there
  assertEquals((await service.program.ended()).code, 0);
});

Deno.test("under load, a SIGTERM loses no job that was taken", async () => {
  await using service = await Service.start("cat");
  const accepted: number[] = [];
  const enough = Promise.withResolvers<void>();
  /** Posts until the service is gone. */
  async function client(): Promise<void> {
    while (true) {
      const answer = await service.post("text").catch((error) => error);
      if (answer instanceof Error) return;
      if (!(answer instanceof Response)) accepted.push(answer.id);
      if (accepted.length === 30) enough.resolve();
    }
  }
  const clients = Array.from({ length: 6 }, client);
  await enough.promise;
  service.program.kill("SIGTERM");
  const { code, stdout, stderr, orphans } = await service.program.ended();
  await Promise.all(clients);
  assertEquals(stderr, "");
  assertEquals(code, 0);
  assertEquals(orphans, []);
  assertEquals(doneIn(stdout), accepted.sort((a, b) => a - b));
});
