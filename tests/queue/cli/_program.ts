/** The program, as it is run from a terminal. @module */
import { natsJobs } from "@asyncio/asyncio/queue/nats";
import type { Jobs } from "@asyncio/asyncio/queue/jobs";
import {
  createSubprocessExec,
  PIPE,
  type Process,
} from "@asyncio/asyncio/process";
import type { NatsServer } from "../nats/_nats_server.ts";

const PROGRAM = new URL("../../../queue/cli.ts", import.meta.url).pathname;

/** What came of a run of the program. */
export interface Outcome {
  code: number;
  out: string;
  err: string;
}

function command(server: NatsServer, args: string[]): [string, string[]] {
  return [Deno.execPath(), [
    "run",
    "-A",
    "--quiet",
    PROGRAM,
    "--servers",
    server.address,
    ...args,
  ]];
}

/** Runs the program to its end. */
export async function cli(
  server: NatsServer,
  ...args: string[]
): Promise<Outcome> {
  const [program, all] = command(server, args);
  await using process = await createSubprocessExec(program, all, {
    stdout: PIPE,
    stderr: PIPE,
  });
  const { stdout, stderr } = await process.communicate();
  const text = new TextDecoder();
  return {
    code: await process.wait(),
    out: text.decode(stdout!).trimEnd(),
    err: text.decode(stderr!).trimEnd(),
  };
}

/** Starts the program. */
export function startCli(
  server: NatsServer,
  ...args: string[]
): Promise<Process> {
  const [program, all] = command(server, args);
  return createSubprocessExec(program, all, { stdout: PIPE });
}

/** A queue with a job in each state. */
export async function filled(server: NatsServer): Promise<Jobs<unknown>> {
  const jobs = await natsJobs<unknown>({
    servers: server.address,
    name: "mails",
    lease: 600_000,
    connectTimeout: 30_000,
  });
  for (const to of ["ada", "bob", "cyd", "dan"]) {
    await jobs.put({ to: `${to}@example.com` }, { id: to });
  }
  await jobs.put({ to: "eve@example.com" }, { id: "eve", priority: 0 });
  await jobs.put({ report: "weekly" }, { id: "report", delay: 3_600_000 });
  const [eve, ada] = [await jobs.get(), await jobs.get()];
  await ada.fail(new Error("no such address"));
  await eve.report(0.4);
  return jobs;
}
