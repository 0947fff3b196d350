/** A child of this program, with its pipes and its group. @module */
import { detached } from "../tasks/kernel/context/detached.ts";
import { ShieldedWaiter, WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import type { Loop } from "../tasks/kernel/loop/loop.ts";
import {
  currentScope,
  outsideLoop,
} from "../tasks/kernel/context/current_scope.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import { ready } from "../tasks/kernel/wait/checkpoint.ts";
import { type Process, processOf } from "./process.ts";
import { lastOutput, terminate } from "./signals/terminate.ts";
import { Communication, type ProcessOutput } from "./pipes/communicate.ts";
import { ExitWatcher } from "./signals/exit_watcher.ts";
import { Pipes } from "./pipes/pipes.ts";
import { finished } from "./signals/finished.ts";
import { KeepAlive } from "./signals/keep_alive.ts";
import {
  ChildTarget,
  GroupTarget,
  type SignalTarget,
} from "./signals/signal_target.ts";
import type { OpenStdio } from "./pipes/open_stdio.ts";
import {
  endWithProgram,
  type Watch,
  watchdogLaunch,
} from "./signals/watchdog.ts";
import { isCancelled } from "../tasks/kernel/errors.ts";
import { checkSignal, type SpawnSettings } from "./spawn/settings.ts";

/**
 * Waits for the end of a child, and for the launch of the watchdog, whose own child
 * is reaped then.
 */
async function statusOf(
  child: Deno.ChildProcess,
): Promise<Deno.CommandStatus> {
  const status = await child.status;
  await watchdogLaunch();
  return status;
}

/**
 * The children that have ended, but whose groups had members when they were last
 * looked at.
 */
const leftovers = new Set<Child>();

/** The implementation of a {@linkcode Process}. */
export class Child {
  /** The public interface of this child. */
  readonly process: Process;
  readonly pid: number;
  readonly exit: ExitWatcher;
  readonly pipes: Pipes;
  readonly communication: Communication;
  readonly #target: SignalTarget;
  readonly #settings: SpawnSettings;
  readonly #loop: Loop;
  readonly #down = new WaitQueue<void>("Process dispose");
  readonly #watch: Watch | undefined;
  readonly #keepAlive: KeepAlive;
  /** Tells its run that it has ended; left out if it may outlive that. */
  readonly #leaveRun: (() => void) | undefined;
  #state: "running" | "ending" | "down" = "running";
  #isDisposed = false;

  /** @param child A child that was started with `settings`. */
  constructor(
    child: Deno.ChildProcess,
    settings: SpawnSettings,
    stdio: OpenStdio,
  ) {
    for (const other of leftovers) other.#settle();
    const { group: isGroup, detached, killAfter, killSignal } = settings;
    this.pid = child.pid;
    this.#settings = settings;
    this.#target = isGroup ? new GroupTarget(child) : new ChildTarget(child);
    this.#loop = currentScope().loop;
    this.#watch = detached
      ? undefined
      : endWithProgram({ pid: child.pid, isGroup, killSignal, killAfter });
    this.exit = new ExitWatcher(statusOf(child), () => this.#ended());
    this.pipes = new Pipes(child, settings, stdio, {
      closed: () => this.#settle(),
      inputFailed: (error) => this.#inputFailed(error),
      delivering: () => this.exit.delivering(),
      delivered: (failure) => {
        this.exit.delivered(failure);
        if (this.#isDisposed) this.#reportFailure();
        this.#settle();
      },
    });
    this.communication = new Communication(this.exit, this.pipes);
    this.#keepAlive = new KeepAlive(child, detached);
    this.process = processOf(this);
    if (!detached) {
      this.#leaveRun = this.#loop.own(this.process, "start a program");
    }
  }

  /** Whether signals reach the group, and the watchdog is there. */
  get isReady(): boolean {
    return this.#target.ready && watchdogLaunch() === undefined;
  }

  /** For `console.log`. */
  get state(): string {
    return this.#state === "running" && this.exit.returnCode !== undefined
      ? "ended"
      : this.#state;
  }

  /** See {@linkcode Process.wait}. */
  wait(options?: WaitOptions): Promise<number> {
    return this.#keepAlive.during(this.exit.wait(options));
  }

  /** See {@linkcode Process.communicate}. */
  communicate(
    input?: string | Uint8Array,
    options?: WaitOptions,
  ): Promise<ProcessOutput> {
    return this.#keepAlive.during(this.communication.run(input, options));
  }

  /** @throws {TypeError} There is no such signal. */
  send(signal: Deno.Signal): void {
    checkSignal(signal, "sendSignal");
    if (this.#state !== "down") this.#target.send(signal);
  }

  /** Closes the pipes, and ends the program and its group. */
  dispose(): Promise<void> {
    this.#isDisposed = true;
    this.pipes.close();
    this.#reportFailure();
    return this.#isOver ? ready(undefined) : this.#untilDown();
  }

  /**
   * Ends the program as disposing does, but reads on, so that the program can still
   * write its last output.
   */
  async end(): Promise<void> {
    this.pipes.closeInput();
    if (this.#isOver) return;
    await this.#untilDown();
    await finished("Process output", () => lastOutput(this.exit));
  }

  /** Ends the program, and waits until it has ended. No cancel ends the wait. */
  #untilDown(): Promise<void> {
    if (this.#state === "running") this.#terminate();
    const waiter = new ShieldedWaiter<void>();
    return this.#keepAlive.during(this.#down.add(waiter));
  }

  /** Reports the failure of an input or output, if no wait has thrown it. */
  #reportFailure(): void {
    const failure = this.exit.takeUnseenFailure();
    if (failure === undefined) return;
    const { pid } = this;
    const message = `The input or output of program ${pid} has failed`;
    this.#loop.report({ message, error: failure.error });
  }

  #ended(): void {
    this.#target.childEnded();
    this.pipes.stopFeeding();
    // The descendants that are left end with the run, if there is one.
    if (this.#loop === outsideLoop) this.#watch?.[Symbol.dispose]();
    else if (!this.#isOver) this.#watch?.leaderEnded();
    this.#settle();
  }

  /** Ends the program: it must not take half of its input for all of it. */
  #inputFailed(error: unknown): void {
    if (!isCancelled(error)) this.exit.fail(error);
    if (this.#state === "running") this.#terminate();
  }

  #terminate(): void {
    this.#state = "ending";
    const ending = () =>
      terminate(this.#target, this.exit, {
        ...this.#settings,
        denied: () => this.pipes.close(),
      });
    detached(ending).then(
      () => {
        this.#state = "down";
        this.#settle();
        this.#down.wakeAll();
      },
      (error) => {
        this.#state = "running";
        this.#down.failAll(error);
      },
    );
  }

  /** Releases the process, if no process of the group is left. */
  #settle(): void {
    if (!this.#isOver) {
      if (this.exit.returnCode !== undefined) leftovers.add(this);
      return;
    }
    leftovers.delete(this);
    this.#watch?.[Symbol.dispose]();
    this.pipes.finish();
    const { isSettled, hasUnseenFailure } = this.exit;
    if (this.pipes.closed && isSettled && !hasUnseenFailure) {
      this.#leaveRun?.();
    }
  }

  get #isOver(): boolean {
    return this.#state === "down" || this.#target.gone;
  }
}
