/**
 * Jobs that the servers hand out again though a process has done them, or holds
 * them: servers that were killed or that follow a lost one do not know of it.
 */
import { assertEquals } from "@std/assert";
import type { Job, Jobs } from "@asyncio/asyncio/queue/jobs";
import { Event } from "@asyncio/asyncio/sync";
import { race, shield, sleep, timeout } from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { SHORT } from "../jobs/_place.ts";
import { askServer } from "./_admin.ts";
import { ignore, NatsServer } from "./_nats_server.ts";
import { open, PATIENCE } from "./_open.ts";
import { Proxy } from "./_proxy.ts";

/** A lease that runs out while a test waits for it. */
const LEASE = 4000;

/** A queue of one process, and another one of the same name. */
interface Two {
  readonly jobs: Jobs<string>;
  readonly other: Jobs<string>;
  /** Between the server and `jobs`. */
  readonly proxy: Proxy;
  /** Between the server and `other`. */
  readonly otherProxy: Proxy;
  readonly server: NatsServer;
}

function test(
  what: string,
  fn: (two: Two) => Promise<void>,
  lease?: number,
): void {
  Deno.test({
    name: `natsJobs: ${what}`,
    ignore,
    async fn() {
      await using server = await NatsServer.start();
      await using proxy = new Proxy(server.port);
      await using otherProxy = new Proxy(server.port);
      const options = lease === undefined ? {} : { lease };
      await using jobs = await open<string>(proxy, options);
      await using other = await open<string>(otherProxy, options);
      await fn({ jobs, other, proxy, otherProxy, server });
    },
  });
}

/** The server hands the job out again instead of learning that it is done. */
function forgetDone(said: string): string {
  return said.replace("+ACK", "-NAK");
}

/** The second delivery of a job is as the first one. */
function forgetDelivery(said: string): string {
  return said.replace(/(JOBS_test\.workers\w*)\.2\./, "$1.1.");
}

/** The server hands the job out again instead of extending its lease. */
function handOutAgain(said: string): string {
  return said.replace("+WPI", "-NAK");
}

/** Takes a job with `jobs`, and ends it without the server's knowledge. */
async function endUnnoticed(
  { jobs, proxy }: Two,
  end: (job: Job<string>) => Promise<void> = (job) => job.done(),
): Promise<void> {
  const job = await jobs.get();
  proxy.garble = forgetDone;
  await end(job);
  proxy.garble = undefined;
}

/** Takes a job with `jobs` that the server hands out again. */
async function holdUnnoticed({ jobs, proxy }: Two): Promise<Job<string>> {
  const job = await jobs.get();
  proxy.garble = handOutAgain;
  await job.extend();
  proxy.garble = undefined;
  return job;
}

/** Waits until the process that calls `get` has given the job back, or has it. */
async function wentBack(server: NatsServer, get: Attempt): Promise<void> {
  while (await notes(server) === 0 && get.outcome === "pending");
}

/** How many notes on jobs that were given back the server has. */
async function notes(server: NatsServer): Promise<number> {
  const info = "STREAM.INFO.RETURNED_JOBS_test";
  return (await askServer(server.port, info)).state.messages;
}

/** The queue gets empty, and `get` gets nothing. */
async function assertOut(jobs: Jobs<string>, get: Attempt): Promise<void> {
  await race([() => jobs.join(), () => shield(get.task)]);
  assertEquals(get.outcome, "pending");
  get.cancel();
}

/** How many jobs the server has. */
async function left(server: NatsServer): Promise<number> {
  return (await askServer(server.port, "STREAM.INFO.JOBS_test")).state.messages;
}

/** How many jobs are with processes, as the server has it. */
async function unsettled(server: NatsServer): Promise<number> {
  const { consumers } = await askServer(
    server.port,
    "CONSUMER.LIST.JOBS_test",
  );
  return consumers[0].num_ack_pending;
}

test("a job that is done does not run again where it was done", async (two) => {
  await two.jobs.put("a");
  await endUnnoticed(two);
  await assertOut(two.jobs, new Attempt((options) => two.jobs.get(options)));
});

test("a job that is done in a process does not run again in another", async (two) => {
  await two.jobs.put("a");
  await endUnnoticed(two);
  await assertOut(two.other, new Attempt((options) => two.other.get(options)));
});

test("a dead letter does not run again", async (two) => {
  const { jobs, other } = two;
  await jobs.put("a");
  await endUnnoticed(two, (job) => job.fail("no"));
  await assertOut(other, new Attempt((options) => other.get(options)));
  assertEquals((await other.counts()).dead, 1);
});

test("a job that is done stays so if the server has forgotten its delivery", async (two) => {
  const { jobs, other, otherProxy } = two;
  for (const value of ["a", "b"]) await jobs.put(value);
  await endUnnoticed(two, async (job) => {
    await (await other.get()).done(); // the second one
    await job.done();
  });
  otherProxy.lie = forgetDelivery;
  await assertOut(other, new Attempt((options) => other.get(options)));
});

test("a job that is done does not run again in a process that has just come back", async (two) => {
  const { jobs, other, otherProxy } = two;
  await jobs.put("a");
  await endUnnoticed(two);
  otherProxy.lie = forgetDelivery;
  otherProxy.cut();
  await assertOut(other, new Attempt((options) => other.get(options)));
});

test(
  "a job that is done does not run again in a process that asks without a connection",
  async (two) => {
    const { jobs, other, otherProxy } = two;
    await jobs.put("a");
    await endUnnoticed(two);
    const asked = new Event();
    otherProxy.garble = (said) => {
      if (!said.includes("PUB jobs.test.known")) return said;
      asked.set();
      otherProxy.deaf = true; // until then, it makes no other connection
      otherProxy.cut();
      return "";
    };
    const get = new Attempt((options) => other.get(options));
    await asked.wait();
    await sleep(1000); // longer than for replies
    otherProxy.garble = undefined;
    otherProxy.deaf = false;
    otherProxy.cut();
    await assertOut(other, get);
  },
  LEASE,
);

test(
  "a process that holds a job which is handed out to it again, and dies, has made one attempt",
  async (two) => {
    const { jobs, other, proxy, server } = two;
    await jobs.put("a");
    const job = await holdUnnoticed(two);
    const own = new Attempt((options) => jobs.get(options));
    await wentBack(server, own);
    assertEquals(job.state, "leased");
    proxy.deaf = true; // the first process does not reply any more
    assertEquals((await other.get()).attempt, 2);
    proxy.deaf = false;
    own.cancel();
  },
  LEASE,
);

for (const which of ["jobs", "other"] as const) {
  const where = which === "jobs" ? "itself" : "another one";
  test(`a note that a process holds a job is removed with the job that ${where} was handed`, async (two) => {
    const { jobs, server } = two;
    await jobs.put("a");
    const job = await holdUnnoticed(two);
    const get = new Attempt((options) => two[which].get(options));
    await wentBack(server, get);
    await job.done();
    await assertOut(two[which], get);
    await timeout(PATIENCE, async () => {
      while (await notes(server) > 0);
    });
  });
}

test("a job that a process has stays there when it is handed out to it again", async (two) => {
  const { jobs, server } = two;
  await jobs.put("a");
  const job = await holdUnnoticed(two);
  const get = new Attempt((options) => jobs.get(options));
  while (await unsettled(server) === 0);
  await job.extend();
  assertEquals([get.outcome, job.state], ["pending", "leased"]);
  await job.retry();
  await get.task;
  const again = get.value as Job<string>;
  assertEquals([again.value, again.attempt], ["a", 2]);
});

test("a job that a process has stays there when it is handed out to another", async (two) => {
  const { jobs, other, server } = two;
  await jobs.put("a");
  const job = await holdUnnoticed(two);
  const get = new Attempt((options) => other.get(options));
  await wentBack(server, get);
  assertEquals(get.outcome, "pending");
  await job.done();
  await assertOut(other, get);
  assertEquals(job.state, "settled");
});

test(
  "a job goes on in another process when the one that had it is gone",
  async (two) => {
    const { jobs, other, proxy, server } = two;
    await jobs.put("a");
    await holdUnnoticed(two);
    const get = new Attempt((options) => other.get(options));
    await wentBack(server, get);
    proxy.deaf = true; // the first process does not reply any more
    await get.task;
    proxy.deaf = false;
    const again = get.value as Job<string>;
    assertEquals([again.value, again.attempt > 1], ["a", true]);
  },
  LEASE,
);

test("a job that another process was offered goes back as its holder says", async (two) => {
  const { jobs, other, server } = two;
  await jobs.put("a");
  const job = await holdUnnoticed(two);
  const get = new Attempt((options) => other.get(options));
  await wentBack(server, get);
  assertEquals(get.outcome, "pending");
  await job.release();
  await get.task;
  assertEquals((get.value as Job<string>).attempt, 1);
});

test(
  "two deliveries of a job that come together are one job",
  async (two) => {
    const { jobs, other, proxy, otherProxy } = two;
    await jobs.put("a");
    await holdUnnoticed(two);
    proxy.deaf = true; // the first process does not reply any more
    let deliveries = 0;
    otherProxy.lie = (said) =>
      said.replace(/H?MSG \S+ \d+ \$JS\.ACK\S* [^]*?"a"\r\n/, (delivery) => {
        deliveries++;
        return delivery + delivery;
      });
    const job = await other.get();
    const get = new Attempt((options) => other.get(options));
    await job.extend();
    await job.done();
    await assertOut(other, get);
    proxy.deaf = false;
    assertEquals(deliveries, 1);
  },
);

test("a job does not run again while its result is being kept", async (two) => {
  const { jobs, other, proxy, server } = two;
  await jobs.put("a", { id: "a" });
  const job = await holdUnnoticed(two);
  proxy.lie = (said) =>
    said.replace(/MSG \S+ \d+ +\d+\r\n\{"stream":"RESULTS_[^\r]*\r\n/g, "");
  const done = job.done("result");
  const get = new Attempt((options) => other.get(options));
  await wentBack(server, get);
  assertEquals(get.outcome, "pending");
  proxy.lie = undefined;
  await done;
  await assertOut(other, get);
  assertEquals(await other.result("a"), "result");
});

test("a job that is done is taken out though no call waits for jobs", async (two) => {
  const { jobs, proxy, server } = two;
  await jobs.put("a");
  const job = await holdUnnoticed(two);
  proxy.garble = (said) =>
    said.replace(/\$JS(\.ACK\.JOBS_test\.\w+\.1\.)/, "$NO$1");
  const done = new Attempt(() => job.done());
  while (await left(server) > 0 && done.outcome === "pending");
  assertEquals(await left(server), 0);
  proxy.garble = undefined; // the server knows of the job now
  await done.task;
  assertEquals(done.outcome, "value");
});

test(
  "a job whose end is not confirmed runs again",
  async ({ jobs, other, proxy }) => {
    await jobs.put("a");
    const job = await jobs.get();
    proxy.garble = (said) => said.replace("$JS.ACK", "$JS.NOT"); // no answer
    const done = new Attempt(() => job.done());
    await done.task;
    assertEquals(done.outcome, "LeaseLostError");
    proxy.garble = undefined;
    assertEquals((await other.get()).value, "a");
  },
  SHORT,
);
