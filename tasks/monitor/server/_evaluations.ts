/** The code that clients have running. @module */
import type { Task } from "../../task.ts";
import type { Evaluated } from "../protocol.ts";
import { Evaluator } from "./_evaluator.ts";
import { type Loop, startTask } from "./_kernel_view.ts";

/** The name of the tasks that run it. */
const TASK_NAME = "monitor repl";

/** Runs code of clients, each with variables of its own. */
export class Evaluations {
  readonly #names: () => Promise<object>;
  readonly #evaluators = new Map<number, Evaluator>();
  readonly #running = new Map<number, Set<Task<unknown>>>();

  /** @param names Resolves to an object with the names for the code. */
  constructor(names: () => Promise<object>) {
    this.#names = names;
  }

  /** Runs code as a task on `loop`, and resolves to the outcome. */
  async evaluate(client: number, loop: Loop, code: string): Promise<Evaluated> {
    const evaluator = this.#evaluators.get(client) ??
      new Evaluator(await this.#names());
    this.#evaluators.set(client, evaluator);
    const running = this.#running.get(client) ?? new Set();
    this.#running.set(client, running);
    const { promise, resolve } = Promise.withResolvers<Evaluated>();
    const task = startTask(loop, TASK_NAME, async () => {
      resolve(await evaluator.evaluate(code));
    }, () => {
      running.delete(task);
      resolve({ thrown: "CancelledError: it was cancelled before it began" });
    });
    running.add(task);
    return await promise;
  }

  /** Cancels the tasks of a client, and returns how many there are. */
  interrupt(client: number): number {
    const tasks = [...this.#running.get(client) ?? []];
    for (const task of tasks) task.cancel("interrupted");
    return tasks.length;
  }

  /** Cancels the tasks of a client, and forgets its variables. */
  forget(client: number): void {
    this.interrupt(client);
    this.#running.delete(client);
    this.#evaluators.delete(client);
  }

  close(): void {
    for (const client of [...this.#evaluators.keys()]) this.forget(client);
  }
}
