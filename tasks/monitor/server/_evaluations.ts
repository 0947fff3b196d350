/** The code that clients have running. @module */
import type { Evaluated } from "../protocol.ts";
import { Evaluator } from "./_evaluator.ts";
import { type Loop, startTask } from "./_kernel_view.ts";

/** The name of the tasks that run it. */
const TASK_NAME = "monitor repl";

/** What a client has running, and the variables of its code. */
interface Session {
  readonly evaluator: Promise<Evaluator>;
  /** The evaluations that have not ended. */
  readonly running: Set<Running>;
}

/** Ends an evaluation, also one that has not begun. */
interface Running {
  cancel(message: string): void;
}

/** Runs code of clients, each with variables of its own. */
export class Evaluations {
  readonly #names: () => Promise<object>;
  readonly #sessions = new Map<number, Session>();

  /** @param names Resolves to an object with the names for the code. */
  constructor(names: () => Promise<object>) {
    this.#names = names;
  }

  /** Runs code as a task on `loop`, and resolves to the outcome. */
  async evaluate(client: number, loop: Loop, code: string): Promise<Evaluated> {
    const { evaluator, running } = this.#sessionOf(client);
    const { promise, resolve } = Promise.withResolvers<Evaluated>();
    const neverBegan = () => {
      resolve({ thrown: "CancelledError: it was cancelled before it began" });
    };
    // The names may have to be loaded, and the client may leave meanwhile.
    const loading = {
      isCancelled: false,
      cancel: () => void (loading.isCancelled = true),
    };
    running.add(loading);
    let ready: Evaluator;
    try {
      ready = await evaluator;
    } finally {
      running.delete(loading); // the task takes its place in the same step
    }
    if (loading.isCancelled) neverBegan();
    else {
      const task = startTask(loop, TASK_NAME, async () => {
        resolve(await ready.evaluate(code));
      }, () => {
        running.delete(task);
        neverBegan();
      });
      running.add(task);
    }
    return await promise;
  }

  /** Cancels the evaluations of a client, and returns how many there are. */
  interrupt(client: number): number {
    const running = [...this.#sessions.get(client)?.running ?? []];
    for (const each of running) each.cancel("interrupted");
    return running.length;
  }

  /** Cancels the evaluations of a client, and forgets its variables. */
  forget(client: number): void {
    this.interrupt(client);
    this.#sessions.delete(client);
  }

  close(): void {
    for (const client of [...this.#sessions.keys()]) this.forget(client);
  }

  #sessionOf(client: number): Session {
    let session = this.#sessions.get(client);
    if (session === undefined) {
      const evaluator = this.#names().then((names) => new Evaluator(names));
      session = { evaluator, running: new Set() };
      this.#sessions.set(client, session);
      evaluator.catch(() => this.#sessions.delete(client)); // to try again
    }
    return session;
  }
}
