/**
 * Where the signals to a child go: to the group that it leads, or to the child
 * alone.
 *
 * **And nowhere else.** The numbers of processes are used again. While a member
 * of a group lives, the kernel does not give the group's number to another
 * process; so, if there is a process of that number after the leader has ended,
 * the group is gone. And a group that was once found empty is never signalled
 * again.
 *
 * @module
 */
import { hasLivingMembers } from "./process_table.ts";

export interface SignalTarget {
  /** Whether there is the group that signals go to, or was. */
  readonly ready: boolean;
  /** Sends `signal` to all that are left. */
  send(signal: Deno.Signal): void;
  /** Whether no process is left; stays so. */
  readonly gone: boolean;
  /**
   * Whether all have ended. Some may be left that another process has yet to
   * reap.
   */
  readonly dead: boolean;
  /** Notes that the child has ended, and was reaped. */
  childEnded(): void;
}

/** Of a child without a group of its own. */
export class ChildTarget implements SignalTarget {
  readonly ready = true;
  readonly #child: Deno.ChildProcess;
  gone = false;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  get dead(): boolean {
    return this.gone;
  }

  send(signal: Deno.Signal): void {
    if (this.gone) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!hasEnded(error)) throw error;
    }
  }

  childEnded(): void {
    this.gone = true;
  }
}

/**
 * Of a child that leads a group, or is about to: it may have been started as
 * `setsid`, which makes the group a moment later.
 */
export class GroupTarget implements SignalTarget {
  readonly #pid: number;
  readonly #leader: ChildTarget;
  #gone = false;

  constructor(child: Deno.ChildProcess) {
    this.#pid = child.pid;
    this.#leader = new ChildTarget(child);
  }

  get ready(): boolean {
    return this.#leader.gone || exists(-this.#pid);
  }

  get gone(): boolean {
    if (this.#leader.gone && !this.#gone) {
      this.#gone = !exists(-this.#pid) || exists(this.#pid);
    }
    return this.#gone;
  }

  get dead(): boolean {
    return this.gone || this.#leader.gone && !hasLivingMembers(this.#pid);
  }

  send(signal: Deno.Signal): void {
    if (this.gone) return;
    try {
      Deno.kill(-this.#pid, signal);
    } catch (error) {
      if (!hasEnded(error)) throw error;
      this.#leader.send(signal); // it is alone as long as there is no group
    }
  }

  childEnded(): void {
    this.#leader.childEnded();
  }
}

/** The message of the runtime, with a full stop or without. */
const ENDED = "Child process has already terminated";

/** Whether there is such a process, or group if the number is negative. */
function exists(pid: number): boolean {
  try {
    Deno.kill(pid, 0 as unknown as Deno.Signal); // sends nothing
    return true;
  } catch (error) {
    if (hasEnded(error)) return false;
    // It belongs to another user. On macOS this is also the answer for a group of nothing
    // but zombies.
    return Deno.build.os !== "darwin";
  }
}

function hasEnded(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof TypeError && error.message.startsWith(ENDED);
}
