/** The view of a sample on the page. @module */
import { safe } from "../../kernel/watch/safe_text.ts";
import type { Sample } from "../client/rates.ts";
import { TaskTree } from "../client/tree.ts";
import { namesOf, timeOf } from "../client/words.ts";
import { type Row, type RowOptions, rowsOf } from "./rows.ts";

/** How many queues of waits are shown. */
const QUEUES = 10;

/** The parts of the page that change. */
export interface View {
  readonly total: number;
  readonly waiting: number;
  readonly rates: Sample["rates"];
  /** The greatest delay of timers in each of the last seconds, oldest first. */
  readonly late: readonly number[];
  readonly rings: readonly string[];
  readonly rows: readonly Row[];
  /** The texts to which lanes refer. */
  readonly texts: readonly string[];
  readonly queues: readonly {
    readonly name: string;
    readonly waiting: number;
    readonly longest: string;
    /** The task that waits first. */
    readonly first: string;
  }[];
  /** How many tasks the program has not listed. */
  readonly unlisted: number;
}

/** Returns the view of a sample. */
export function viewOf(sample: Sample, options: RowOptions): View {
  const { snapshot, activity, rates } = sample;
  const tree = new TaskTree(snapshot);
  const { tasks, total } = snapshot;
  return {
    total,
    waiting: tasks.filter(({ state }) => state === "waiting").length,
    rates,
    late: activity.late,
    rings: tree.rings.map((ring) => namesOf(ring, tree.tasks)),
    rows: rowsOf(sample, tree, options),
    texts: activity.texts.map(safe),
    queues: snapshot.queues.slice(0, QUEUES).map((queue) => ({
      name: safe(queue.what),
      waiting: queue.waiting,
      longest: timeOf(queue.longest),
      first: namesOf(
        queue.first === undefined ? [] : [queue.first],
        tree.tasks,
      ),
    })),
    unlisted: Math.max(total - tasks.length, 0),
  };
}
