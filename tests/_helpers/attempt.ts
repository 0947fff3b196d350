import {
  createTask,
  isCancelled,
  type Task,
  type WaitOptions,
} from "@asyncio/asyncio/tasks";

/** Why the signals of attempts abort. */
export class Aborted extends Error {
  override name = "Aborted";
}

/**
 * A wait under way, in a task of its own that can be cancelled, with a signal
 * of its own.
 */
export class Attempt {
  /** `"pending"`, `"value 7"`, `"cancelled"`, or the name of the error. */
  outcome = "pending";
  /** What came of it. */
  value: unknown = undefined;
  readonly task: Task<void>;
  readonly #controller = new AbortController();

  /** The wait has begun, or is over, when this returns. */
  constructor(wait: (options: WaitOptions) => PromiseLike<unknown>) {
    this.task = createTask(async () => {
      try {
        this.value = await wait({ signal: this.#controller.signal });
        this.outcome = "value";
      } catch (error) {
        this.outcome = isCancelled(error) ? "cancelled" : nameOf(error);
      }
    }, { eager: true });
    this.task.catch(() => {}); // cancelled after it got its value
  }

  cancel(): void {
    this.task.cancel();
  }

  abort(): void {
    this.#controller.abort(new Aborted("given up"));
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
