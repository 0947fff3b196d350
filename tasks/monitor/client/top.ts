/** What happens in the program, printed again and again. @module */
import { sleep } from "../../sleep.ts";
import { safe } from "../../kernel/watch/safe_text.ts";
import type { TaskInfo, Watched } from "../protocol.ts";
import type { CommandLine } from "./command_line.ts";
import { type Connection, describeBusy, ProgramEnded } from "./connection.ts";
import {
  type Cell,
  isTerminal,
  paint,
  print,
  printJson,
  table,
  terminalSize,
} from "./output.ts";
import { Rates, type Sample } from "./rates.ts";
import { namesOf, programOf, timeOf, waitedFor, waitsOf } from "./words.ts";

/** How many tasks are shown if the output is no terminal. */
const TASKS = 20;
/** How many queues are shown. */
const QUEUES = 5;
/** How many lines are not those of tasks or queues. */
const OTHER_LINES = 6;

const CLEAR = "\u001b[H\u001b[2J";

/** Prints samples until the program ends. */
export async function top(
  program: Connection,
  line: CommandLine,
): Promise<number> {
  const onBusy = line.json ? undefined : show;
  const rates = new Rates();
  try {
    await watch(program, rates, line, onBusy); // the counts begin here
    for (let i = 0; i < line.count; i++) {
      await sleep(line.interval);
      const sample = await watch(program, rates, line, onBusy);
      if (line.json) printJson(plain(sample, line));
      else show(text(program, sample, line));
    }
  } catch (error) {
    if (!(error instanceof ProgramEnded)) throw error;
    console.error(error.message);
  }
  return 0;
}

async function watch(
  program: Connection,
  rates: Rates,
  { interval }: CommandLine,
  onBusy: ((text: string) => void) | undefined,
): Promise<Sample> {
  const watched = await program.request<Watched>(
    { op: "watch", next: interval },
    (busy) => onBusy?.(paint("red", describeBusy(busy))),
  );
  return rates.next(watched);
}

function show(text: string): void {
  print(isTerminal() ? CLEAR + text : `${text}\n`);
}

/** Returns the tasks, the one that has waited longest first. */
function byWait(tasks: readonly TaskInfo[]): TaskInfo[] {
  const age = (task: TaskInfo) => waitedFor(task) ?? -1;
  return tasks.toSorted((a, b) => age(b) - age(a));
}

function rowsFor({ limit }: CommandLine): number {
  if (limit !== undefined) return limit;
  if (!isTerminal()) return TASKS;
  return Math.max(terminalSize().rows - OTHER_LINES - QUEUES, 5);
}

function plain(
  { snapshot, rates, stepRates }: Sample,
  line: CommandLine,
): unknown {
  const { total, queues, at } = snapshot;
  return {
    at: new Date(at).toISOString(),
    total,
    ...rates,
    tasks: byWait(snapshot.tasks).slice(0, rowsFor(line)).map((task) => ({
      ...task,
      stepsPerSecond: stepRates.get(task.id) ?? 0,
    })),
    queues: queues.slice(0, QUEUES),
  };
}

function text(
  program: Connection,
  sample: Sample,
  line: CommandLine,
): string {
  const columns = isTerminal() ? terminalSize().columns : Infinity;
  return [
    summary(program, sample).slice(0, columns),
    "",
    table(taskRows(sample, line), columns),
    "",
    table(queueRows(sample), columns),
  ].join("\n");
}

function summary(
  { hello }: Connection,
  { snapshot: { total }, rates }: Sample,
): string {
  return [
    programOf(hello),
    `${total} ${total === 1 ? "task" : "tasks"}`,
    `${rates.stepsPerSecond} steps/s`,
    `${rates.madePerSecond} tasks/s made, ${rates.endedPerSecond} ended`,
    `the loop is ${timeOf(rates.late)} late, ${
      timeOf(rates.lateInMinute)
    } in the last minute`,
  ].join("; ");
}

function taskRows(
  { snapshot, stepRates }: Sample,
  line: CommandLine,
): Cell[][] {
  const tasks = byWait(snapshot.tasks).slice(0, rowsFor(line));
  return [
    [
      title("TASK", true),
      title("STEPS/S", true),
      title("FOR", true),
      title("NAME"),
      title("WAITS FOR"),
    ],
    ...tasks.map((task): Cell[] => [
      { text: String(task.id), right: true },
      { text: String(stepRates.get(task.id) ?? 0), right: true },
      { text: timeOf(waitedFor(task)), right: true },
      { text: safe(task.name) },
      { text: waitsOf(task) },
    ]),
  ];
}

function queueRows({ snapshot: { tasks, queues } }: Sample): Cell[][] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return [
    [
      title("WAITERS", true),
      title("LONGEST", true),
      title("IN"),
      title("FIRST"),
    ],
    ...queues.slice(0, QUEUES).map((queue): Cell[] => [
      { text: String(queue.waiting), right: true },
      { text: timeOf(queue.longest), right: true },
      { text: safe(queue.what) },
      { text: namesOf(queue.first === undefined ? [] : [queue.first], byId) },
    ]),
  ];
}

function title(text: string, right = false): Cell {
  return { text, style: "bold", right };
}
