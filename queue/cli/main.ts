/** The commands. @module */
import { gather } from "../../tasks/gather.ts";
import { safe } from "../../tasks/kernel/watch/safe_text.ts";
import type { StoredJobState } from "../jobs/jobs.ts";
import { queueNames } from "../nats/queue_names.ts";
import { type CommandLine, commandLine } from "./options.ts";
import { UsageError } from "../../tasks/kernel/cli/arguments.ts";
import { QueueView, type ShownJob, STATES } from "./queue_view.ts";
import { shown, table } from "./text.ts";
import { serveWeb } from "./web.ts";

const USAGE = `usage: cli [--servers A,B] [--json] COMMAND

  ls                   the queues on the servers
  ls NAME [STATE]      the jobs of a queue: waiting, delayed, leased or dead
  counts NAME          how many jobs are in each state
  show NAME ID         all that is known of a job
  retry NAME ID...     puts dead letters back into the queue (--all: all of them)
  remove NAME ID...    takes jobs out that do not run (--dead: all dead letters)
  cancel NAME ID...    takes jobs out, also those that run
  pause NAME           holds the queue, for all workers
  resume NAME          ends that
  web NAME             serves a page that shows and does the same

  --user U --password P, --token T, --creds FILE, --tls    how to log in
  --limit N (100)                                          how many jobs ls prints
  --port N (a free one), --hostname H (127.0.0.1)          where web listens`;

/** How many characters of a value tables show. */
const VALUE_WIDTH = 60;

/** How many queues are looked at at a time. */
const AT_A_TIME = 8;

/** A command on one queue; resolves to the exit code. */
type Command = (queue: QueueView, line: CommandLine) => Promise<number>;

const COMMANDS: Record<string, Command> = {
  async ls(queue, line) {
    const { rest: [state], limit, json } = line;
    const states = state === undefined ? STATES : [stateIn(state)];
    const jobs: ShownJob[] = [];
    for (const state of states) jobs.push(...await queue.list(state, limit));
    if (json) print(JSON.stringify(jobs, undefined, 2));
    else print(jobs.length === 0 ? "no jobs" : jobTable(jobs));
    return 0;
  },

  async counts(queue, { json }) {
    const { counts, paused } = await queue.summary();
    if (json) print(JSON.stringify({ ...counts, paused }));
    else {
      const rows = STATES.map((state) => [state, String(counts[state])]);
      print(table(paused ? [...rows, ["(paused)"]] : rows));
    }
    return 0;
  },

  async show(queue, line) {
    const [id] = idsIn(line);
    const job = await queue.find(id!);
    if (job === undefined) {
      missing(id!, "there is no such job");
      return 1;
    }
    if (line.json) print(JSON.stringify(job, undefined, 2));
    else print(table(Object.entries(job).map(([key, it]) => [key, text(it)])));
    return 0;
  },

  async retry(queue, line) {
    const ids = line.all ? undefined : idsIn(line);
    const { back, stayed } = await queue.retry(ids);
    const found = new Set([...back, ...stayed]);
    const unknown = (ids ?? []).filter((id) => !found.has(id));
    if (!line.json) print(`put back: ${back.length}`);
    return ended(line, back, [
      ...unknown.map((id) => missing(id, "there is no such dead letter")),
      ...stayed.map((id) => missing(id, "a job with this id is in the queue")),
    ]);
  },

  async remove(queue, line) {
    if (line.dead) {
      const ids = await queue.drop();
      if (!line.json) print(`removed: ${ids.length}`);
      return ended(line, ids, []);
    }
    const none = "there is no such job, or it runs";
    return await eachId(line, ["removed", none], (id) => queue.remove(id));
  },

  async cancel(queue, line) {
    const none = "there is no such job, or it is dead";
    return await eachId(line, ["cancelled", none], (id) => queue.cancel(id));
  },

  async pause(queue, line) {
    return await setPaused(queue, line, true);
  },

  async resume(queue, line) {
    return await setPaused(queue, line, false);
  },

  async web(queue, { name, hostname, port }) {
    await serveWeb(queue, { name, hostname, port }, print);
    return 0;
  },
};

/** How many arguments a command takes after the name, if not any number. */
const ARGUMENTS: Partial<Record<string, number>> = {
  ls: 1,
  counts: 0,
  show: 1,
  pause: 0,
  resume: 0,
  web: 0,
};

/** Runs a command line; resolves to the exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    return await carryOut(await commandLine(args));
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${safe(error.message)}\n\n${USAGE}`);
      return 2;
    }
    if (!(error instanceof Error)) throw error;
    if (error.name === "CancelledError") throw error;
    console.error(safe(error.message));
    return 1;
  }
}

async function carryOut(line: CommandLine): Promise<number> {
  const { command, name, servers } = line;
  if (command === "help") {
    print(USAGE);
    return 0;
  }
  if (command === "ls" && name === "") return await listQueues(line);
  const act = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (act === undefined) {
    throw new UsageError(`there is no command ${command}`);
  }
  if (name === "") throw new UsageError(`${command} needs the name of a queue`);
  checkArguments(line);
  await using queue = await QueueView.open({ ...servers, name });
  return await act(queue, line);
}

/** What a command would not look at may be a mistake. */
function checkArguments({ command, rest, all, dead }: CommandLine): void {
  const takesAll = (all && command === "retry") ||
    (dead && command === "remove");
  const most = takesAll ? 0 : ARGUMENTS[command] ?? Infinity;
  if (rest.length <= most) return;
  const flag = !takesAll ? "" : all ? " --all" : " --dead";
  throw new UsageError(`${command}${flag} does not take ${rest[most]}`);
}

async function listQueues({ servers, json }: CommandLine): Promise<number> {
  const names = await queueNames(servers);
  const rows = await gather(
    names.map((name) => async () => {
      await using queue = await QueueView.open({ ...servers, name });
      const { counts, paused } = await queue.summary();
      return { name, ...counts, paused };
    }),
    { limit: AT_A_TIME },
  );
  if (json) print(JSON.stringify(rows, undefined, 2));
  else if (rows.length === 0) print("no queues");
  else {
    const head = Object.keys(rows[0]!);
    const cells = rows.map((row) => Object.values(row).map(String).map(safe));
    print(table([head, ...cells]));
  }
  return 0;
}

function stateIn(text: string): StoredJobState {
  const state = STATES.find((it) => it === text);
  if (state !== undefined) return state;
  throw new UsageError(`a state is ${STATES.join(", ")}, received ${text}`);
}

function idsIn({ command, rest }: CommandLine): string[] {
  if (rest.length > 0) return rest;
  throw new UsageError(`${command} needs the id of a job`);
}

function jobTable(jobs: ShownJob[]): string {
  const head = ["state", "id", "attempt", "priority", "value", ""];
  return table([
    head,
    ...jobs.map((job) => [
      job.state,
      safe(job.id),
      String(job.attempt),
      String(job.priority),
      shown(job.value, VALUE_WIDTH),
      remark(job),
    ]),
  ]);
}

function remark({ due, reason, progress }: ShownJob): string {
  if (due !== undefined) return `due ${due.toISOString()}`;
  if (reason !== undefined) return safe(reason);
  return progress === undefined ? "" : shown(progress, VALUE_WIDTH);
}

function text(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "string" ? safe(value) : shown(value);
}

async function setPaused(
  queue: QueueView,
  { json }: CommandLine,
  paused: boolean,
): Promise<number> {
  await queue.setPaused(paused);
  if (json) print(JSON.stringify({ paused }));
  else print(paused ? "paused" : "resumed");
  return 0;
}

async function eachId(
  line: CommandLine,
  [verb, none]: [verb: string, none: string],
  act: (id: string) => Promise<boolean>,
): Promise<number> {
  const done: string[] = [];
  const failed: string[] = [];
  for (const id of idsIn(line)) {
    if (await act(id)) {
      done.push(id);
      if (!line.json) print(`${verb} ${safe(id)}`);
    } else failed.push(missing(id, none));
  }
  return ended(line, done, failed);
}

/** Ends a command that was for jobs: prints their ids as JSON, if asked to. */
function ended(
  { json }: CommandLine,
  done: string[],
  failed: string[],
): number {
  if (json) print(JSON.stringify({ done, failed }));
  return failed.length > 0 ? 1 : 0;
}

/** Reports that nothing was done with a job; returns its id. */
function missing(id: string, why: string): string {
  console.error(`${why}: ${safe(id)}`);
  return id;
}

function print(text: string): void {
  console.log(text);
}
