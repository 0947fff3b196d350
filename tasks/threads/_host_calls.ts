/** @module */
import { createTask } from "../create_task.ts";
import { rootFrame } from "../kernel/cancel/cancel_scope.ts";
import { runInFrame } from "../kernel/context/current_scope.ts";
import type { Loop } from "../kernel/loop/loop.ts";
import { noVariables } from "../kernel/cancel/context_frame.ts";
import type { Task } from "../task.ts";
import { cloneError, postThrown } from "./_error_transfer.ts";
import type { HostAnswer, HostCall } from "./_worker_script.ts";
import type { Call } from "./_call.ts";

/** The functions that the threads of a pool may call. */
export type Callbacks = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The calls that one thread has made of the host, each a task. */
export class HostCalls {
  readonly #callbacks: Callbacks;
  readonly #loop: Loop;
  readonly #post: (answer: HostAnswer) => void;
  readonly #tasks = new Map<number, Task<unknown>>();

  /**
   * @param loop The loop for calls that are made while the thread runs no job.
   * @param post Posts an answer; throws if it cannot be copied.
   */
  constructor(
    callbacks: Callbacks,
    loop: Loop,
    post: (answer: HostAnswer) => void,
  ) {
    this.#callbacks = callbacks;
    this.#loop = loop;
    this.#post = post;
  }

  /** @param call The call whose job the thread runs. */
  begin({ hostCall, name, args }: HostCall, call: Call | undefined): void {
    try {
      const callback = this.#find(name);
      const task = inContextOf(
        call,
        this.#loop,
        () =>
          createTask(() => callback(...args as never[]), {
            name: `callHost ${name}`,
          }),
      );
      this.#tasks.set(hostCall, task);
      call?.hostCallBegun();
      task.addDoneCallback(() => {
        call?.hostCallEnded();
        // An error of a task that was given up is reported, as it is not
        // retrieved.
        if (!this.#tasks.delete(hostCall)) return;
        this.#answer(hostCall, () => task.result());
      });
    } catch (error) {
      this.#fail(hostCall, error);
    }
  }

  /** Called when the thread has given up a call. */
  giveUp(hostCall: number): void {
    const task = this.#tasks.get(hostCall);
    this.#tasks.delete(hostCall);
    task?.cancel("the thread has given the call up");
  }

  /** Called when the thread has ended. */
  cancelAll(): void {
    const tasks = [...this.#tasks.values()];
    this.#tasks.clear();
    for (const task of tasks) task.cancel("the worker thread has ended");
  }

  #find(name: string): (...args: never[]) => unknown {
    const callback = Object.hasOwn(this.#callbacks, name)
      ? this.#callbacks[name]
      : undefined;
    if (callback !== undefined) return callback;
    throw new TypeError(
      `Cannot call the host: the pool has no callback ${
        JSON.stringify(name)
      }, give it in callbacks`,
    );
  }

  #answer(hostCall: number, result: () => unknown): void {
    let value: unknown;
    try {
      value = result();
    } catch (error) {
      return this.#fail(hostCall, error);
    }
    try {
      this.#post({ hostCall, value });
    } catch (error) {
      this.#fail(hostCall, cloneError(error));
    }
  }

  #fail(hostCall: number, error: unknown): void {
    postThrown(error, (thrown) => this.#post({ hostCall, thrown }));
  }
}

/** Calls `fn` on the loop of `call`, with its context variables, in no task. */
function inContextOf<T>(
  call: Call | undefined,
  loop: Loop,
  fn: () => T,
): T {
  const variables = call === undefined
    ? noVariables()
    : { bindings: call.scope.frame.variables.bindings };
  return runInFrame(
    rootFrame(call?.scope.loop ?? loop, variables),
    fn,
  );
}
