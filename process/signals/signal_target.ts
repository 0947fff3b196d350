/**
 * Where the signals to a child go: to the group that it leads, or to the child
 * alone.
 *
 * **And nowhere else.** The system uses the numbers of processes again, but not that
 * of a group that has members. So if there is a process with the number of the group
 * after the leader was reaped, the group is gone. A group that was once found gone
 * is never signalled again.
 *
 * @module
 */
import { hasLivingMembers } from "./process_table.ts";

/** Where the signals to a child go. */
export interface SignalTarget {
  /** Whether the group exists, or did. */
  readonly ready: boolean;
  /** Sends `signal` to all processes that are left. */
  send(signal: Deno.Signal): void;
  /** Whether no process is left; never changes back. */
  readonly gone: boolean;
  /** Whether all processes have ended; some may not have been reaped yet. */
  readonly dead: boolean;
  /** Notes that the child has ended, and was reaped. */
  childEnded(): void;
}

/** A child without a group of its own. */
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
 * The group of a child. It may not exist yet: if the child was started by `setsid`,
 * that makes the group a moment later.
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
      this.#leader.send(signal); // there is no group yet
    }
  }

  childEnded(): void {
    this.#leader.childEnded();
  }
}

/** The beginning of the runtime's message. */
const ENDED = "Child process has already terminated";

/** Whether a process exists, or a group, if the number is negative. */
function exists(pid: number): boolean {
  try {
    Deno.kill(pid, 0 as unknown as Deno.Signal); // sends nothing
    return true;
  } catch (error) {
    if (hasEnded(error)) return false;
    // The process belongs to another user. On macOS this is also the error for a
    // group of zombies.
    return Deno.build.os !== "darwin";
  }
}

function hasEnded(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof TypeError && error.message.startsWith(ENDED);
}
