/** @module */
import type { ResourceLimits, Worker } from "node:worker_threads";
import { currentScope } from "../kernel/context/current_scope.ts";
import { isGranted } from "../kernel/permissions.ts";
import type { WorkerResourceLimits } from "./resource_limits.ts";
import type { Call } from "./_call.ts";
import { cloneError, rethrown } from "./_error_transfer.ts";
import { type Callbacks, HostCalls } from "./_host_calls.ts";
import { SCRIPT, type WorkerMessage } from "./_worker_script.ts";

/** How threads are made, and what they may call. */
export interface ThreadSettings {
  readonly resourceLimits?: WorkerResourceLimits | undefined;
  readonly callbacks?: Callbacks | undefined;
}

/**
 * Returns limits with which a thread cannot use up the memory of the program.
 */
function defaultLimits(): WorkerResourceLimits {
  const { heap_size_limit } = globalThis.process.getBuiltinModule("node:v8")
    .getHeapStatistics();
  return { maxOldGenerationSizeMb: Math.floor(heap_size_limit / 2 / 2 ** 20) };
}

/** The pool of a thread, as seen by the thread. */
export interface ThreadOwner {
  /** Called when the thread has ended its call. */
  freed(thread: WorkerThread): void;
  /**
   * Called when the thread has ended by itself, or with its call.
   *
   * @param error The error that ended it while it ran no call.
   */
  lost(thread: WorkerThread, error?: unknown): void;
}

/**
 * A thread, which runs one job at a time.
 *
 * It is a worker of `node:worker_threads`, which ends with the process even in
 * a busy loop; with a web worker the process would never end. It keeps the
 * process alive only while it runs a job.
 */
export class WorkerThread {
  readonly #owner: ThreadOwner;
  readonly #worker: Worker;
  #call: Call | undefined = undefined;
  readonly #hostCalls: HostCalls;
  #ended = false;

  constructor(owner: ThreadOwner, settings: ThreadSettings) {
    this.#owner = owner;
    const { callbacks = {}, resourceLimits = defaultLimits() } = settings;
    const threads = globalThis.process.getBuiltinModule("node:worker_threads");
    const worker = this.#worker = new threads.Worker(SCRIPT, {
      eval: true,
      resourceLimits: resourceLimits as ResourceLimits,
      // A copy of the environment, if it can be read without a prompt.
      ...(isGranted({ name: "env" }) ? {} : { env: threads.SHARE_ENV }),
    });
    const { loop } = currentScope();
    this.#hostCalls = new HostCalls(callbacks, loop, (answer) => {
      if (!this.#ended) worker.postMessage(answer);
    });
    worker.unref();
    worker.on("message", (message) => this.#answered(message));
    worker.on("messageerror", (error) => this.#crashed("broke off", error));
    worker.on("error", (error) => this.#crashed("crashed", error));
    worker.on("exit", (code) => this.#crashed(`ended with code ${code}`));
  }

  /**
   * Runs the job of `call`. Returns false if its arguments cannot be sent: the
   * call has rejected then.
   */
  run(call: Call): boolean {
    try {
      this.#worker.postMessage(call.job, [...call.transfer] as never);
    } catch (error) {
      call.fail(cloneError(error));
      return false;
    }
    this.#worker.ref();
    this.#call = call;
    call.thread = this;
    return true;
  }

  /**
   * Called when the call was given up. Ends the thread, as nothing else ends a
   * running function.
   */
  leave(_call: Call): void {
    this.end();
    this.#owner.lost(this);
  }

  /** Ends the thread, and its call with `error`. */
  async end(error?: unknown): Promise<void> {
    this.#ended = true;
    this.#hostCalls.cancelAll();
    this.#take()?.fail(error);
    this.#worker.unref();
    await this.#worker.terminate();
  }

  #answered(answer: WorkerMessage): void {
    // A function may post messages of its own.
    if (this.#ended || answer?.asyncio !== true) return;
    if (answer.state === "calls host") {
      return this.#hostCalls.begin(answer, this.#call);
    }
    if (answer.state === "gives up") {
      return this.#hostCalls.giveUp(answer.hostCall);
    }
    if (answer.state === "crashed") {
      return this.#crashed("crashed", rethrown(answer.thrown));
    }
    const call = this.#take();
    this.#worker.unref();
    this.#owner.freed(this);
    if (answer.state === "done") call?.wake(answer.value);
    else call?.fail(rethrown(answer.thrown));
  }

  #crashed(how: string, error?: unknown): void {
    if (this.#ended) return;
    const call = this.#call;
    if (call === undefined) {
      this.end();
      return this.#owner.lost(this, error);
    }
    this.end(
      new Error(
        `the worker thread ${how} while it ran ${call.job.name}`,
        error === undefined ? undefined : { cause: error },
      ),
    );
    this.#owner.lost(this);
  }

  /** Returns the call, and forgets it. */
  #take(): Call | undefined {
    const call = this.#call;
    this.#call = undefined;
    if (call !== undefined) call.thread = undefined;
    return call;
  }
}
