/** @module */
import type { StreamReader } from "../streams/stream_reader.ts";
import type { StreamWriter } from "../streams/stream_writer.ts";
import { detached } from "../tasks/kernel/context/detached.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { ShieldedWaiter, WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import type { Loop } from "../tasks/kernel/loop/loop.ts";
import {
  currentScope,
  outsideLoop,
} from "../tasks/kernel/context/current_scope.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import { ready } from "../tasks/kernel/wait/checkpoint.ts";
import { lastOutput, terminate } from "./signals/terminate.ts";
import { Communication, type ProcessOutput } from "./pipes/communicate.ts";
import { ExitWatcher } from "./signals/exit_watcher.ts";
import { Pipes } from "./pipes/pipes.ts";
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

/** Makes a process of a child that was started with `settings`. */
export let processOf!: (
  child: Deno.ChildProcess,
  settings: SpawnSettings,
  stdio: OpenStdio,
) => Process;

/** Whether signals reach the process, and it ends with this program. */
export let isReady!: (process: Process) => boolean;

/** The parts of a process, for running it to its end. */
export let partsOf!: (process: Process) => Parts;

/** The parts that `runSubprocess` and `pipeline` stand on. */
export interface Parts {
  /** Ends the process, and reads what it writes until then. */
  end(): Promise<void>;
  readonly exit: ExitWatcher;
  readonly pipes: Pipes;
  readonly communication: Communication;
}

/**
 * The status of a child. It resolves after the launch of the watchdog, whose
 * own child is reaped by then.
 */
async function statusOf(
  child: Deno.ChildProcess,
): Promise<Deno.CommandStatus> {
  const status = await child.status;
  await watchdogLaunch();
  return status;
}

/**
 * The processes that have ended, but whose group still had members at the last
 * look.
 */
const leftovers = new Set<Process>();

/**
 * A program that was started, with its pipes. Made by {@linkcode
 * createSubprocessExec} and {@linkcode createSubprocessShell}. Mirrors
 * `asyncio.subprocess.Process`.
 *
 * - It is reaped when it has ended, whether anything waits or not: there are no
 *   zombies.
 * - It ends with the `run` that it was started in, with `await using`, or with
 *   this program, and so do the other members of its group.
 *
 * @example
 * ```ts
 * import { createSubprocessExec, PIPE } from "@asyncio/asyncio/process";
 * import { assertEquals } from "@std/assert";
 *
 * await using sort = await createSubprocessExec("sort", [], {
 *   stdin: PIPE,
 *   stdout: PIPE,
 * });
 * sort.stdin!.write("pear\napple\n");
 * sort.stdin!.close();
 * const lines = await Array.fromAsync(sort.stdout!.lines());
 * assertEquals(lines, ["apple", "pear"]);
 * assertEquals(await sort.wait(), 0);
 * ```
 */
export class Process implements AsyncDisposable {
  /** The process ID. */
  readonly pid: number;
  readonly #exit: ExitWatcher;
  readonly #target: SignalTarget;
  readonly #pipes: Pipes;
  readonly #communication: Communication;
  readonly #settings: SpawnSettings;
  readonly #loop: Loop;
  readonly #down = new WaitQueue<void>("Process dispose");
  readonly #watch: Watch | undefined;
  readonly #keepAlive: KeepAlive;
  #state: "running" | "ending" | "down" = "running";
  #isDisposed = false;

  private constructor(
    child: Deno.ChildProcess,
    settings: SpawnSettings,
    stdio: OpenStdio,
  ) {
    const { group: isGroup, detached, killAfter, killSignal } = settings;
    this.pid = child.pid;
    this.#settings = settings;
    this.#target = isGroup ? new GroupTarget(child) : new ChildTarget(child);
    this.#loop = currentScope().loop;
    this.#watch = detached
      ? undefined
      : endWithProgram({ pid: child.pid, isGroup, killSignal, killAfter });
    this.#exit = new ExitWatcher(statusOf(child), () => this.#ended());
    this.#pipes = new Pipes(child, settings, stdio, {
      closed: () => this.#settle(),
      inputFailed: (error) => this.#inputFailed(error),
      delivering: () => this.#exit.delivering(),
      delivered: (failure) => {
        this.#exit.delivered(failure);
        if (this.#isDisposed) this.#reportFailure();
        this.#settle();
      },
    });
    this.#communication = new Communication(this.#exit, this.#pipes);
    this.#keepAlive = new KeepAlive(child, detached);
    if (!detached) this.#loop.resources.add(this);
  }

  /**
   * Writes to the program, if `stdin` is a pipe. Mirrors
   * `asyncio.subprocess.Process.stdin`.
   */
  get stdin(): StreamWriter | undefined {
    return this.#pipes.stdin;
  }

  /**
   * Reads the program's output, if `stdout` is a pipe. Mirrors
   * `asyncio.subprocess.Process.stdout`.
   */
  get stdout(): StreamReader | undefined {
    return this.#pipes.stdout;
  }

  /**
   * Reads the program's messages, if `stderr` is a pipe of its own. Mirrors
   * `asyncio.subprocess.Process.stderr`.
   */
  get stderr(): StreamReader | undefined {
    return this.#pipes.stderr;
  }

  /**
   * The exit code; -N if signal N ended the program; `undefined` while it runs.
   * Mirrors `asyncio.subprocess.Process.returncode`.
   */
  get returnCode(): number | undefined {
    return this.#exit.returnCode;
  }

  /**
   * Waits for the program's end; any number of tasks can. Mirrors
   * `asyncio.subprocess.Process.wait`.
   *
   * - It waits for the program alone, not for descendants that hold a pipe
   *   open. (asyncio waits for the pipes as well, and hangs there.) What is
   *   left in the pipes can still be read.
   * - With files and streams as targets of the output, it also waits until they
   *   have got everything, and for that until descendants have closed the pipe.
   * - A program whose full pipe is not read never ends: use {@linkcode
   *   communicate}.
   *
   * **Cancel safety:** a cancelled wait ends, and changes nothing for the
   * program and for other waits.
   *
   * @returns {@linkcode returnCode}
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   * @throws The error of a target of its output, or of the source of its input,
   * after its end.
   */
  wait(options?: WaitOptions): Promise<number> {
    return this.#keepAlive.during(this.#exit.wait(options));
  }

  /**
   * Writes `input` to the program, closes its `stdin`, reads everything it
   * writes, and waits for its end, all at once: so no pipe fills up. Mirrors
   * `asyncio.subprocess.Process.communicate`.
   *
   * - An output that is not a pipe is `undefined` in the result.
   * - A program that ends, or stops reading, before it has read all of `input`
   *   is no failure.
   * - It waits until the pipes are closed, by descendants too.
   * - Everything is held in memory: read {@linkcode stdout} if that is too
   *   much.
   *
   * **Cancel safety:** a cancelled call loses no bytes and kills nothing.
   * Called again without `input`, it goes on with the rest of it. What was read
   * by then is in the result of that call, or can be read from the streams
   * instead.
   *
   * @throws {TypeError} There is input, but `stdin` is no pipe.
   * @throws {Error} Another call is under way, or the input was given before.
   * @throws As {@linkcode wait}.
   *
   * @example
   * ```ts
   * import { createSubprocessExec, PIPE } from "@asyncio/asyncio/process";
   * import { assertEquals } from "@std/assert";
   *
   * const count = await createSubprocessExec("wc", ["-c"], {
   *   stdin: PIPE,
   *   stdout: PIPE,
   * });
   * const { stdout } = await count.communicate("four");
   * assertEquals(new TextDecoder().decode(stdout).trim(), "4");
   * ```
   */
  communicate(
    input?: string | Uint8Array,
    options?: WaitOptions,
  ): Promise<ProcessOutput> {
    return this.#keepAlive.during(this.#communication.run(input, options));
  }

  /**
   * Sends `signal` to the program, and to its descendants if it has a group,
   * even if the program has ended and they have not. It is no error if all have
   * ended, and no signal goes to another program that was given the same ID.
   * Mirrors `asyncio.subprocess.Process.send_signal`.
   *
   * @throws {TypeError} There is no such signal.
   * @throws {Deno.errors.PermissionDenied} It runs as another user.
   */
  sendSignal(signal: Deno.Signal): void {
    checkSignal(signal, "sendSignal");
    if (this.#state !== "down") this.#target.send(signal);
  }

  /**
   * Sends SIGTERM, which asks the program to end. Mirrors
   * `asyncio.subprocess.Process.terminate`.
   */
  terminate(): void {
    this.sendSignal("SIGTERM");
  }

  /**
   * Sends SIGKILL, which ends the program. Mirrors
   * `asyncio.subprocess.Process.kill`.
   */
  kill(): void {
    this.sendSignal("SIGKILL");
  }

  /**
   * Ends the program, and its descendants if it has a group: its pipes are
   * closed, it gets `killSignal` (SIGTERM), and what still runs after
   * `killAfter` milliseconds gets SIGKILL. Resolves when all have ended;
   * harmless if they had ended before.
   *
   * **Cancel safety:** it is carried through; a cancel is delivered at the next
   * wait.
   *
   * @throws {Deno.errors.PermissionDenied} It runs as another user, and did not
   * end by itself.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#pipes.close();
    this.#reportFailure();
    if (this.#isOver) return ready(undefined);
    if (this.#state === "running") this.#terminate();
    const waiter = new ShieldedWaiter<void>();
    return this.#keepAlive.during(this.#down.add(waiter));
  }

  /** Reports a failure that no wait has rejected with. */
  #reportFailure(): void {
    const failure = this.#exit.takeUnseenFailure();
    if (failure === undefined) return;
    const { pid } = this;
    const message = `The input or output of program ${pid} has failed`;
    this.#loop.report({ message, error: failure.error });
  }

  #ended(): void {
    this.#target.childEnded();
    this.#pipes.stopFeeding();
    // What a program leaves in the background ends with a run, if there is one.
    if (this.#loop === outsideLoop) this.#watch?.[Symbol.dispose]();
    else if (!this.#isOver) this.#watch?.leaderEnded();
    this.#settle();
  }

  /** The program must not take half of its input for all of it: it is ended. */
  #inputFailed(error: unknown): void {
    if (!isCancelled(error)) this.#exit.fail(error);
    if (this.#state === "running") this.#terminate();
  }

  /**
   * Ends the program as disposing does, but reads on: a program that prints a
   * last line must not fail at that.
   */
  async #end(): Promise<void> {
    this.#pipes.closeInput();
    if (this.#isOver) return;
    if (this.#state === "running") this.#terminate();
    const waiter = new ShieldedWaiter<void>();
    await this.#keepAlive.during(this.#down.add(waiter));
    await detached(() => lastOutput(this.#exit));
  }

  #terminate(): void {
    this.#state = "ending";
    const ending = () =>
      terminate(this.#target, this.#exit, {
        ...this.#settings,
        denied: () => this.#pipes.close(),
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

  /** Releases the process if nothing is left that could be ended. */
  #settle(): void {
    if (!this.#isOver) {
      if (this.returnCode !== undefined) leftovers.add(this);
      return;
    }
    leftovers.delete(this);
    this.#watch?.[Symbol.dispose]();
    this.#pipes.finish();
    const { isSettled, hasUnseenFailure } = this.#exit;
    if (this.#pipes.closed && isSettled && !hasUnseenFailure) {
      this.#loop.resources.delete(this);
    }
  }

  get #isOver(): boolean {
    return this.#state === "down" || this.#target.gone;
  }

  static {
    processOf = (child, settings, stdio) => {
      for (const process of leftovers) process.#settle();
      return new Process(child, settings, stdio);
    };
    isReady = (process) =>
      process.#target.ready && watchdogLaunch() === undefined;
    partsOf = (process) => ({
      end: () => process.#end(),
      exit: process.#exit,
      pipes: process.#pipes,
      communication: process.#communication,
    });
    printable(Process, (process) => ({
      pid: process.pid,
      returnCode: process.returnCode,
      state: process.#state === "running" && process.returnCode !== undefined
        ? "ended"
        : process.#state,
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
    }));
  }
}
