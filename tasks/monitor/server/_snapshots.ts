/** Snapshots of all tasks. @module */
import type { Task } from "../../task.ts";
import {
  MAX_TASKS,
  type QueueInfo,
  type ScopeInfo,
  type Snapshot,
  type TaskInfo,
  type WaitInfo,
} from "../protocol.ts";
import type { ActivityRecorder } from "./_activity.ts";
import { Ids } from "./_ids.ts";
import {
  ageOf,
  awaitedBy,
  countTasks,
  groupOf,
  holdsOf,
  limitsIn,
  lineOf,
  lineOfTask,
  type Loop,
  loopOf,
  type Scope,
  scopeAround,
  scopeOfWait,
  taskOfScope,
  taskOfWait,
  tasksOn,
  taskStateOf,
  type Wait,
  waitBefore,
  waitsOf,
} from "./_kernel_view.ts";
import { QueueGroups } from "./_queue_groups.ts";
import { inSlices } from "./_slices.ts";

/** How many queues are listed at most. */
const MAX_QUEUES = 100;
/** How many characters of names and waits are kept. */
const MAX_TEXT = 300;

/** Takes snapshots, one at a time: calls meanwhile get the same one. */
export class Snapshots {
  readonly #taskIds: Ids;
  readonly #scopeIds = new Ids();
  readonly #activity: ActivityRecorder;
  #current: Promise<string> | undefined;

  constructor(taskIds: Ids, activity: ActivityRecorder) {
    this.#taskIds = taskIds;
    this.#activity = activity;
  }

  /** Resolves to a {@linkcode Snapshot} as JSON. */
  take(loops: readonly Loop[]): Promise<string> {
    this.#current ??= this.#take(loops).finally(() =>
      this.#current = undefined
    );
    return this.#current;
  }

  async #take(loops: readonly Loop[]): Promise<string> {
    const surroundings = new Surroundings();
    const tasks: string[] = [];
    const listed = loops.flatMap((loop, i) =>
      tasksOn(loop, MAX_TASKS).map((task) => ({ task, loop, i }))
    ).slice(0, MAX_TASKS);
    const took = await inSlices(listed, ({ task, loop, i }) => {
      if (task.done) return; // since the list was made
      tasks.push(JSON.stringify(this.#show(task, loop, i + 1, surroundings)));
    });
    const snapshot: Omit<Snapshot, "tasks"> = {
      at: Date.now(),
      debug: loops.some(({ debug }) => debug),
      loops: loops.length,
      total: loops.reduce((sum, loop) => sum + countTasks(loop), 0),
      scopes: [...surroundings.scopes.values()],
      queues: this.#queues(surroundings),
      took,
    };
    return `{"tasks":[${tasks.join()}],${JSON.stringify(snapshot).slice(1)}`;
  }

  #show(
    task: Task<unknown>,
    loop: Loop,
    number: number,
    surroundings: Surroundings,
  ): TaskInfo {
    for (const scope of limitsIn(task)) this.#scope(scope, loop, surroundings);
    const group = groupOf(task);
    const holds = loop.debug ? holdsOf(task) : [];
    return withoutUndefined({
      id: this.#taskIds.of(task),
      name: clip(task.name),
      loop: number,
      state: taskStateOf(task),
      cancelling: task.cancelling || undefined,
      waits: waitsOf(task).map((wait) => {
        const scope = scopeOfWait(wait);
        surroundings.queues.add(wait);
        return withoutUndefined<WaitInfo>({
          what: clip(wait.what),
          for: ageOf(wait, loop),
          scope: scope && this.#scope(scope, loop, surroundings),
          at: lineOf(wait),
        });
      }),
      awaitedBy: awaitedBy(task).map((it) => this.#taskIds.of(it)),
      group: group && this.#scope(group, loop, surroundings),
      steps: this.#activity.stepsOf(task),
      made: lineOfTask(task),
      holds: holds.length === 0 ? undefined : holds.map(clip),
    });
  }

  /**
   * Returns the number of a scope, after adding it and the scopes around it.
   */
  #scope(scope: Scope, loop: Loop, surroundings: Surroundings): number {
    const id = this.#scopeIds.of(scope);
    if (surroundings.scopes.has(id)) return id;
    const task = taskOfScope(scope);
    if (task === undefined) return id; // its task has ended
    const around = scopeAround(scope);
    surroundings.scopes.set(
      id,
      withoutUndefined({
        id,
        task: this.#taskIds.of(task),
        parent: around && this.#scope(around, loop, surroundings),
        left: scope.deadline === Infinity
          ? undefined
          : scope.deadline - loop.clock.now(),
        shielded: scope.shielded || undefined,
      }),
    );
    return id;
  }

  /** Returns the queues with more than one wait, the largest first. */
  #queues({ queues }: Surroundings): QueueInfo[] {
    const largest = [...queues.all].filter(({ size }) => size > 1)
      .sort((a, b) => b.size - a.size).slice(0, MAX_QUEUES);
    return largest.map(({ first, size }) => {
      const task = taskOfWait(first);
      return withoutUndefined<QueueInfo>({
        what: clip(first.what),
        waiting: size,
        longest: task && ageOf(first, loopOf(task)),
        first: task && this.#taskIds.of(task),
      });
    });
  }
}

/** What a snapshot has in addition to the tasks. */
class Surroundings {
  readonly scopes = new Map<number, ScopeInfo>();
  readonly queues = new QueueGroups<Wait>(waitBefore);
}

function clip(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}

/**
 * Returns `it` with a type without `undefined`: JSON leaves these members out.
 */
function withoutUndefined<T extends object>(
  it: { [K in keyof T]: T[K] | undefined },
): T {
  return it as T;
}
