/**
 * What a run has in common: its tasks, what ends with it, where its errors go.
 * The kernel's side of the public `EventLoop`.
 *
 * @module
 */
import type { CancelScope } from "../cancel/cancel_scope.ts";
import type { CancelWatch } from "../cancel/cancel_watch.ts";
import { InvalidStateError } from "../errors.ts";
import { LinkedList } from "../linked_list.ts";
import { pendingCancels } from "../pending_cancels.ts";
import { describe } from "../types.ts";
import type { Observer } from "../watch/observer.ts";
import type { Clock, ClockedLoop } from "./clock.ts";
import { printReport, type Report } from "./report.ts";
import { Scheduler } from "./scheduler.ts";

/** Makes the tasks of a loop: a `TaskFactory`. */
type TaskMaker = (
  eventLoop: object,
  coroutine: () => unknown,
  options: object,
) => unknown;

/** A scheduler, with the tasks that it runs and the settings of their run. */
export class Loop extends Scheduler implements ClockedLoop {
  /** The scopes of the tasks that have not ended, oldest first. */
  readonly tasks: LinkedList<CancelScope> = new LinkedList();
  /** How many of {@linkcode tasks} are in a wait. */
  waiting = 0;
  /** How many waits are for the world outside: sockets, children, threads. */
  external = 0;
  /** What ends with the run: servers, children, threads. */
  readonly resources: Set<AsyncDisposable> = new Set();
  /** How to stop listening to each signal. */
  readonly signalHandlers: Map<string, () => void> = new Map();
  /** Receives each error that no code catches. */
  report: (report: Report) => void = printReport;

  /** Whether the loop belongs to a runner that is between two runs. */
  paused = false;
  /** Whether the run is ending: what it has left is cancelled. */
  ending = false;
  /** Whether the run is over: no task starts here any more. */
  closed = false;

  /** The public `EventLoop` of this loop. */
  eventLoop: object | undefined = undefined;
  /** Makes the tasks, if the user has set one. */
  taskFactory: TaskMaker | undefined = undefined;
  /** The scope of the code that runs in no task: see `rootScopeOf`. */
  rootScope: CancelScope | undefined = undefined;
  /**
   * Whether a callback is being called. A turn is a snapshot: what a callback
   * adds is called in the next turn, after the timers that are due by then.
   */
  isInCallback = false;

  /** Whether the loop is in debug mode. */
  debug = false;
  /** Observes the loop: see `observe`. */
  observer: Observer | undefined = undefined;
  /** In debug mode a callback that runs longer is reported; milliseconds. */
  slowCallbackDuration = 100;
  /** Watches the scopes that are cancelled, once there has been one. */
  cancelWatch: CancelWatch | undefined = undefined;
  /** For how many milliseconds of real time a cancel may have no effect. */
  cancelReportAfter = 1000;
  /**
   * Called when {@linkcode idle} or {@linkcode blocked} may have become true.
   */
  onWait: (() => void) | undefined = undefined;

  #onPoint: (() => void) | undefined = undefined;

  constructor(clock: Clock) {
    super(clock);
    this.setAlarm(clock.connect(this));
  }

  /** For tests: called before each wait is begun, in the code that waits. */
  get onPoint(): (() => void) | undefined {
    return this.#onPoint;
  }

  set onPoint(listener: (() => void) | undefined) {
    pendingCancels.count += Number(listener !== undefined) -
      Number(this.#onPoint !== undefined);
    this.#onPoint = listener;
  }

  get blocked(): boolean {
    return this.external === 0 && this.idle;
  }

  /**
   * Whether every task is in a wait, and no entry is ready: nothing happens
   * until the clock rings, or something comes from the world outside.
   */
  get idle(): boolean {
    return this.waiting === this.tasks.size && !this.hasWork;
  }

  /**
   * Checks that the run goes on: what is begun after it would never be ended.
   *
   * @param action What is to be begun: `start a server`.
   * @throws {InvalidStateError} The run has ended.
   */
  checkOpen(action: string): void {
    if (this.closed) throw this.#endedError(action);
  }

  /**
   * Lets `resource` end with the run, unless the returned function is called
   * before: when it has ended by itself. If the run has ended while the resource
   * was being opened, it is ended at once.
   *
   * @throws {InvalidStateError} The run has ended.
   */
  own(resource: AsyncDisposable, action: string): () => void {
    if (!this.closed) {
      this.resources.add(resource);
      return () => this.resources.delete(resource);
    }
    const message = "Exception at the end of the run";
    const failed = (error: unknown) => this.report({ message, error });
    resource[Symbol.asyncDispose]().then(undefined, failed);
    throw this.#endedError(action);
  }

  /** Ends the loop: drops its timers and its handlers of signals. */
  close(): void {
    this.closed = true;
    this.onPoint = undefined;
    for (const stop of this.signalHandlers.values()) stop();
    this.signalHandlers.clear();
    this.stop();
  }

  #endedError(action: string): InvalidStateError {
    return new InvalidStateError(`Cannot ${action}: its run has ended`);
  }

  protected override turnEnded(): void {
    this.cancelWatch?.endTurn();
    if (this.onWait !== undefined) this.onWait();
  }
}

/** Which loop is behind which public `EventLoop`. */
const loops = new WeakMap<object, Loop>();

/** Makes `eventLoop` the public face of `loop`. */
export function bindLoop(eventLoop: object, loop: Loop): void {
  loops.set(eventLoop, loop);
  loop.eventLoop = eventLoop;
}

/** Returns the loop behind `eventLoop`. */
export function loopOf(eventLoop: object): Loop {
  const loop = loops.get(eventLoop);
  if (loop === undefined) {
    throw new TypeError(
      `Cannot use a loop: expected an EventLoop, received ${
        describe(eventLoop)
      }`,
    );
  }
  return loop;
}
